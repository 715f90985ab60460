"""The encoding of a text file: UTF-8, what its first bytes say, or what the configuration says."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pipelines.ingest.files.faults import EXAMPLES, place, setting, shown

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""What a file's first bytes say of its encoding; the longest first."""
UTF8 = ("utf-8", "utf-8-sig")
WESTERN = "cp1252"
BLOCK = 1 << 20


def opened(path: Path) -> IO[bytes]:
    """Open a file for reading its bytes, unpacked."""
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def encoding_of(path: Path, configured: str) -> str:
    """Return the encoding that a file has by its first bytes, by the configuration, or UTF-8."""
    with opened(path) as file:
        start = file.read(4)
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), "")
    return marked or codecs.lookup(configured or "utf-8").name


def is_utf8(path: Path) -> bool:
    """Say whether all bytes of a file are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(path) as file:
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def rewritten(path: Path, encoding: str, target: Path) -> Path:
    """Write the file in UTF-8, with lines that end in one way, to ``target``."""
    with opened(path) as file, target.open("w", encoding="utf-8", newline="\n") as copy:
        reader = codecs.getreader(encoding)(file)
        pending = ""
        while text := reader.read(BLOCK):
            text, pending = pending + text, ""
            if text.endswith("\r"):  # the other half of this line end may be in the next block
                text, pending = text[:-1], "\r"
            copy.write(text.replace("\r\n", "\n").replace("\r", "\n"))
        copy.write(pending.replace("\r", "\n"))
    return target


def is_beyond_ascii_in_utf8(path: Path) -> bool:
    """Say whether any line holds more than ASCII, in UTF-8: other encodings would misread it."""
    with opened(path) as file:
        return any(not line.isascii() and _decodes(line, "utf-8") for line in file)


def nul_bytes(path: Path, name: str, source: str, file: str) -> Iterator[str]:
    """Say in which line of a file in UTF-8, called ``name``, a byte is zero, which is no text."""
    with opened(path) as content:
        while block := content.read(BLOCK):
            if b"\0" in block:
                break
        else:
            return
    with opened(path) as lines:
        number, line = next((n, line) for n, line in enumerate(lines, 1) if b"\0" in line)
    is_wide = line.count(b"\0") >= len(line) // 3
    way_out = f"It looks like UTF-16; {setting(source, file, 'encoding', 'utf-16-le')}"
    if not is_wide:
        way_out = f"{shown(line.decode('utf-8', 'replace'))}. Remove it, or export the file again"
    yield f"sources.{source} ({name}, line {number:,}): holds a zero byte (NUL). {way_out}"


def misread(path: Path, encoding: str, source: str) -> Iterator[str]:
    """Say which line the encoding set for a file would misread, since it is UTF-8."""
    if len(bytes(range(128, 256)).decode(encoding, "replace")) != 128:
        return  # of several bytes a character: what is UTF-8 may be a text in it as well
    with opened(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.isascii() and _decodes(line, "utf-8"):
                yield (
                    f"sources.{source} ({place(path, number)}): the line is UTF-8, {encoding} "
                    f"would read it as {shown(line.decode(encoding, 'replace'))}. Leave encoding "
                    f"= {encoding!r} out of {source}; lines that are then no UTF-8 have to be "
                    "corrected or exported again"
                )
                return


def undecodable(
    path: Path, encoding: str, source: str, file: str, *, others_in_utf8: bool = False
) -> Iterator[str]:
    """Say where a file is not in its encoding: the first lines, their bytes, how many there are.

    ``others_in_utf8``: another file of the source would be misread in another encoding.
    """
    lines = [
        (number, line)
        for number, line in enumerate(_lines(path, encoding), 1)
        if not _decodes(line, encoding)
    ]
    if not lines:
        return
    number, line = lines[0]
    wrong = _wrong_bytes(line, encoding)
    name = "UTF-8" if encoding in UTF8 else encoding
    more = f"; {len(lines):,} lines in all" if len(lines) > 1 else ""
    others = ", ".join(f"{other:,}" for other, _ in lines[1:EXAMPLES])
    more += f" (also {others})" if others else ""
    way_out = _way_out(lines, encoding, source, file)
    if encoding in UTF8 and b"\0" not in line:
        if is_beyond_ascii_in_utf8(path):
            way_out = f"{_in_western(line)}Other lines are UTF-8: correct this one, or export again"
        elif others_in_utf8:
            way_out = (
                f"{_in_western(line)}Other files of the source are UTF-8: export this one as "
                "UTF-8, or make it a source of its own with its encoding"
            )
    where = f"sources.{source} ({place(path, number)})"
    yield f"{where}: the bytes {wrong} are no {name}{more}. {way_out}"


def _way_out(lines: list[tuple[int, bytes]], encoding: str, source: str, file: str) -> str:
    first = lines[0][1]
    if b"\0" in first:
        return f"It looks like UTF-16; {setting(source, file, 'encoding', 'utf-16-le')}"
    if encoding == WESTERN or not all(_decodes(line, WESTERN) for _, line in lines):
        return f"Ask how it was exported and {setting(source, file, 'encoding', '...')}"
    return (
        f'With encoding = "{WESTERN}" the line reads {shown(first.decode(WESTERN))}; if that is '
        f"right, {setting(source, file, 'encoding', WESTERN)}"
    )


def _in_western(line: bytes) -> str:
    if not _decodes(line, WESTERN):
        return ""
    return f'With encoding = "{WESTERN}" the line reads {shown(line.decode(WESTERN))}. '


def _lines(path: Path, encoding: str) -> Iterator[bytes]:
    with opened(path) as file:
        if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", WESTERN, "iso8859-1", "ascii"):
            yield from file
        else:  # a line ends in more bytes than one: take the file as it is
            yield file.read()


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _wrong_bytes(line: bytes, encoding: str) -> str:
    try:
        line.decode(encoding)
    except UnicodeDecodeError as error:
        return line[error.start : error.end].hex(" ").upper()
    return ""
