"""All feature groups in their order, and the two documents that are generated from declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from features.contract import TABLES, Column, Table
from features.declaration.derived_columns import with_sources
from features.declaration.feature import UNITS, FeatureColumn, Range
from features.declaration.group import FeatureGroup
from features.declaration.units import when
from features.errors import UsageError
from features.groups.adoption import adoption
from features.groups.champions import champions
from features.groups.commercial import commercial
from features.groups.departments import departments
from features.groups.seats import seats
from features.groups.support import support
from features.groups.usage import usage
from features.labels.declaration import Target
from features.labels.targets import TARGETS
from features.subscriptions.column_names import YEAR_DAYS

GROUPS: tuple[FeatureGroup, ...] = (
    seats, usage, adoption, champions, departments, commercial, support,
)  # fmt: skip
"""Every group, in the order in which columns and documents show them."""

GENERATED = "<!-- Generated from the code by `expansion catalogue --write`; edit the code. -->"


@cache
def columns() -> tuple[FeatureColumn, ...]:
    """Return every feature column in the order of the feature table."""
    return columns_of(GROUPS)


def columns_of(groups: Sequence[FeatureGroup]) -> tuple[FeatureColumn, ...]:
    """Return the columns of ``groups`` in their order.

    Raises
    ------
    UsageError
        Naming every column that is declared more than once, and by which features.
    """
    if problems := clashes(groups):
        raise UsageError(problems)
    return with_sources(groups)


def clashes(groups: Sequence[FeatureGroup]) -> list[str]:
    """Say which groups and columns are declared more than once, and by whom."""
    owners: dict[str, list[str]] = {}
    for group in groups:
        for column in group.columns:
            owners.setdefault(column.name, []).append(f"{column.group}.{column.stem}")
    names = Counter(group.name for group in groups)
    return [
        *(f"group {name} is declared twice; rename one" for name in names if names[name] > 1),
        *(
            f"column {name} is declared by {' and by '.join(features)}; rename all but one of them"
            for name, features in owners.items()
            if len(features) > 1
        ),
    ]


def feature_catalogue(
    groups: Sequence[FeatureGroup] = GROUPS, targets: Mapping[str, Target] = TARGETS
) -> str:
    """Return the Markdown of ``docs/feature-catalogue.md``, or of the groups a company uses."""
    columns = columns_of(groups)
    return _document(
        "Feature catalogue",
        f"{len(columns)} columns. Each is computed only from rows that happened and were known "
        "before `as_of`. Empty means 'cannot say', 0 means 'none'; 'no rows' says which of them "
        "an account gets that has none. Without one of the tables it is drawn from, a column is "
        "empty throughout. 'rises with' and 'falls with' name the targets whose models must keep "
        "to that direction.",
        [
            *(_group(group, [c for c in columns if c.group == group.name]) for group in groups),
            _targets(targets),
            _units(),
        ],
    )


def data_contract() -> str:
    """Return the Markdown of ``docs/data-contract.md``."""
    return _document(
        "Data contract",
        "The tables this system reads, whatever yours are called: "
        "[connect your data](connect-your-data.md) says how to map them. A value that can change "
        "carries the day on which the change became known; a feature sees it from the day after.",
        [_table(table) for table in TABLES.values()],
    )


def _document(title: str, lead: str, sections: list[str]) -> str:
    return "\n\n".join([f"# {title}", GENERATED, lead, *sections]) + "\n"


def _rows(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _group(group: FeatureGroup, columns: Sequence[FeatureColumn]) -> str:
    header = ("column", "what it says", "unit", "expected", "no rows", "drawn from", "direction")
    cells = (
        (
            f"`{c.name}`",
            c.description + when(c.window_days, c.by_day),
            c.unit,
            _range(c.expected),
            "" if c.absent is None else f"{c.absent:g}",
            ", ".join(c.sources),
            _direction(c),
        )
        for c in columns
    )
    return f"## {group.name}\n\n{group.meaning} Owner: {group.owner}.\n\n{_rows(header, cells)}"


def _direction(column: FeatureColumn) -> str:
    ways = {1: "rises with", -1: "falls with"}
    return "; ".join(f"{ways[way]} {name}" for name, way in column.monotone.items())


def _range(expected: Range) -> str:
    low, high = ("" if bound is None else f"{bound:g}" for bound in expected)
    return f"{low} to {high}" if high else (f"{low} or more" if low else "")


def _targets(targets: Mapping[str, Target]) -> str:
    header = ("target", "what counts", "mature after")
    cells = (
        (f"`{t.name}`", t.description, "horizon and grace" if t.needs_grace else "horizon")
        for t in targets.values()
    )
    lead = (
        "Columns `<target>_next_<horizon>d` (0, 1, empty) and `<target>_arr_next_<horizon>d` "
        "(ARR of the outcome). Signed, or known to end, before `as_of` is contracted and no label: "
        "`arr_contracted_next_<horizon>d` is the ARR that is signed or announced for the horizon's "
        "end, `contracted_on_next_<horizon>d` the day of the last change that makes it so. "
        f"`arr_contracted_next_{YEAR_DAYS}d` and `contracted_on_next_{YEAR_DAYS}d` say the same of "
        "the year ahead. None of them is a model input."
    )
    return f"## Targets\n\n{lead}\n\n{_rows(header, cells)}"


def _units() -> str:
    return "## Units\n\n" + _rows(("unit", "meaning"), iter(UNITS.items()))


def _table(table: Table) -> str:
    need = "Required." if table.required else "Optional."
    key = ", ".join(f"`{name}`" for name in table.key)
    cells = (_column(table, column) for column in table.columns)
    lead = f"{table.meaning} {need} Key: {key}. Happened: `{table.happened}`."
    return f"## {table.name}\n\n{lead}\n\n" + _rows(
        ("column", "type", "may be empty", "meaning", "known by"), cells
    )


def _column(table: Table, column: Column) -> tuple[str, ...]:
    meaning = column.meaning
    if column.values:
        meaning += f" One of {', '.join(column.values)}."
    if column.unit:
        meaning += f" In {column.unit}."
    if column.undated:
        meaning += " Can change: its versions say what it was."
    known_by = column.known_by or ("known_at" if "known_at" in table.names else "")
    empty = "yes" if column.nullable else ""
    return f"`{column.name}`", column.type, empty, meaning, f"`{known_by}`"
