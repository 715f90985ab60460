"""A store of before there were migrations, loaded from its dump into an empty database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, make_url

FIXTURES = Path(__file__).parent / "fixtures"
COUNTS = {
    "scorings": 3, "scores": 15, "decisions": 10, "input_names": 2, "inputs": 10, "forecasts": 2,
    "seat_forecasts": 10, "feedback": 2, "audit": 3, "api_keys": 2, "outbox": 6,
    "outbox_noticed": 2, "outbox_switched_off": 1, "erased": 2,
}  # fmt: skip
"""How many rows each table has."""

Row = dict[str, Any]


def load(url: str) -> None:
    """Load the dump for the kind of database at ``url``."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript((FIXTURES / "baseline_sqlite.sql").read_text("utf-8"))
        return
    with opened(url) as engine, engine.begin() as connection:
        # Without parameters the driver takes several statements, and a percent sign as it is.
        dump = (FIXTURES / "baseline_postgresql.sql").read_text("utf-8")
        connection.connection.cursor().execute(dump)


def rows(url: str) -> dict[str, list[Row]]:
    """Return every row of every table that is there, in an order of its content."""
    with opened(url) as engine, engine.connect() as connection:
        layout = MetaData()
        layout.reflect(connection)
        return {
            name: sorted((dict(row) for row in connection.execute(t.select()).mappings()), key=repr)
            for name, t in layout.tables.items()
        }


def moved(before: dict[str, list[Row]]) -> list[Row]:
    """Return the scores of a store of before as they are to be, each with its decision."""
    decisions = {(row["scoring_id"], row["account_id"]): row for row in before["decisions"]}
    nothing = dict.fromkeys(before["decisions"][0])
    expected = []
    for score in before["scores"]:
        decision = decisions.get((score["scoring_id"], score["account_id"]), nothing)
        columns = {
            "play": decision["play"], "play_text": decision["text"],
            "play_reason": decision["why"], "second_play": decision["second"],
            "at_stake": decision["at_stake"], "standing": decision["standing"],
            "place": decision["place"], "held_out": decision["held_out"],
        }  # fmt: skip
        contracted = ("arr", "gain", "loss", "on")
        columns |= {
            "is_decided": None,
            "worth": None,
            **{f"contracted_{name}": None for name in contracted},
        }
        expected.append({**score, "rankings": None, **columns})
    return expected


def standing(before: dict[str, list[Row]]) -> list[Row]:
    """Return the scorings of a store of before as they are to be: none is withdrawn."""
    columns = ("rankings", "amount_errors", "withdrawn_at", "withdrawn_by", "withdrawn_reason")
    return [{**row, **dict.fromkeys(columns)} for row in before["scorings"]]


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open a database without what the store does to it."""
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()
