"""Putting versions in use: the release first, then the log, then the pointer and the aliases.

The release is written and tried out, which may refuse it; the line in the log is what counts; the
pointer of the releases and the aliases follow from it. Whoever is killed in between has put the
versions in use, and the next verb makes the rest follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import DataError
from models.registry import CHAMPION, PREVIOUS
from models.release import bundle
from models.release.model_files import ReleaseError
from pipelines.config.company_features import trained_targets
from pipelines.lifecycle.promotion_log import Promotion, log, version_stacks

if TYPE_CHECKING:
    from models.registry import Registry
    from pipelines.config.settings import Settings


def deployed_stacks(settings: Settings, registry: Registry) -> dict[str, list[str]]:
    """Return by target the versions that stand, the one in use last.

    The log says so; aliases only where it knows nothing of a target.
    """
    logged = version_stacks(log(settings.mlflow.home).read())
    stacks = {name: logged.get(name) or _by_aliases(registry, name)
              for name in trained_targets(settings)}  # fmt: skip
    return {name: stack for name, stack in stacks.items() if stack}


def deploy_versions(settings: Settings, registry: Registry, changes: Sequence[Promotion]) -> Path:
    """Publish versions beside those in use, and write down that they are; return the release.

    Raises
    ------
    DataError
        When another version than a change's ``before`` is in use by now.
    ReleaseError
        When the release does not reproduce its golden rows; all stays as it is.
    """
    promotions = log(settings.mlflow.home)
    with promotions.exclusive():
        versions = _champions(settings, registry)
        _refuse_outdated(versions, changes)
        promoted = {change.target: change.version for change in changes}
        path = _prepare(settings, registry, versions | promoted)
        promotions.append([replace(change, release=path.name) for change in changes])
        _follow(settings, registry, path)
    return path


def reconcile(settings: Settings, registry: Registry) -> Path | None:
    """Let release and aliases follow from the log; return the release, if any version is in use.

    Changes nothing where they do; makes up for what a killed verb or a lost folder left undone.
    """
    with log(settings.mlflow.home).exclusive():
        versions = _champions(settings, registry)
        if not versions:
            return None
        path = _prepare(settings, registry, versions)
        _follow(settings, registry, path)
    return path


def current(settings: Settings) -> Path | None:
    """Return the release in use, without asking the registry.

    A promotion that was killed before it moved the pointer gets it moved here.
    """
    pointed = bundle.current(settings.release_folder)
    promotions = log(settings.mlflow.home).read()
    trained = trained_targets(settings)
    wanted = {
        name: stack[-1] for name, stack in version_stacks(promotions).items() if name in trained
    }
    if not wanted or (pointed is not None and wanted.items() <= _versions(pointed).items()):
        return pointed
    newest = settings.release_folder / promotions[-1].release
    if wanted.items() <= _versions(newest).items():
        bundle.point(newest)
        return newest
    return pointed


def _by_aliases(registry: Registry, target: str) -> list[str]:
    versions = registry.aliases(target)
    if CHAMPION not in versions:
        return []
    return [versions[alias] for alias in (PREVIOUS, CHAMPION) if alias in versions]


def _champions(settings: Settings, registry: Registry) -> dict[str, str]:
    return {name: stack[-1] for name, stack in deployed_stacks(settings, registry).items()}


def _refuse_outdated(versions: Mapping[str, str], changes: Sequence[Promotion]) -> None:
    problems = [
        f"{change.target}: version {versions.get(change.target)} came into use meanwhile; "
        "run this again"
        for change in changes
        if versions.get(change.target) != change.before
    ]
    if problems:
        raise DataError(problems)


def _prepare(settings: Settings, registry: Registry, versions: Mapping[str, str]) -> Path:
    files = {name: registry.load(name, version) for name, version in versions.items()}
    models = {
        name: replace(model, card=replace(model.card, version=versions[name]))
        for name, model in sorted(files.items())
    }
    meta = {
        "company": settings.company.name,
        "currency": settings.company.currency,
        "horizon_days": settings.build.horizon_days,
    }
    return bundle.prepare(settings.release_folder, models, meta)


def _follow(settings: Settings, registry: Registry, path: Path) -> None:
    bundle.point(path)
    for name, stack in deployed_stacks(settings, registry).items():
        registry.set_aliases(name, stack[-1], stack[-2] if len(stack) > 1 else None)


def _versions(path: Path) -> dict[str, str]:
    """Return the version of each model in a release, if it is one."""
    try:
        models = bundle.verify(path).models
    except ReleaseError:
        return {}
    return {name: str(model.get("version")) for name, model in models.items()}
