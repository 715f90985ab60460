"""Neither the order of rows, nor how many files hold them, nor of which kind, changes a table."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.contract import TABLES
from pipelines.build.build import build
from pipelines.config.settings import Settings, load
from pipelines.ingest.ledger import FILE
from pipelines.ingest.tables import ingest
from tests.pipelines.small import few
from tests.support.workbooks import workbook

Rows = list[dict[str, Any]]
IDS = ("10.1", "10.10", "007", "7", "1234567890123456701", "12E4", "A, B", 'C "D"', "Ü;X", "x y")
KINDS = ("csv", "csv.gz", "semicolon", "utf-16", "parquet", "jsonl", "json.gz", "xlsx")
TYPES = {
    "string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}  # fmt: skip


def company(seed: int) -> dict[str, Rows]:
    """Return a company whose identifiers look like numbers, and whose prices have two forms."""
    chance = Random(seed)  # noqa: S311
    first = date(2024, 1, 1)
    tables: dict[str, Rows] = {"accounts": [], "subscriptions": [], "usage_daily": []}
    for number, name in enumerate(IDS[: chance.randint(3, len(IDS))]):
        known = datetime(2024, 1, 1, chance.randrange(24), 30)  # noqa: DTZ001
        tables["accounts"].append(
            {"account_id": name, "name": f"{name} GmbH", "created_on": first,
             "employees": chance.choice((None, 10, 250)), "known_at": known}
        )  # fmt: skip
        tables["subscriptions"].append(
            {"subscription_id": f"{name}-{number}", "account_id": name, "product_id": "2024",
             "starts_on": first, "quantity": float(chance.randint(1, 30)),
             "unit_price": chance.choice((1200.5, 99.0, 0.125, 1234.0)), "currency": "EUR",
             "signed_on": first, "known_at": known}
        )  # fmt: skip
        tables["usage_daily"] += [
            {"account_id": name, "product_id": "2024", "feature": chance.choice(("1", "01")),
             "day": first + timedelta(days=7 * week), "events": float(chance.randint(0, 9)),
             "user_id": f"{chance.randint(1, 9)}.0",
             "known_at": known + timedelta(days=7 * week + 1)}
            for week in range(chance.randint(1, 12))
        ]  # fmt: skip
    return tables


def text(value: Any, mark: str = ".") -> str:
    if isinstance(value, float):
        return f"{value:g}".replace(".", mark)
    return "" if value is None else str(value)


def as_csv(rows: Rows, separator: str = ",", mark: str = ".") -> str:
    def field(value: Any) -> str:
        quoted = text(value, mark).replace('"', '""')
        return f'"{quoted}"' if isinstance(value, str) else quoted

    lines = [separator.join(rows[0])]
    lines += [separator.join(map(field, row.values())) for row in rows]
    return "\n".join(lines) + "\n"


def write(path: Path, kind: str, table: str, rows: Rows) -> None:
    if kind in ("csv", "csv.gz", "semicolon", "utf-16"):
        is_german = kind == "semicolon"
        written = as_csv(rows, *((";", ",") if is_german else ()))
        content = written.encode("utf-16" if kind == "utf-16" else "utf-8")
        path.write_bytes(gzip.compress(content) if kind == "csv.gz" else content)
    elif kind == "parquet":
        types = {column.name: TYPES[column.type] for column in TABLES[table].columns}
        columns = {name: pa.array([row[name] for row in rows], types[name]) for name in rows[0]}
        pq.write_table(pa.table(columns), path)
    elif kind == "xlsx":
        workbook(path, {"Rows": [list(rows[0]), *(list(row.values()) for row in rows)]})
    else:
        lines = "\n".join(
            json.dumps({k: str(v) if isinstance(v, date) else v for k, v in row.items()})
            for row in rows
        )
        path.write_bytes(gzip.compress(lines.encode()) if kind.endswith("gz") else lines.encode())


ENDINGS = {"semicolon": "csv", "utf-16": "csv"}


def laid_out(
    folder: Path, tables: dict[str, Rows], chance: Random, kind: str, parts: int, toml: str = ""
) -> Settings:
    """Write the tables in any order, each into up to ``parts`` files of a kind."""
    data = folder / "source"
    data.mkdir(parents=True)
    sources = []
    for table, rows in tables.items():
        shuffled = chance.sample(rows, len(rows))
        files: list[Rows] = [[] for _ in range(parts)]
        for place, row in enumerate(shuffled):
            files[chance.randrange(parts) if place >= 1 else 0].append(row)
        ending = ENDINGS.get(kind, kind)
        for number, rows_of_file in enumerate(filter(None, files)):
            write(data / f"{table}-{number}.{ending}", kind, table, rows_of_file)
        sources.append(f'{table} = "{table}-*.{ending}"')
    config = folder / "expansion.toml"
    config.write_text("\n".join(["[sources]", *sources, "", toml]), "utf-8")
    return load(config)


def contents(settings_: Settings) -> dict[str, bytes]:
    """Return what was written: each table and the ledger, byte by byte."""
    manifest = ingest(settings_)
    names = [*(f"{name}.parquet" for name in manifest.tables), FILE]
    written = {name: (settings_.tables_folder / name).read_bytes() for name in names}
    return {**written, "fingerprint": manifest.fingerprint.encode()}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(KINDS),
    parts=st.integers(1, 4),
    other=st.integers(0, 10_000),
)
def test_rows_in_another_order_or_in_several_files_give_the_same_bytes(
    seed: int, kind: str, parts: int, other: int
) -> None:
    tables = company(seed)
    with TemporaryDirectory() as folder:
        first = laid_out(Path(folder) / "one", tables, Random(seed), "csv", 1)  # noqa: S311
        second = laid_out(Path(folder) / "two", tables, Random(other), kind, parts)  # noqa: S311
        assert contents(second) == contents(first)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    tables = company(5)
    first = laid_out(tmp_path / "one", tables, Random(0), "csv", 1)  # noqa: S311
    second = laid_out(tmp_path / "two", tables, Random(1), kind, 3)  # noqa: S311
    assert contents(second) == contents(first)


def test_features_are_the_same_too(tmp_path: Path) -> None:
    tables = company(5)
    prints = set()
    for name, kind, parts in (("one", "csv", 1), ("two", "parquet", 3)):
        chance = Random(name)  # noqa: S311
        settings_ = laid_out(tmp_path / name, tables, chance, kind, parts, few())
        ingest(settings_)
        build(settings_)
        prints.add(pq.read_table(settings_.feature_table).to_pandas().to_csv())
    assert len(prints) == 1
