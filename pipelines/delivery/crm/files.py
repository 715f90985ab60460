"""The files of an export: CSV for Salesforce's Bulk API 2.0 and for all else, JSON for HubSpot.

Salesforce takes UTF-8 of at most 100 MB, which becomes 150 MB on its way, with LF at the end of a
line. HubSpot takes batches of at most 100.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence

from pipelines.delivery.crm.fields import Format, Row, Value, text
from pipelines.delivery.crm.limits import FORMULA, NULL

ERRORS = "errors.csv"
MOST_BYTES = 100_000_000
MOST_INPUTS = 100
ENDS = {"salesforce-bulk": "\n", "csv": "\r\n"}


def files(
    rows: Sequence[Row], names: Sequence[str], form: Format, most_text: int
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file; no rows, no files.

    Parameters
    ----------
    rows
        Accounts with their values, in the order of ``names``.
    names
        The CRM's name of the id, then of each value.
    form
        For which CRM.
    most_text
        A longer text is cut off, and ends with an ellipsis.
    """
    if form == "hubspot-batch":
        kind, contents = "json", _batches(rows, names, most_text)
    else:
        kind, contents = "csv", _tables(rows, names, form, most_text)
    for number, content in enumerate(contents, start=1):
        yield f"{form}-{number:05}.{kind}", content


def is_export_file(name: str) -> bool:
    """Say whether a file is one of an export."""
    return name == ERRORS or bool(re.fullmatch(r"[a-z-]+-\d{5}\.(csv|json)", name))


def errors(rows: Sequence[tuple[str, str]]) -> bytes:
    """Return the error file: account and problem."""
    return b"".join(_line(row, "csv") for row in [("account_id", "problem"), *rows])


def shown(value: Value, most_text: int) -> str:
    """Return a value as text, cut off where it is too long."""
    full = text(value)
    return full if len(full) <= most_text else full[: most_text - 1] + "…"


def _tables(
    rows: Sequence[Row], names: Sequence[str], form: Format, most_text: int
) -> Iterator[bytes]:
    head = _line(names, form)
    lines, size = [head], len(head)
    for account, values in rows:
        line = _line([account, *(_cell(value, form, most_text) for value in values)], form)
        if size + len(line) > MOST_BYTES:
            yield b"".join(lines)
            lines, size = [head], len(head)
        lines.append(line)
        size += len(line)
    if len(lines) > 1:
        yield b"".join(lines)


def _line(cells: Sequence[str], form: Format) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator=ENDS[form]).writerow(cells)
    return written.getvalue().encode()


def _cell(value: Value, form: Format, most_text: int) -> str:
    cell = shown(value, most_text)
    if form == "salesforce-bulk":
        return NULL if value is None else cell
    # Text begins with a quote where a spreadsheet would compute it; numbers may well be negative.
    return f"'{cell}" if isinstance(value, str) and cell.startswith(FORMULA) else cell


def _batches(rows: Sequence[Row], names: Sequence[str], most_text: int) -> Iterator[bytes]:
    key, *fields = names
    for start in range(0, len(rows), MOST_INPUTS):
        inputs = [
            {
                "idProperty": key,
                "id": account,
                "properties": {
                    name: shown(value, most_text)
                    for name, value in zip(fields, values, strict=True)
                },
            }
            for account, values in rows[start : start + MOST_INPUTS]
        ]
        yield json.dumps({"inputs": inputs}, ensure_ascii=False, indent=1).encode() + b"\n"
