"""``score``: probabilities, reasons and money of the newest accounts, into the score store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.errors import DataError
from models.common.clock import stored_now
from models.dataset import feature_table
from models.dataset.matrix import matrix
from models.explanation import reasons
from models.inference import expected_arr
from models.inference.calibrators import apply
from models.inference.encoding import SEGMENT
from models.inference.reasons import Reasons, as_stored
from models.plays.prioritisation import Decision
from models.release import bundle
from models.release.golden_rows import amount_shares
from models.release.model_files import ModelFiles
from models.store.scored_inputs import Inputs
from models.store.scores import AccountScore, ScoreStore, Scoring
from pipelines.build.accounts import described
from pipelines.build.as_of_table import table_on
from pipelines.common.progress import Progress, silent
from pipelines.lifecycle.deploy import current
from pipelines.scoring.input_snapshots import Snapshot, keep, path_of
from pipelines.scoring.plays import decide

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class ScoreResult:
    """What was scored: how many accounts at which date, by which release, and their totals.

    ``columns`` are the targets that short lists show: ``name``, ``title`` and ``direction``.
    """

    scoring_id: str
    as_of: str
    accounts: int
    release_id: str
    targets: list[str]
    currency: str
    arr: float
    expected_expansion_arr: float
    arr_at_risk: float
    columns: list[dict[str, str]]
    top: list[dict[str, Any]]


@dataclass(frozen=True)
class _Scored:
    """One target's probabilities and reasons, a value a row."""

    probability: np.ndarray
    share: np.ndarray
    reasons: list[Reasons]


def score(
    settings: Settings, progress: Progress | None = None, *, missed: date | None = None
) -> ScoreResult:
    """Score the newest rows of the feature table with the current release.

    ``missed`` scores a former day instead, for the history: without decisions, for a list that
    nobody saw must let no account rest.

    Raises
    ------
    DataError
        When nothing is published yet, the release is damaged, the table lacks its inputs, or the
        accounts are missing.
    """
    report = progress or silent
    path = current(settings)
    if path is None:
        raise DataError(
            f"{settings.release_folder}: no model is published; run `expansion train`, and "
            "`expansion promote` where a model has skill"
        )
    manifest = bundle.verify(path)
    models = {name: ModelFiles.read(path / name) for name in manifest.models}
    table = table_on(settings, missed) if missed else feature_table.read(settings.feature_table)
    rows = table.newest()
    _refuse_missing(models, rows, settings.feature_table)
    scored = {}
    for number, (name, files) in enumerate(models.items()):
        report(f"scoring {name}", number / len(models))
        scored[name] = _score(files, rows, settings)
    scored = _exclusive(scored, table)
    report("writing", 0.95)
    store = ScoreStore(settings.store_url)
    accounts = _accounts(settings, store if missed is None else None, table, rows, scored)
    scoring = _scoring(settings, table, manifest, models, len(accounts))
    _keep_inputs(settings, rows, models, scoring)
    store.write(scoring, accounts, _inputs(rows, models))
    store.close()
    return _result(scoring, accounts, list(models), table, settings.score.top)


def _refuse_missing(models: Mapping[str, ModelFiles], rows: pd.DataFrame, path: Path) -> None:
    problems = [
        f"{path}: the model of {name} needs {', '.join(missing)}; build the table anew, or train"
        for name, files in models.items()
        if (missing := [one.name for one in files.features if one.name not in rows])
    ]
    if problems:
        raise DataError(problems)


def _score(files: ModelFiles, rows: pd.DataFrame, settings: Settings) -> _Scored:
    features = tuple(files.features)
    inputs = matrix(rows, features)
    booster = lgb.Booster(model_str=files.text)
    raw = np.asarray(booster.predict(inputs, raw_score=True))
    frame = rows[[one.name for one in features]].astype(object)
    values = frame.where(frame.notna(), None).to_numpy().tolist()
    explained = reasons.reasons(
        reasons.contributions(booster, inputs),
        values,
        features,
        settings.company.currency,
        segments=_segments(rows),
        up=settings.score.reasons,
        down=max(1, settings.score.reasons - 1),
        words=settings.words,
    )
    return _Scored(apply(files.calibration, raw), amount_shares(files, inputs), explained)


def _segments(rows: pd.DataFrame) -> list[str | None]:
    if SEGMENT not in rows:
        return []
    return [one if isinstance(one, str) else None for one in rows[SEGMENT]]


def _exclusive(
    scored: Mapping[str, _Scored], table: feature_table.FeatureTable
) -> dict[str, _Scored]:
    chances = {name: one.probability for name, one in scored.items()}
    shown = expected_arr.exclusive(chances, table.labels)
    return {name: replace(one, probability=shown[name]) for name, one in scored.items()}


def _accounts(
    settings: Settings,
    store: ScoreStore | None,
    table: feature_table.FeatureTable,
    rows: pd.DataFrame,
    scored: Mapping[str, _Scored],
) -> list[AccountScore]:
    """Return the accounts by falling expected expansion ARR, then by ARR and id.

    ``store`` is whose lists the decisions heed; without it there are none.
    """
    arr = rows["arr"].to_numpy(float)
    chances = {name: one.probability for name, one in scored.items()}
    shares = {name: one.share for name, one in scored.items()}
    amounts = expected_arr.expected_amounts(chances, shares, arr)
    known = described(settings, str(table.meta["data_through"]))
    csms = {account: one["csm_id"] for account, one in known.items()}
    directions = {name: label.direction for name, label in table.labels.items()}
    decisions = decide(settings, store, rows, chances, amounts, directions, csms) if store else {}
    frame = pd.DataFrame(
        {
            "account_id": rows["account_id"].to_numpy(),
            "arr": arr,
            "expansion": expected_arr.expansion(amounts, table.labels, len(rows)),
            "at_risk": expected_arr.at_risk(amounts, table.labels, len(rows)),
        }
    )
    order = frame.sort_values(
        ["expansion", "arr", "account_id"], ascending=[False, False, True], kind="stable"
    )
    return list(_ranked(order, known, scored, decisions))


def _ranked(
    order: pd.DataFrame,
    known: Mapping[str, Mapping[str, Any]],
    scored: Mapping[str, _Scored],
    decisions: Mapping[str, Decision],
) -> Iterator[AccountScore]:
    for rank, (place, row) in enumerate(
        zip(order.index, order.to_dict("records"), strict=True), start=1
    ):
        told = known.get(row["account_id"], {})
        yield AccountScore(
            account_id=row["account_id"],
            rank=rank,
            name=told.get("name") or row["account_id"],
            csm_id=told.get("csm_id"),
            segment=told.get("segment"),
            arr=None if np.isnan(row["arr"]) else float(row["arr"]),
            expected_expansion_arr=round(float(row["expansion"]), 2),
            arr_at_risk=round(float(row["at_risk"]), 2),
            probabilities={n: round(float(one.probability[place]), 6) for n, one in scored.items()},
            reasons={name: one.reasons[place] for name, one in scored.items()},
            decision=decisions.get(row["account_id"]),
        )


def _scoring(
    settings: Settings,
    table: feature_table.FeatureTable,
    manifest: bundle.Manifest,
    models: Mapping[str, ModelFiles],
    accounts: int,
) -> Scoring:
    as_of = table.frame["as_of"].max()
    fingerprint = str(table.meta["fingerprint"])
    return Scoring(
        scoring_id=f"{as_of}-{manifest.release_id}-{fingerprint[:12]}",
        as_of=as_of,
        created_at=stored_now(),
        release_id=manifest.release_id,
        data_fingerprint=fingerprint,
        horizon_days=int(table.meta["horizon_days"]),
        accounts=accounts,
        currency=settings.company.currency,
        models={name: files.card.version for name, files in models.items()},
    )


def _keep_inputs(
    settings: Settings, rows: pd.DataFrame, models: Mapping[str, ModelFiles], scoring: Scoring
) -> None:
    """Keep what was scored; before the scoring, which then always finds its inputs."""
    described = Snapshot(
        scoring_id=scoring.scoring_id,
        as_of=scoring.as_of.isoformat(),
        created_at=scoring.created_at.isoformat(),
        release_id=scoring.release_id,
        path=path_of(settings, scoring.scoring_id),
    )
    keep(settings, rows, _input_names(models), described)


def _input_names(models: Mapping[str, ModelFiles]) -> list[str]:
    return list(dict.fromkeys(one.name for files in models.values() for one in files.features))


def _inputs(rows: pd.DataFrame, models: Mapping[str, ModelFiles]) -> Inputs:
    """Return what each account is scored on, for the server to ask "what if"."""
    names = _input_names(models)
    frame = rows[names].astype(object)
    values = frame.where(frame.notna(), None).to_numpy().tolist()
    return Inputs(names, dict(zip(rows["account_id"], values, strict=True)))


def _result(
    scoring: Scoring,
    accounts: list[AccountScore],
    targets: list[str],
    table: feature_table.FeatureTable,
    top: int,
) -> ScoreResult:
    return ScoreResult(
        scoring_id=scoring.scoring_id,
        as_of=str(scoring.as_of),
        accounts=scoring.accounts,
        release_id=scoring.release_id,
        targets=targets,
        currency=scoring.currency,
        arr=sum(one.arr or 0 for one in accounts),
        expected_expansion_arr=sum(one.expected_expansion_arr or 0 for one in accounts),
        arr_at_risk=sum(one.arr_at_risk or 0 for one in accounts),
        columns=[
            {"name": label.name, "title": label.title, "direction": label.direction}
            for label in table.labels.values()
            if label.is_leading
        ],
        top=[
            asdict(one)
            | {"reasons": as_stored(one.reasons), "net_expected_arr": one.net_expected_arr}
            for one in accounts[:top]
        ],
    )
