"""``train``: one model a target, evaluated, registered, and published when it has skill."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import models
from features.errors import DataError, UsageError
from models import card, dataset, value
from models.boosting import Params
from models.golden import probabilities
from models.pictures import pictures
from models.propensity import Fitted, TrainingSet, finished
from models.registry import Registry, Run
from models.release import ModelFiles
from models.review import review
from models.split import Split, split
from pipelines.progress import Progress, silent
from pipelines.promote import put_first_in_use
from pipelines.promotions import champions
from pipelines.publish import current, settle

if TYPE_CHECKING:
    from models.dataset import FeatureTable
    from pipelines.settings import Settings

GOLDEN_ROWS = 20
TOO_FEW = "too few outcomes"
TOO_SHORT = "too short a history"


@dataclass(frozen=True)
class TargetOutcome:
    """What became of one target: its verdict, and its version where a model was registered.

    ``in_use`` is the champion by now; ``champion`` says that it is this very version.
    """

    target: str
    verdict: str
    why: str
    version: str | None
    champion: bool
    card: dict[str, Any]
    in_use: str | None = None


@dataclass(frozen=True)
class TrainResult:
    """What ``train`` did; ``release`` is the folder that servers load, if there is one."""

    targets: list[TargetOutcome]
    release: str | None
    unchanged: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return asdict(self)


def train(
    settings: Settings, *, targets: Sequence[str] | None = None, progress: Progress | None = None
) -> TrainResult:
    """Train every target on the feature table; the same table and settings do nothing new.

    Raises
    ------
    UsageError
        When a target does not exist.
    DataError
        When there is no feature table, or it is too short to split for every target.
    """
    report = progress or silent
    table = dataset.read(settings.feature_table)
    names = _chosen(table, targets or settings.train.targets)
    digest = _digest(settings, names)
    if (known := _known(settings, digest)) is not None:
        return known
    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    outcomes = []
    for number, name in enumerate(names):
        report(f"training {name}", number / len(names))
        outcomes.append(_train_one(table, name, settings, registry))
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


def _train_one(
    table: FeatureTable, target: str, settings: Settings, registry: Registry
) -> TargetOutcome:
    label = table.labels[target]
    try:
        parts = split(sorted(table.mature(target)["as_of"].unique()), label.mature_days)
    except DataError as error:
        return TargetOutcome(target, TOO_SHORT, str(error), None, champion=False, card={})
    if lacking := _lacking(table, target, parts, settings.train.min_positives):
        return TargetOutcome(target, TOO_FEW, lacking, None, champion=False, card={})
    training = table.at(target, parts.train)
    params = _params(settings)
    rows = TrainingSet.of(table, target, parts)
    fitted = finished(rows, params, label.mature_days)
    reviewed = review(table, rows, fitted, params, min_positives=settings.train.min_positives)
    trained = {
        "rows": len(training),
        "positives": int(training[label.column].sum()),
        "from": str(parts.train[0]),
        "to": str(parts.train[-1]),
        "data_fingerprint": table.meta["fingerprint"],
    }
    share = value.typical_share(table, target, training)
    made = card.card(target, reviewed, fitted, share=share, trained=trained)
    version = registry.log(target, _files(table, fitted, made), _run(made, params, table))
    return TargetOutcome(target, made["verdict"], made["why"], version, champion=False, card=made)


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


def _params(settings: Settings) -> Params:
    train = settings.train
    return Params(seed=train.seed, max_trees=train.max_trees, monotone=train.monotone)


def _lacking(table: FeatureTable, target: str, parts: Split, min_positives: int) -> str:
    """Say which part of the rows has too few outcomes to fit, to stop or to judge by, if any."""
    needed = {
        "training": (parts.train, min_positives),
        "stopping": (parts.newest.valid, 1),
        "test": (parts.test, 1),
    }
    for name, (dates, fewest) in needed.items():
        outcomes = table.at(target, dates)[table.labels[target].column]
        if (positives := int(outcomes.sum())) < fewest:
            return f"{positives} outcomes in the {name} rows, {fewest} are needed"
        if positives == len(outcomes):
            return f"all {positives} {name} rows have the outcome: there is nothing to tell apart"
    return ""


def _files(table: FeatureTable, fitted: Fitted, made: Mapping[str, Any]) -> ModelFiles:
    """Return the model with golden rows: some of the newest accounts, and one without anything."""
    newest = table.newest()[table.inputs].head(GOLDEN_ROWS)
    rows = [
        {name: _plain(value) for name, value in row.items()} for row in newest.to_dict("records")
    ]
    rows.append(dict.fromkeys(table.inputs))
    draft = ModelFiles(
        fitted.text, fitted.calibration, fitted.features, made, {"rows": rows, "expected": []}
    )
    expected = [float(p) for p in probabilities(draft)]
    return ModelFiles(
        draft.text, draft.calibration, draft.features, made, {"rows": rows, "expected": expected}
    )


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell
    return None if cell is None or np.isnan(cell) else float(cell)


def _run(made: Mapping[str, Any], params: Params, table: FeatureTable) -> Run:
    return Run(
        params={**asdict(params), "trees": made["trees"], "split": made["split"]},
        metrics=card.flat_metrics(made),
        tags={
            "verdict": made["verdict"],
            "data_fingerprint": table.meta["fingerprint"],
            "data_through": table.meta["data_through"],
            "code_version": _code_version(),
        },
        card=card.markdown(made),
        pictures=pictures(made),
    )


def _code_version() -> str:
    """Return the commit of this code, or the digest of the models' source outside a checkout."""
    here = Path(models.__file__).parent
    command = ["git", "-C", str(here), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or _source_digest()


def _source_digest() -> str:
    digest = sha256()
    for path in sorted(Path(models.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest(settings: Settings, names: Sequence[str]) -> str:
    """Return what a training depends on: the table, the settings and the code."""
    digest = sha256(settings.feature_table.read_bytes())
    digest.update(json.dumps([names, settings.train.model_dump(mode="json")]).encode())
    digest.update(_source_digest().encode())
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
    path = settings.work / "training.json"
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    cards = {o.target: {**o.card, "verdict": o.verdict, "why": o.why} for o in result.targets}
    stored = {
        "digest": digest,
        "release": result.release,
        "outcomes": [asdict(one) for one in result.targets],
        "targets": cards,
    }
    aside.write_text(json.dumps(stored, indent=1, sort_keys=True), encoding="utf-8")
    aside.replace(path)
