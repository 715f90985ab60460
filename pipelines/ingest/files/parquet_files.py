"""Reading Parquet files whose columns have other types in one file than in the next."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.common.sql_quoting import columns_of, only_row, parquet, quoted
from pipelines.ingest.files.faults import UnreadableFile
from pipelines.ingest.files.value_types import EXACT_UP_TO, as_text, has_fraction, not_whole

Numbers = tuple[tuple[str, str], ...]
"""The columns of a file that hold numbers where another file holds texts, with their types."""


@dataclass(frozen=True)
class ParquetFiles:
    """The Parquet files of the source ``source``, which the configuration calls ``file``."""

    connection: duckdb.DuckDBPyConnection
    source: str
    file: str
    paths: Sequence[Path]

    def rows(self, identifiers: Collection[str]) -> str:
        """Return the SQL of the rows of all files, columns matched by their names.

        A column may hold numbers in one file and texts in another: its whole numbers become texts
        without a fraction, before the files are put together. Raises ``UnreadableFile`` where such
        a column is one of ``identifiers`` and its numbers may have lost digits.
        """
        by_numbers = self._by_numbers() if len(self.paths) > 1 else {}
        if not any(by_numbers):
            return parquet(*self.paths)
        problems = [
            problem
            for numbers, paths in by_numbers.items()
            for problem in self._lossy(numbers, paths, identifiers)
        ]
        if problems:
            raise UnreadableFile(problems)
        return f"({' UNION ALL BY NAME '.join(_texts(*group) for group in by_numbers.items())})"

    def _by_numbers(self) -> Mapping[Numbers, Sequence[Path]]:
        """Return the files by the columns in which they alone hold numbers."""
        types = columns_of(self.connection, parquet(*self.paths))
        texts = {name.lower() for name, type_ in types.items() if type_ == "VARCHAR"}
        groups: dict[Numbers, list[Path]] = {}
        for path in self.paths if texts else ():
            own_types = columns_of(self.connection, parquet(path))
            numbers = tuple(
                (name, type_)
                for name, type_ in sorted(own_types.items())
                if name.lower() in texts and has_fraction(type_)
            )
            groups.setdefault(numbers, []).append(path)
        return groups

    def _lossy(
        self, numbers: Numbers, paths: Sequence[Path], identifiers: Collection[str]
    ) -> Iterator[str]:
        for name, type_ in numbers:
            if type_ in EXACT_UP_TO and name.lower() in identifiers:
                value = quoted(name)
                is_lossy = not_whole(type_).replace("@", value)
                example = only_row(
                    self.connection,
                    f"SELECT min({value}) FILTER (WHERE {is_lossy}) FROM {parquet(*paths)}",
                )[0]
                if example is not None:
                    yield (
                        f"sources.{self.source} ({self.file}), {name}: {paths[0].name} holds "
                        f"floating-point numbers that may have lost digits, such as {example}, "
                        "and another file texts; export the column as text in all of them"
                    )


def _texts(numbers: Numbers, paths: Sequence[Path]) -> str:
    """Return the query of the rows of files, those columns as texts."""
    changes = [f"{as_text(quoted(name), type_)} AS {quoted(name)}" for name, type_ in numbers]
    replace = f" REPLACE ({', '.join(changes)})" if changes else ""
    return f"SELECT *{replace} FROM {parquet(*paths)}"
