"""How a source file is written: its encoding, separators, numbers, dates, sheet and header."""

from __future__ import annotations

import codecs
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")
EXCEL = (".xlsx", ".xlsm")
JSON = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz")
PARQUET = (".parquet", ".pq")
ENDINGS = (*CSV, *EXCEL, *JSON, *PARQUET)

OF_CSV = ("encoding", "separator", "quote")
OF_TABLES = ("header_row",)
OF_EXCEL = ("sheet",)
OF_TEXTS = ("decimal", "thousands", "date_format", "timestamp_format", "null_values")

GROUPS = (".", ",", " ", "'")


class FileOptions(BaseModel):
    """How a file is written, where it does not say so itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    encoding: str = Field(default="", examples=['"cp1252"'])
    """Of its bytes. Without it UTF-8, or UTF-16 and UTF-32 by their mark."""
    separator: str = Field(default="", examples=['";"'])
    """Between the values of CSV. Without it what the header has most of: a comma, a semicolon, a
    tab or a bar."""
    quote: Literal['"', "'"] = '"'
    """Around the values of CSV."""
    decimal: Literal["", ".", ","] = Field(default="", examples=['","'])
    """The decimal mark of numbers, where their texts do not show it."""
    thousands: Literal["", ".", ",", " ", "'"] = Field(default="", examples=['"."'])
    """The mark between thousands, where the texts do not show it."""
    date_format: str = Field(default="", examples=['"%d.%m.%Y"'])
    """How days are written, where not as 2026-07-31."""
    timestamp_format: str = Field(default="", examples=['"%d.%m.%Y %H:%M"'])
    """How moments are written, where not as 2026-07-31 08:00:00."""
    null_values: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), examples=['["n/a", "-"]']
    )
    """Texts that stand for nothing, beside an empty value."""
    header_row: int = Field(default=1, ge=1)
    """The row that names the columns, counted from 1."""
    sheet: str = Field(default="", examples=['"Export"'])
    """The sheet of a workbook; needed where more than one has values."""

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, name: str) -> str:
        try:
            is_text = not name or codecs.lookup(name)._is_text_encoding
        except LookupError:
            is_text = False
        if not is_text:
            raise ValueError('there is no such encoding; usual ones are "utf-8" and "cp1252"')
        return name

    @field_validator("separator")
    @classmethod
    def _is_one_character(cls, separator: str) -> str:
        if separator and (len(separator) != 1 or separator in "\"'\r\n"):
            raise ValueError('must be one character, such as ";" or "\\t"')
        return separator

    @field_validator("date_format", "timestamp_format")
    @classmethod
    def _names_a_day(cls, pattern: str) -> str:
        day = datetime(2001, 2, 3, 4, 5, 6)  # noqa: DTZ001 (only to try the pattern)
        try:
            fits = not pattern or datetime.strptime(day.strftime(pattern), pattern).date() == date(  # noqa: DTZ007
                2001, 2, 3
            )
        except ValueError:
            fits = False
        if not fits:
            raise ValueError('must name day, month and year, such as "%d.%m.%Y"')
        return pattern

    @model_validator(mode="after")
    def _marks_differ(self) -> FileOptions:
        if self.decimal and self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be two characters")
        return self

    @property
    def decimal_mark(self) -> str:
        """The decimal mark, if one is set or follows from the thousands separator."""
        return self.decimal or {".": ",", ",": "."}.get(self.thousands, "")

    def options_set(self) -> list[str]:
        """Return the options that the configuration names, in their order."""
        fields = FileOptions.model_fields
        return [name for name in fields if getattr(self, name) != fields[name].default]

    def misplaced(self, file: str) -> list[str]:
        """Return the options set that do not belong to a file with this ending."""
        allowed = {
            CSV: (*OF_CSV, *OF_TABLES, *OF_TEXTS),
            EXCEL: (*OF_EXCEL, *OF_TABLES, *OF_TEXTS),
            JSON: OF_TEXTS,
        }
        fitting = [name for endings, names in allowed.items() if file.lower().endswith(endings)
                   for name in names]  # fmt: skip
        return [name for name in self.options_set() if name not in fitting]
