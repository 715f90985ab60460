"""Each hint fires where it should and is silent beside it; the document says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.catalogue import GENERATED
from pipelines.cli.show import business
from pipelines.ingest.check import check
from pipelines.ingest.summary import hints
from tests.pipelines.small import company

DOCS = Path(__file__).parents[4] / "docs"


def hinted(folder: Path, toml: str = "", **tables: str | None) -> dict[str, str]:
    """Return the figure of each hint of a company, by name and place."""
    report = check(company(folder, toml, **tables))
    return {f"{hint.name} {hint.place}": hint.figure for hint in report.hints}


def csv(header: str, *rows: str) -> str:
    """Return a CSV file."""
    return "\n".join([header, *rows]) + "\n"


def tickets(closed: str) -> str:
    """Return thirty tickets of two years, a tenth of which has ``closed`` as its end."""
    rows = (
        f"t{n},a1,{2023 + n // 15}-01-{n % 15 + 1:02},{closed if n % 10 == 0 else ''},2025-06-01"
        for n in range(30)
    )
    return csv("ticket_id,account_id,opened_on,closed_on,known_at", *rows)


def test_tickets_that_never_close_are_told(tmp_path: Path) -> None:
    found = hinted(tmp_path, "[company]\ndata_through = 2025-07-01\n", tickets=tickets(""))
    assert found["never_ends tickets.closed_on"] == (
        "Empty in all 30 rows of 2.5 years: no ticket is ever closed."
    )


def test_tickets_of_which_some_close_are_not_told(tmp_path: Path) -> None:
    toml = "[company]\ndata_through = 2025-07-01\n"
    assert not hinted(tmp_path, toml, tickets=tickets("2025-06-01"))


def test_a_hint_stops_nothing_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = "[company]\ndata_through = 2025-07-01\n"
    report = check(company(tmp_path, toml, tickets=tickets("")))
    assert report.ok
    (hint,) = report.as_dict()["hints"]
    assert hint["name"] == "never_ends"
    assert hint["docs"] == "docs/hints.md#never_ends"
    business.hints(report.hints)
    shown = " ".join(capsys.readouterr().out.split())
    assert "tickets.closed_on: never_ends" in shown
    assert hint["figure"] in shown
    assert hint["means"] in shown
    assert f"→ {hint['do']} (docs/hints.md#never_ends)" in shown


def test_the_document_says_what_the_code_says() -> None:
    assert (DOCS / "hints.md").read_text("utf-8") == hints.document(GENERATED), (
        "docs/hints.md is stale: run `make docs` and commit it"
    )


def test_each_recipe_that_a_hint_names_is_there() -> None:
    recipes = (DOCS / "connect-your-data.md").read_text("utf-8")
    named = {declared.recipe for declared in hints.HINTS.values() if declared.recipe}
    assert [name for name in named if f"**{name}**" not in recipes] == []
