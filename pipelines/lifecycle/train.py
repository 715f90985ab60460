"""``train``: one model a target, evaluated, registered, and published when it has skill."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import models
from features.errors import DataError, UsageError
from models.common.files import write_atomically
from models.dataset import feature_table
from models.lifecycle import model_card
from models.lifecycle.candidate import TOO_SHORT, Made, Unfit, make, parameters
from models.lifecycle.model_card_plots import pictures
from models.registry import Registry, Run
from models.training.boosting import Params
from pipelines.build.accounts import team_capacity
from pipelines.common.progress import Progress, silent
from pipelines.common.source_digest import source_digest
from pipelines.lifecycle.deploy import current, settle
from pipelines.lifecycle.promote import put_first_in_use
from pipelines.lifecycle.promotion_log import champions

if TYPE_CHECKING:
    from models.dataset.feature_table import FeatureTable
    from pipelines.config.settings import Settings

MODELS = Path(models.__file__).parent


@dataclass(frozen=True)
class TargetOutcome:
    """What became of one target: its verdict, and its version where a model was registered.

    ``in_use`` is the champion by now; ``champion`` says that it is this very version. ``notes``
    are what else a reader should know.
    """

    target: str
    verdict: str
    why: str
    version: str | None
    champion: bool
    card: dict[str, Any]
    in_use: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TrainResult:
    """What ``train`` did; ``release`` is the folder that servers load, if there is one."""

    targets: list[TargetOutcome]
    release: str | None
    unchanged: bool


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
    names = _chosen(table, targets or settings.train.targets)
    capacity = team_capacity(settings, table.newest()["account_id"], table.meta["data_through"])
    digest = _digest(settings, names, tune, capacity)
    if (known := _known(settings, digest)) is not None:
        return known
    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    outcomes = []
    for number, name in enumerate(names):
        report(f"training {name}", number / len(names))
        outcomes.append(train_one(table, name, settings, registry, tune, capacity))
    if all(one.verdict == TOO_SHORT for one in outcomes):
        raise DataError([f"{one.target}: {one.why}" for one in outcomes])
    report("publishing", 0.98)
    skilled = {one.target: one.version for one in outcomes if one.version and one.card["skill"]}
    put = put_first_in_use(settings, registry, skilled)
    outcomes = [_refused(one, put.refused.get(one.target, [])) for one in outcomes]
    release = str(put.release) if put.release else None
    result = TrainResult(_as_they_stand(settings, outcomes), release, unchanged=False)
    _remember(settings, digest, result)
    return result


def _chosen(table: FeatureTable, wanted: Sequence[str]) -> list[str]:
    unknown = [name for name in wanted if name not in table.labels]
    if unknown:
        raise UsageError(
            f"unknown target {', '.join(unknown)}; there are {', '.join(table.labels)}"
        )
    return list(wanted)


def train_one(
    table: FeatureTable,
    target: str,
    settings: Settings,
    registry: Registry,
    trials: int,
    capacity: int | None = None,
) -> TargetOutcome:
    """Make one target's model and register it as challenger, or say why none can be made."""
    limits = settings.train
    params = Params(
        seed=limits.seed,
        max_trees=limits.max_trees,
        monotone=limits.monotone,
        threads=limits.threads,
    )
    made = make(
        table,
        target,
        params,
        min_positives=limits.min_positives,
        trials=trials,
        capacity=capacity,
    )
    if isinstance(made, Unfit):
        return TargetOutcome(target, made.verdict, made.why, None, champion=False, card={})
    version = registry.log(target, made.files, _run(made, table))
    told = dict(made.card)
    return TargetOutcome(target, told["verdict"], told["why"], version, champion=False, card=told)


def _refused(one: TargetOutcome, reasons: Sequence[str]) -> TargetOutcome:
    told = "; ".join([one.why, *(f"not used for {reason}" for reason in reasons)])
    return replace(one, why=told)


def _as_they_stand(settings: Settings, outcomes: Sequence[TargetOutcome]) -> list[TargetOutcome]:
    """Return the outcomes with the champions of now, which a promotion may have changed."""
    known = champions(settings)
    return [
        replace(one, in_use=used, champion=used is not None and used == one.version)
        for one in outcomes
        for used in (known.get(one.target),)
    ]


def _run(made: Made, table: FeatureTable) -> Run:
    return Run(
        params=parameters(made),
        metrics=model_card.flat_metrics(made.card),
        tags={
            "verdict": made.card["verdict"],
            "data_fingerprint": table.meta["fingerprint"],
            "data_through": table.meta["data_through"],
            "code_version": _code_version(),
        },
        card=model_card.markdown(made.card),
        pictures=pictures(made.card),
        tried=made.tuning.tried if made.tuning else (),
    )


def _code_version() -> str:
    """Return the commit of this code, or the digest of the models' source outside a checkout."""
    command = ["git", "-C", str(MODELS), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or source_digest(MODELS)


def _digest(settings: Settings, names: Sequence[str], tune: int, capacity: int) -> str:
    """Return what a training depends on: the table, the settings and the code."""
    digest = sha256(settings.feature_table.read_bytes())
    chosen = [names, tune, capacity, settings.train.model_dump(mode="json")]
    digest.update(json.dumps(chosen).encode())
    digest.update(source_digest(MODELS).encode())
    return digest.hexdigest()


def _known(settings: Settings, digest: str) -> TrainResult | None:
    path = settings.work / "training.json"
    if not path.exists():
        return None
    stored = json.loads(path.read_text("utf-8"))
    if stored["digest"] != digest or not settings.mlflow_artifacts.exists():
        return None
    targets = _as_they_stand(settings, [TargetOutcome(**one) for one in stored["outcomes"]])
    # Not as stored: a promotion may have published another since, and a folder can get lost.
    release = current(settings)
    if release is None:
        release = settle(settings, Registry(settings.mlflow_uri, settings.mlflow_artifacts))
    return TrainResult(targets, str(release) if release else None, unchanged=True)


def _remember(settings: Settings, digest: str, result: TrainResult) -> None:
    cards = {o.target: {**o.card, "verdict": o.verdict, "why": o.why} for o in result.targets}
    stored = {
        "digest": digest,
        "release": result.release,
        "outcomes": [asdict(one) for one in result.targets],
        "targets": cards,
    }
    write_atomically(settings.work / "training.json", json.dumps(stored, indent=1, sort_keys=True))
