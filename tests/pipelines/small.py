"""A company of two accounts in CSV files that pass every rule; a test spoils what it is about."""

from __future__ import annotations

from pathlib import Path

from features.catalogue import columns
from pipelines.config.settings import Settings, load

ACCOUNTS = """
account_id,name,created_on,known_at
a1,Example One,2024-01-01,2024-01-01
a2,Example Two,2024-01-01,2024-01-01
"""
SUBSCRIPTIONS = """
subscription_id,account_id,product_id,starts_on,ended_on,ended_known_on,quantity,unit_price,currency,signed_on,known_at
s1,a1,core,2024-01-01,2024-03-01,2024-02-01,10,100,EUR,2024-01-01,2024-01-01
s1,a1,core,2024-03-01,,,20,100,EUR,2024-02-01,2024-02-01
s2,a2,core,2024-01-01,,,5,120,EUR,2024-01-01,2024-01-01
"""
USAGE_DAILY = """
account_id,product_id,feature,day,events,active_users,known_at
a1,core,search,2024-02-01,3,2,2024-02-02
a2,core,search,2024-02-01,4,1,2024-02-02
a2,core,search,2024-04-30,1,1,2024-04-30
"""
TABLES = {"accounts": ACCOUNTS, "subscriptions": SUBSCRIPTIONS, "usage_daily": USAGE_DAILY}


FEW = {"arr", "seats_licensed", "usage_events_28d", "usage_active_users_91d", "tickets_open"}
"""Columns that are enough for tests of what happens to columns; all of them take seconds."""


def few() -> str:
    """Return settings that leave out all columns but ``FEW``."""
    names = ", ".join(f'"{column.name}"' for column in columns() if column.name not in FEW)
    return f"[features]\nleave_out = [{names}]\n"


def company(folder: Path, toml: str = "", **tables: str | None) -> Settings:
    """Write the company, with other ``tables`` (None leaves one out), and load its settings."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    for name, text in {**TABLES, **tables}.items():
        (source / f"{name}.csv").unlink(missing_ok=True)
        if text is not None:
            (source / f"{name}.csv").write_text(text.lstrip(), "utf-8")
    config = folder / "expansion.toml"
    config.write_text(toml, "utf-8")
    return load(config)
