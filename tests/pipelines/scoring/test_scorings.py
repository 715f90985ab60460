"""``expansion scorings``: what was scored, what of it counts, and how one is taken back."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.errors import DataError, UsageError
from models.common import clock
from models.plays.prioritisation import Decision
from models.store.audit_log import AuditLog
from models.store.scores import ScoreStore
from pipelines.cli.app import app
from pipelines.config.settings import Settings, load
from pipelines.delivery.crm.export import export
from pipelines.scoring import scorings
from tests.models.stored import account, scoring

DAY = date(2026, 8, 3)
FUTURE = date(2035, 1, 2)
LISTED = Decision("expand", "Talk.", "", None, 9.0, "listed", place=1)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A company with two scorings that count and one of the future."""
    monkeypatch.delenv("EXPANSION_STORE_URL", raising=False)
    path = tmp_path / "expansion.toml"
    path.write_text(
        '[company]\nname = "Example"\ncurrency = "EUR"\n[data]\nfolder = "."\n'
        '[paths]\nwork = "work"\n[mlflow]\nhome = "mlruns"\n'
    )
    made = load(path)
    with closing(ScoreStore(made.store_url)) as store:
        for name, day in (("first", DAY), ("second", DAY + timedelta(days=7)), ("far", FUTURE)):
            row = replace(account(1), name=name, decision=LISTED)
            store.write(scoring(name, as_of=day, accounts=1), [row])
    return made


def states(settings: Settings) -> dict[str, str]:
    return {s["scoring_id"]: s["state"] for s in scorings.listed(settings).as_dict()["items"]}


def command(settings: Settings, *arguments: str) -> tuple[int, str]:
    path = str(settings.work.parent / "expansion.toml")
    result = CliRunner().invoke(app, ["scorings", *arguments, "--config", path])
    return result.exit_code, " ".join(result.output.split())


def exported(settings: Settings) -> str:
    return export(settings, "csv", None, None, dry_run=True).scoring_id


def test_every_scoring_is_listed_with_its_state(settings: Settings) -> None:
    assert states(settings) == {"far": "of the future", "second": "valid", "first": "valid"}
    listed = scorings.listed(settings)
    assert listed.newest == "second"
    assert listed.problem is not None
    assert "expansion scorings withdraw far" in listed.problem
    code, shown = command(settings)
    assert code == 0
    assert "of the future: never the newest" in shown
    assert "valid, in use" in shown


def test_who_withdraws_a_scoring_is_in_the_list_and_in_the_audit_log(settings: Settings) -> None:
    assert exported(settings) == "second"
    result = scorings.withdraw(settings, "second", "the CRM was loaded twice", by="ops-7")
    assert result.newest == "first"
    assert exported(settings) == "first"
    assert states(settings)["second"] == "withdrawn"
    with closing(AuditLog(settings.store_url)) as audit:
        (entry,) = audit.read()
    assert entry.asked == "withdraw second: the CRM was loaded twice"
    assert (entry.account_id, entry.address) == ("*", "command line, ops-7")
    assert "by ops-7: the CRM was loaded twice" in command(settings)[1]
    assert scorings.restore(settings, "second", by="ops-8").newest == "second"
    assert exported(settings) == "second"
    with closing(AuditLog(settings.store_url)) as audit:
        assert {entry.asked.split()[0] for entry in audit.read()} == {"withdraw", "restore"}


def test_the_verbs_say_what_is_in_use_and_how_to_undo(settings: Settings) -> None:
    code, shown = command(settings, "withdraw", "second", "--reason", "wrong")
    assert (code, "In use: first" in shown) == (0, True)
    assert "expansion scorings restore second" in shown
    assert command(settings, "withdraw", "first", "--reason", "wrong")[1].count("No valid") == 1
    code, shown = command(settings, "restore", "second", "--json")
    document: dict[str, Any] = json.loads(shown)
    assert (code, document["state"], document["newest"]) == (0, "valid", "second")


def test_what_cannot_be_withdrawn_is_told_the_way_out(settings: Settings) -> None:
    with pytest.raises(UsageError, match="did you mean 'second'"):
        scorings.withdraw(settings, "secnd", "wrong")
    with pytest.raises(UsageError, match="--reason"):
        scorings.withdraw(settings, "second", "  ")
    with pytest.raises(DataError, match="nothing to undo"):
        scorings.restore(settings, "second")
    scorings.withdraw(settings, "second", "wrong", by="ops-7")
    with pytest.raises(DataError, match=r"already, by ops-7.*scorings restore second"):
        scorings.withdraw(settings, "second", "again")


def test_options_before_the_verb_are_refused_not_lost(settings: Settings) -> None:
    path = str(settings.work.parent / "expansion.toml")
    arguments = ["scorings", "--config", path, "restore", "second"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "after the verb" in " ".join(result.output.split())


def test_a_clock_set_back_is_reported_by_the_list_and_by_what_reads(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scorings.withdraw(settings, "far", "one event of 2035")
    scorings.warn_of_clock(settings)
    assert caplog.messages == []
    monkeypatch.setattr(clock, "utc_now", lambda: datetime(2026, 8, 4, tzinfo=clock.UTC))
    assert exported(settings) == "first"
    (warning,) = caplog.messages
    assert "this machine's clock says 2026-08-04 00:00:00 UTC" in warning
    assert scorings.listed(settings).problem == warning


def test_without_scorings_the_next_step_is_named(settings: Settings) -> None:
    (settings.work / "scores.db").unlink()
    assert "expansion score" in command(settings)[1]
