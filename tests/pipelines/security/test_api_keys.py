"""``expansion keys``: a key is shown once, a list shows none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.store.api_keys import FORM
from tests.pipelines.cli.test_app import expansion
from tests.support.shared import SETTINGS


@pytest.fixture
def company(tmp_path: Path) -> Path:
    (tmp_path / "expansion.toml").write_text(SETTINGS)
    return tmp_path


def test_a_key_is_printed_once_and_listed_without_its_secret(company: Path) -> None:
    made = expansion(company, "keys", "create", "--name", "crm", "--scope", "read")
    found = FORM.search(made.stdout)
    assert found is not None
    assert "not shown again" in made.stdout
    listed = (
        expansion(company, "keys", "list").stdout
        + expansion(company, "keys", "list", "--json").stdout
    )
    assert found[1] in listed
    assert "active" in listed
    assert not FORM.search(listed)
    assert "hash" not in listed


def test_as_json_a_key_comes_with_what_it_is_for(company: Path) -> None:
    told = expansion(
        company, "keys", "create", "--name", "crm", "--scope", "feedback", "--scope", "read",
        "--days", "7", "--per-minute", "60", "--json",
    )  # fmt: skip
    body = json.loads(told.stdout)
    assert FORM.fullmatch(body["key"])
    assert (body["scopes"], body["per_minute"], body["state"]) == (
        ["read", "feedback"],
        60,
        "active",
    )


def test_a_revoked_key_is_listed_as_such(company: Path) -> None:
    made = json.loads(expansion(company, "keys", "create", "--name", "crm", "--json").stdout)
    assert "revoked" in expansion(company, "keys", "revoke", made["key_id"]).stdout
    assert (
        json.loads(expansion(company, "keys", "list", "--json").stdout)["items"][0]["state"]
        == "revoked"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("create", "--name", "x", "--scope", "raed"), 2, "did you mean 'read'"),
        (("create", "--name", "x", "--days", "0"), 2, "--days"),
        (("revoke", "000000000000"), 1, "expansion keys list"),
    ],
)
def test_what_cannot_be_done_is_told(
    company: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    answer = expansion(company, "keys", *arguments)
    assert answer.returncode == code
    assert says in answer.stderr


def test_an_empty_list_says_how_to_make_a_key(company: Path) -> None:
    assert "expansion keys create" in expansion(company, "keys", "list").stdout
