"""``score``: probabilities, reasons and money of the newest accounts, into the score store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.errors import DataError
from models.common.clock import stored_now
from models.dataset import contracted, feature_table
from models.dataset.matrix import matrix
from models.explanation import reasons
from models.i18n.messages import Catalogue
from models.inference import expected_arr
from models.inference.calibrators import apply
from models.inference.contracted import ContractedColumns, to_the_cent
from models.inference.encoding import SEGMENT
from models.inference.reasons import Reasons, as_stored
from models.inference.total_interval import AmountError, Span
from models.inference.totals import total
from models.plays.prioritisation import Decision
from models.release import bundle
from models.release.golden_rows import amount_error, amount_shares
from models.release.model_files import ModelFiles
from models.store.scored_inputs import Inputs
from models.store.scores import AccountScore, ScoreStore, Scoring
from pipelines.build.accounts import described
from pipelines.build.as_of_table import table_on
from pipelines.common.progress import Progress, silent
from pipelines.lifecycle.deploy import current
from pipelines.lifecycle.training_record import has_trained
from pipelines.scoring import input_snapshots
from pipelines.scoring.input_snapshots import Snapshot, path_of
from pipelines.scoring.licensed_units import licensed_units
from pipelines.scoring.plays import account_cases, decide
from pipelines.scoring.rankings import Ranking, rankings
from pipelines.scoring.scorings import refuse_future

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

NO_MODELS = "no-models"
"""What the id of a scoring holds in the place of a release, where no model is in use."""


@dataclass(frozen=True)
class ScoreResult:
    """What was scored: how many accounts at which date, by which release, and their totals.

    A total is over the accounts of which it is known, and ``None`` where it is of none:
    ``without_arr`` accounts have no known ARR. ``expected_expansion_arr`` and the expected part of
    ``arr_at_risk`` lack the targets that ``leaves_out`` names, which no model says anything of.
    ``arr_at_risk`` includes ``arr_lost_by_notice``; ``arr_contracted_gain`` is on top of what is
    expected. ``intervals`` are the ends of the 80 % intervals of some totals, by their name. The
    outcome of ``decided`` accounts is known: they have no probabilities.
    ``rankings`` says by target what ranks the accounts where no model is in use.

    ``columns`` are the targets that short lists show: ``name``, ``title`` and ``direction``.
    """

    scoring_id: str
    as_of: str
    accounts: int
    release_id: str | None
    targets: list[str]
    rankings: dict[str, dict[str, Any]]
    currency: str
    arr: float | None
    expected_expansion_arr: float | None
    arr_at_risk: float | None
    arr_lost_by_notice: float | None
    expected_loss_arr: float | None
    arr_contracted_gain: float | None
    net_expected_arr: float | None
    intervals: dict[str, tuple[float, float]]
    decided: int
    without_arr: int
    leaves_out: list[str]
    columns: list[dict[str, str]]
    top: list[dict[str, Any]]


@dataclass(frozen=True)
class _TargetScores:
    """One target's probabilities, the share of the ARR it moves, and reasons, a value a row.

    ``error`` says how far off its amounts are.
    """

    probability: np.ndarray
    share: np.ndarray
    reasons: list[Reasons]
    error: AmountError


@dataclass(frozen=True)
class _Scored:
    """Feature rows of one ``as_of`` with the scores of each target, and what is contracted."""

    rows: pd.DataFrame
    labels: Mapping[str, feature_table.Label]
    targets: Mapping[str, _TargetScores]
    contracted: ContractedColumns
    rankings: Mapping[str, Ranking]

    @property
    def probabilities(self) -> dict[str, np.ndarray]:
        """Probabilities of each target, shape (rows,); NaN where the outcome is decided."""
        return {name: target.probability for name, target in self.targets.items()}

    @cached_property
    def amounts(self) -> dict[str, np.ndarray]:
        """Expected ARR of each target, shape (rows,), of what is not lost by notice."""
        shares = {name: target.share for name, target in self.targets.items()}
        return expected_arr.expected_amounts(self.probabilities, shares, self.contracted.open_arr)

    def worth(self, position: int) -> dict[str, float]:
        """Return what each outcome would be worth to a row, where that is known."""
        arr = float(self.contracted.open_arr[position])
        if np.isnan(arr):
            return {}
        return {
            name: round(arr * float(target.share[position]), 2)
            for name, target in self.targets.items()
        }

    @property
    def expansion(self) -> np.ndarray:
        """Expected expansion ARR, shape (rows,): none where the outcome is decided."""
        expected = expected_arr.expansion(self.amounts, self.labels, len(self.rows))
        return np.where(self.contracted.is_decided, 0.0, expected)

    @property
    def at_risk(self) -> np.ndarray:
        """ARR lost by notice and expected loss of the rest, shape (rows,).

        A loss by notice is known where no expected one is.
        """
        expected = expected_arr.loss(self.amounts, self.labels, len(self.rows))
        lost = self.contracted.loss
        without = self.contracted.is_decided | (np.isnan(expected) & (lost > 0))
        return lost + np.where(without, 0.0, expected)

    def exclusive(self) -> _Scored:
        """Return the same with no pair of targets that exclude each other above 1 together."""
        return self._with(expected_arr.exclusive(self.probabilities, self.labels))

    def undecided(self) -> _Scored:
        """Return the same without a probability where the outcome is decided.

        No model has seen such a row: training leaves out what was decided.
        """
        decided = self.contracted.is_decided
        return self._with(
            {name: np.where(decided, np.nan, p) for name, p in self.probabilities.items()}
        )

    def _with(self, probabilities: Mapping[str, np.ndarray]) -> _Scored:
        targets = {
            name: replace(target, probability=probabilities[name])
            for name, target in self.targets.items()
        }
        return replace(self, targets=targets)


def score(
    settings: Settings, progress: Progress | None = None, *, missed: date | None = None
) -> ScoreResult:
    """Score the newest rows of the feature table with the current release.

    A target without a model in use has no probabilities; where training found a baseline clear of
    chance, it ranks the accounts.

    ``missed`` scores a former day instead, for the history: without decisions, for a list that
    nobody saw must let no account rest.

    Raises
    ------
    DataError
        When nothing was trained or published yet, the release is damaged, the table lacks its
        inputs or ends after today, or the accounts are missing.
    """
    report = progress or silent
    release_id, models = _models(settings)
    table = table_on(settings, missed) if missed else feature_table.read(settings.feature_table)
    rows = table.newest()
    refuse_future(table.frame["as_of"].max(), settings.feature_table)
    _refuse_missing(models, rows, settings.feature_table)
    _refuse_older(table, settings.feature_table)
    signed = contracted.contracted_of(table, rows)
    targets = {}
    for number, (name, files) in enumerate(models.items()):
        report(f"scoring {name}", number / len(models))
        targets[name] = _score(
            files,
            rows,
            currency=settings.company.currency,
            most_reasons=settings.score.reasons,
            words=settings.words,
        )
    # A former day has no table of its own to fit a baseline on.
    ranks = {} if missed else rankings(settings, table, list(models), signed.is_decided)
    scored = _Scored(rows, table.labels, targets, signed, ranks).exclusive().undecided()
    report("writing", 0.95)
    descriptions = described(settings, str(table.meta["data_through"]))
    store = ScoreStore(settings.store_url)
    csms = {account: description["csm_id"] for account, description in descriptions.items()}
    decisions = _decisions(settings, store, scored, csms) if missed is None else {}
    accounts = _accounts(scored, descriptions, decisions)
    scoring = _scoring(table, release_id, models, scored, len(accounts), settings.company.currency)
    if release_id is not None:
        # Before the scoring, which then always finds its inputs.
        snapshot = _snapshot(scoring, release_id, settings.snapshots_folder)
        input_snapshots.write(snapshot, rows, _input_names(models), signed)
    store.write(scoring, accounts, _inputs(rows, models) if models else None)
    store.close()
    return _result(scoring, accounts, list(models), table, settings.score.top)


def _models(settings: Settings) -> tuple[str | None, dict[str, ModelFiles]]:
    """Return the release in use and its models; none where training left nothing to publish."""
    path = current(settings)
    if path is not None:
        manifest = bundle.verify(path)
        return manifest.release_id, {n: ModelFiles.read(path / n) for n in manifest.models}
    if not has_trained(settings):
        raise DataError(
            f"{settings.release_folder}: no model is published; run `expansion train`, and "
            "`expansion promote` where a model has skill"
        )
    return None, {}


def _refuse_missing(models: Mapping[str, ModelFiles], rows: pd.DataFrame, path: Path) -> None:
    problems = [
        f"{path}: the model of {name} needs {', '.join(missing)}; build the table anew, or train"
        for name, files in models.items()
        if (missing := [f.name for f in files.features if f.name not in rows])
    ]
    if problems:
        raise DataError(problems)


def _refuse_older(table: feature_table.FeatureTable, path: Path) -> None:
    if lacking := contracted.missing(table):
        raise DataError(
            f"{path}: lacks {', '.join(lacking)}, which say what is signed or announced; run "
            "`expansion build`"
        )


def _score(
    files: ModelFiles,
    rows: pd.DataFrame,
    *,
    currency: str,
    most_reasons: int,
    words: Catalogue,
) -> _TargetScores:
    """Score rows by one model; ``most_reasons`` raise a score, one fewer lower it."""
    features = tuple(files.features)
    inputs = matrix(rows, features)
    booster = lgb.Booster(model_str=files.text)
    raw = np.asarray(booster.predict(inputs, raw_score=True))
    explained = reasons.reasons(
        reasons.contributions(booster, inputs),
        _values(rows, [feature.name for feature in features]),
        features,
        currency,
        segments=_segments(rows),
        up=most_reasons,
        down=max(1, most_reasons - 1),
        words=words,
    )
    return _TargetScores(
        apply(files.calibration, raw),
        amount_shares(files, inputs),
        explained,
        amount_error(files.card.amount),
    )


def _segments(rows: pd.DataFrame) -> list[str | None]:
    if SEGMENT not in rows:
        return []
    return [segment if isinstance(segment, str) else None for segment in rows[SEGMENT]]


def _decisions(
    settings: Settings, store: ScoreStore, scored: _Scored, csms: Mapping[str, str | None]
) -> dict[str, Decision]:
    """Return the decisions by account id, given the lists that ``store`` holds."""
    if scored.rows.empty:
        return {}
    as_of = scored.rows["as_of"].iloc[0]
    cases = account_cases(
        scored.rows,
        scored.probabilities,
        scored.amounts,
        {name: label.direction for name, label in scored.labels.items()},
        currency=settings.company.currency,
        limits=settings.decide.limits,
        words=settings.words,
        contracted=list(scored.contracted.rows()),
        contracted_in_a_year=list(contracted.contracted_in_a_year(scored.rows).rows()),
        units=licensed_units(settings, as_of),
    )
    return decide(cases, csms, settings.decide.rules, store, as_of)


def _accounts(
    scored: _Scored,
    descriptions: Mapping[str, Mapping[str, Any]],
    decisions: Mapping[str, Decision],
) -> list[AccountScore]:
    """Return the accounts by falling expected expansion ARR, then by ranking, ARR and id.

    Those whose outcome is decided come last, whatever is known of the others.
    """
    rows = scored.rows
    frame = pd.DataFrame(
        {
            "account_id": rows["account_id"].to_numpy(),
            "arr": rows["arr"].to_numpy(float),
            "expansion": scored.expansion,
            "ranking": _best_ranking(scored),
            "at_risk": scored.at_risk,
            "is_decided": scored.contracted.is_decided,
        }
    )
    by = ["is_decided", "expansion", "ranking", "arr", "account_id"]
    order = frame.sort_values(by, ascending=[True, False, True, False, True], kind="stable")
    return list(_ranked(order, descriptions, scored, decisions))


def _best_ranking(scored: _Scored) -> np.ndarray:
    """Return the positions for the gain that is ranked best, shape (rows,); NaN without any."""
    gains = [
        ranking
        for name, ranking in scored.rankings.items()
        if scored.labels[name].direction == expected_arr.GAIN
    ]
    best = max(gains, key=lambda ranking: ranking.fallback.auc, default=None)
    return np.full(len(scored.rows), np.nan) if best is None else best.positions


def _ranked(
    order: pd.DataFrame,
    descriptions: Mapping[str, Mapping[str, Any]],
    scored: _Scored,
    decisions: Mapping[str, Decision],
) -> Iterator[AccountScore]:
    probabilities, signed = scored.probabilities, list(scored.contracted.rows())
    for rank, (position, row) in enumerate(
        zip(order.index, order.to_dict("records"), strict=True), start=1
    ):
        description = descriptions.get(row["account_id"], {})
        yield AccountScore(
            account_id=row["account_id"],
            rank=rank,
            name=description.get("name") or row["account_id"],
            csm_id=description.get("csm_id"),
            segment=description.get("segment"),
            arr=None if np.isnan(row["arr"]) else float(row["arr"]),
            expected_expansion_arr=to_the_cent(float(row["expansion"])),
            arr_at_risk=to_the_cent(float(row["at_risk"])),
            probabilities={
                name: round(float(probability[position]), 6)
                for name, probability in probabilities.items()
                if not row["is_decided"]
            },
            reasons={
                name: target.reasons[position]
                for name, target in scored.targets.items()
                if not row["is_decided"]
            },
            contracted=signed[position],
            decision=decisions.get(row["account_id"]),
            rankings={
                name: int(ranking.positions[position])
                for name, ranking in scored.rankings.items()
                if not row["is_decided"]
            },
            worth={} if row["is_decided"] else scored.worth(position),
        )


def _scoring(
    table: feature_table.FeatureTable,
    release_id: str | None,
    models: Mapping[str, ModelFiles],
    scored: _Scored,
    accounts: int,
    currency: str,
) -> Scoring:
    as_of = table.frame["as_of"].max()
    fingerprint = str(table.meta["fingerprint"])
    return Scoring(
        scoring_id=f"{as_of}-{release_id or NO_MODELS}-{fingerprint[:12]}",
        as_of=as_of,
        created_at=stored_now(),
        release_id=release_id,
        data_fingerprint=fingerprint,
        horizon_days=int(table.meta["horizon_days"]),
        accounts=accounts,
        currency=currency,
        models={name: files.card.version for name, files in models.items()},
        rankings={name: ranking.fallback.as_dict() for name, ranking in scored.rankings.items()},
        amount_errors={name: asdict(target.error) for name, target in scored.targets.items()},
    )


def _snapshot(scoring: Scoring, release_id: str, folder: Path) -> Snapshot:
    return Snapshot(
        scoring_id=scoring.scoring_id,
        as_of=scoring.as_of.isoformat(),
        created_at=scoring.created_at.isoformat(),
        release_id=release_id,
        path=path_of(folder, scoring.scoring_id),
    )


def _input_names(models: Mapping[str, ModelFiles]) -> list[str]:
    names = (feature.name for files in models.values() for feature in files.features)
    return list(dict.fromkeys(names))


def _values(rows: pd.DataFrame, columns: list[str]) -> list[list[Any]]:
    """Return the rows' values, ``None`` where they are missing."""
    frame = rows[columns].astype(object)
    values: list[list[Any]] = frame.where(frame.notna(), None).to_numpy().tolist()
    return values


def _inputs(rows: pd.DataFrame, models: Mapping[str, ModelFiles]) -> Inputs:
    """Return what each account is scored on, for the server to ask "what if"."""
    names = _input_names(models)
    return Inputs(names, dict(zip(rows["account_id"], _values(rows, names), strict=True)))


def _ends(span: Span) -> tuple[float, float]:
    return round(span.low, 2), round(span.high, 2)


def _result(
    scoring: Scoring,
    accounts: list[AccountScore],
    targets: list[str],
    table: feature_table.FeatureTable,
    top: int,
) -> ScoreResult:
    sums = total(accounts, targets, table.labels, scoring.errors)
    intervals = {
        "expected_expansion_arr": sums.expansion_span,
        "arr_at_risk": sums.at_risk_span,
        "net_expected_arr": sums.net_span,
    }
    return ScoreResult(
        scoring_id=scoring.scoring_id,
        as_of=str(scoring.as_of),
        accounts=scoring.accounts,
        release_id=scoring.release_id,
        targets=targets,
        rankings=dict(scoring.rankings or {}),
        currency=scoring.currency,
        arr=sums.arr,
        expected_expansion_arr=sums.expansion,
        arr_at_risk=sums.at_risk,
        arr_lost_by_notice=sums.lost_by_notice,
        expected_loss_arr=sums.expected_loss,
        arr_contracted_gain=sums.contracted_gain,
        net_expected_arr=sums.net,
        intervals={name: _ends(span) for name, span in intervals.items() if span},
        decided=sums.decided,
        without_arr=sums.without_arr,
        leaves_out=list(sums.leaves_out),
        columns=[
            {"name": label.name, "title": label.title, "direction": label.direction}
            for label in table.labels.values()
            if label.is_leading
        ],
        top=[
            asdict(account)
            | {
                "reasons": as_stored(account.reasons),
                "net_expected_arr": account.net_expected_arr,
            }
            for account in [account for account in accounts if not account.is_decided][:top]
        ],
    )
