"""A build of one more week computes that week alone, and gives the bytes of a full one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from features.contract import TABLES
from pipelines.build.build import BuildResult, build
from pipelines.build.incremental import dates_held
from pipelines.build.metadata import describe
from pipelines.build.spine_dates import as_of_dates
from pipelines.config.settings import Settings, load
from pipelines.ingest.tables import ingest
from pipelines.synthetic import simulate
from tests.pipelines.small import few

END = date(2026, 8, 31)
OWN = """
from features.declaration.group import (FeatureGroup)
own = FeatureGroup("own", "Of our own.")
@own.rows("tickets")
def own_tickets(facts):
    '''Tickets.'''
    return facts.rows("tickets")
@own.feature(own_tickets, unit="count", absent=0)
def own_tickets_opened(rows):
    '''Tickets opened.'''
    return rows.count()
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    simulate(folder, accounts=60, months=18, seed=3, end=END, workers=1)
    return folder


class Company:
    """A company's files as they were some weeks before the end, and its builds."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder, self.source, self.more = folder, source, ""
        folder.mkdir()

    def at(self, weeks_before: int) -> Company:
        """Write the files as they were some weeks before the end."""
        day = END - timedelta(weeks=weeks_before)
        (self.folder / "source").mkdir(exist_ok=True)
        for path in self.source.glob("*.parquet"):
            if path.stem in TABLES:
                rows = known_before(pq.read_table(path), path.stem, day)
                pq.write_table(rows, self.folder / "source" / path.name)
        return self.configure(weeks_before)

    def configure(self, weeks_before: int) -> Company:
        day = END - timedelta(weeks=weeks_before)
        toml = f"[company]\ndata_through = {day}\n{self.more}"
        (self.folder / "expansion.toml").write_text(toml, "utf-8")
        return self

    def rewrite(self, name: str, column: str, values: Callable[[pa.Table], pa.Array]) -> Company:
        path = self.folder / "source" / f"{name}.parquet"
        table = pq.read_table(path)
        place = table.column_names.index(column)
        new = values(table).cast(table.schema.types[place])
        pq.write_table(table.set_column(place, column, new), path)
        return self

    def build(self, *, full: bool = False) -> BuildResult:
        return build(self.settings, full=full)

    def description(self) -> dict[str, Any]:
        """Return what a feature table would say of itself, without computing it."""
        manifest = ingest(self.settings)
        dates = as_of_dates(self.settings, END - timedelta(weeks=60), END)
        return describe(self.settings, manifest, dates)

    @property
    def settings(self) -> Settings:
        return load(self.folder / "expansion.toml")

    @property
    def table(self) -> Path:
        return self.settings.feature_table

    def is_as_built_in_full(self) -> bool:
        before = self.table.read_bytes()
        self.build(full=True)
        return self.table.read_bytes() == before


def known_before(table: pa.Table, name: str, day: date) -> pa.Table:
    """Return the rows that had reached the warehouse, without the values that had not."""
    moment = pa.scalar(day, pa.date32()).cast(pa.timestamp("us"))
    table = table.filter(pc.less(table["known_at"].cast(pa.timestamp("us")), moment))
    dated = {c.known_by: [] for c in TABLES[name].columns if c.known_by in table.column_names}
    for column in TABLES[name].columns:
        if column.known_by in dated and column.name in table.column_names:
            dated[column.known_by].append(column.name)
    for known_by, values in dated.items():
        late = pc.fill_null(pc.greater_equal(table[known_by], pa.scalar(day, pa.date32())), False)
        for column in (*values, known_by):
            place = table.column_names.index(column)
            nulls = pa.nulls(len(table), table.schema.types[place])
            table = table.set_column(place, column, pc.if_else(late, nulls, table[column]))
    return table


def test_each_week_computes_what_is_new_and_gives_the_bytes_of_a_full_build(
    tmp_path: Path, source: Path
) -> None:
    company = Company(tmp_path / "acme", source)
    company.more = few()
    first = company.at(9).build()
    assert (first.computed, first.taken_over) == (first.as_ofs, 0)
    assert first.because == "no earlier build"
    # Seven weeks were missed: two Mondays of the spine have gone by, and there is the day to score.
    assert company.at(2).build().computed == 3
    week = company.at(1).build()
    assert (week.computed, week.taken_over) == (1, week.as_ofs - 1)
    assert week.because == "1 not built before"
    # What has come out since stands in the rows that were taken over, too.
    assert week.mature["churn"] > first.mature["churn"]
    assert company.build().unchanged
    assert company.is_as_built_in_full()


def test_what_is_corrected_without_a_word_is_seen_from_the_day_it_was_known(
    tmp_path: Path, source: Path
) -> None:
    company = Company(tmp_path / "acme", source)
    company.more = few()
    dates = company.at(0).build().as_ofs
    day = pa.scalar(END - timedelta(weeks=20), pa.date32())

    def more(usage: pa.Table) -> pa.Array:
        return pc.add(usage["events"], pc.greater_equal(usage["day"], day).cast(pa.float64()))

    again = company.rewrite("usage_daily", "events", more).build()
    assert again.computed in (5, 6)
    assert again.computed + again.taken_over == dates
    company.more += "[build]\nprice_changes = true\n"
    other_labels = company.configure(0).build()
    assert (other_labels.computed, other_labels.unchanged) == (0, False)
    assert company.is_as_built_in_full()


def test_a_damaged_table_is_no_help_and_no_harm(tmp_path: Path, source: Path) -> None:
    company = Company(tmp_path / "acme", source)
    company.more = few()
    company.at(0).build()
    whole = company.table.read_bytes()
    for damage in (b"", whole[: len(whole) // 2]):
        company.table.write_bytes(damage)
        assert company.build().taken_over == 0
        assert company.table.read_bytes() == whole


def test_another_definition_or_table_holds_nothing_over(tmp_path: Path, source: Path) -> None:
    company = Company(tmp_path / "acme", source).at(0)
    before = company.description()
    assert dates_held(before, company.description()) == before["known"].keys()
    (company.folder / "own.py").write_text(OWN, "utf-8")
    company.more = '[features]\nmodules = ["own.py"]\n'
    assert not dates_held(before, company.configure(0).description())
    company.more = "[build]\ngrace_days = 60\n"
    assert not dates_held(before, company.configure(0).description())
    company.more = ""
    (company.folder / "source" / "tickets.parquet").unlink()
    assert not dates_held(before, company.configure(0).description())


def test_the_ledger_is_the_same_for_the_same_rows_in_another_order(
    tmp_path: Path, source: Path
) -> None:
    company = Company(tmp_path / "acme", source).at(0)
    ledgers = []
    for order in ("ascending", "descending"):
        path = company.folder / "source" / "usage_daily.parquet"
        pq.write_table(pq.read_table(path).sort_by([("known_at", order)]), path)
        ingest(company.settings)
        ledgers.append((company.settings.tables_folder / "ledger.parquet").read_bytes())
    assert ledgers[0] == ledgers[1]


def test_past_dates_stay_where_they_are_whatever_day_the_data_ends(tmp_path: Path) -> None:
    (tmp_path / "expansion.toml").write_text("[build]\nevery_days = 14\n", "utf-8")
    settings, start = load(tmp_path / "expansion.toml"), date(2024, 1, 1)
    whole = as_of_dates(settings, start, date(2024, 6, 3))
    for back in range(1, 120):
        end = date(2024, 6, 3) - timedelta(days=back)
        assert as_of_dates(settings, start, end) == [*(d for d in whole if d < end), end]
    gaps = {(b - a).days for a, b in pairwise(whole[:-1])}
    assert gaps == {14}
    assert {day.weekday() for day in whole[:-1]} == {0}
    assert whole[0] > start
    assert as_of_dates(settings, start, start) == []
