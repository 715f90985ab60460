"""Removes an id from files: reports, inputs of scorings, and lines that wait for the store."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import lock_descriptor

from models.common.files import atomic_file, write_atomically
from models.store.erased_ids import Kind, pseudonym
from models.store.erasure import pattern
from pipelines.config.channels import Folder
from pipelines.ingest import attribute_record
from pipelines.report import pdf
from pipelines.scoring.input_snapshots import snapshots

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


def names(settings: Settings, account_id: str) -> frozenset[str]:
    """Return every name that an account has had, as far as the tables still know."""
    path = settings.tables_folder / "accounts.parquet"
    if not path.exists():
        return frozenset()
    of_account = [("account_id", "==", account_id)]
    return frozenset(pq.read_table(path, columns=["name"], filters=of_account)["name"].to_pylist())


def reports(settings: Settings, known_as: Collection[str]) -> dict[str, int]:
    """Remove the rows of accounts called so from every report; another place loses the name.

    Reports that were handed over to a folder are looked at like our own.
    """
    delivered = [place.folder for place in settings.deliver if isinstance(place, Folder)]
    removed = {}
    for folder in (settings.report_folder, *delivered):
        for path in sorted(folder.glob("*/index.html")):
            removed[_place(settings, path)] = _without(path, known_as)
    return removed


def _without(path: Path, known_as: Collection[str]) -> int:
    """Remove names from a page, and print it anew; return how many places held them."""
    text = path.read_text("utf-8")
    without, count = text, 0
    for name in known_as:
        without, rows = _nameless(without, html.escape(name))
        count += rows
    if without != text:
        write_atomically(path, without)
        (path.parent / pdf.FILE).unlink(missing_ok=True)
        if not pdf.missing():
            pdf.written(without, path.parent)
    return count


def _nameless(text: str, name: str) -> tuple[str, int]:
    shown = rf">(?:\d+\. )?{re.escape(name)}\s*<"
    row = rf"<tr\b(?:(?!</tr>).)*?{shown}(?:(?!</tr>).)*</tr>\s*"
    text, rows = re.subn(row, "", text, flags=re.DOTALL)
    text, others = re.subn(shown, "><", text)
    return text, rows + others


def exports(settings: Settings, identifier: str) -> dict[str, int]:
    """Remove the exports that name an id; what is still wanted is exported again."""
    spellings = {identifier, identifier.replace('"', '""')}
    spellings |= {json.dumps(identifier, ensure_ascii=plain)[1:-1] for plain in (True, False)}
    removed = {}
    for folder in sorted(settings.export_folder.glob("*")):
        texts = [path.read_text("utf-8") for path in folder.glob("*") if path.is_file()]
        if count := sum(
            len(pattern(spelling).findall(text)) for text in texts for spelling in spellings
        ):
            shutil.rmtree(folder)
            removed[_place(settings, folder)] = count
    return removed


def scored(settings: Settings, kind: Kind, identifier: str) -> dict[str, int]:
    """Remove an account from the inputs that earlier scorings keep."""
    if kind != "account":
        return {}
    removed = {
        snapshot.path: keep_others(snapshot.path, identifier)
        for snapshot in snapshots(settings.snapshots_folder)
    }
    return {_place(settings, path): rows for path, rows in removed.items()}


def versions(settings: Settings, kind: Kind, identifier: str) -> dict[str, int]:
    """Remove an account from the record of what accounts were like at each loading."""
    path = attribute_record.path_of(settings)
    if kind != "account" or not path.exists():
        return {}
    return {_place(settings, path): keep_others(path, identifier)}


def keep_others(path: Path, account_id: str, metadata: dict[bytes, bytes] | None = None) -> int:
    """Remove an account's rows from a Parquet file, in one step; return how many there were.

    ``metadata`` takes the place of what the file says of itself.
    """
    table = pq.read_table(path)
    others = table.filter(pc.not_equal(table["account_id"], pa.scalar(account_id)))
    if others.num_rows < table.num_rows or metadata:
        others = others.replace_schema_metadata(metadata or table.schema.metadata).combine_chunks()
        with atomic_file(path) as aside:
            pq.write_table(others, aside, compression="zstd")
    return int(table.num_rows - others.num_rows)


def spool(settings: Settings, kind: Kind, identifier: str) -> dict[str, int]:
    """Remove an id from lines that no server is about to deliver; a server leaves it out itself."""
    removed = {}
    for path in sorted((settings.work / "spool").glob("*/*/*.*")):
        with path.open("rb") as file:
            if lock_descriptor(file.fileno(), blocking=False):
                removed[_place(settings, path)] = _rewritten(path, kind, identifier)
    return removed


def _rewritten(path: Path, kind: Kind, identifier: str) -> int:
    lines = path.read_text("utf-8", errors="replace").splitlines()
    remaining = [without for line in lines if (without := _line(line, kind, identifier))]
    changed = sum(1 for line in lines if line not in remaining)
    if changed:
        write_atomically(path, "".join(f"{line}\n" for line in remaining))
        path.chmod(0o600)
    return changed


def _line(line: str, kind: Kind, identifier: str) -> str:
    """Return a line without the id; empty where all of it is about the account."""
    try:
        content: dict[str, Any] = json.loads(line)
    except ValueError:
        return ""
    if kind == "account" and content.get("account_id") == identifier:
        return ""
    spelled = pattern(json.dumps(identifier)[1:-1])
    return spelled.sub(pseudonym(kind, identifier), line)


def _place(settings: Settings, path: Path) -> str:
    return os.path.relpath(path, settings.work)
