"""``expansion audit``: who asked for which account, as a person or a script reads it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from models.store.audit_log import AuditLog
from pipelines.config.settings import load
from tests.models.store.test_audit_log import ASKED
from tests.pipelines.cli.test_app import expansion
from tests.support.shared import SETTINGS


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company of which two accounts were asked for, the second a day later without a key."""
    monkeypatch.delenv("EXPANSION_STORE_URL", raising=False)
    config = tmp_path / "expansion.toml"
    config.write_text(SETTINGS)
    later = {"event_id": "e2", "at": ASKED.at + timedelta(days=1), "key_id": ""}
    with closing(AuditLog(load(config).store_url)) as log:
        log.write([ASKED, replace(ASKED, account_id="a-000002", **later)])
    return tmp_path


def test_the_newest_question_comes_first(company: Path) -> None:
    shown = expansion(company, "audit").stdout
    assert shown.index("a-000002") < shown.index("a-000001")
    assert "no key required" in shown
    assert "2026-09-07 12:00:00" in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["a-000002", "a-000001"]),
        (("--account", "a-000001"), ["a-000001"]),
        (("--key", "0" * 12), ["a-000001"]),
        (("--since", "2026-09-08"), ["a-000002"]),
        (("--top", "1"), ["a-000002"]),
        (("--account", "nobody"), []),
    ],
)
def test_it_is_asked_by_account_by_key_and_by_day(
    company: Path, arguments: tuple[str, ...], expected: list[str]
) -> None:
    told = json.loads(expansion(company, "audit", *arguments, "--json").stdout)
    assert [one["account_id"] for one in told["items"]] == expected


def test_where_nobody_asked_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "expansion.toml").write_text(SETTINGS)
    assert "No requests" in expansion(tmp_path, "audit").stdout
