"""Files as companies export them: read right, or named with place, value and setting."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, UsageError
from pipelines.config.file_options import FileOptions
from pipelines.config.settings import Settings, load
from pipelines.ingest.check import check
from pipelines.ingest.files.json_files import load_text
from pipelines.ingest.sources.readers import ignored, open_database
from pipelines.ingest.tables import ingest
from tests.pipelines.small import ACCOUNTS, SUBSCRIPTIONS, USAGE_DAILY, company
from tests.support.workbooks import CellError, workbook

CASES = Path(__file__).parents[2] / "cases"
NAMES = ["Müller & Söhne GmbH", "Example Two"]
UMLAUTS = ACCOUNTS.lstrip().replace("Example One", NAMES[0])


def read(settings: Settings, table: str, column: str) -> list[Any]:
    ingest(settings)
    values: list[Any] = pq.read_table(settings.tables_folder / f"{table}.parquet")[
        column
    ].to_pylist()
    return values


def problems(settings: Settings) -> str:
    """Return all that stands in the way, a sentence a line."""
    with pytest.raises((DataError, UsageError)) as caught:
        ingest(settings)
    return "\n".join(caught.value.problems)


def with_file(
    folder: Path, table: str, content: bytes, options: str = "", name: str = ""
) -> Settings:
    """Return the small company with one table read from a file of these bytes."""
    name = name or f"export_{table}.csv"
    source = f'[sources]\n{table} = {{ file = "{name}"{options} }}\n'
    settings = company(folder, source, **{table: None})
    (settings.data_folder / name).write_bytes(content)
    return settings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_an_encoding_that_a_file_shows_is_read(tmp_path: Path, encoding: str, ending: str) -> None:
    content = UMLAUTS.replace("\n", ending).encode(encoding)
    assert read(with_file(tmp_path, "accounts", content), "accounts", "name") == NAMES


@pytest.mark.parametrize(
    "encoding", ["cp1252", "latin-1", "utf-16-le", "utf-16-be", "cp850", "mac-roman"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_an_encoding_that_is_set_is_read(tmp_path: Path, encoding: str, packed: bool) -> None:
    content = UMLAUTS.encode(encoding)
    content = gzip.compress(content) if packed else content
    name = "export.csv.gz" if packed else "export.csv"
    settings = with_file(tmp_path, "accounts", content, f', encoding = "{encoding}"', name)
    assert read(settings, "accounts", "name") == NAMES


def test_the_case_of_another_encoding_names_place_bytes_and_setting(tmp_path: Path) -> None:
    shutil.copytree(CASES / "latin1", tmp_path / "latin1")
    config = tmp_path / "latin1" / "c.toml"
    said = problems(load(config))
    assert "accounts.csv, line 2): the bytes FC are no UTF-8" in said
    assert "Müller & Söhne GmbH" in said
    line = 'accounts = { file = "accounts.csv", encoding = "cp1252" }'
    assert line in said
    config.write_text(config.read_text("utf-8") + f"\n[sources]\n{line}\n", "utf-8")
    assert "Müller & Söhne GmbH" in read(load(config), "accounts", "name")


def test_every_line_in_another_encoding_is_counted(tmp_path: Path) -> None:
    content = UMLAUTS.replace("Example Two", "Société").encode("cp1252")
    said = problems(with_file(tmp_path, "accounts", content))
    assert "line 2): the bytes FC are no UTF-8; 2 lines in all (also 3)" in said


def test_bytes_that_the_encoding_set_does_not_know_are_named(tmp_path: Path) -> None:
    content = UMLAUTS.encode("utf-8")
    said = problems(with_file(tmp_path, "accounts", content, ', encoding = "ascii"'))
    assert "line 2): the bytes C3 are no ascii" in said


MIXED = UMLAUTS.encode().replace(b"Example Two", "Société".encode("cp1252"))
"""A file of which one line is UTF-8 and the next is not."""


def test_an_encoding_that_would_misread_other_lines_is_not_advised(tmp_path: Path) -> None:
    said = problems(with_file(tmp_path, "accounts", MIXED))
    assert "line 3): the bytes E9 are no UTF-8" in said
    assert "Société" in said
    assert "Other lines are UTF-8: correct this one, or export again" in said
    assert "under [sources] set" not in said


def test_an_encoding_that_would_misread_other_files_is_not_advised(tmp_path: Path) -> None:
    settings = with_file(tmp_path, "accounts", b"", name="part*.csv")
    header, first, second = UMLAUTS.splitlines()
    (settings.data_folder / "part*.csv").write_bytes(f"{header}\n{first}\n".encode())
    western = f"{header}\n{second}\n".replace("Two", "Zwölf").encode("cp1252")
    (settings.data_folder / "part2.csv").write_bytes(western)
    said = problems(settings)
    assert "part2.csv, line 2): the bytes F6 are no UTF-8" in said
    assert "Other files of the source are UTF-8" in said
    assert "under [sources] set" not in said


@pytest.mark.parametrize("content", [UMLAUTS.encode(), MIXED])
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso8859-15"])
def test_an_encoding_that_misreads_utf_8_is_refused(
    tmp_path: Path, content: bytes, encoding: str
) -> None:
    said = problems(with_file(tmp_path, "accounts", content, f', encoding = "{encoding}"'))
    assert "line 2): the line is UTF-8" in said
    assert repr(UMLAUTS.splitlines()[1].encode().decode(encoding)) in said


def test_utf_16_without_a_mark_is_told(tmp_path: Path) -> None:
    said = problems(with_file(tmp_path, "accounts", UMLAUTS.encode("utf-16-le")))
    assert 'encoding = "utf-16-le"' in said


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_separator_is_found_by_the_header(tmp_path: Path, separator: str) -> None:
    content = UMLAUTS.replace(",", separator).encode()
    assert read(with_file(tmp_path, "accounts", content), "accounts", "name") == NAMES


@pytest.mark.parametrize("separator", ["~", ":", "^"])
def test_another_separator_is_set(tmp_path: Path, separator: str) -> None:
    content = UMLAUTS.replace(",", separator).encode()
    settings = with_file(tmp_path, "accounts", content, f', separator = "{separator}"')
    assert read(settings, "accounts", "name") == NAMES


@pytest.mark.parametrize(
    ("before", "options"),
    [
        ("sep=;\n", ""),
        ("\n\n", ""),
        ("Accounts;;;\nas of 1 May 2024;;;\n", ", header_row = 3"),
        ("Kunde;;Datum;\n", ", header_row = 2"),
    ],
    ids=["of Excel", "blank lines", "title", "two headers"],
)
def test_lines_before_the_header_are_skipped(tmp_path: Path, before: str, options: str) -> None:
    content = (before + UMLAUTS.replace(",", ";")).encode()
    settings = with_file(tmp_path, "accounts", content, options)
    assert read(settings, "accounts", "name") == NAMES


def test_values_in_quotes_hold_separators_lines_and_quotes(tmp_path: Path) -> None:
    names = ["One; Two, Inc.", 'The "Best"\nof all']
    rows = "".join(
        f'a{n};"{name.replace(chr(34), chr(34) * 2)}";2024-01-01;2024-01-01\n'
        for n, name in enumerate(names, 1)
    )
    content = f"account_id;name;created_on;known_at\n{rows}".encode()
    assert read(with_file(tmp_path, "accounts", content), "accounts", "name") == names


def test_the_case_of_one_ragged_line_in_many_is_named(tmp_path: Path) -> None:
    shutil.copytree(CASES / "ragged_many", tmp_path / "ragged_many")
    said = problems(load(tmp_path / "ragged_many" / "c.toml"))
    assert (
        "accounts.csv): 1 line cannot be read: line 1,501 has 5 values where the header has 4"
        in (said)
    )
    assert "'A1499,Name, 1499,2023-01-02,2023-01-02'" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a9,Nine,2024-01-01", "has 3 values where the header has 4: 'a9,Nine,2024-01-01'"),
        ("a9,N,i,ne,2024-01-01,x", "has 6 values where the header has 4"),
        ('a9,"Nine,2024-01-01,2024-01-01', "has an open or misplaced quote"),
        ('a9,"Ni"ne,2024-01-01,2024-01-01', "has an open or misplaced quote"),
        ("Total: 2", "has 1 values where the header has 4: 'Total: 2'"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_line_without_the_columns_of_the_header_is_named(
    tmp_path: Path, line: str, words: str, packed: bool
) -> None:
    content = f"{UMLAUTS}{line}\n".encode()
    name = "export.csv.gz" if packed else "export.csv"
    content = gzip.compress(content) if packed else content
    said = problems(with_file(tmp_path, "accounts", content, name=name))
    assert f"({name}): 1 line cannot be read: line 4 {words}" in said


def test_all_ragged_lines_of_all_files_are_counted(tmp_path: Path) -> None:
    settings = company(tmp_path, '[sources]\naccounts = "part-*.csv"\n', accounts=None)
    for number in range(2):
        lines = "".join(f"b{number}{n},x\n" for n in range(5))
        (settings.data_folder / f"part-{number}.csv").write_text(UMLAUTS + lines, "utf-8")
    said = problems(settings)
    for number in range(2):
        assert f"(part-{number}.csv): 5 lines cannot be read: line 4 has 2 values" in said


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_pattern_finds_files_in_all_folders_below(tmp_path: Path, kind: str) -> None:
    settings = company(tmp_path, f'[sources]\naccounts = "**/s.{kind}"\n', accounts=None)
    header, *lines = UMLAUTS.splitlines()
    for folder, line in zip(("year1", "year2/quarter1"), lines, strict=True):
        target = settings.data_folder / folder / f"s.{kind}"
        target.parent.mkdir(parents=True)
        if kind == "csv":
            target.write_text(f"{header}\n{line}\n", "utf-8")
        else:
            row = dict(zip(header.split(","), ([value] for value in line.split(",")), strict=True))
            pq.write_table(pa.table(row), target)
    assert read(settings, "accounts", "name") == NAMES


@pytest.mark.parametrize("header", ["name", "NAME", " name "])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_two_columns_with_one_name_are_refused_by_their_positions(
    tmp_path: Path, header: str, kind: str
) -> None:
    lines = [line.split(",") for line in UMLAUTS.splitlines()]
    rows = [[*lines[0], header], *([*line, "?"] for line in lines[1:])]
    if kind == "xlsx":
        said = problems(in_excel(tmp_path, {"Data": rows}))
    else:
        content = "\n".join(map(",".join, rows)).encode()
        said = problems(with_file(tmp_path, "accounts", content))
    assert said.endswith(
        "columns 2 and 5 are both called 'name'; rename or remove all but the one you mean, or use "
        "name_1 for the second in the mapping"
    )


@pytest.mark.parametrize(
    ("header", "mapped", "names"),
    [
        ("account_id,name,created_on,known_at,Owner,Owner", "name", NAMES),
        ("account_id,x,created_on,known_at,name,name", "name_1", ["B", "B"]),
    ],
)
def test_columns_with_one_name_may_be_left_alone_or_chosen(
    tmp_path: Path, header: str, mapped: str, names: list[str]
) -> None:
    lines = "".join(f"{line},A,B\n" for line in UMLAUTS.splitlines()[1:])
    settings = with_file(tmp_path, "accounts", f"{header}\n{lines}".encode())
    config = tmp_path / "expansion.toml"
    mapping = f'[tables.accounts.columns]\nname = "{mapped}"\n'
    config.write_text(config.read_text("utf-8") + mapping, "utf-8")
    settings = load(config)
    assert read(settings, "accounts", "name") == names


@pytest.mark.parametrize("packed", [False, True])
def test_a_zero_byte_is_named_with_its_line(tmp_path: Path, packed: bool) -> None:
    content = UMLAUTS.replace("Example Two", "Example\0Two").encode()
    content = gzip.compress(content) if packed else content
    name = "export.csv.gz" if packed else "export.csv"
    said = problems(with_file(tmp_path, "accounts", content, name=name))
    assert f"({name}, line 3): holds a zero byte (NUL)" in said
    assert "Remove it, or export the file again" in said


def test_ascii_in_utf_16_without_a_mark_is_told(tmp_path: Path) -> None:
    said = problems(with_file(tmp_path, "accounts", ACCOUNTS.lstrip().encode("utf-16-le")))
    assert "It looks like UTF-16" in said


def test_the_line_that_looks_like_the_header_is_named(tmp_path: Path) -> None:
    said = problems(with_file(tmp_path, "accounts", f"Report\nby X\n{UMLAUTS}".encode()))
    assert "Line 3 looks like the header" in said
    assert 'accounts = { file = "export_accounts.csv", header_row = 3 }' in said
    said = problems(with_file(tmp_path, "accounts", f"{UMLAUTS}total 2\n".encode()))
    assert "header_row" not in said


@pytest.mark.parametrize("cut", [None, 40])
@pytest.mark.parametrize("name", ["accounts.csv.gz", "accounts.jsonl.gz"])
def test_a_file_that_is_not_packed_as_its_name_says_is_named(
    tmp_path: Path, cut: int | None, name: str
) -> None:
    content = UMLAUTS.encode() if cut is None else gzip.compress(UMLAUTS.encode())[:cut]
    said = problems(with_file(tmp_path, "accounts", content, name=name))
    assert f"sources.accounts ({name}): " in said


def test_whole_numbers_of_json_have_all_their_digits(tmp_path: Path) -> None:
    rows = [
        '{"account_id": 9007199254740993, "name": "A"}',
        '{"account_id": 12345678901234567890123, "name": "B"}',
        '{"account_id": -5, "name": "C"}',
    ]
    days = ', "created_on": "2024-01-01", "known_at": "2024-01-01"}'
    content = "\n".join(row.replace("}", days) for row in rows).encode()
    with_file(tmp_path, "accounts", content, name="accounts.jsonl")
    rule = '[rules]\n"subscriptions.reference" = "accept"\n"usage_daily.reference" = "accept"\n'
    config = tmp_path / "expansion.toml"
    config.write_text(config.read_text("utf-8") + rule, "utf-8")
    assert sorted(read(load(config), "accounts", "account_id")) == [
        "-5",
        "12345678901234567890123",
        "9007199254740993",
    ]


def test_a_table_may_be_read_from_the_file_called_like_it(tmp_path: Path) -> None:
    settings = company(tmp_path, '[tables.usage_daily]\nfrom = "usage_daily"\n')
    assert len(read(settings, "usage_daily", "day")) == 3
    settings = company(tmp_path, '[tables.users]\nfrom = "users"\n')
    assert "nor users.parquet or users.csv in" in problems(settings)


def test_rows_without_a_value_before_the_header_of_a_sheet_are_skipped(tmp_path: Path) -> None:
    settings = in_excel(tmp_path, {"Data": [[None], [None], *ROWS]})
    assert read(settings, "accounts", "name") == ["One", "Two"]


def test_days_of_excel_stand_beside_texts_with_a_format(tmp_path: Path) -> None:
    rows = [list(row) for row in ROWS]
    rows[2][2] = "31.01.2024"
    rows[2][3] = "31.01.2024 18:00"
    formats = ', date_format = "%d.%m.%Y", timestamp_format = "%d.%m.%Y %H:%M"'
    settings = in_excel(tmp_path, {"Data": rows}, formats)
    assert read(settings, "accounts", "created_on") == [date(2024, 1, 1), date(2024, 1, 31)]
    moments = [datetime(2024, 1, 1, 9, 30), datetime(2024, 1, 31, 18)]  # noqa: DTZ001
    assert read(settings, "accounts", "known_at") == moments


def test_what_follows_from_an_open_question_is_not_reported_beside_it(tmp_path: Path) -> None:
    lines = re.sub(r"2024-(\d\d)-(\d\d)", r"\2/\1/2024", SUBSCRIPTIONS)
    said = problems(company(tmp_path, subscriptions=lines.replace(",100,", ',"1,200",')))
    assert "does 1,200 mean 1200 or 1.2?" in said
    assert "read as a date?" in said or "day, month, year or month, day, year?" in said
    assert ", type:" not in said
    assert "within_subscription" not in said


@pytest.mark.parametrize(
    ("column", "advice", "other"),
    [("starts_on", "strptime(", "TRY_CAST"), ("quantity", "TRY_CAST(", "strptime")],
)
def test_the_advice_fits_the_type_of_the_column(
    tmp_path: Path, column: str, advice: str, other: str
) -> None:
    header, first, *others = SUBSCRIPTIONS.strip().splitlines()
    cells = dict(zip(header.split(","), first.split(","), strict=True)) | {column: "soon"}
    lines = "\n".join([header, ",".join(cells.values()), *others, ""])
    said = problems(company(tmp_path, subscriptions=lines))
    (line,) = (line for line in said.splitlines() if f"subscriptions.{column}, type" in line)
    assert advice in line
    assert other not in line


def test_lines_may_end_in_two_ways(tmp_path: Path) -> None:
    content = UMLAUTS.encode().replace(b"\n", b"\r\n", 1)
    assert read(with_file(tmp_path, "accounts", content), "accounts", "name") == NAMES


def test_files_of_one_source_may_be_written_in_different_ways(tmp_path: Path) -> None:
    settings = company(tmp_path, '[sources]\naccounts = "part-*.csv"\n', accounts=None)
    header, one, two = UMLAUTS.splitlines()
    turned = ";".join(reversed(header.split(",")))
    last = ";".join(reversed(two.split(",")))
    (settings.data_folder / "part-1.csv").write_text(f"{header}\n{one}\n", "utf-16")
    (settings.data_folder / "part-2.csv").write_text(f"{turned};region\n{last};EU\n", "utf-8")
    assert read(settings, "accounts", "name") == NAMES
    assert read(settings, "accounts", "region") == [None, "EU"]


def priced(folder: Path, prices: list[str], options: str = "", separator: str = ";") -> Settings:
    """Return the small company with these prices, in quotes, in a file of their own."""
    lines = [line.split(",") for line in SUBSCRIPTIONS.strip().splitlines()]
    for line, price in zip(lines[1:], prices, strict=True):
        line[7] = f'"{price}"'
    content = "\n".join(separator.join(line) for line in lines).encode()
    return with_file(folder, "subscriptions", content, options)


@pytest.mark.parametrize(
    ("prices", "values"),
    [
        (["1.200", "950", "1.200,50"], [1200.0, 950.0, 1200.5]),
        (["1.200", "950", "12,5"], [1200.0, 950.0, 12.5]),
        (["1.200", "950", "1.200.300"], [1200.0, 950.0, 1200300.0]),
        (["1,200", "950", "1,200.50"], [1200.0, 950.0, 1200.5]),
        (["1.200", "950", "12.5"], [1.2, 950.0, 12.5]),
        (["1.200", "0.125", "3"], [1.2, 0.125, 3.0]),
        (["1'200.50", "950", "1’200"], [1200.5, 950.0, 1200.0]),
        (["1 200,50", "950", "1 200"], [1200.5, 950.0, 1200.0]),
        (["1 200", "2 950 000", "3"], [1200.0, 2950000.0, 3.0]),
        (["1200.50", "950", " 3 "], [1200.5, 950.0, 3.0]),
        (["1e3", "950", "3"], [1000.0, 950.0, 3.0]),
    ],
    ids=lambda texts: "|".join(map(str, texts)),
)
def test_numbers_are_read_as_the_column_shows(
    tmp_path: Path, prices: list[str], values: list[float]
) -> None:
    assert read(priced(tmp_path, prices), "subscriptions", "unit_price") == values


AMBIGUOUS = [
    (["1.200", "950", "3"], ("1.200", "1200", "1.2")),
    (["1,200", "950", "3"], ("1,200", "1200", "1.2")),
    (["12.500", "13.500", "99.999"], ("12.500", "12500", "12.5")),
]


@pytest.mark.parametrize(("prices", "asked"), AMBIGUOUS, ids=lambda texts: texts[0])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_number_that_may_be_two_is_asked_about(
    tmp_path: Path, prices: list[str], asked: tuple[str, str, str], separator: str
) -> None:
    said = problems(priced(tmp_path, prices, separator=separator))
    text, whole, broken = asked
    assert f"unit_price: does {text} mean {whole} or {broken}?" in said
    assert 'subscriptions = { file = "export_subscriptions.csv", decimal = "," }' in said


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (', decimal = ","', [1200.0, 950.0, 3.5]),
        (', thousands = "."', [1200.0, 950.0, 3.5]),
    ],
)
def test_the_answer_is_taken(tmp_path: Path, options: str, values: list[float]) -> None:
    prices = ["1.200", "950", "3,5"]
    assert read(priced(tmp_path, prices, options), "subscriptions", "unit_price") == values


@pytest.mark.parametrize("decimal", [",", "."])
def test_the_case_of_a_german_file_is_asked_about_and_read(tmp_path: Path, decimal: str) -> None:
    shutil.copytree(CASES / "german", tmp_path / "german")
    config = tmp_path / "german" / "c.toml"
    said = problems(load(config))
    assert "subscriptions.csv), unit_price: does 1.200 mean 1200 or 1.2?" in said
    line = f'subscriptions = {{ file = "subscriptions.csv", decimal = "{decimal}" }}'
    config.write_text(config.read_text("utf-8") + f"\n[sources]\n{line}\n", "utf-8")
    first = {",": 1200.0, ".": 1.2}[decimal]
    assert read(load(config), "subscriptions", "unit_price") == [first, 950.0]


def test_another_column_of_the_file_may_answer(tmp_path: Path) -> None:
    lines = [line.split(",") for line in SUBSCRIPTIONS.strip().splitlines()]
    for line, quantity in zip(lines[1:], ["10,5", "20", "5"], strict=True):
        line[6], line[7] = quantity, "1.200"
    content = "\n".join(";".join(line) for line in lines).encode()
    settings = with_file(tmp_path, "subscriptions", content)
    assert read(settings, "subscriptions", "unit_price") == [1200.0] * 3


def test_two_decimal_marks_in_one_column_are_asked_about(tmp_path: Path) -> None:
    said = problems(priced(tmp_path, ["12.5", "12,5", "3"]))
    assert "12.5 has a decimal point, 12,5 a decimal comma: which is right?" in said


def test_numbers_nobody_computes_with_are_not_asked_about(tmp_path: Path) -> None:
    content = UMLAUTS.replace("known_at", "known_at,region", 1).replace("-01\n", "-01,1.200\n")
    settings = with_file(tmp_path, "accounts", content.encode())
    assert read(settings, "accounts", "region") == ["1.200", "1.200"]


COMPUTED = """
[sources]
lines = { file = "lines.csv"OPTIONS }
[tables.subscriptions]
from = "FROM"
[tables.subscriptions.columns]
unit_price = "PRICE"
"""


def computed(
    folder: Path, prices: list[str], source: str, price: str, options: str = ""
) -> Settings:
    lines = [line.split(",") for line in SUBSCRIPTIONS.strip().splitlines()]
    lines[0][7] = "mrr"
    for line, text in zip(lines[1:], prices, strict=True):
        line[7] = text
    toml = COMPUTED.replace("FROM", source).replace("PRICE", price).replace("OPTIONS", options)
    settings = company(folder, toml, subscriptions=None)
    content = "\n".join(";".join(line) for line in lines)
    (settings.data_folder / "lines.csv").write_text(content, "utf-8")
    return settings


ROUTES = {
    "expression": ("lines", "mrr * 12"),
    "fallback": ("lines", "coalesce(mrr, 0) * 12"),
    "case": ("lines", "CASE WHEN mrr > 0 THEN mrr * 12 ELSE mrr END"),
    "query": ("(SELECT * REPLACE (mrr * 12 AS mrr) FROM lines)", "mrr"),
    "renamed": ("(SELECT *, mrr AS paid FROM lines)", "paid * 12"),
    "grouped": ("(SELECT * EXCLUDE (mrr), sum(mrr) AS paid FROM lines GROUP BY ALL)", "paid * 12"),
    "star": ("(SELECT * FROM lines)", "12 * mrr"),
    "common table": ("(WITH l AS (SELECT * FROM lines) SELECT * FROM l)", "round(mrr) * 12"),
}


@pytest.mark.parametrize("route", ROUTES)
def test_prices_are_computed_with_as_they_are_written(tmp_path: Path, route: str) -> None:
    settings = computed(tmp_path, ["1.200,00", "950", "100,00"], *ROUTES[route])
    assert read(settings, "subscriptions", "unit_price") == [14400.0, 11400.0, 1200.0]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("value", ["n/a", "-", "#N/A", "k. A."])
def test_a_value_that_is_no_number_is_told_with_its_row(
    tmp_path: Path, route: str, value: str
) -> None:
    said = problems(computed(tmp_path, ["100", value, "200"], *ROUTES[route]))
    assert "lines.mrr, not_a_number: 1 of 3 rows (33.3 %)" in said
    assert f"such as row = 2, subscription_id = s1, mrr = {value}." in said
    assert "Binder" not in said


@pytest.mark.parametrize("route", ROUTES)
def test_a_value_that_stands_for_nothing_is_null(tmp_path: Path, route: str) -> None:
    options = ', null_values = ["n/a", "-"]'
    settings = computed(tmp_path, ["100", "n/a", "200"], *ROUTES[route], options)
    if route == "fallback":
        assert read(settings, "subscriptions", "unit_price") == [1200.0, 0.0, 2400.0]
    else:
        assert "unit_price, not_null: 1 of 3 rows" in problems(settings)


def test_a_column_is_named_as_the_file_does(tmp_path: Path) -> None:
    name = "Preis/Monat (St. 1.)"
    settings = computed(tmp_path, ["100", "n/a", "200"], "lines", f'\\"{name}\\" * 12')
    lines = settings.data_folder / "lines.csv"
    lines.write_text(lines.read_text("utf-8").replace("mrr", name), "utf-8")
    said = problems(settings)
    assert f"lines.{name}, not_a_number: 1 of 3 rows" in said
    assert f"{name} = n/a." in said


@pytest.mark.parametrize("policy", ["drop", "accept"])
def test_rows_without_a_number_may_be_left_out(tmp_path: Path, policy: str) -> None:
    settings = computed(tmp_path, ["100", "n/a", "200"], "lines", "coalesce(mrr * 12, 0)")
    config = tmp_path / "expansion.toml"
    rule = f'\n[rules]\n"lines.not_a_number" = "{policy}"\n'
    config.write_text(config.read_text("utf-8") + rule, "utf-8")
    expected = {"drop": [1200.0, 2400.0], "accept": [1200.0, 0.0, 2400.0]}[policy]
    assert read(load(config), "subscriptions", "unit_price") == expected
    assert settings.work == load(config).work


DATES = [
    (["31/12/2023", "01/02/2024"], "%d/%m/%Y", [date(2023, 12, 31), date(2024, 2, 1)]),
    (["12/31/2023", "02/01/2024"], "%m/%d/%Y", [date(2023, 12, 31), date(2024, 2, 1)]),
    (["31.12.2023", "1.2.2024"], "%d.%m.%Y", [date(2023, 12, 31), date(2024, 2, 1)]),
    (["31-12-23", "01-02-24"], "%d-%m-%y", [date(2023, 12, 31), date(2024, 2, 1)]),
]


def dated(folder: Path, days: list[str], options: str = "") -> Settings:
    rows = "".join(f"a{n},Name {n},{day},2024-02-28\n" for n, day in enumerate(days, 1))
    content = f"account_id,name,created_on,known_at\n{rows}".encode()
    return with_file(folder, "accounts", content, options)


@pytest.mark.parametrize(("days", "pattern", "values"), DATES, ids=lambda value: str(value))
def test_a_date_that_only_one_format_fits_names_it(
    tmp_path: Path, days: list[str], pattern: str, values: list[date]
) -> None:
    said = problems(dated(tmp_path, days))
    assert f'date_format = "{pattern}" }}' in said
    settings = dated(tmp_path, days, f', date_format = "{pattern}"')
    assert read(settings, "accounts", "created_on") == values


def test_a_date_that_may_be_two_is_asked_about(tmp_path: Path) -> None:
    said = problems(dated(tmp_path, ["03/04/2024", "05/06/2024"]))
    assert "created_on: is 03/04/2024 day, month, year or month, day, year?" in said
    assert 'date_format = "%d/%m/%Y" }, or date_format = "%m/%d/%Y"' in said


def test_one_value_that_is_no_date_is_told_with_its_key(tmp_path: Path) -> None:
    settings = dated(tmp_path, ["31.12.2023", "n/a", "1.2.2024"], ', date_format = "%d.%m.%Y"')
    said = problems(settings)
    assert "accounts.created_on, type: 1 of 3 rows" in said
    assert "created_on = n/a" in said


def test_times_have_a_format_of_their_own(tmp_path: Path) -> None:
    rows = "a1,One,31.12.2023,31.12.2023 14:30\na2,Two,1.2.2024,1.2.2024 09:00\n"
    content = f"account_id,name,created_on,known_at\n{rows}".encode()
    options = ', date_format = "%d.%m.%Y", timestamp_format = "%d.%m.%Y %H:%M"'
    settings = with_file(tmp_path, "accounts", content, options)
    assert read(settings, "accounts", "known_at") == [
        datetime(2023, 12, 31, 14, 30),  # noqa: DTZ001
        datetime(2024, 2, 1, 9),  # noqa: DTZ001
    ]
    assert read(settings, "accounts", "created_on") == [date(2023, 12, 31), date(2024, 2, 1)]


def test_dates_are_computed_with_by_their_format(tmp_path: Path) -> None:
    toml = (
        '[sources]\ncrm = { file = "crm.csv", date_format = "%d.%m.%Y" }\n'
        "[tables.accounts]\n"
        'from = """(\nSELECT *, start + INTERVAL 1 DAY AS known_at FROM crm\n'
        'WHERE start > \'2024-01-02\'\n)"""\n'
        '[tables.accounts.columns]\ncreated_on = "start"\nname = "\'since \' || start"\n'
    )
    settings = company(tmp_path, toml, accounts=None)
    rows = "account_id;start\na1;03.01.2024\na2;05.01.2024\na3;01.01.2024\n"
    (settings.data_folder / "crm.csv").write_text(rows, "utf-8")
    assert read(settings, "accounts", "created_on") == [date(2024, 1, 3), date(2024, 1, 5)]
    assert read(settings, "accounts", "name") == ["since 03.01.2024", "since 05.01.2024"]


ROWS = [
    ["account_id", "name", "created_on", "known_at", "employees", None],
    [1001, "One", date(2024, 1, 1), datetime(2024, 1, 1, 9, 30), 10, None],  # noqa: DTZ001
    ["A-7", "Two", date(2024, 1, 2), datetime(2024, 1, 2, 18), 25.0, None],  # noqa: DTZ001
    [None, None, None, None, None, None],
]


HEADER_2 = ", header_row = 2"


def in_excel(folder: Path, sheets: dict[str, Any], options: str = "", **how: bool) -> Settings:
    source = f'[sources]\naccounts = {{ file = "crm.xlsx"{options} }}\n'
    rule = '[rules]\n"subscriptions.reference" = "accept"\n"usage_daily.reference" = "accept"\n'
    settings = company(folder, source + rule, accounts=None)
    workbook(settings.data_folder / "crm.xlsx", sheets, **how)
    return settings


@pytest.mark.parametrize("since_1904", [False, True])
def test_a_sheet_of_excel_is_read(tmp_path: Path, since_1904: bool) -> None:
    settings = in_excel(tmp_path, {"Export": ROWS, "Notes": []}, since_1904=since_1904)
    assert read(settings, "accounts", "account_id") == ["1001", "A-7"]
    assert read(settings, "accounts", "created_on") == [date(2024, 1, 1), date(2024, 1, 2)]
    assert read(settings, "accounts", "known_at")[0] == datetime(2024, 1, 1, 9, 30)  # noqa: DTZ001
    assert read(settings, "accounts", "employees") == [10, 25]


def test_a_sheet_and_the_row_of_its_header_are_set(tmp_path: Path) -> None:
    title: list[list[object]] = [["Accounts as of May"], [None]]
    settings = in_excel(
        tmp_path, {"Cover": [["x"]], "Data": title + ROWS}, ', sheet = "Data", header_row = 3'
    )
    assert read(settings, "accounts", "name") == ["One", "Two"]


def test_one_of_several_sheets_is_to_be_chosen(tmp_path: Path) -> None:
    said = problems(in_excel(tmp_path, {"Cover": [["x"]], "Data": ROWS}))
    assert "(crm.xlsx): has several sheets, 'Cover', 'Data': choose one" in said
    said = problems(in_excel(tmp_path, {"Data": ROWS}, ', sheet = "Dta"'))
    assert "there is no sheet 'Dta'. It has 'Data'" in said


def test_a_file_that_is_no_workbook_is_told(tmp_path: Path) -> None:
    settings = in_excel(tmp_path, {"Data": ROWS})
    (settings.data_folder / "crm.xlsx").write_bytes(b"account_id,name\n")
    assert "(crm.xlsx): is no Excel workbook that can be read" in problems(settings)


def test_identifiers_that_excel_has_rounded_are_told(tmp_path: Path) -> None:
    rows = [ROWS[0], [1234567890123456700, *ROWS[1][1:]], [10.1, *ROWS[2][1:]]]
    said = problems(in_excel(tmp_path, {"Data": rows}))
    assert "accounts.account_id, floating_point_id: 2 of 2 rows" in said


@pytest.mark.parametrize(
    ("place", "shown", "violation"),
    [
        (4, "#N/A", "accounts.employees, type: 1 of 2 rows (50.0 %), such as .* = #N/A"),
        (3, "#REF!", "accounts.known_at, type: 1 of 2 rows (50.0 %), such as .* = #REF!"),
        (1, "#DIV/0!", "accounts.name, error_cell: 1 of 2 rows (50.0 %), such as .* = #DIV/0!"),
        (0, "#N/A", "accounts.account_id, error_cell: 1 of 2 rows (50.0 %), such as .* = #N/A"),
    ],
)
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_error_of_a_cell_is_no_empty_value(
    tmp_path: Path, place: int, shown: str, violation: str, kind: str
) -> None:
    rows = [list(row[:5]) for row in ROWS[:3]]
    rows[2][place] = CellError(shown)
    if kind == "xlsx":
        settings = in_excel(tmp_path, {"Notes": [[None]], "Data": [[None], *rows]}, HEADER_2)
    else:
        lines = "\n".join(",".join(map(str, row)) for row in rows)
        settings = with_file(tmp_path, "accounts", lines.encode())
    pattern = re.escape(violation).replace(r"\.\*", ".*")
    assert re.search(pattern, problems(settings))


def test_the_error_of_a_cell_may_stand_for_nothing(tmp_path: Path) -> None:
    rows = [list(row) for row in ROWS]
    rows[2][4] = CellError("#N/A")
    settings = in_excel(tmp_path, {"Data": rows}, ', null_values = ["#N/A"]')
    assert read(settings, "accounts", "employees") == [10, None]


def test_a_fraction_in_excel_is_no_thousand(tmp_path: Path) -> None:
    """A cell that holds the number 1.2 is not asked about; one with the text is."""
    header, *lines = (line.split(",") for line in SUBSCRIPTIONS.strip().splitlines())
    settings = company(tmp_path, '[sources]\nsubscriptions = "lines.xlsx"\n', subscriptions=None)
    rows = [[*line[:6], float(line[6]), 1.234, *line[8:]] for line in lines]
    workbook(settings.data_folder / "lines.xlsx", {"Lines": [header, *rows]})
    assert read(settings, "subscriptions", "unit_price") == [1.234] * 3
    texts = [[*row[:7], "1.234", *row[8:]] for row in rows]
    workbook(settings.data_folder / "lines.xlsx", {"Lines": [header, *texts]})
    assert "unit_price: does 1.234 mean 1234 or 1.234?" in problems(settings)


OBJECTS = [
    {"id": "10.10", "owner": {"id": 7, "address": {"city": "Köln"}}, "since": "2024-01-01", "n": 3},
    {
        "id": 1234567890123456789,
        "owner": {"id": 8, "address": None},
        "since": "2024-01-02T10:00:00",
    },
    {"id": "007", "owner": None, "since": "2024-01-03", "n": 4.0, "tags": ["a", "b"]},
]
FROM_JSON = """
[sources]
crm = "{name}"
[tables.accounts]
from = "crm"
[tables.accounts.columns]
account_id = "id"
name = "'Account ' || id"
created_on = "since"
region = "owner.address.city"
csm_id = "owner.id"
employees = "n * 2"
segment = "tags[1]"
known_at = "since"
[rules]
"subscriptions.reference" = "accept"
"usage_daily.reference" = "accept"
"""


@pytest.mark.parametrize("name", ["crm.jsonl", "crm.ndjson", "crm.json", "crm.json.gz"])
@pytest.mark.parametrize("as_list", [False, True])
def test_json_is_read_with_its_objects(tmp_path: Path, name: str, as_list: bool) -> None:
    settings = company(tmp_path, FROM_JSON.replace("{name}", name), accounts=None)
    text = json.dumps(OBJECTS) if as_list else "\n".join(map(json.dumps, OBJECTS))
    content = text.encode()
    content = gzip.compress(content) if name.endswith(".gz") else content
    (settings.data_folder / name).write_bytes(content)
    ingest(settings)
    accounts = pq.read_table(settings.tables_folder / "accounts.parquet").to_pylist()
    by_id = {account["account_id"]: account for account in accounts}
    assert set(by_id) == {"10.10", "1234567890123456789", "007"}
    assert by_id["10.10"]["name"] == "Account 10.10"
    assert (by_id["10.10"]["region"], by_id["10.10"]["csm_id"]) == ("Köln", "7")
    assert [by_id[key]["employees"] for key in ("10.10", "007")] == [6, 8]
    assert by_id["007"]["segment"] == "a"
    assert by_id["007"]["created_on"] == date(2024, 1, 3)


def test_json_that_ends_in_the_middle_is_told(tmp_path: Path) -> None:
    settings = company(tmp_path, FROM_JSON.replace("{name}", "crm.jsonl"), accounts=None)
    (settings.data_folder / "crm.jsonl").write_text('{"id": 1, "since": "2024', "utf-8")
    assert "sources.crm (crm.jsonl): " in problems(settings)


@pytest.mark.parametrize("threads", [1, 16])
def test_a_folder_with_a_json_file_a_day_needs_no_memory_a_file(
    tmp_path: Path, threads: int
) -> None:
    crm = '[sources]\ncrm = "crm-*.jsonl"\n'
    settings = company(tmp_path, crm)
    for day in range(200):
        (settings.data_folder / f"crm-{day:03}.jsonl").write_text(f'{{"id": {day}}}\n', "utf-8")
    with open_database(settings) as connection:
        connection.execute(f"SET threads = {threads}")
        paths = sorted(settings.data_folder.glob("crm-*"))
        load_text(connection, "crm", "crm-*.jsonl", paths, FileOptions(), "text.crm")
        assert connection.execute("SELECT count(DISTINCT id) FROM text.crm").fetchone() == (200,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[1, 2]", "the rows are no objects; write each row as fields with names"),
        ('{"Id": 1}\n{"ID": 2}', "fields 'Id' and 'ID' differ only in case; write them alike"),
        (
            '{"owner": {"id": 1, "Id": 2}}',
            "fields 'id' and 'Id' of 'owner' differ only in case; write them alike",
        ),
        ('{"": 1}', "a field has an empty name; name it or leave it out"),
        (
            json.dumps({"data": ["x" * 1000] * 40_000}),
            "an object takes more than 16 MiB; write each row as an object of its own, one a line "
            "or as members of a list",
        ),
    ],
    ids=["no objects", "case", "case within", "no name", "all rows in one"],
)
def test_json_that_is_no_table_is_told_with_the_way_out(
    tmp_path: Path, content: str, words: str
) -> None:
    settings = company(tmp_path, FROM_JSON.replace("{name}", "crm.json"), accounts=None)
    (settings.data_folder / "crm.json").write_text(content, "utf-8")
    assert f"sources.crm (crm.json): {words}" in problems(settings)


def test_a_dictionary_in_a_row_is_one_text_and_rows_may_lack_it(tmp_path: Path) -> None:
    settings = company(tmp_path, FROM_JSON.replace("{name}", "crm.jsonl"), accounts=None)
    extended = [
        *OBJECTS,
        {"id": "5", "since": "2024-01-04", "flags": {f"f{n}": n for n in range(300)}},
    ]
    (settings.data_folder / "crm.jsonl").write_text("\n".join(map(json.dumps, extended)), "utf-8")
    assert len(read(settings, "accounts", "name")) == 4


def test_a_table_called_like_one_of_the_contract_may_be_any_file(tmp_path: Path) -> None:
    settings = company(tmp_path, accounts=None)
    header, *rows = (line.split(",") for line in ACCOUNTS.strip().splitlines())
    lines = [json.dumps(dict(zip(header, row, strict=True))) for row in rows]
    (settings.data_folder / "accounts.jsonl").write_text("\n".join(lines), "utf-8")
    assert read(settings, "accounts", "name") == ["Example One", "Example Two"]
    assert ignored(settings) == {}


def test_texts_of_parquet_are_read_like_those_of_csv(tmp_path: Path) -> None:
    header, *rows = (line.split(",") for line in SUBSCRIPTIONS.strip().splitlines())
    columns: dict[str, list[str | None]] = {
        name: [row[place] or None for row in rows] for place, name in enumerate(header)
    }
    columns["unit_price"] = ["1.200,50", "950", "1.200"]
    settings = company(tmp_path, subscriptions=None)
    pq.write_table(pa.table(columns), settings.data_folder / "subscriptions.parquet")
    assert read(settings, "subscriptions", "unit_price") == [1200.5, 950.0, 1200.0]
    columns["unit_price"] = ["1.200", "950", "1.200"]
    pq.write_table(pa.table(columns), settings.data_folder / "subscriptions.parquet")
    assert "unit_price: does 1.200 mean 1200 or 1.2?" in problems(settings)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('{ file = "a.csv", encoding = "cp1225" }', "there is no such encoding"),
        ('{ file = "a.csv", separator = ";;" }', "must be one character"),
        ('{ file = "a.csv", decimal = ",", thousands = "," }', "must be two characters"),
        ('{ file = "a.csv", date_format = "dd.mm.yyyy" }', "must name day, month and year"),
        ('{ file = "a.csv", sheet = "Data" }', "sheet cannot be set for a.csv"),
        ('{ file = "a.xlsx", separator = ";" }', "separator cannot be set for a.xlsx"),
        ('{ file = "a.parquet", decimal = "," }', "decimal cannot be set for a.parquet"),
        ('{ sql = "SELECT 1", encoding = "utf-8" }', "encoding cannot be set for a source that"),
        ('{ file = "a.csv", header_row = 0 }', "header_row = 0"),
        ('{ file = "a.csv", decmal = "," }', "did you mean 'decimal'?"),
    ],
)
def test_an_option_that_cannot_be_is_told(tmp_path: Path, source: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("?", r"\?")):
        company(tmp_path, f"[sources]\ncrm = {source}\n")


def test_all_that_is_wrong_with_files_is_said_at_once(tmp_path: Path) -> None:
    settings = priced(tmp_path, ["1.200", "950", "3"])
    (settings.data_folder / "accounts.csv").write_bytes(UMLAUTS.encode("cp1252"))
    (settings.data_folder / "usage_daily.csv").write_text(USAGE_DAILY.lstrip() + "a1,core\n")
    said = problems(settings)
    for words in ("are no UTF-8", "1 line cannot be read", "does 1.200 mean"):
        assert words in said


def test_check_says_the_same_as_ingest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does 1\.200 mean 1200 or 1\.2"):
        check(priced(tmp_path, ["1.200", "950", "3"]))
