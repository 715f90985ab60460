"""Inputs that look like leaks: they record the outcome instead of predicting it.

What records an outcome gives itself away in one of several ways: it orders the outcomes too well,
it looks different where the outcome is still open, one of its values goes with the outcome alone,
it carries the model by itself, or it never changes and follows what the account is today. The
limits lie far from what honest inputs of several companies reach.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.inference.encoding import FeatureSpec
from models.release.card import FeatureWeight
from models.statistics import metrics
from models.statistics.bootstrap import point_estimate

LEAK_AUC = 0.98
"""A single column with this AUC was written with the outcome in hand."""
STRONG_AUC = 0.75
"""A column with this AUC carries a model; once it is constant, the model is hollow."""
TELLING_AUC = 0.7
"""Where a column tells less than this, it matters little how it lies where outcomes are open."""
OPEN_SHARE = 0.4
"""Of the outcomes usual, a column expects this share at least where they are open (honest: 0.7)."""
PURE, PURE_LIFT = 0.8, 2.0
"""The share of outcomes in a value that goes with them alone, and its multiple of the base rate."""
FEWEST = 20
"""Rows or outcomes below which chance says more than the data."""
FEWEST_USUAL = 5
"""So many rows with a value are to be expected where none with it is a sign (chance: 0.7 %)."""
CARRIES, FAR_ABOVE = 0.4, 2.5
"""The share of the weight, and the multiple of the second, at which a column is the model."""
FOLLOWS, FOLLOWS_SINCE = 0.5, 0.15
"""Share of a figure's order that a trait explains today, and how much more than early on."""
UNCHANGING = 0.95
"""Share of accounts in which a column never changes, above which it is a trait of the account."""
TOO_GOOD_AUC, TOO_GOOD_PRECISION = 0.95, 0.6
"""A model this good (AUC, and share of outcomes among as many rows ranked first) is not honest."""
HEAVY = 0.15
"""Share of the weight above which a column explains why a model is too good."""
BINS, SMOOTHING = 20, 20


@dataclass(frozen=True)
class Suspect:
    """An input that looks like a leak, and why: the figure that gives it away."""

    column: str
    why: str

    def __str__(self) -> str:
        return f"{self.column} {self.why}"


@dataclass(frozen=True)
class Judged:
    """What a model is judged by.

    ``rows`` are mature rows that it was not trained on, ``label`` their outcomes of both kinds,
    shape (rows,), and ``probability`` the model's, where it was asked. ``weights`` say how much
    each feature weighs, ``trusted`` which columns somebody has looked at.
    """

    table: FeatureTable
    features: Sequence[FeatureSpec]
    rows: pd.DataFrame
    label: np.ndarray
    probability: np.ndarray | None = None
    weights: Sequence[FeatureWeight] = ()
    trusted: Collection[str] = field(default_factory=frozenset)

    @property
    def newest(self) -> pd.DataFrame:
        """The rows to be scored, whose outcome nobody knows yet."""
        return self.table.newest()


def suspects(judged: Judged) -> list[Suspect]:
    """Return each input that looks like a leak, with the first reason, unless it is trusted."""
    reasons: dict[str, str] = {}
    for column, why in (*_each_column(judged), *_carrying(judged), *_following_today(judged)):
        if column not in judged.trusted:
            reasons.setdefault(column, why)
    if not reasons:
        reasons = dict(_too_good(judged))
    return [Suspect(column, why) for column, why in reasons.items()]


def way_out(found: Sequence[Suspect]) -> str:
    """Return what to do about suspects, as the end of a sentence."""
    names = ", ".join(f'"{suspect.column}"' for suspect in found)
    return (
        f"leave out what is written with or after the outcome ([features] leave_out = [{names}]); "
        f"what was known before it, accept by name: [train] trusted = [{names}]"
    )


def strength(values: pd.Series, label: np.ndarray, accounts: pd.Series) -> float:
    """Return the AUC of a column on its own, its gaps included; 0.5 to 1.

    A number counts whichever way round. Classes are ordered by the outcomes of the other half of
    the accounts: by those of the same rows, chance alone would order few of them well.
    """
    ways = [values.isna().to_numpy(float)]
    if pd.api.types.is_numeric_dtype(values):
        ways.append(values.fillna(values.median()).fillna(0.0).to_numpy(float))
    areas = [point_estimate(metrics.auc, way, label) for way in ways]
    areas = [max(area, 1 - area) for area in areas]
    return max(
        *areas, point_estimate(metrics.auc, _shares_elsewhere(values, label, accounts), label)
    )


def _shares_elsewhere(values: pd.Series, label: np.ndarray, accounts: pd.Series) -> np.ndarray:
    """Return for each row the share of outcomes in its class among the other accounts."""
    levels = Levels.of(values)
    classes = levels.of_rows(values)
    half = pd.factorize(accounts, sort=True)[0] % 2 == 0
    shares = np.zeros(len(label))
    for side in (half, ~half):
        if side.any() and (~side).any():
            fitted = levels.outcome_shares(values[~side], label[~side])
            shares[side] = fitted[classes[side]]
    return shares


@dataclass(frozen=True)
class Levels:
    """The values of a column in classes: names, or twentieths of numbers; the last is a gap."""

    names: tuple[str, ...] | None
    edges: np.ndarray

    @classmethod
    def of(cls, values: pd.Series) -> Levels:
        """Return the classes of a column; a number that is frequent is a class of its own."""
        if not pd.api.types.is_numeric_dtype(values):
            names = sorted(set(values.dropna().astype(str)))
            return cls(tuple(names), np.empty(0))
        present = values.dropna().to_numpy(float)
        cuts = np.linspace(0, 1, BINS + 1)[1:-1]
        edges = np.unique(np.quantile(present, cuts)) if len(present) else np.empty(0)
        return cls(None, np.unique(np.concatenate([edges, np.nextafter(edges, np.inf)])))

    @property
    def count(self) -> int:
        """How many classes there are: one for names not seen before, the last for gaps."""
        return (len(self.edges) if self.names is None else len(self.names)) + 2

    def of_rows(self, values: pd.Series) -> np.ndarray:
        """Return the class of each row, shape (rows,)."""
        gap = values.isna().to_numpy(bool)
        if self.names is None:
            number = values.to_numpy(float)
            return np.where(gap, self.count - 1, np.searchsorted(self.edges, number, side="right"))
        places = {name: place for place, name in enumerate(self.names)}
        classes = values.astype(str).map(places).fillna(len(self.names)).to_numpy(int)
        return np.where(gap, self.count - 1, classes)

    def counts(self, values: pd.Series) -> np.ndarray:
        """Return the rows in each class, shape (classes,)."""
        return np.bincount(self.of_rows(values), minlength=self.count)

    def outcome_shares(self, values: pd.Series, label: np.ndarray) -> np.ndarray:
        """Return the share of outcomes in each class, drawn to the base rate where rows are few."""
        outcomes = np.bincount(self.of_rows(values), label, self.count)
        shares: np.ndarray = (outcomes + SMOOTHING * label.mean()) / (
            self.counts(values) + SMOOTHING
        )
        return shares

    def name(self, number: int, values: pd.Series) -> str:
        """Return what a class is called."""
        if number == self.count - 1:
            return "empty"
        if self.names is not None:
            return repr(self.names[number])
        inside = values[self.of_rows(values) == number]
        return (
            f"{inside.min():g}" if inside.nunique() < 2 else f"{inside.min():g} to {inside.max():g}"
        )


def _each_column(judged: Judged) -> Iterator[tuple[str, str]]:
    for feature in judged.features:
        past, now = judged.rows[feature.name], judged.newest[feature.name]
        if why := _suspicion(past, judged.label, now, judged.rows["account_id"]):
            yield feature.name, why


def _suspicion(past: pd.Series, label: np.ndarray, newest: pd.Series, accounts: pd.Series) -> str:
    area = strength(past, label, accounts)
    alone = f"alone orders the outcomes with an AUC of {area:.2f}"
    if area > LEAK_AUC:
        return f"{alone}: it is written with them"
    if area > STRONG_AUC and _is_constant(newest) and not _is_constant(past):
        return f"{alone}, and is the same for every account to be scored: mend its source"
    if min(label.sum(), len(newest)) < FEWEST:
        return ""
    levels = Levels.of(past)
    shares, now = levels.outcome_shares(past, label), levels.counts(newest) / len(newest)
    expected = float(shares @ now) / label.mean()
    if area > TELLING_AUC and expected < OPEN_SHARE:
        return (
            f"{alone}, but where the outcome is open it looks as if there were "
            f"{expected:.0%} of the usual outcomes: its values change with the outcome"
        )
    return _pure_level(levels, past, label, newest)


def _pure_level(levels: Levels, past: pd.Series, label: np.ndarray, newest: pd.Series) -> str:
    """Say which value goes with the outcome alone and no account to be scored has, if one does."""
    counts, now = levels.counts(past), levels.counts(newest)
    outcomes = np.bincount(levels.of_rows(past), label, levels.count)
    for number in np.flatnonzero(counts >= FEWEST).tolist():
        share = outcomes[number] / counts[number]
        usual = counts[number] / len(past) * len(newest)
        if (
            share >= max(PURE, PURE_LIFT * label.mean())
            and usual >= FEWEST_USUAL
            and now[number] < usual / 10
        ):
            return (
                f"is {levels.name(number, past)} in {counts[number]:,} rows, {share:.0%} of them "
                f"with the outcome, and in {now[number]:,} of {len(newest):,} rows to be scored: "
                "it is written with the outcome"
            )
    return ""


def _carrying(judged: Judged) -> Iterator[tuple[str, str]]:
    """Yield columns that are the model by themselves, where nothing vouches for their past."""
    weights = sorted(judged.weights, key=lambda weight: -weight.share)
    if len(weights) < 2 or weights[0].share < CARRIES:
        return
    first, second = weights[:2]
    unproven = _unproven(judged)
    column = _untrusted(judged, first.feature)
    if first.share > FAR_ABOVE * second.share and column in unproven:
        yield (
            column,
            f"carries {first.share:.0%} of the model, the next {second.share:.0%}: was all of it "
            "known on the day of the row?",
        )


def _following_today(judged: Judged) -> Iterator[tuple[str, str]]:
    """Yield traits of accounts that follow a figure of today more closely than its past."""
    frame = judged.table.frame
    dates = sorted(frame["as_of"].unique())
    third = len(dates) // 3
    unproven = _unproven(judged)
    traits = [f.name for f in judged.features if f.name in unproven and _is_trait(frame, f.name)]
    if third < 1 or not traits:
        return
    newest = judged.newest
    early = frame[frame["as_of"].isin(dates[third // 2 : third + 1])]
    figures = [f.name for f in judged.features if f.categories is None and f.name not in traits]
    figures = [name for name in figures if not _is_trait(frame, name)]
    for trait in traits:
        closest = max(
            ((_explained(newest, trait, name), name) for name in figures), default=(0.0, "")
        )
        now, name = closest
        if now < FOLLOWS:
            continue
        before = np.mean([_explained(rows, trait, name) for _, rows in early.groupby("as_of")])
        if now - before > FOLLOWS_SINCE:
            yield (
                trait,
                f"never changes, but explains {now:.0%} of the order of {name} today and "
                f"{before:.0%} early on: it is today's value, written back into the past",
            )


def _too_good(judged: Judged) -> Iterator[tuple[str, str]]:
    """Yield the heaviest columns of a model that is too good to be true."""
    label, probability = judged.label, judged.probability
    positives = int(label.sum())
    if probability is None or min(positives, len(label) - positives) < FEWEST:
        return
    area = point_estimate(metrics.auc, probability, label)
    first = np.argsort(-probability, kind="stable")[:positives]
    precision = float(label[first].mean())
    if area < TOO_GOOD_AUC or precision < max(TOO_GOOD_PRECISION, PURE_LIFT * label.mean()):
        return
    heaviest = max(judged.weights, key=lambda weight: weight.share, default=None)
    if heaviest is None or not _untrusted(judged, heaviest.feature):
        return  # what somebody trusts explains it
    heavy = {
        column: weight.share
        for weight in judged.weights
        if weight.share >= HEAVY and (column := _untrusted(judged, weight.feature))
    }
    for column in heavy.keys() & _unproven(judged) or heavy:
        yield (
            column,
            f"carries {heavy[column]:.0%} of a model that is too good to be true: AUC {area:.3f}, "
            f"and {precision:.0%} of the rows it ranks first had the outcome",
        )


def _untrusted(judged: Judged, stem: str) -> str:
    """Return the first column of a feature; empty where somebody has looked at one of them."""
    columns = [feature.name for feature in judged.features if feature.stem == stem]
    return "" if not columns or set(columns) & set(judged.trusted) else columns[0]


def _unproven(judged: Judged) -> frozenset[str]:
    """Return the columns for whose past nothing vouches.

    Those of a table that was made elsewhere, and what reads an attribute that is kept by name.
    """
    foreign = {f["name"] for f in judged.table.features if f["group"] == "table"}
    return frozenset(foreign | set(judged.table.meta.get("unproven", ())))


def _is_trait(frame: pd.DataFrame, name: str) -> bool:
    values = frame.groupby("account_id")[name]
    several = values.size() > 1
    return bool((values.nunique(dropna=False)[several] < 2).mean() > UNCHANGING)


def _explained(rows: pd.DataFrame, trait: str, name: str) -> float:
    """Return the share of the variance of a figure's ranks between the classes of a trait."""
    known = rows[rows[name].notna()]
    if len(known) < FEWEST:
        return 0.0
    classes = Levels.of(known[trait]).of_rows(known[trait])
    ranks = known[name].rank(pct=True).to_numpy(float)
    total = float(((ranks - ranks.mean()) ** 2).sum())
    counts = np.bincount(classes)
    means = np.bincount(classes, ranks) / np.maximum(counts, 1)
    if not total:
        return 0.0
    unexplained = float(((ranks - means[classes]) ** 2).sum()) / total
    # Adjusted: many classes explain a part by chance alone.
    free = max(1, len(ranks) - int((counts > 0).sum()))
    return 1 - unexplained * (len(ranks) - 1) / free


def _is_constant(values: pd.Series) -> bool:
    return bool(values.nunique(dropna=False) < 2)
