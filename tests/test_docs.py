"""The documents show commands that exist and links that lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from pipelines.cli import documents
from pipelines.cli.app import app
from serving.openapi.document import openapi
from tests.support import rooms

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("mlruns/*.md")])
COMMAND = re.compile(r"^(?:\$ )?expansion (.+)$", re.MULTILINE)
INLINE = re.compile(r"`expansion ([^`]+)`")
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#]+)")
MAKE = re.compile(r"`make ([a-z]+)`|^make ([a-z]+)", re.MULTILINE)


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_every_command_shown_is_understood(document: Path) -> None:
    group = typer.main.get_command(app)
    text = document.read_text("utf-8")
    for shown in (*COMMAND.findall(text), *INLINE.findall(text)):
        verb, *arguments = shlex.split(shown.split("#")[0].split("|")[0])
        if {"…", "...", "<"} & set("".join(arguments)) or not verb.isalpha():
            continue
        command = group.get_command(None, verb)  # type: ignore[attr-defined, arg-type]
        assert command is not None, f"{names(document)} shows the unknown verb {verb}"
        command.make_context(verb, arguments)


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_every_link_leads_to_a_file(document: Path) -> None:
    missing = [
        link
        for link in LINK.findall(document.read_text("utf-8"))
        if not (document.parent / link).exists()
    ]
    assert not missing, f"{names(document)} links to {missing}, which are not there"


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_every_make_target_shown_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown = {first or second for first, second in MAKE.findall(document.read_text("utf-8"))}
    assert shown <= targets, f"{names(document)} shows make targets that are not there"


def test_the_command_reference_is_fresh() -> None:
    reference = (ROOT / "docs" / "commands.md").read_text("utf-8")
    fresh = documents.commands(typer.main.get_command(app))
    assert reference == fresh, "docs/commands.md is stale; run `make docs`"


@pytest.mark.parametrize(("name", "for_crm"), [("openapi", False), ("openapi-crm", True)])
def test_the_api_reference_is_fresh(name: str, for_crm: bool) -> None:
    reference = (ROOT / "docs" / f"{name}.json").read_text("utf-8")
    assert reference == openapi(for_crm=for_crm), f"docs/{name}.json is stale; run `make docs`"


def test_the_tables_of_rooms_are_fresh() -> None:
    document = rooms.DOCUMENT.read_text("utf-8")
    assert document == rooms.written(document), "docs/architecture.md is stale; run `make docs`"
