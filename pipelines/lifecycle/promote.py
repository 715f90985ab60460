"""``promote``, ``rollback`` and ``models``: which version is in use, and who said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import DataError, UsageError
from models.dataset import feature_table
from models.lifecycle import gate
from models.registry import CHAMPION, Registry
from pipelines.config.company_features import trained_targets
from pipelines.lifecycle.deploy import deploy_versions, deployed_stacks, reconcile
from pipelines.lifecycle.promotion_log import ROLLED_BACK, Promotion, PromotionLog, log

if TYPE_CHECKING:
    from models.lifecycle.comparison import Check
    from pipelines.config.settings import Settings


@dataclass(frozen=True)
class PromotionResult:
    """What the gate said, and which version is in use now.

    ``checks`` has a row for each question of the gate; ``reasons`` says why it refuses. A version
    that was in use already is ``promoted``, with ``before`` the same.
    """

    target: str
    version: str
    before: str | None
    promoted: bool
    forced: bool
    reasons: list[str]
    checks: list[dict[str, Any]]
    release: str | None


@dataclass(frozen=True)
class FirstDeployment:
    """What became of first versions: the release, and why the gate refused some, by target."""

    release: Path | None
    refused: Mapping[str, list[str]]


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
        When there is no such target or version, or ``force`` comes without a reason.
    """
    if force and not why:
        raise UsageError("--force needs --why: the log keeps the reason")
    _refuse_unknown(target, trained_targets(settings))
    registry = _registry(settings)
    chosen = registry.version(target, version)
    if chosen is None:
        raise UsageError(f"{target} has no version {version!r}; `expansion models` lists them")
    stack = deployed_stacks(settings, registry).get(target)
    before = stack[-1] if stack else None
    if chosen == before:
        return _result(reconcile(settings, registry), Promotion(target, before, chosen, why))
    checks = _judged(settings, registry, target, chosen, before)
    refused = _reasons(checks)
    change = Promotion(
        target, before, chosen, why or "passed the gate", forced=bool(refused),
        checks=tuple(asdict(check) for check in checks),
    )  # fmt: skip
    if refused and not force:
        return _result(reconcile(settings, registry), change, promoted=False)
    return _result(deploy_versions(settings, registry, [change]), change)


def rollback(settings: Settings, target: str, *, why: str = "") -> PromotionResult:
    """Make the champion before this one the champion again, and publish it.

    Where the last rollback was cut short, this finishes it instead of going back once more.

    Raises
    ------
    UsageError
        When there is no such target.
    DataError
        When there is no champion before this one.
    """
    _refuse_unknown(target, trained_targets(settings))
    registry = _registry(settings)
    if (unfinished := _cut_short(log(settings.mlflow.home), registry, target)) is not None:
        return _result(reconcile(settings, registry), unfinished)
    stack = deployed_stacks(settings, registry).get(target, [])
    if len(stack) < 2:
        raise DataError(f"{target} has no previous champion to go back to")
    change = Promotion(target, stack[-1], stack[-2], why or "rolled back", ROLLED_BACK)
    return _result(deploy_versions(settings, registry, [change]), change)


def deploy_first_versions(
    settings: Settings, registry: Registry, versions: Mapping[str, str]
) -> FirstDeployment:
    """Put the versions of targets that have no champion in use, where the gate lets them pass.

    All of them come into use in one release, or none does; without any, the release and the
    aliases are made to follow from the log.
    """
    deployed = deployed_stacks(settings, registry)
    judged = {name: _judged(settings, registry, name, version, None)
              for name, version in versions.items() if name not in deployed}  # fmt: skip
    refused = {name: _reasons(checks) for name, checks in judged.items()}
    changes = [
        Promotion(name, None, versions[name], "first version with skill",
                  checks=tuple(asdict(check) for check in checks))
        for name, checks in judged.items() if not refused[name]
    ]  # fmt: skip
    release = (
        deploy_versions(settings, registry, changes) if changes else reconcile(settings, registry)
    )
    return FirstDeployment(release, {name: why for name, why in refused.items() if why})


def _registry(settings: Settings) -> Registry:
    return Registry(settings.mlflow_uri, settings.mlflow_artifacts)


def _refuse_unknown(target: str, targets: Sequence[str]) -> None:
    if target not in targets:
        raise UsageError(
            f"{target} is not a target under [train] ({', '.join(targets)}); a model of your own "
            "table is served from MLflow, not published"
        )


def _cut_short(promotions: PromotionLog, registry: Registry, target: str) -> Promotion | None:
    """Return the rollback that is the last word on a target, if the aliases do not know it."""
    last = next((change for change in reversed(promotions.read()) if change.target == target), None)
    if last is None or last.kind != ROLLED_BACK:
        return None
    return last if registry.aliases(target).get(CHAMPION) != last.version else None


def _judged(
    settings: Settings, registry: Registry, target: str, version: str, before: str | None
) -> list[Check]:
    return gate.judge(
        feature_table.read(settings.feature_table),
        target,
        registry.load(target, version),
        registry.load(target, before) if before is not None else None,
        fewest=settings.train.min_positives,
        trusted=settings.train.trusted,
        threads=settings.train.threads,
    )


def _reasons(checks: list[Check]) -> list[str]:
    return [f"{check.name}: {check.why}" for check in checks if not check.passes]


def _result(release: Path | None, change: Promotion, *, promoted: bool = True) -> PromotionResult:
    refused = [f"{check['name']}: {check['why']}" for check in change.checks if not check["passes"]]
    return PromotionResult(
        target=change.target,
        version=change.version,
        before=change.before,
        promoted=promoted,
        forced=promoted and change.forced,
        reasons=refused,
        checks=[dict(check) for check in change.checks],
        release=str(release) if release else None,
    )
