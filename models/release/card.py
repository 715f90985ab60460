"""The model card as data: what a version is, what it was trained and tested on, how good it is.

A release and an MLflow run hold it as ``card.json``; its bytes count towards a release's id. So a
field that is added later defaults to ``None`` and is ``Omitted`` where it is: the card of an older
release is read, and written again, as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter

from models.inference.encoding import Merged
from models.statistics.interval import Interval

T = TypeVar("T")
Omitted = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""A value whose key is left out of the JSON where it is ``None``."""
DIGITS = 6
"""Figures of a card are rounded to so many digits."""


@dataclass(frozen=True)
class NotTrained:
    """A target that no model could be trained for."""

    verdict: str
    """In a few words, such as ``too few outcomes``."""
    why: str
    """What is lacking, with figures."""


@dataclass(frozen=True)
class Calibration:
    """How log-odds become probabilities, without the tables of points that lie beside the model."""

    method: str
    """One of ``models.inference.calibrators.METHODS``."""
    log_loss: Omitted[Mapping[str, float]] = None
    """Log loss out of time by method; ``None`` where the history is too short to compare."""
    a: Omitted[float] = None
    """First slope, of ``sigmoid`` and ``beta``."""
    b: Omitted[float] = None
    """Intercept of ``sigmoid``, second slope of ``beta``."""
    c: Omitted[float] = None
    """Intercept of ``beta``."""


@dataclass(frozen=True)
class SizeTrend:
    """How the share of an outcome goes with the account's ARR: a line in logarithms."""

    factor: float
    """What shares are multiplied by at the ``pivot``."""
    pivot: float
    """The ARR of a middling outcome."""
    slope: float
    """The power of the ARR that shares go by."""
    smallest: float
    """The least ARR that an outcome was seen at; below it, shares are those of it."""
    largest: float
    """The same of the most ARR."""


@dataclass(frozen=True)
class Amount:
    """How the ARR of an outcome is estimated, as a share of the account's ARR."""

    method: str
    """``typical``: one share for all accounts; ``model``: a model of the share."""
    share: float
    """The typical share."""
    nearer: Omitted[tuple[float, float, float]] = None
    """By what share of the ARR the error is smaller than with the typical share for all: value, low
    and high end of 95 %, on dates that neither fitted nor chose anything; ``None`` where outcomes
    are too few to compare."""
    cap: Omitted[float] = None
    """The highest share that is given."""
    factor: Omitted[float] = None
    """What the model's shares are multiplied by, in versions from before there was ``size``."""
    size: Omitted[SizeTrend] = None
    """How shares go with the account's ARR; ``None`` where too few outcomes tell it."""
    calibration: Omitted[Mapping[str, tuple[float, float, float]]] = None
    """Expected by actual ARR of the outcomes of those dates, with 95 %: of ``all``, and of the
    ``small``, ``middle`` and ``large`` third of the outcomes by the account's ARR."""
    spread: Omitted[float] = None
    """Root of the mean squared error of an amount by that of the amount, among outcomes that it was
    not fitted on."""
    level_error: Omitted[float] = None
    """By how much the sum of all amounts is usually off, beyond chance, as a share of it: from one
    quarter to another; ``None`` where it was not measured."""


@dataclass(frozen=True)
class Question:
    """What is predicted; versions with other questions can't be compared."""

    column: str
    """The label's column, such as ``churn_next_91d``."""
    mature_days: int
    """Days after ``as_of`` until an outcome is known."""
    price_changes: bool
    """Whether a rise in price alone counts as an upsell."""


@dataclass(frozen=True, kw_only=True)
class TrainingRows:
    """The rows that the model was fitted on."""

    rows: int
    positives: int
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    data_fingerprint: str
    """Digest of the source tables that the feature table was built from."""
    question: Omitted[Question] = None
    """``None`` on cards from before it was recorded."""


@dataclass(frozen=True, kw_only=True)
class EvaluationRows:
    """The rows, later than all training rows, that the figures were measured on."""

    rows: int
    accounts: int
    positives: int
    base_rate: float
    """Share of the rows with the outcome."""
    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]


@dataclass(frozen=True)
class Baseline:
    """A simpler way to score the test rows, and the model's lead over it."""

    name: str
    auc: Interval
    lead: Interval
    """AUC of the model minus AUC of the baseline, paired."""
    brier: Interval | None
    """``None`` where the baseline's score is no probability."""


@dataclass(frozen=True)
class RivalReach:
    """What a simpler order holds of the outcomes' ARR, as deep into the list."""

    name: str
    arr: Interval
    """Share of all outcomes' ARR."""
    lead: Interval
    """The share of the model's order minus this one, paired."""


@dataclass(frozen=True)
class Reach:
    """What lies among the first accounts of every test date."""

    at: str
    """How many are contacted, in words: ``first 5 %``, ``capacity of 40``."""
    accounts: float
    """Accounts contacted on a date, on average."""
    outcomes: Interval
    """Share of all outcomes among the accounts of highest probability."""
    lift: Interval
    """How many times as many outcomes as by chance."""
    arr: Interval | None
    """Share of all outcomes' ARR among the accounts of highest expected ARR; ``None`` where a
    table holds no amounts."""
    rivals: Omitted[tuple[RivalReach, ...]] = None
    """The same by simpler orders; ``None`` without amounts, and on cards from before."""


@dataclass(frozen=True)
class Slice:
    """Figures of the test rows of one kind of account."""

    by: str
    """What the rows are divided by: ``segment``, ``region``, ``size``, ``tenure``."""
    name: str
    rows: int
    accounts: int
    positives: int
    base_rate: float
    """Share of the rows with the outcome."""
    predicted: float
    """Mean probability."""
    auc: Interval
    small: bool
    """Whether the outcomes are too few to rely on the figures."""


@dataclass(frozen=True)
class WalkForwardFold:
    """How well the accounts of some dates were ordered by a model fitted before them."""

    first: date
    last: date
    rows: int
    positives: int
    auc: Interval


@dataclass(frozen=True)
class HeldOutAccounts:
    """AUC on the test dates of a second model, fitted without some of the accounts."""

    fitted_on: Interval
    """AUC on the accounts that it was fitted on."""
    held_out: Interval
    """AUC on the accounts that it was not."""
    accounts: int
    """How many were held out and have test rows."""


@dataclass(frozen=True)
class FeatureWeight:
    """A feature's share of all contributions, its windows together; the shares sum to 1."""

    feature: str
    """The feature's stem: its name without a window."""
    group: str
    description: str
    share: float


@dataclass(frozen=True)
class DependenceCurve:
    """How the score moves with one input: bins of equally many rows, from low to high values."""

    feature: str
    description: str
    value: tuple[str, ...] | tuple[float, ...]
    """Each bin's median or, of a category, its name."""
    effect: tuple[float, ...]
    """Each bin's mean contribution in log-odds before calibration."""
    low: tuple[float, ...]
    """The contribution that a tenth of the bin's rows lies below."""
    high: tuple[float, ...]
    """The contribution that a tenth of the bin's rows lies above."""


@dataclass(frozen=True)
class Importance:
    """What the model goes by on the test rows."""

    weights: tuple[FeatureWeight, ...]
    """The weightiest features first."""
    curves: tuple[DependenceCurve, ...]
    """Of the first of ``weights``, the input that weighs most."""


@dataclass(frozen=True)
class ReliabilityBin:
    """A tenth of the test rows, by rising probability."""

    predicted: float
    """Mean probability."""
    observed: float
    """Share of the rows with the outcome."""
    rows: Annotated[int, Field(alias="n")]


@dataclass(frozen=True)
class Level:
    """What was expected of some test rows against what came."""

    of: str
    """Whose: ``all accounts``, ``weighted by ARR``, ``first tenth``, or a kind of account."""
    expected: float
    """Sum of the probabilities, of ARR where it is weighted by it."""
    came: float
    """Outcomes, or their accounts' ARR."""
    ratio: Interval
    """Expected to came."""
    is_off: bool
    """Whether the whole interval lies outside what is tolerated."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """All that is recorded of one version of a target's model.

    Figures are of the test rows. Models of the same recipe, fitted on what had matured before each
    stretch of them, scored them; the version itself was fitted on all mature rows after that.
    Intervals are 95 %, by bootstrap over accounts. (Before ``recipe`` was recorded, the version
    itself was fitted on rows before the test and scored it.)
    """

    target: str
    verdict: str
    """``skill``, or why the model is not to be used."""
    skill: bool
    """Whether the model is clear of chance and of the rules."""
    why: str
    """What the verdict rests on."""
    split: str
    """In words, the dates that the model was fitted on, and those that its recipe was judged on."""
    trees: int
    calibration: Calibration
    amount: Amount
    trained: TrainingRows
    suspects: tuple[str, ...]
    """A sentence for each input that looks like a leak."""
    test: EvaluationRows
    metrics: Mapping[str, Interval]
    """By name, as in ``models.statistics.metrics.METRICS``."""
    baselines: Mapping[str, Baseline]
    """By key: ``base_rate``, ``best_column``, ``logistic`` and, where there is one, ``rule``."""
    reached: tuple[Reach, ...]
    slices: tuple[Slice, ...]
    walk: tuple[WalkForwardFold, ...]
    """Oldest first; the last is the test."""
    held_out: HeldOutAccounts
    importance: Importance
    reliability: tuple[ReliabilityBin, ...]
    """By rising probability."""
    excludes: Omitted[tuple[str, ...]] = None
    """The targets that never befall the same row, which a server has no table to ask; ``None`` on
    cards from before it was recorded."""
    direction: Omitted[str] = None
    """``+``: its ARR is expansion; ``-``: it is at risk; ``=``: neither."""
    title: Omitted[str] = None
    """What people call the target, in English."""
    titles: Omitted[Mapping[str, str]] = None
    """The same in other languages, by code."""
    lag_days: Omitted[int] = None
    """Days from the newest date it was fitted on to the day the data reached."""
    events: Omitted[int] = None
    """Outcomes of the test rows, each counted once however many dates saw it coming."""
    levels: Omitted[tuple[Level, ...]] = None
    """Expected against came; ``None`` on cards from before it was recorded."""
    recipe: Omitted[Mapping[str, Any]] = None
    """The parameters of the fit, by the names of ``models.training.boosting.Params``."""
    version: Omitted[str] = None
    """The registered version; ``None`` before a release holds it."""
    format: Omitted[int] = None
    """The format of the files that it was read with; ``None`` before it is written."""
    merged: Omitted[Mapping[str, Merged]] = None
    """By input, the names that too few accounts carry to be a category; ``None`` without any."""

    @property
    def ranks_only(self) -> bool:
        """Whether what the probabilities add up to is off, so that only their order is of use."""
        return any(level.is_off for level in self.levels or ())

    @classmethod
    def from_json(cls, stored: Any) -> Card:
        """Return the card that ``to_json`` described; keys that are not known are left out.

        Raises
        ------
        pydantic.ValidationError
            A ``ValueError``: when a key is missing or holds something else than it should.
        """
        return _adapter().validate_python(stored)

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON-able values, ``None`` for a figure that the rows can't tell."""
        stored: dict[str, Any] = _adapter().dump_python(self, mode="json", by_alias=True)
        return stored


@cache
def _adapter() -> TypeAdapter[Card]:
    return TypeAdapter(Card)


def rounded(value: Any) -> Any:
    """Return figures, however nested, with as many digits as a card has."""
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(
            **{field.name: rounded(getattr(value, field.name)) for field in fields(value)}
        )
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(rounded(item) for item in value)
    return round(float(value), DIGITS) if isinstance(value, float) else value
