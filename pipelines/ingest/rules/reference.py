"""The part of the reference of settings on rules, generated from their declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from features.contract import TABLES
from models.i18n.number_format import PLAIN
from pipelines.ingest.rules.core import RULES, Rule

LEAD = """## Rules

Under `[rules]`, `"table.rule"` or `"table.column.rule"` is `"refuse"`, `"drop"` (the rows are left
out) or `"accept"` (they are kept and reported). A `[[checks]]` of yours goes by its table or source
and its name. `expansion check` reports rows, examples and what to do."""
HEADER = ("rule", "looks at", "by default", "what is wrong", "what to do")
SOURCES = 'Rules on a source, before a mapping computes with it, go by `"source.rule"`:'


def section(source_rules: Mapping[str, tuple[str, str]]) -> str:
    """Return the Markdown of every rule: what it looks at, what is wrong, what to do.

    ``source_rules`` are those on sources, each with what is wrong and what to do.
    """
    rows = [
        (f"`{rule.name}`", _places(rule), "; ".join(_defaults(rule)), rule.why, rule.do)
        for rule in RULES.values()
    ]
    of_sources = [(f"`{name}`", *texts) for name, texts in source_rules.items()]
    of_sources_header = (HEADER[0], *HEADER[-2:])
    return "\n\n".join([LEAD, _table(HEADER, rows), SOURCES, _table(of_sources_header, of_sources)])


def _places(rule: Rule) -> str:
    """Return the tables and their columns that may stand in the keys of a rule."""
    places = {table.name: [column for column, _ in rule.spots(table)] for table in TABLES.values()}
    return "; ".join(
        f"`{name}`: {', '.join(columns)}" for name, columns in places.items() if columns
    )


def _defaults(rule: Rule) -> Iterator[str]:
    if rule.refuse_above >= 1:
        yield "kept"
        return
    if rule.refuse_above:
        yield f"kept up to {PLAIN.percent(rule.refuse_above)} of the rows"
    for table, share in rule.drop_up_to.items():
        yield f"`{table}`: left out up to {PLAIN.percent(share, 1)} of the rows"
    yield "else refused" if rule.refuse_above or rule.drop_up_to else "refused"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n".join(f"| {line} |" for line in cells)
