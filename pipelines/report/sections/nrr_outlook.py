"""The NRR and GRR forecast against the bands, what is contracted, and how such forecasts did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

WIDTH, LEFT, RIGHT, ROW = 480, 132, 14, 38
LEAST, MOST = 0.7, 1.35
"""The part of the scale that is drawn at the least."""
CONTRACTED = ("contracted_up", "contracted_down")
PREDICTED = ("expansion", "downsell", "churn")


@dataclass(frozen=True)
class Bar:
    """One figure of the chart in pixels, with its 80 and 95 % intervals where it has them."""

    name: str
    value: float
    y: float
    x: float
    inner: tuple[float, float] | None
    outer: tuple[float, float] | None


@dataclass(frozen=True)
class ArrMovement:
    """What moves the base: a share of today's ARR, as an amount with its 80 % interval."""

    name: str
    amount: float
    low: float
    high: float


@dataclass(frozen=True)
class Trial:
    """What the forecast would have said a year before, and the actual."""

    origin: date
    value: float
    low: float
    high: float
    actual: float


@dataclass(frozen=True)
class Outlook:
    """The forecast as the page draws it; ``bands`` and ``ticks`` are (x, NRR).

    ``coverage`` is the share of ``trials`` whose actual lay in the 80 % interval.
    """

    origin: date
    band: str
    nrr: Mapping[str, float]
    grr: Mapping[str, float]
    bars: tuple[Bar, ...]
    bands: tuple[tuple[float, float, str], ...]
    ticks: tuple[tuple[float, float], ...]
    contracted: tuple[ArrMovement, ...]
    predicted: tuple[ArrMovement, ...]
    trial: Trial | None
    trials: int
    coverage: float | None
    height: float
    width: float = WIDTH


def outlook(document: Mapping[str, Any] | None) -> Outlook | None:
    """Return the forecast of a document; ``None`` where there is none."""
    if document is None:
        return None
    scale = _Scale.of(document)
    bars = [_bar(document, name, place, scale) for place, name in enumerate(("nrr", "grr"))]
    past = [
        Bar(name, document[name], 24 + ROW * place, scale.x(document[name]), None, None)
        for place, name in enumerate(("nrr_last_year", "grr_last_year"), start=2)
        if document.get(name) is not None
    ]
    backtest = document.get("backtest", {})
    return Outlook(
        origin=date.fromisoformat(document["origin"]),
        band=str(document["band"]).replace(" ", "_"),
        nrr=document["nrr"],
        grr=document["grr"],
        bars=(*bars, *past),
        bands=tuple(
            (scale.x(band["from"]), band["from"], str(band["name"]).replace(" ", "_"))
            for band in document["bands"]
            if scale.low <= band["from"] <= scale.high
        ),
        ticks=tuple((scale.x(mark), mark) for mark in scale.marks),
        contracted=_movements(document, CONTRACTED),
        predicted=_movements(document, PREDICTED),
        trial=_trial(backtest),
        trials=int(backtest.get("origins", 0)),
        coverage=backtest.get("coverage", {}).get("nrr", {}).get("80"),
        height=24 + ROW * (2 + len(past)),
    )


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> _Scale:
        ends = [document[name][f"{end}_95"] for name in ("nrr", "grr") for end in ("low", "high")]
        past = [document.get(f"{name}_last_year") for name in ("nrr", "grr")]
        drawn = [*ends, *(share for share in past if share is not None)]
        return cls(min(LEAST, *drawn), max(MOST, *drawn))

    @property
    def marks(self) -> list[float]:
        """Every tenth that lies on the scale."""
        first, last = int(self.low * 10 + 0.999), int(self.high * 10)
        return [mark / 10 for mark in range(first, last + 1)]

    def x(self, value: float) -> float:
        """Return where a figure lies, in pixels."""
        share = (value - self.low) / (self.high - self.low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _bar(document: Mapping[str, Any], name: str, place: int, scale: _Scale) -> Bar:
    spread, value = document[name], document[name]["value"]
    inner, outer = ((scale.x(spread[f"low_{p}"]), scale.x(spread[f"high_{p}"])) for p in (80, 95))
    return Bar(name, value, 24 + ROW * place, scale.x(value), inner, outer)


def _movements(document: Mapping[str, Any], names: tuple[str, ...]) -> tuple[ArrMovement, ...]:
    arr, parts = float(document["arr"]), document["parts"]
    return tuple(
        ArrMovement(name, *(arr * parts[name][end] for end in ("value", "low_80", "high_80")))
        for name in names
        if name in parts
    )


def _trial(backtest: Mapping[str, Any]) -> Trial | None:
    """Return the newest year that could be checked."""
    trials = backtest.get("trials", ())
    newest = max(trials, key=lambda trial: str(trial["origin"]), default=None)
    if newest is None:
        return None
    nrr = newest["nrr"]
    day = date.fromisoformat(newest["origin"])
    return Trial(day, nrr["value"], nrr["low_80"], nrr["high_80"], nrr["came"])
