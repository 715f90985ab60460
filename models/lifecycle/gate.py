"""The gate: may a challenger take the champion's place? A list of checks, each with its figures.

Both versions answer for the same rows: the newest mature ones that neither was trained on. A
challenger passes when it is clearly better, beyond chance and by enough to matter, in AUC or in log
loss, clearly worse nowhere, and knows nothing that will not be known when it counts. An equal one
does not pass: a change of model changes every score and reason, and has to be worth it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.evaluation import leakage
from models.evaluation.skill import SKILL
from models.lifecycle.comparison import Check, Comparison, Pair, compare
from models.release.card import Question
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles


def judge(
    table: FeatureTable,
    target: str,
    challenger: ModelFiles,
    champion: ModelFiles | None,
    *,
    fewest: int,
    trusted: Collection[str] = (),
) -> list[Check]:
    """Return every check of a challenger against the champion, or of a first version alone.

    A champion that the table has no inputs for can't be used any more, and is no rival.

    Parameters
    ----------
    table, target
        The feature table as it is now; its newest mature rows are what both are compared on.
    challenger, champion
        The files of both versions.
    fewest
        Outcomes that the rows must hold to decide.
    trusted
        Columns that may look like leaks: somebody has seen to it that they are none.
    """
    rival = champion if champion is not None and not _lacking(table, champion) else None
    checks = [
        _skill(challenger, champion),
        _question(table, target, challenger, rival),
        _inputs(table, challenger, champion),
    ]
    if not all(check.passes for check in checks[1:]):
        return checks
    if rival is not None and _same_model(challenger, rival):
        return [*checks, Check("another model", False, "", "the same model", _SAME_MODEL)]
    rows = _unseen(table, target, challenger, rival)
    label = rows[table.labels[target].column].to_numpy(float)
    enough = _enough(rows, label, challenger, rival, fewest if rival is not None else 1)
    checks.append(enough)
    if not enough.passes:
        return checks
    newest = table.newest()
    judged = leakage.Judged(
        table=table,
        features=challenger.features,
        rows=rows,
        label=label,
        probability=_probabilities(challenger, rows),
        weights=challenger.card.importance.weights,
        trusted=trusted,
    )
    checks.append(_leaks(judged))
    if rival is None:
        return checks
    past, now = (
        Pair(_probabilities(rival, on), _probabilities(challenger, on)) for on in (rows, newest)
    )
    return [*checks, *compare(Comparison(rows, label, past, now))]


def _skill(challenger: ModelFiles, champion: ModelFiles | None) -> Check:
    card = challenger.card
    why = "" if card.verdict == SKILL else f"{card.verdict}: {card.why}"
    shown = "" if champion is None else champion.card.verdict
    return Check("skill", not why, shown, card.verdict, why)


def _question(
    table: FeatureTable, target: str, challenger: ModelFiles, champion: ModelFiles | None
) -> Check:
    """Ask whether both answer what the table asks; versions from before it was recorded do."""
    asked = Question(**table.question(target))
    new = challenger.card.trained.question or asked
    old = asked if champion is None else champion.card.trained.question or asked
    why = ""
    if new != asked:
        why = (
            f"it was trained on {_in_words(new)}, the feature table has {_in_words(asked)}; "
            "train anew"
        )
    elif old != asked:
        why = (
            f"the champion was trained on {_in_words(old)}, this version on {_in_words(new)}: "
            "other questions, whose answers can't be compared; --force --why changes the question"
        )
    shown = "" if champion is None else _in_words(old)
    return Check("question", not why, shown, _in_words(new), why)


def _in_words(question: Question) -> str:
    priced = ", price rises counted" if question.price_changes else ""
    return f"{question.column}, known after {question.mature_days} days{priced}"


def _inputs(table: FeatureTable, challenger: ModelFiles, champion: ModelFiles | None) -> Check:
    lacking = _lacking(table, challenger)
    why = f"{'; '.join(lacking)}; build it with this version, or train anew" if lacking else ""
    shown = "" if champion is None else "; ".join(_lacking(table, champion)) or _count(champion)
    return Check("inputs", not lacking, shown, _count(challenger), why)


def _count(files: ModelFiles) -> str:
    return f"{len(files.features)} columns"


def _lacking(table: FeatureTable, files: ModelFiles) -> list[str]:
    """Return what keeps a version from being scored on the table."""
    units = {column["name"]: column["unit"] for column in table.features}
    missing = [feature.name for feature in files.features if feature.name not in units]
    changed = [
        f"{feature.name} is in {units[feature.name]} and was in {feature.unit}"
        for feature in files.features
        if units.get(feature.name, feature.unit) != feature.unit
    ]
    return ([f"the feature table lacks {', '.join(missing)}"] if missing else []) + changed


_SAME_MODEL = (
    "it is the champion's model with the champion's calibration; there is nothing to promote"
)


def _same_model(challenger: ModelFiles, champion: ModelFiles) -> bool:
    new, old = challenger.files(), champion.files()
    return all(new[name] == old[name] for name in ("model.txt", "calibration.json"))


def _unseen(
    table: FeatureTable, target: str, challenger: ModelFiles, champion: ModelFiles | None
) -> pd.DataFrame:
    """Return the mature rows after every label that either version was trained on."""
    ends = [files.card.trained.last for files in (challenger, champion) if files is not None]
    since = max(ends) + timedelta(days=table.labels[target].mature_days)
    rows = table.mature(target)
    unseen: pd.DataFrame = rows[rows["as_of"] >= since]
    return unseen


def _enough(
    rows: pd.DataFrame,
    label: np.ndarray,
    challenger: ModelFiles,
    champion: ModelFiles | None,
    fewest: int,
) -> Check:
    outcomes = int(label.sum())
    counts = f"{len(rows):,} rows of {rows['as_of'].nunique()} dates with {outcomes:,} outcomes"
    passes = min(outcomes, len(rows) - outcomes) >= fewest
    why = (
        f"{counts} are left that no version was trained on, {fewest} outcomes are needed to tell; "
        "wait until more are mature"
    )
    shown = "" if champion is None else f"trained to {champion.card.trained.last}"
    trained = f"trained to {challenger.card.trained.last}"
    return Check("unseen rows", passes, shown, trained, counts if passes else why)


def _leaks(judged: leakage.Judged) -> Check:
    suspects = leakage.suspects(judged)
    sentences = "; ".join(map(str, suspects))
    why = f"{sentences}. What to do: {leakage.way_out(suspects)}" if suspects else ""
    return Check("leak", not suspects, "", f"{len(suspects) or 'no'} suspects", why)


def _probabilities(files: ModelFiles, rows: pd.DataFrame) -> np.ndarray:
    return matrix_probabilities(files, matrix(rows, tuple(files.features)))
