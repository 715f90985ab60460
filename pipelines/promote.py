"""``promote``, ``rollback`` and ``models``: which version is in use, and who said so."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from features.errors import DataError, UsageError
from models import dataset
from models.evaluate import SKILL
from models.golden import matrix_probabilities
from models.inputs import matrix
from models.intervals import Draws
from models.registry import CHAMPION, PREVIOUS, Registry
from models.release import ModelFiles
from models.release import publish as publish_release
from models.split import split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipelines.settings import Settings


@dataclass(frozen=True)
class PromotionResult:
    """What the gate said, and which version is in use now."""

    target: str
    version: str
    before: str | None
    promoted: bool
    forced: bool
    reasons: list[str]
    release: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return asdict(self)


def registered(settings: Settings) -> list[dict[str, Any]]:
    """Return every registered version, newest first, with figures and aliases."""
    return _registry(settings).versions()


def promote(
    settings: Settings, target: str, version: str, *, force: bool = False, why: str = ""
) -> PromotionResult:
    """Make a version the champion if the gate lets it pass, and publish it.

    Raises
    ------
    UsageError
        When there is no such version, or ``force`` comes without a reason.
    """
    if force and not why:
        raise UsageError("--force needs --why: the log keeps the reason")
    registry = _registry(settings)
    chosen = registry.version(target, version)
    if chosen is None:
        raise UsageError(f"{target} has no version {version!r}; `expansion models` lists them")
    before = registry.version(target, CHAMPION)
    reasons = _objections(settings, registry, target, chosen, before)
    if reasons and not force:
        return PromotionResult(target, chosen, before, False, False, reasons, None)
    return _use(settings, registry, target, chosen, why or "passed the gate", reasons)


def rollback(settings: Settings, target: str, *, why: str = "") -> PromotionResult:
    """Make the previous champion the champion again, and publish it.

    Raises
    ------
    DataError
        When there is no previous champion.
    """
    registry = _registry(settings)
    previous = registry.version(target, PREVIOUS)
    if previous is None:
        raise DataError(f"{target} has no previous champion to go back to")
    return _use(settings, registry, target, previous, why or "rolled back", [])


def publish(
    settings: Settings, registry: Registry, instead: Mapping[str, str] | None = None
) -> Path | None:
    """Publish the champions of all targets as a release; ``None`` when there is no champion.

    ``instead`` names versions by target that are published in place of their champions.
    """
    champions: dict[str, str | None] = {
        name: (instead or {}).get(name) or registry.version(name, CHAMPION)
        for name in settings.train.targets
    }
    models = {
        name: _versioned(registry.load(name, version), version)
        for name, version in champions.items()
        if version is not None
    }
    if not models:
        return None
    meta = {
        "company": settings.company.name,
        "currency": settings.company.currency,
        "horizon_days": settings.build.horizon_days,
    }
    return publish_release(settings.release_folder, models, meta)


def record(settings: Settings, target: str, before: str | None, after: str, why: str) -> None:
    """Append to the log of promotions who made which version the champion, when and why."""
    entry = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": getpass.getuser(),
        "target": target,
        "from": before,
        "to": after,
        "why": why,
    }
    with (settings.mlflow.home / "promotions.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(entry) + "\n")


def _registry(settings: Settings) -> Registry:
    return Registry(settings.mlflow_uri, settings.mlflow_artifacts)


def _use(
    settings: Settings, registry: Registry, target: str, version: str, why: str, reasons: list[str]
) -> PromotionResult:
    # First the release, which may be refused: then the champion stays what it is.
    release = publish(settings, registry, {target: version})
    before = registry.crown(target, version)
    record(settings, target, before, version, why)
    return PromotionResult(
        target, version, before, True, bool(reasons), reasons, str(release) if release else None
    )


def _versioned(files: ModelFiles, version: str) -> ModelFiles:
    return replace(files, card={**files.card, "version": version})


def _objections(
    settings: Settings, registry: Registry, target: str, version: str, before: str | None
) -> list[str]:
    """Return every reason not to use a version."""
    files = registry.load(target, version)
    found = []
    if files.card["verdict"] != SKILL:
        found.append(f"{files.card['verdict']}: {files.card['why']}")
    table = dataset.read(settings.feature_table)
    missing = [one.name for one in files.features if one.name not in table.frame]
    if missing:
        found.append(f"the feature table lacks {', '.join(missing)}; build it with this version")
    elif before is not None and before != version:
        found += _worse(table, target, files, registry.load(target, before))
    return found


def _worse(
    table: dataset.FeatureTable, target: str, files: ModelFiles, champion: ModelFiles
) -> list[str]:
    """Compare with the champion on the newest mature rows, which neither may have seen."""
    label = table.labels[target]
    dates = split(sorted(table.mature(target)["as_of"].unique()), label.mature_days).test
    rows = table.at(target, dates)
    outcome = rows[label.column].to_numpy(float)
    one, two = (_probabilities(each, rows) for each in (files, champion))
    lead = Draws(rows["account_id"], seed=0).difference(one, two, outcome)
    if lead.high < 0:
        return [f"its AUC on the newest rows is behind the champion's by {lead}"]
    return []


def _probabilities(files: ModelFiles, rows: Any) -> Any:
    return matrix_probabilities(files, matrix(rows, tuple(files.features)))
