"""The gate: may a challenger take the champion's place? A list of checks, each with its figures.

Both answer for the same rows: the newest mature ones that neither version was trained on. A version
is fitted on all mature rows, so at first there are none; then both recipes are tried anew on the
table, at the same days of the past. A challenger passes when it is clearly better, beyond chance
and by enough to matter, in AUC or in log loss, or when it is no worse and was fitted on clearly
newer rows; when it is clearly worse nowhere, and knows nothing that will not be known when it
counts. An equal one does not pass: a change of model changes every score and reason, and has to be
worth it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd

from features.errors import DataError
from models.dataset.feature_table import FeatureTable
from models.dataset.matrix import matrix
from models.dataset.time_split import Split, split
from models.evaluation import leakage
from models.evaluation.levels import off
from models.evaluation.rolling_origin import OutOfTime, out_of_time, usable
from models.lifecycle.comparison import Check, Comparison, Pair, compare
from models.release.card import Question
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles
from models.statistics import metrics
from models.statistics.bootstrap import point_estimate
from models.training.boosting import Params


def judge(
    table: FeatureTable,
    target: str,
    challenger: ModelFiles,
    champion: ModelFiles | None,
    *,
    fewest: int,
    trusted: Collection[str] = (),
    threads: int = 2,
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
    threads
        How many threads fit the recipes; any number gives the same figures.
    """
    rival = champion if champion is not None and not _lacking(table, champion) else None
    checks = [
        _skill(challenger, champion),
        _expected(challenger, champion),
        _question(table, target, challenger, rival),
        _inputs(table, challenger, champion),
    ]
    if not all(check.passes for check in checks[2:]):
        return checks
    if rival is not None and _same_model(challenger, rival):
        return [*checks, Check("another model", False, "", "the same model", _SAME_MODEL)]
    evidence = _evidence(table, target, challenger, rival, fewest, threads)
    checks.append(_enough(evidence, challenger, rival, fewest if rival is not None else 1))
    if not checks[-1].passes:
        return checks
    checks.append(_learned(table, target, challenger, evidence))
    judged = leakage.Judged(
        table=table,
        features=challenger.features,
        rows=evidence.rows,
        label=evidence.label,
        probability=evidence.past.challenger,
        weights=challenger.card.importance.weights,
        trusted=trusted,
    )
    checks.append(_leaks(judged))
    if rival is None:
        return checks
    newer = (challenger.card.trained.last - rival.card.trained.last).days
    comparison = Comparison(
        evidence.rows, evidence.label, evidence.past, evidence.newest, evidence.recent, newer
    )
    return [*checks, *compare(comparison)]


@dataclass(frozen=True)
class Evidence:
    """Mature rows with their outcomes, and what either side gives them without having seen them.

    ``newest`` are the answers for the rows to be scored, and ``recent`` what the same models gave
    of the others. The champion's are the challenger's own where there is none. ``by_recipe`` says
    that both recipes were tried anew at days of the past; else the versions themselves answered.
    """

    rows: pd.DataFrame
    label: np.ndarray
    past: Pair
    newest: Pair
    recent: Pair
    by_recipe: bool


def _evidence(
    table: FeatureTable,
    target: str,
    challenger: ModelFiles,
    champion: ModelFiles | None,
    fewest: int,
    threads: int,
) -> Evidence:
    """Return the versions' answers for rows that neither has seen, or else their recipes'."""
    rows = _unseen(table, target, challenger, champion)
    label = rows[table.labels[target].column].to_numpy(float)
    dates = _origins(table, target)
    if dates is None or min(label.sum(), (1 - label).sum()) >= fewest:
        past, newest = (
            Pair(_probabilities(champion or challenger, on), _probabilities(challenger, on))
            for on in (rows, table.newest())
        )
        return Evidence(rows, label, past, newest, past, by_recipe=False)
    new_trial = _tried(table, target, challenger, dates, threads)
    old_trial = new_trial
    if champion is not None and _recipe(champion) != _recipe(challenger):
        old_trial = _tried(table, target, champion, dates, threads)
    # The newest rows are scored by the last trial's model: between two fits of one recipe the
    # scores move as well, and that is not what is asked.
    past = Pair(old_trial.probability, new_trial.probability)
    newest = Pair(*(trial.newest.probabilities(table.newest()) for trial in (old_trial, new_trial)))
    last = new_trial.origin == new_trial.origin.max()
    recent = Pair(past.champion[last], past.challenger[last])
    return Evidence(new_trial.rows, new_trial.label, past, newest, recent, by_recipe=True)


def _recipe(files: ModelFiles) -> tuple[frozenset[str], Params]:
    """Return the inputs and the parameters of a version; from before they were kept, the usual."""
    names = frozenset(feature.name for feature in files.features)
    return names, Params(**(files.card.recipe or {}))


def _origins(table: FeatureTable, target: str) -> Split | None:
    """Return the days at which a recipe can be fitted and judged; ``None`` without any."""
    as_ofs = sorted(table.mature(target)["as_of"].unique())
    try:
        dates = split(as_ofs, table.labels[target].mature_days)
    except DataError:
        return None
    dates = usable(table, target, dates, fewest=1)
    return dates if dates.origins else None


def _tried(
    table: FeatureTable, target: str, files: ModelFiles, dates: Split, threads: int
) -> OutOfTime:
    """Try a version's recipe, its parameters and inputs, at each origin of ``dates``."""
    names, params = _recipe(files)
    inputs = tuple(feature for feature in table.features if feature["name"] in names)
    inputs_only = replace(table, features=inputs)
    return out_of_time(inputs_only, target, dates, replace(params, threads=threads))


def _skill(challenger: ModelFiles, champion: ModelFiles | None) -> Check:
    card = challenger.card
    why = "" if card.skill else f"{card.verdict}: {card.why}"
    shown = "" if champion is None else champion.card.verdict
    return Check("skill", not why, shown, card.verdict, why)


def _expected(challenger: ModelFiles, champion: ModelFiles | None) -> Check:
    """Ask whether what the challenger expected came, as far as its card tells."""
    wrong = off(challenger.card.levels or ())
    why = f"{'; '.join(wrong)}: it may rank accounts, and gives no probabilities" if wrong else ""
    shown = "" if champion is None else _level(champion)
    return Check("expected", not wrong, shown, _level(challenger), why)


def _level(files: ModelFiles) -> str:
    levels = files.card.levels
    return f"{levels[0].ratio.value:.2f} of what came" if levels else ""


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
    evidence: Evidence, challenger: ModelFiles, champion: ModelFiles | None, fewest: int
) -> Check:
    rows, outcomes = evidence.rows, int(evidence.label.sum())
    counts = f"{len(rows):,} rows of {rows['as_of'].nunique()} dates with {outcomes:,} outcomes"
    passes = min(outcomes, len(rows) - outcomes) >= fewest
    how = "both recipes were tried on" if evidence.by_recipe else "no version was trained on"
    why = (
        f"{counts} are left that {how}, {fewest} outcomes are needed to tell; "
        "wait until more are mature"
    )
    shown = "" if champion is None else f"trained to {champion.card.trained.last}"
    trained = f"trained to {challenger.card.trained.last}"
    told = f"{counts} that {how}"
    return Check("unseen rows", passes, shown, trained, told if passes else why)


def _learned(table: FeatureTable, target: str, challenger: ModelFiles, evidence: Evidence) -> Check:
    """Ask whether the version learned what its recipe learns on the table.

    Where recipes are compared, nothing else looks at the version itself: one that was fitted on
    other outcomes would pass by its recipe's figures. On rows that it was fitted on, it orders
    outcomes at least as well as its recipe does on rows that it has not seen.
    """
    rows = table.mature(target)
    rows = rows[rows["as_of"] <= challenger.card.trained.last]
    label = rows[table.labels[target].column].to_numpy(float)
    fitted, tried = (
        point_estimate(metrics.auc, score, outcome)
        for score, outcome in (
            (_probabilities(challenger, rows), label),
            (evidence.past.challenger, evidence.label),
        )
    )
    passes = not evidence.by_recipe or fitted >= tried - LEARNED_MARGIN
    why = (
        ""
        if passes
        else f"it orders the outcomes of its own training rows with an AUC of {fitted:.3f}, and "
        f"its recipe those of rows it has not seen with {tried:.3f}: it was not fitted on these "
        "outcomes; train anew"
    )
    return Check("learned", passes, "", f"AUC {fitted:.3f} where it was fitted", why)


LEARNED_MARGIN = 0.02
"""How much lower the AUC of a version may be where it was fitted than its recipe's out of time."""


def _leaks(judged: leakage.Judged) -> Check:
    suspects = leakage.suspects(judged)
    sentences = "; ".join(map(str, suspects))
    why = f"{sentences}. What to do: {leakage.way_out(suspects)}" if suspects else ""
    return Check("leak", not suspects, "", f"{len(suspects) or 'no'} suspects", why)


def _probabilities(files: ModelFiles, rows: pd.DataFrame) -> np.ndarray:
    return matrix_probabilities(files, matrix(rows, tuple(files.features)))
