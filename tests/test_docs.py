"""The documents show commands that exist and links that lead somewhere."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import typer.main

from pipelines.cli import documents
from pipelines.cli.app import app
from serving.openapi.document import openapi
from tests.conftest import CATEGORIES, LONGEST, SLOW, TESTS
from tests.support import rooms

ROOT = Path(__file__).parents[1]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
DOCUMENTS = sorted(
    path
    for pattern in ("README.md", CONTRIBUTING.name, "docs/**/*.md", "mlruns/*.md", "tests/**/*.md")
    for path in ROOT.glob(pattern)
)
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


def test_contributing_tells_of_every_marker_and_of_the_folders_that_are_there() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    markers = [line.split(":")[0] for line in options["ini_options"]["markers"]]
    text = CONTRIBUTING.read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", text, re.MULTILINE))
    assert list(rows) == markers
    assert {name for name in markers if name not in ("unit", "slow")} == set(CATEGORIES.values())
    assert all(f"`tests/{folder}`" in rows[name] for folder, name in CATEGORIES.items())
    paths = re.findall(r"`[^`]*?((?:tests|docs)/[\w./-]+)`", text)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [name for name in re.findall(r"pytest -m (\w+)", text) if name not in markers] == []


@pytest.mark.parametrize("start", [*SLOW, *LONGEST])
def test_what_is_left_out_or_run_first_is_there(start: str) -> None:
    file, _, name = start.partition("::")
    assert (TESTS / file).exists()
    if name:
        module = import_module(f"tests.{file.removesuffix('.py').replace('/', '.')}")
        assert [test for test in vars(module) if test.startswith(name)]


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
