"""``train``: one model a target, evaluated, registered, and published when it has skill."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import models
from features.errors import DataError, UsageError
from models.common.files import write_atomically
from models.dataset import feature_table
from models.dataset.time_split import ADVICE
from models.lifecycle import fallback, model_card
from models.lifecycle.candidate import TOO_SHORT, Candidate, parameters, train_candidate
from models.lifecycle.fallback import Fallback
from models.lifecycle.model_card_plots import pictures
from models.registry import Registry, Run
from models.release.card import Card, NotTrained
from models.training.boosting import Params
from pipelines.build.accounts import team_capacity
from pipelines.common.progress import Progress, silent
from pipelines.common.source_digest import source_digest
from pipelines.config.company_features import practitioner_rule, trained_targets
from pipelines.config.error_messages import nearest
from pipelines.ingest.summary import hints
from pipelines.ingest.summary.checked_tables import written_tables
from pipelines.lifecycle.deploy import current, reconcile
from pipelines.lifecycle.promote import deploy_first_versions
from pipelines.lifecycle.promotion_log import champions, log
from pipelines.lifecycle.training_record import MEMORY

if TYPE_CHECKING:
    from features.labels.declaration import Rule
    from models.dataset.feature_table import FeatureTable
    from pipelines.config.sections import Train
    from pipelines.config.settings import Settings

MODELS = Path(models.__file__).parent


@dataclass(frozen=True)
class TargetOutcome:
    """What became of one target: its verdict, and its version where a model was registered.

    ``card`` is ``None`` where no model could be trained. ``in_use`` is the champion by now;
    ``champion`` says that it is this very version. ``fallback`` is what ranks accounts while no
    model is in use, if anything does. ``notes`` are what else a reader should know.
    """

    target: str
    verdict: str
    why: str
    version: str | None
    champion: bool
    card: Card | None
    in_use: str | None = None
    notes: list[str] = field(default_factory=list)
    fallback: Fallback | None = None

    @property
    def is_usable(self) -> bool:
        """Whether a model is in use for the target, or could be."""
        card = self.card
        is_sound = card is not None and card.skill and not (card.suspects or card.ranks_only)
        return self.in_use is not None or is_sound

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON-able values; ``card`` is empty where there is none."""
        ranks = self.fallback.as_dict() if self.fallback else None
        return {**vars(self), "card": self.card.to_json() if self.card else {}, "fallback": ranks}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> TargetOutcome:
        """Return the outcome that ``as_dict`` described."""
        card = Card.from_json(stored["card"]) if stored["card"] else None
        ranks = Fallback.from_dict(stored["fallback"]) if stored.get("fallback") else None
        return cls(**{**stored, "card": card, "fallback": ranks})


@dataclass(frozen=True)
class TrainResult:
    """What ``train`` did; ``release`` is the folder that servers load, if there is one."""

    targets: list[TargetOutcome]
    release: str | None
    unchanged: bool

    @property
    def is_usable(self) -> bool:
        """Whether any target has a model, or a baseline that ranks accounts."""
        return any(outcome.is_usable or outcome.fallback for outcome in self.targets)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return {**vars(self), "targets": [outcome.as_dict() for outcome in self.targets]}


def train(
    settings: Settings,
    *,
    targets: Sequence[str] | None = None,
    tune: int = 0,
    progress: Progress | None = None,
) -> TrainResult:
    """Train every target on the feature table; the same table and settings do nothing new.

    ``tune`` is how many sets of parameters are tried for each; none keeps the usual ones.

    Raises
    ------
    UsageError
        When a target does not exist.
    DataError
        When there is no feature table, or it is too short to split for every target.
    """
    report = progress or silent
    table = feature_table.read(settings.feature_table)
    names = _chosen(table, targets or trained_targets(settings))
    _refuse_unknown_columns(table, settings.train.trusted)
    capacity = team_capacity(settings, table.newest()["account_id"], table.meta["data_through"])
    digest = _digest(settings.feature_table, settings.train, [names, tune, capacity])
    if (unchanged := _unchanged(settings, digest)) is not None:
        return unchanged
    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    outcomes = []
    for number, name in enumerate(names):
        report(f"training {name}", number / len(names))
        rule = practitioner_rule(settings, name)
        outcomes.append(train_one(table, name, settings.train, registry, tune, capacity, rule))
    through = date.fromisoformat(table.meta["data_through"])
    outcomes, explained = _with_hints(settings, through, outcomes)
    if all(outcome.verdict == TOO_SHORT for outcome in outcomes):
        result = TrainResult(_with_champions(settings, outcomes), None, unchanged=False)
        _remember(settings.work / MEMORY, "", result)  # what is lacking is known, and tried again
        raise DataError([*(f"{outcome.target}: {outcome.why}" for outcome in outcomes), *explained])
    report("publishing", 0.98)
    skilled = {
        outcome.target: outcome.version
        for outcome in outcomes
        if outcome.version and outcome.card and outcome.card.skill
    }
    first = deploy_first_versions(settings, registry, skilled)
    outcomes = [_refused(outcome, first.refused.get(outcome.target, [])) for outcome in outcomes]
    release = str(first.release) if first.release else None
    result = TrainResult(_with_champions(settings, outcomes), release, unchanged=False)
    _remember(settings.work / MEMORY, digest, result)
    return result


def _with_hints(
    settings: Settings, data_through: date, outcomes: list[TargetOutcome]
) -> tuple[list[TargetOutcome], list[str]]:
    """Name the hints of `check` that explain why some target lacks outcomes, and return them.

    Where there are any, a longer history is no help and no longer advised.
    """
    untrained = [outcome for outcome in outcomes if outcome.card is None]
    if not untrained or not (settings.tables_folder / "subscriptions.parquet").exists():
        return outcomes, []
    with written_tables(settings, data_through) as tables:
        found = hints.find(tables, leaves_no_outcomes=True)
    explained = [
        f"{hint.place}: {hint.figure} What to do: {hint.do} (hint {hint.name} of `expansion check`)"
        for hint in found
    ]
    if not explained:
        return outcomes, []
    return [
        replace(outcome, why=outcome.why.removesuffix(ADVICE), notes=[*outcome.notes, *explained])
        if outcome in untrained
        else outcome
        for outcome in outcomes
    ], explained


def _chosen(table: FeatureTable, wanted: Sequence[str]) -> list[str]:
    unknown = [name for name in wanted if name not in table.labels]
    if unknown:
        raise UsageError(
            f"unknown target {', '.join(unknown)}; there are {', '.join(table.labels)}"
        )
    return list(wanted)


def _refuse_unknown_columns(table: FeatureTable, trusted: Sequence[str]) -> None:
    """Raise ``UsageError`` where [train] trusted names what the table does not have."""
    names = [*table.inputs, *(column["name"] for column in table.meta.get("descriptive", ()))]
    problems = [
        f"train.trusted: there is no column {name!r}{nearest(name, names).split(' Available')[0]}"
        for name in trusted
        if name not in names
    ]
    if problems:
        raise UsageError(problems)


def train_one(
    table: FeatureTable,
    target: str,
    limits: Train,
    registry: Registry,
    trials: int,
    capacity: int | None = None,
    rule: Rule | None = None,
) -> TargetOutcome:
    """Train one target's model and register it as challenger, or say why there can be none."""
    params = Params(
        seed=limits.seed,
        max_trees=limits.max_trees,
        monotone=limits.monotone,
        threads=limits.threads,
    )
    candidate = train_candidate(
        table,
        target,
        params,
        min_positives=limits.min_positives,
        trials=trials,
        capacity=capacity,
        rule=rule,
        trusted=limits.trusted,
    )
    if isinstance(candidate, NotTrained):
        return TargetOutcome(
            target,
            candidate.verdict,
            candidate.why,
            None,
            champion=False,
            card=None,
            fallback=fallback.of_rule(table, target, rule, limits.seed),
        )
    version = registry.log(target, candidate.files, _run(candidate, table))
    card = candidate.card
    return TargetOutcome(
        target,
        card.verdict,
        card.why,
        version,
        champion=False,
        card=card,
        fallback=fallback.of_card(card, table, version),
    )


def _refused(outcome: TargetOutcome, reasons: Sequence[str]) -> TargetOutcome:
    why = "; ".join([outcome.why, *(f"not used for {reason}" for reason in reasons)])
    return replace(outcome, why=why)


def _with_champions(settings: Settings, outcomes: Sequence[TargetOutcome]) -> list[TargetOutcome]:
    """Return the outcomes with the champions of now, which a promotion may have changed."""
    versions = champions(log(settings.mlflow.home).read())
    return [
        replace(
            outcome, in_use=champion, champion=champion is not None and champion == outcome.version
        )
        for outcome in outcomes
        for champion in (versions.get(outcome.target),)
    ]


def _run(candidate: Candidate, table: FeatureTable) -> Run:
    return Run(
        params=parameters(candidate),
        metrics=model_card.flat_metrics(candidate.card),
        tags={
            "verdict": candidate.card.verdict,
            "data_fingerprint": table.meta["fingerprint"],
            "data_through": table.meta["data_through"],
            "code_version": _code_version(),
        },
        card=model_card.markdown(candidate.card),
        pictures=pictures(candidate.card),
        trials=candidate.tuning.trials if candidate.tuning else (),
    )


def _code_version() -> str:
    """Return the commit of this code, or the digest of the models' source outside a checkout."""
    command = ["git", "-C", str(MODELS), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or source_digest(MODELS)


def _digest(table: Path, limits: Train, chosen: Sequence[Any]) -> str:
    """Return what a training depends on: the table, the settings and the code."""
    digest = sha256(table.read_bytes())
    digest.update(json.dumps([*chosen, limits.model_dump(mode="json")]).encode())
    digest.update(source_digest(MODELS).encode())
    return digest.hexdigest()


def _unchanged(settings: Settings, digest: str) -> TrainResult | None:
    """Return the newest training's result, if it depended on the same."""
    path = settings.work / MEMORY
    if not path.exists():
        return None
    stored = json.loads(path.read_text("utf-8"))
    if stored["digest"] != digest or not settings.mlflow_artifacts.exists():
        return None
    outcomes = [TargetOutcome.from_dict(outcome) for outcome in stored["outcomes"]]
    targets = _with_champions(settings, outcomes)
    # Not as stored: a promotion may have published another since, and a folder can get lost.
    release = current(settings)
    if release is None:
        release = reconcile(settings, Registry(settings.mlflow_uri, settings.mlflow_artifacts))
    return TrainResult(targets, str(release) if release else None, unchanged=True)


def _remember(path: Path, digest: str, result: TrainResult) -> None:
    outcomes = [outcome.as_dict() for outcome in result.targets]
    stored = {
        "digest": digest,
        "release": result.release,
        "outcomes": outcomes,
        "targets": {
            outcome["target"]: {
                **outcome["card"],
                "verdict": outcome["verdict"],
                "why": outcome["why"],
            }
            for outcome in outcomes
        },
    }
    write_atomically(path, json.dumps(stored, indent=1, sort_keys=True))
