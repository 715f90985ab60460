"""Reading CSV files as texts: every line has the columns of the header, or is named."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.common.sql_quoting import columns_of, literal, path_literal, quoted
from pipelines.config.file_options import FileOptions
from pipelines.ingest.files.encodings import (
    UTF8,
    encoding_of,
    is_beyond_ascii_in_utf8,
    is_utf8,
    misread,
    nul_bytes,
    opened,
    rewritten,
    undecodable,
)
from pipelines.ingest.files.faults import (
    EXAMPLES,
    RepeatedName,
    UnreadableFile,
    repeated_names,
    setting,
    shown,
)
from pipelines.ingest.files.loaded import Loaded
from pipelines.ingest.files.value_types import NOTHING, readings

SEPARATORS = (",", ";", "\t", "|")
REJECTED = """
    SELECT s.file_path, e.line, any_value(e.csv_line), max_by(e.error_type, e.column_idx),
        CASE WHEN bool_or(e.error_type = 'MISSING COLUMNS')
        THEN min_by(e.error_message, e.column_idx) ELSE max_by(e.error_message, e.column_idx) END
    FROM reject_errors AS e JOIN reject_scans AS s USING (scan_id, file_id)
    GROUP BY s.file_path, e.line ORDER BY ALL
"""
"""The lines that DuckDB could not read, once each: it notes each column too few or too many."""
LINES = 20
"""So many lines are looked at for the separator."""


@dataclass(frozen=True)
class Dialect:
    """How one file is written: its separator, the lines before the header, its columns."""

    separator: str
    skipped: int
    header: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, each once."""
        return tuple(column_names(self.header))


def load_text(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    file: str,
    paths: Sequence[Path],
    options: FileOptions,
    target: str,
) -> Loaded:
    """Create the table ``target`` of the texts in CSV files, columns matched by their names.

    ``source`` and ``file`` are what the configuration calls them. Raises ``UnreadableFile`` with
    every line that cannot be read.
    """
    with TemporaryDirectory(prefix="expansion-") as folder:
        repeated = _CsvSource(connection, source, file, options, Path(folder)).load(paths, target)
    return Loaded(repeated=tuple(repeated))


def load(
    connection: duckdb.DuckDBPyConnection, path: Path, target: str, texts: Collection[str] = ()
) -> None:
    """Create the table ``target`` from one CSV file.

    Each column has the type that all its values have; those in ``texts`` stay as they stand.
    """
    load_text(connection, "table", path.name, [path], FileOptions(), "csv_text")
    names = list(columns_of(connection, "csv_text"))
    cast = ", ".join(
        quoted(name)
        if name in texts or reading == NOTHING
        else f"{reading.of(quoted(name))} AS {quoted(name)}"
        for name, reading in readings(connection, "csv_text", names).items()
    )
    connection.execute(f"CREATE TABLE {target} AS SELECT {cast} FROM csv_text")
    connection.execute("DROP TABLE csv_text")


@dataclass
class _CsvSource:
    """The CSV files of one source; ``folder`` takes those that have to be written anew."""

    connection: duckdb.DuckDBPyConnection
    source: str
    file: str
    options: FileOptions
    folder: Path
    names: dict[str, str] = field(default_factory=dict)
    """What a file is called that was written anew."""

    def load(self, paths: Sequence[Path], target: str) -> list[RepeatedName]:
        readable, problems = [], []
        for path in paths:
            encoding = encoding_of(path, self.options.encoding)
            if encoding in UTF8:
                readable.append(path)
            elif wrong := self._in_another_encoding(path, encoding):
                problems += wrong
            else:
                readable.append(self._rewritten(path, encoding))
        for path in readable:
            problems += nul_bytes(path, self._name(path), self.source, self.file)
        if problems:
            raise UnreadableFile(problems)
        try:
            self._create(readable, target)
        except duckdb.InvalidInputException as error:
            if problems := self._problems(readable):
                raise UnreadableFile(problems) from None
            self._with_one_line_end(readable, target, error)
        return [
            repeated
            for dialect, alike in self._by_dialect(readable).items()
            for repeated in repeated_names(self._name(alike[0]), dialect.header)
        ]

    def _name(self, path: Path) -> str:
        return self.names.get(str(path), path.name)

    def _in_another_encoding(self, path: Path, encoding: str) -> list[str]:
        """Return why a file is not in the encoding that is set for it."""
        wrong = list(undecodable(path, encoding, self.source, self.file))
        return wrong or list(misread(path, encoding, self.source))

    def _with_one_line_end(
        self, paths: Sequence[Path], target: str, error: duckdb.InvalidInputException
    ) -> None:
        """Read files again whose lines end now in one way, now in another."""
        copies = [self._rewritten(path, "utf-8-sig") for path in paths]
        try:
            self._create(copies, target)
        except duckdb.InvalidInputException:
            problems = self._problems(copies)
            reason = f"sources.{self.source} ({self.file}): {str(error).splitlines()[0]}"
            raise UnreadableFile(problems or [reason]) from None

    def _create(self, paths: Sequence[Path], target: str) -> None:
        readers = [self._reader(*group) for group in self._by_dialect(paths).items()]
        rows = " UNION ALL BY NAME ".join(f"SELECT * FROM {reader}" for reader in readers)
        self.connection.execute(f"CREATE TABLE {target} AS {rows}")

    def _rewritten(self, path: Path, encoding: str) -> Path:
        copy = rewritten(path, encoding, self.folder / f"{len(self.names)}.csv")
        self.names[str(copy)] = self.names.get(str(path), path.name)
        return copy

    def _by_dialect(self, paths: Sequence[Path]) -> dict[Dialect, list[Path]]:
        groups: dict[Dialect, list[Path]] = {}
        for path in paths:
            groups.setdefault(_dialect(path, self.options), []).append(path)
        return groups

    def _reader(self, dialect: Dialect, paths: Sequence[Path], extra: str = "") -> str:
        listed = ", ".join(map(path_literal, paths))
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in dialect.names)
        nulls = ", ".join(map(literal, ("", *self.options.null_values)))
        quote = literal(self.options.quote)
        return (
            f"read_csv([{listed}], auto_detect = false, header = true, skip = {dialect.skipped}, "
            f"delim = {literal(dialect.separator)}, quote = {quote}, escape = {quote}, "
            f"nullstr = [{nulls}], columns = {{{columns}}}, strict_mode = true, "
            f"hive_partitioning = false{extra})"
        )

    def _problems(self, paths: Sequence[Path]) -> list[str]:
        """Return what is wrong with bytes or lines, of all files."""
        broken = [path for path in paths if not is_utf8(path)]
        others_in_utf8 = bool(broken) and any(
            is_beyond_ascii_in_utf8(path)
            for path in paths
            if path not in broken and str(path) not in self.names
        )
        problems = [
            problem
            for path in broken
            for problem in undecodable(
                path, "utf-8", self.source, self.file, others_in_utf8=others_in_utf8
            )
        ]
        return problems or [
            problem
            for dialect, alike in self._by_dialect(paths).items()
            for problem in self._ragged(dialect, alike)
        ]

    def _ragged(self, dialect: Dialect, paths: Sequence[Path]) -> Iterator[str]:
        """Name the lines without the header's columns, for each file with their number."""
        reader = self._reader(dialect, paths, ", store_rejects = true, rejects_limit = 0")
        try:
            self.connection.execute(f"SELECT count(*) FROM {reader}").fetchall()
        except duckdb.InvalidInputException:  # not a line, but how lines end
            return
        rejected = self.connection.execute(REJECTED).fetchall()
        self.connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
        by_file: dict[str, list[tuple[int, str]]] = {}
        for name, line, text, kind, message in rejected:
            by_file.setdefault(name, []).append(
                (line, f"line {line:,} {_what(kind, message)}: {shown(text)}")
            )
        for name, lines in by_file.items():
            count = f"{len(lines):,} line{'s' if len(lines) > 1 else ''}"
            examples = "; ".join(text for _, text in lines[:EXAMPLES])
            yield (
                f"sources.{self.source} ({self.names.get(name, Path(name).name)}): {count} cannot "
                f"be read: {examples}. The header, line {dialect.skipped + 1}, has "
                f"{len(dialect.names)} columns, separated by {dialect.separator!r}. "
                f"{self._way_out(dialect, Path(name))}"
            )

    def _way_out(self, dialect: Dialect, path: Path) -> str:
        """Return what to do about ragged lines: often the header is another line."""
        header = _likely_header(path, self.options)
        if header in (0, dialect.skipped + 1):
            choice = setting(self.source, self.file, "separator", ";")
            return f"Correct the lines, or name the separator: {choice}"
        choice = setting(self.source, self.file, "header_row", str(header))
        return f"Line {header} looks like the header; if it is, {choice}. Else correct the lines"


def _dialect(path: Path, options: FileOptions) -> Dialect:
    """Find the separator by the header, and read its names."""
    skipped, separator = options.header_row - 1, options.separator
    with TextIOWrapper(opened(path), "utf-8-sig", "replace") as content:
        raw = list(islice(content, skipped + LINES))
    if skipped == 0 and raw and (named := re.fullmatch(r"sep=(.)\s*", raw[0])):
        skipped, separator = 1, separator or named[1]
    while options.header_row == 1 and skipped < len(raw) and not raw[skipped].strip():
        skipped += 1
    lines = raw[skipped:]
    separator = separator or max(SEPARATORS, key=lambda mark: _likely(lines, mark, options.quote))
    header = next(csv.reader(lines, delimiter=separator, quotechar=options.quote), [""])
    return Dialect(separator, skipped, tuple(header))


def _likely_header(path: Path, options: FileOptions) -> int:
    """Return the first line with as many values as most lines have, from 1 on; 0 without one."""
    with TextIOWrapper(opened(path), "utf-8-sig", "replace") as content:
        lines = list(islice(content, LINES))
    widths = [
        [len(row) for row in csv.reader(lines, delimiter=mark, quotechar=options.quote)]
        for mark in ([options.separator] if options.separator else SEPARATORS)
    ]
    usual = [Counter(width for width in alike if width > 1).most_common(1) for alike in widths]
    best = max(range(len(usual)), key=lambda place: usual[place][0][1] if usual[place] else 0)
    return widths[best].index(usual[best][0][0]) + 1 if usual[best] else 0


def _likely(lines: Sequence[str], separator: str, quote: str) -> tuple[int, int]:
    """Return how much speaks for a separator: columns in the header, lines with as many."""
    rows = [row for row in csv.reader(lines, delimiter=separator, quotechar=quote) if row]
    if not rows:
        return 0, 0
    width = len(rows[0])
    return width, sum(len(row) == width for row in rows) if width > 1 else 0


def column_names(header: Sequence[str]) -> Iterator[str]:
    """Yield the columns' names, each once: a second ``id`` is ``id_1``, a nameless ``column2``."""
    counts: Counter[str] = Counter()
    for position, cell in enumerate(header):
        name = cell.strip() or f"column{position}"
        number = counts[name.lower()]
        counts[name.lower()] += 1
        yield f"{name}_{number}" if number else name


def _what(kind: str, message: str) -> str:
    if numbers := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        return f"has {numbers[2]} values where the header has {numbers[1]}"
    return "has an open or misplaced quote" if "QUOTE" in kind else message.rstrip(".")
