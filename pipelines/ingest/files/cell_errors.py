"""Error cells of Excel sheets, such as #N/A, which the reader of workbooks gives as empty ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO
from xml.etree import ElementTree as ET
from zipfile import ZipFile

WORKBOOK = "xl/workbook.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
CODES = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
         "#FIELD!", "#NV", "#BEZUG!", "#WERT!", "#ZAHL!")  # fmt: skip
"""What such a cell shows, in English and German; an export as CSV holds it as a text."""
IS_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
BLOCK = 1 << 20

Cell = tuple[int, int]
"""A row and a column of a sheet, both counted from 0."""


def errors_by_cell(path: Path, sheet: str) -> dict[Cell, str]:
    """Return the error cells of a sheet of a workbook, each with what it shows (``#REF!``).

    Raises ``BadZipFile`` or ``ParseError`` where the workbook is damaged.
    """
    with ZipFile(path) as archive:
        name = _sheet_file(archive, sheet)
        if name not in archive.namelist():
            return {}
        with archive.open(name) as file:
            if not _holds_errors(file):
                return {}
        with archive.open(name) as file:
            return dict(_errors(file))


def _sheet_file(archive: ZipFile, sheet: str) -> str:
    """Return the file of a sheet in the archive that a workbook is; empty where none is named."""
    if not {WORKBOOK, RELATIONS} <= set(archive.namelist()):
        return ""
    listed = ET.fromstring(archive.read(WORKBOOK))  # noqa: S314 (expat stops bombs)
    reference = ""
    for element in listed.iter():
        if _tag(element) == "sheet" and element.get("name") == sheet:
            reference = next((v for k, v in element.items() if k.endswith("}id")), "")
    for element in ET.fromstring(archive.read(RELATIONS)):  # noqa: S314
        if element.get("Id") == reference:
            target = PurePosixPath("/xl") / element.get("Target", "")
            return str(target).lstrip("/")
    return ""


def _holds_errors(file: IO[bytes]) -> bool:
    """Say whether a sheet may have error cells, without taking its XML apart."""
    end = b""
    while block := file.read(BLOCK):
        if IS_ERROR.search(end + block):
            return True
        end = block[-16:]
    return False


def _errors(file: IO[bytes]) -> Iterator[tuple[Cell, str]]:
    row = column = -1
    for event, element in ET.iterparse(file, ("start", "end")):  # noqa: S314
        tag = _tag(element)
        if event == "start" and tag == "row":
            row, column = int(element.get("r", row + 2)) - 1, -1
        elif event == "start" and tag == "c":
            column = _column(element.get("r", "")) if element.get("r") else column + 1
        elif event == "end" and tag == "c" and element.get("t") == "e":
            shown = next((child.text for child in element if _tag(child) == "v"), "")
            yield (row, column), shown or "#ERROR"
        if event == "end" and tag == "row":
            element.clear()


def _column(reference: str) -> int:
    """Return the column of a reference such as ``AB12``, counted from 0."""
    number = 0
    for letter in re.sub("[^A-Z]", "", reference.upper()):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _tag(element: ET.Element) -> str:
    """Return the name of an element, whatever namespace its writer uses."""
    return element.tag.rpartition("}")[2]
