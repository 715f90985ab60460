"""The groups and labels of a company: ours, less the columns it leaves out, and its own.

A module of its own is a Python file outside this repository that ``[features] modules`` names;
every ``FeatureGroup`` and every label in it is added. It is held against the same rules as ours,
before any data is read.
"""

from __future__ import annotations

import importlib.util
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from features import catalogue
from features.declaration import derived_columns, source_columns
from features.declaration.dry_run import rehearse, rehearse_labels
from features.declaration.feature import Feature
from features.declaration.group import FeatureGroup
from features.errors import Refusal, UsageError, gathering, place_of
from features.labels.declaration import Rule, Target, declared_in
from features.labels.targets import TARGETS
from pipelines.config.error_messages import nearest
from pipelines.config.other_clock import builtins_later

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

NEEDED = ("arr",)
"""Columns that scoring itself reads: accounts are ranked by money."""


@dataclass(frozen=True)
class Module:
    """A company's own file with what is declared in it, and what is wrong with it."""

    path: Path
    groups: tuple[FeatureGroup, ...]
    targets: Mapping[str, Target]
    problems: tuple[str, ...]


def groups(settings: Settings) -> tuple[FeatureGroup, ...]:
    """Return the groups of a company, in the order of their columns.

    Raises
    ------
    UsageError
        With all that is wrong in its modules and in ``leave_out``, each with file and line.
    """
    return _declared(settings)[0]


def own_columns(settings: Settings) -> dict[str, Feature]:
    """Return the feature columns that the company's own modules declare, each with its feature."""
    ours = {group.name for group in catalogue.GROUPS}
    return {
        column.name: feature
        for group in groups(settings)
        if group.name not in ours
        for feature in group.features
        for column in feature.columns
    }


def groups_read_anew(settings: Settings, *, is_later: bool) -> tuple[FeatureGroup, ...]:
    """Return the groups of a company with its modules read once more, today or a year later.

    Raises what ``groups`` does.
    """
    files = tuple((path, _bytes(path)) for path in settings.features.modules)
    return _read(files, settings.features.leave_out, is_later=is_later)[0]


def targets(settings: Settings) -> Mapping[str, Target]:
    """Return the labels of a company by name, ours first; raises what ``groups`` does."""
    # Most companies declare none: then nothing is executed.
    return _declared(settings)[1] if settings.features.modules else TARGETS


def trained_targets(settings: Settings) -> tuple[str, ...]:
    """Return the names of the labels that are trained: those of ``[train] targets``, else all.

    Raises
    ------
    UsageError
        When ``[train] targets`` names a label that the company does not have; and as ``groups``.
    """
    declared = tuple(targets(settings))
    if "targets" not in settings.train.model_fields_set:
        return declared
    problems = [
        f"train.targets: there is no {name!r}{nearest(name, declared)}"
        for name in settings.train.targets
        if name not in declared
    ]
    if problems:
        raise UsageError(problems)
    return settings.train.targets


def practitioner_rule(settings: Settings, name: str) -> Rule | None:
    """Return the rule of the label of that name, if there is the label and it has one."""
    declared = targets(settings).get(name)
    return declared.rule if declared else None


def _declared(settings: Settings) -> tuple[tuple[FeatureGroup, ...], Mapping[str, Target]]:
    files = tuple((path, _bytes(path)) for path in settings.features.modules)
    return _declared_in(files, settings.features.leave_out)


def readers(settings: Settings, table: str, column: str) -> frozenset[str]:
    """Return the feature columns of a company that read a column of a source table."""
    files = tuple((path, _bytes(path)) for path in settings.features.modules)
    return _readers(files, settings.features.leave_out, table, column)


@lru_cache(maxsize=64)
def _readers(
    files: tuple[tuple[Path, bytes | None], ...],
    leave_out: tuple[str, ...],
    table: str,
    column: str,
) -> frozenset[str]:
    return source_columns.readers(_declared_in(files, leave_out)[0], table, column)


def digest(settings: Settings) -> str:
    """Return what changes with any byte of the company's own modules; empty without any."""
    if not settings.features.modules:
        return ""
    digest_of_all = sha256()
    for path in settings.features.modules:
        digest_of_all.update(sha256(_bytes(path) or b"").digest())
    return digest_of_all.hexdigest()


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@lru_cache(maxsize=8)
def _declared_in(
    files: tuple[tuple[Path, bytes | None], ...], leave_out: tuple[str, ...]
) -> tuple[tuple[FeatureGroup, ...], Mapping[str, Target]]:
    return _read(files, leave_out)


def _read(
    files: tuple[tuple[Path, bytes | None], ...],
    leave_out: tuple[str, ...],
    *,
    is_later: bool = False,
) -> tuple[tuple[FeatureGroup, ...], Mapping[str, Target]]:
    """Read the modules and put what they declare beside ours."""
    modules = [_module(path, content, is_later=is_later) for path, content in files]
    company_groups = [group for module in modules for group in module.groups]
    problems = list(chain.from_iterable(module.problems for module in modules))
    # What a file lacks would show again as a column that nobody declares.
    if problems:
        raise UsageError(problems)
    all_groups = (*catalogue.GROUPS, *company_groups)
    problems = [*_left_out_wrongly(all_groups, leave_out), *_clashes(all_groups, modules)]
    problems += _label_clashes(modules)
    if problems:
        raise UsageError(problems)
    targets = dict(TARGETS)
    for module in modules:
        targets |= module.targets
    return tuple(_without(all_groups, set(leave_out))), MappingProxyType(targets)


def _module(path: Path, content: bytes | None, *, is_later: bool) -> Module:
    """Load a module and hold what it declares against the rules."""
    if content is None:
        return Module(path, (), {}, (f"{path}: there is no such file; mend [features] modules",))
    with gathering() as refused, _ours_unchanged() as added:
        module, problem = _executed(path, content, is_later=is_later)
    groups, targets = _groups_in(module), _targets_in(module)
    refused += [Refusal("", f"{name}; declare a group of your own") for name in added]
    if not refused and not problem:
        refused += [*rehearse(groups), *rehearse_labels(list(targets.values()))]
    problems = [f"{refusal.place or path}: {refusal.sentence}" for refusal in refused]
    problems += [problem] if problem else []
    if not groups and not targets and not problems:
        problems = [f"{path}: has no FeatureGroup; declare one as docs/own-features.md shows"]
    return Module(path, groups, targets, tuple(problems))


def _executed(path: Path, content: bytes, *, is_later: bool) -> tuple[ModuleType, str]:
    """Run a file as a module; return it and what stopped it, if anything did."""
    spec = importlib.util.spec_from_loader(f"own_{path.stem}", loader=None)
    module = importlib.util.module_from_spec(spec) if spec else ModuleType(path.stem)
    module.__file__ = str(path)
    if is_later:
        module.__dict__["__builtins__"] = builtins_later()
    try:
        # The company's own code, named in its own settings, with the rights of whoever runs it.
        exec(compile(content, str(path), "exec"), module.__dict__)  # noqa: S102
    except SyntaxError as error:
        return module, f"{path}:{error.lineno}: is not Python: {error.msg}"
    except UsageError as error:
        return module, f"{path}: {error}"
    except Exception as error:
        lines = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)
        ]
        where = f"{path}:{lines[-1]}" if lines else str(path)
        return module, f"{where}: fails when it is read: {type(error).__name__}: {error}"
    return module, ""


@dataclass
class _ours_unchanged:  # noqa: N801 (a context manager)
    """Tell what is added to our own groups meanwhile, and take it out again."""

    def __post_init__(self) -> None:
        self.before = [(g, list(g.features), list(g.row_sets)) for g in catalogue.GROUPS]
        self.added: list[str] = []

    def __enter__(self) -> list[str]:
        return self.added

    def __exit__(self, *_: object) -> None:
        for group, features, row_sets in self.before:
            new = [feature.name for feature in group.features if feature not in features]
            self.added += [f"{name} is added to our group {group.name}" for name in new]
            group.features[:], group.row_sets[:] = features, row_sets


def _groups_in(module: ModuleType) -> tuple[FeatureGroup, ...]:
    """Return the groups that a module declares, not those it imports from us."""
    groups = [value for value in vars(module).values() if isinstance(value, FeatureGroup)]
    ours = {id(group) for group in catalogue.GROUPS}
    return tuple({id(group): group for group in groups if id(group) not in ours}.values())


def _targets_in(module: ModuleType) -> dict[str, Target]:
    """Return the labels that a module declares, not those it imports from us."""
    declared = declared_in(vars(module))
    return {name: label for name, label in declared.items() if label is not TARGETS.get(name)}


def _clashes(all_groups: Sequence[FeatureGroup], modules: Sequence[Module]) -> Iterator[str]:
    """Say what does not fit between the groups: names taken, columns that nobody declares."""
    if taken := list(_taken(modules)):
        yield from taken
        return
    places = ", ".join(str(module.path) for module in modules)
    clashes = catalogue.clashes(all_groups)
    yield from (f"{places}: {problem}" for problem in clashes)
    if not clashes:
        yield from (
            f"{refusal.place or places}: {refusal.sentence}"
            for refusal in derived_columns.problems(all_groups)
        )


def _taken(modules: Sequence[Module]) -> Iterator[str]:
    """Say which names of ours a module takes again; ours stay, so theirs are to be renamed."""
    ours = {column.name: f"{column.group}.{column.stem}" for column in catalogue.columns()}
    names = {group.name for group in catalogue.GROUPS}
    for path, group in ((module.path, group) for module in modules for group in module.groups):
        if group.name in names:
            yield f"{path}: group {group.name} is called like one of ours; rename yours"
        for feature in group.features:
            for column in (declared.name for declared in feature.columns if declared.name in ours):
                yield (
                    f"{place_of(feature.function)}: column {column} is declared by {ours[column]} "
                    f"of ours already; rename your function {feature.name}"
                )


def _label_clashes(modules: Sequence[Module]) -> Iterator[str]:
    """Say which labels take a name that is taken, or exclude one that nobody declares."""
    every = {*TARGETS, *chain.from_iterable(module.targets for module in modules)}
    taken = dict.fromkeys(TARGETS, "is a label of ours")
    columns = {column.name for column in catalogue.columns()}
    for module in modules:
        for name, target in module.targets.items():
            place = place_of(target.occurrences)
            if name in taken or name in columns:
                yield f"{place}: label {name} {taken.get(name, 'is a column')}; rename yours"
            taken.setdefault(name, f"is declared in {module.path}")
            unknown = [other for other in target.excludes if other not in every]
            yield from (
                f"{place}: label {name} excludes {other!r}, which nobody declares"
                f"{nearest(other, sorted(every))}"
                for other in unknown
            )


def _left_out_wrongly(
    all_groups: Sequence[FeatureGroup], leave_out: Sequence[str]
) -> Iterator[str]:
    """Say which columns to leave out do not exist, or are needed."""
    names = [column.name for group in all_groups for column in group.columns]
    for name in leave_out:
        if name not in names:
            close = nearest(name, names).split(" Available")[0]
            yield f"features.leave_out: there is no column {name!r}{close}"
        if name in NEEDED:
            yield f"features.leave_out: {name} is needed to rank accounts; keep it"


def _without(all_groups: Sequence[FeatureGroup], leave_out: set[str]) -> Iterator[FeatureGroup]:
    """Yield the groups without the columns to leave out, and without what is then empty."""
    _refuse_gaps(all_groups, leave_out)
    for group in all_groups:
        features = [
            remaining for feature in group.features for remaining in _remaining(feature, leave_out)
        ]
        if features:
            yield group if features == group.features else replace(group, features=features)


def _refuse_gaps(all_groups: Sequence[FeatureGroup], leave_out: set[str]) -> None:
    """Refuse to leave out what a column that stays is made of."""
    if not leave_out:
        return
    problems = [
        f"features.leave_out: {derived.column.name} is made of {', '.join(sorted(gone))}; "
        "leave it out as well, or keep both"
        for stage in derived_columns.stages(all_groups)
        for derived in stage
        if (gone := derived.reads & leave_out) and derived.column.name not in leave_out
    ]
    if problems:
        raise UsageError(problems)


def _remaining(feature: Feature, leave_out: set[str]) -> Iterator[Feature]:
    columns = [column for column in feature.columns if column.name not in leave_out]
    if len(columns) == len(feature.columns):
        yield feature
    elif columns:
        windows = tuple(c.window_days for c in columns if c.window_days)
        by_days = tuple(c.by_day for c in columns if c.by_day)
        yield replace(feature, windows=windows, by_days=by_days)
