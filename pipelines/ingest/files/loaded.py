"""What every reader of text files says of the columns that it loaded."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.ingest.files.faults import RepeatedName


@dataclass(frozen=True)
class Loaded:
    """What a file says of its columns beside their texts.

    ``inexact``: their numbers may have lost digits before they were written; ``numeric``: their
    numbers are numbers in the file, and not texts that look like one; ``is_nested``: columns may be
    fields of objects; ``repeated``: names that several columns have.
    """

    inexact: frozenset[str] = frozenset()
    numeric: frozenset[str] = frozenset()
    is_nested: bool = False
    repeated: tuple[RepeatedName, ...] = ()
