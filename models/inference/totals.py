"""Sums over scored accounts that say what they contain: what is not known counts as nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from models.inference.contracted import Contracted
from models.inference.expected_arr import GAIN, LOSS, Directed, left_out
from models.inference.total_interval import AmountError, Span, WithOutcomes, spans


class ScoredAccount(WithOutcomes, Protocol):
    """The amounts of an account; ``None`` is not known."""

    @property
    def arr(self) -> float | None:
        """ARR."""

    @property
    def expected_expansion_arr(self) -> float | None:
        """Expected expansion ARR."""

    @property
    def arr_at_risk(self) -> float | None:
        """ARR lost by notice and expected loss."""

    @property
    def contracted(self) -> Contracted | None:
        """What is signed or announced."""


@dataclass(frozen=True)
class Totals:
    """Sums over the accounts of which a figure is known; ``None`` where it is of none.

    ``decided`` accounts are known to end within the horizon, ``without_arr`` have no known ARR and
    are in no amount. ``at_risk`` is ``lost_by_notice`` and ``expected_loss`` together;
    ``contracted_gain`` is not in ``expansion``. ``leaves_out`` are the targets that no model says
    anything of; ``expansion`` and ``expected_loss`` lack them. The spans are 80 % intervals of
    ``expansion``, ``at_risk`` and ``net``, ``None`` where that is, or where nobody can say.
    """

    accounts: int
    decided: int
    without_arr: int
    arr: float | None
    expansion: float | None
    at_risk: float | None
    lost_by_notice: float | None
    expected_loss: float | None
    contracted_gain: float | None
    leaves_out: tuple[str, ...]
    expansion_span: Span | None = None
    at_risk_span: Span | None = None
    net_span: Span | None = None

    @property
    def net(self) -> float | None:
        """The expected change in ARR; ``None`` where gains or losses are not known."""
        if self.expansion is None or self.expected_loss is None:
            return None
        signed = (self.contracted_gain or 0.0) - (self.lost_by_notice or 0.0)
        return self.expansion + signed - self.expected_loss


def total(
    scores: Iterable[ScoredAccount],
    models: Iterable[str],
    labels: Mapping[str, Directed],
    errors: Mapping[str, AmountError] | None = None,
) -> Totals:
    """Add up accounts scored by ``models``, of the targets ``labels``.

    ``errors`` says how far off the amounts of each model are; without it there are no intervals.
    """
    scored, available = list(scores), set(models)
    contracted = [score.contracted for score in scored if score.contracted]
    lost = sum(what.loss or 0.0 for what in contracted)
    signed = sum(what.gain or 0.0 for what in contracted)
    off = spans(scored, labels, errors or {})
    has_gain, has_loss = (has_model(available, labels, way) for way in (GAIN, LOSS))
    return Totals(
        accounts=len(scored),
        decided=sum(what.is_decided for what in contracted),
        without_arr=sum(score.arr is None for score in scored),
        arr=_sum(score.arr for score in scored),
        expansion=_sum(score.expected_expansion_arr for score in scored) if has_gain else None,
        at_risk=_sum(score.arr_at_risk for score in scored),
        lost_by_notice=_sum(what.loss for what in contracted),
        expected_loss=_sum(_expected_loss(score) for score in scored) if has_loss else None,
        contracted_gain=_sum(what.gain for what in contracted),
        leaves_out=left_out(available, labels),
        expansion_span=off.expansion,
        at_risk_span=off.loss and off.loss.moved(lost),
        net_span=off.net and off.net.moved(signed - lost),
    )


def has_model(models: Iterable[str], labels: Mapping[str, Directed], direction: str) -> bool:
    """Say whether some target of a direction has a model."""
    return any(name in labels and labels[name].direction == direction for name in models)


def _expected_loss(score: ScoredAccount) -> float | None:
    lost = (score.contracted.loss or 0.0) if score.contracted else 0.0
    return None if score.arr_at_risk is None else score.arr_at_risk - lost


def _sum(amounts: Iterable[float | None]) -> float | None:
    available = [amount for amount in amounts if amount is not None]
    return float(sum(available)) if available else None
