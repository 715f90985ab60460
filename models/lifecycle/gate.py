"""The gate: may a challenger take the champion's place? A list of checks, each with its figures.

Both versions answer for the same rows: the newest mature ones that neither was trained on. A
challenger passes when it is clearly better, beyond chance and by enough to matter, in AUC or in log
loss, clearly worse nowhere, and knows nothing that will not be known when it counts. An equal one
does not pass: a change of model changes every score and reason, and has to be worth it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.evaluation import leakage
from models.evaluation.skill import SKILL
from models.lifecycle.comparison import Check, Contest, Pair, compare
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles


def judge(
    table: FeatureTable,
    target: str,
    challenger: ModelFiles,
    champion: ModelFiles | None,
    *,
    fewest: int,
) -> list[Check]:
    """Return every check of a challenger against the champion, or of a first version alone.

    A champion that the table has no inputs for can't be used any more, and is no rival.

    Parameters
    ----------
    table, target
        The feature table as it is now; its newest mature rows are the ground of the contest.
    challenger, champion
        The files of both versions, their cards with ``trained["to"]``.
    fewest
        Outcomes that the contest must hold to be decided.
    """
    rival = champion if champion is not None and not _lacking(table, champion) else None
    found = [
        _skill(challenger, champion),
        _question(table, target, challenger, rival),
        _inputs(table, challenger, champion),
    ]
    if not all(one.passes for one in found[1:]):
        return found
    if rival is not None and _twins(challenger, rival):
        return [*found, Check("another model", False, "", "the same model", _TWIN)]
    rows = _unseen(table, target, challenger, rival)
    label = rows[table.labels[target].column].to_numpy(float)
    enough = _enough(rows, label, challenger, rival, fewest if rival is not None else 1)
    found.append(enough)
    if not enough.passes:
        return found
    newest = table.newest()
    found.append(_leaks(challenger, rows, label, newest))
    if rival is None:
        return found
    past, now = (
        Pair(_probabilities(rival, on), _probabilities(challenger, on)) for on in (rows, newest)
    )
    return [*found, *compare(Contest(rows, label, past, now))]


def _skill(challenger: ModelFiles, champion: ModelFiles | None) -> Check:
    verdict = str(challenger.card["verdict"])
    why = "" if verdict == SKILL else f"{verdict}: {challenger.card['why']}"
    return Check("skill", not why, "" if champion is None else str(champion.card["verdict"]),
                 verdict, why)  # fmt: skip


def _question(
    table: FeatureTable, target: str, challenger: ModelFiles, champion: ModelFiles | None
) -> Check:
    """Ask whether both answer what the table asks; versions from before cards said so do."""
    asked = table.question(target)
    mine, theirs = (
        asked if one is None else one.card["trained"].get("question", asked)
        for one in (challenger, champion)
    )
    why = ""
    if mine != asked:
        why = f"it was trained on {_told(mine)}, the feature table has {_told(asked)}; train anew"
    elif theirs != asked:
        why = (
            f"the champion was trained on {_told(theirs)}, this version on {_told(mine)}: other "
            "questions, whose answers can't be compared; --force --why changes the question"
        )
    return Check("question", not why, "" if champion is None else _told(theirs), _told(mine), why)


def _told(question: Mapping[str, Any]) -> str:
    priced = ", price rises counted" if question["price_changes"] else ""
    return f"{question['column']}, known after {question['mature_days']} days{priced}"


def _inputs(table: FeatureTable, challenger: ModelFiles, champion: ModelFiles | None) -> Check:
    lacking = _lacking(table, challenger)
    told = f"{'; '.join(lacking)}; build it with this version, or train anew" if lacking else ""
    shown = "" if champion is None else "; ".join(_lacking(table, champion)) or _count(champion)
    return Check("inputs", not lacking, shown, _count(challenger), told)


def _count(files: ModelFiles) -> str:
    return f"{len(files.features)} columns"


def _lacking(table: FeatureTable, files: ModelFiles) -> list[str]:
    """Return what keeps a version from being scored on the table."""
    units = {one["name"]: one["unit"] for one in table.features}
    missing = [one.name for one in files.features if one.name not in units]
    changed = [f"{one.name} is in {units[one.name]} and was in {one.unit}"
               for one in files.features if units.get(one.name, one.unit) != one.unit]  # fmt: skip
    return ([f"the feature table lacks {', '.join(missing)}"] if missing else []) + changed


_TWIN = "it is the champion's model with the champion's calibration; there is nothing to promote"


def _twins(one: ModelFiles, other: ModelFiles) -> bool:
    mine, others = one.files(), other.files()
    return all(mine[name] == others[name] for name in ("model.txt", "calibration.json"))


def _unseen(
    table: FeatureTable, target: str, challenger: ModelFiles, champion: ModelFiles | None
) -> pd.DataFrame:
    """Return the mature rows after every label that either version was trained on."""
    ends = [_trained_to(one) for one in (challenger, champion) if one is not None]
    since = max(ends) + timedelta(days=table.labels[target].mature_days)
    rows = table.mature(target)
    chosen: pd.DataFrame = rows[rows["as_of"] >= since]
    return chosen


def _trained_to(files: ModelFiles) -> date:
    return date.fromisoformat(files.card["trained"]["to"])


def _enough(
    rows: pd.DataFrame,
    label: np.ndarray,
    challenger: ModelFiles,
    champion: ModelFiles | None,
    fewest: int,
) -> Check:
    outcomes = int(label.sum())
    told = f"{len(rows):,} rows of {rows['as_of'].nunique()} dates with {outcomes:,} outcomes"
    passes = min(outcomes, len(rows) - outcomes) >= fewest
    why = (
        f"{told} are left that no version was trained on, {fewest} outcomes are needed to tell; "
        "wait until more are mature"
    )
    shown = "" if champion is None else f"trained to {_trained_to(champion)}"
    trained = f"trained to {_trained_to(challenger)}"
    return Check("unseen rows", passes, shown, trained, told if passes else why)


def _leaks(
    challenger: ModelFiles, rows: pd.DataFrame, label: np.ndarray, newest: pd.DataFrame
) -> Check:
    found = leakage.suspects(challenger.features, rows, label, newest)
    return Check("leak", not found, "", f"{len(found) or 'no'} suspects", "; ".join(found))


def _probabilities(files: ModelFiles, rows: pd.DataFrame) -> np.ndarray:
    return matrix_probabilities(files, matrix(rows, tuple(files.features)))
