"""A company small enough to read, scored: a work folder for the report's tests."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.inference.reasons import Reason, Reasons
from models.plays.prioritisation import Decision, Standing
from models.store.scores import AccountScore, ScoreStore, Scoring
from pipelines.build.metadata import METADATA
from pipelines.config.settings import Settings, load
from pipelines.monitoring.verdict import Verdict, write
from tests.support.cards import card_json

AS_OF = date(2026, 8, 3)
DATES = [AS_OF - timedelta(days=28 * back) for back in range(13, -1, -1)]
ACCOUNTS = 250
COLUMNS = [
    {"name": name, "unit": unit, "description": told, "window_days": days, "by_day": None}
    for name, unit, told, days in (
        ("arr", "currency", "Annual recurring revenue", None),
        ("seats_licensed", "seats", "Seats licensed", None),
        ("seats_activated", "people", "People with access", None),
        ("seats_activated_share", "ratio", "Share of the seats that are activated", None),
        ("usage_active_users_28d", "people", "People active", 28),
        ("adoption_age_days", "days", "Days since the first subscription started", None),
        ("champions_count", "people", "Champions in place", None),
        ("champions_going", "people", "Champions about to go", None),
        ("champions_on_leave", "people", "Champions on a long leave", None),
        ("champions_days_since_lost", "days", "Days since a champion was lost", None),
        ("has_champion_successor", "flag", "A successor is in place", None),
    )
]
META = {
    "fingerprint": "f" * 64,
    "horizon_days": 91,
    "features": COLUMNS,
    "targets": [
        {
            "name": name,
            "column": f"{name}_next_91d",
            "amount_column": f"{name}_next_91d_arr",
            "direction": direction,
            "mature_days": days,
        }
        for name, direction, days in (
            ("upsell", "+", 91),
            ("cross_sell", "+", 122),
            ("downsell", "-", 122),
            ("churn", "-", 122),
        )
    ],
}
CARD: dict[str, Any] = card_json(
    verdict="skill",
    skill=True,
    why="above its rivals",
    version="3",
    metrics={"auc": {"value": 0.81, "low": 0.77, "high": 0.85}},
    baselines={
        "best_column": {
            "name": "single column: usage_active_users_28d",
            "auc": {"value": 0.7, "low": 0.66, "high": 0.74},
            "lead": {"value": 0.11, "low": 0.07, "high": 0.15},
            "brier": None,
        },
        "rule": {
            "name": "practitioner's rule",
            "auc": {"value": 0.66, "low": 0.62, "high": 0.7},
            "lead": {"value": 0.15, "low": 0.1, "high": 0.19},
            "brier": None,
        },
        "logistic": {
            "name": "logistic regression",
            "auc": {"value": 0.8, "low": 0.76, "high": 0.84},
            "lead": {"value": 0.01, "low": -0.01, "high": 0.03},
            "brier": None,
        },
    },
    test={
        "rows": 1500,
        "accounts": 300,
        "positives": 200,
        "base_rate": 0.133,
        "from": "2026-03-16",
        "to": "2026-08-03",
    },
    reliability=[
        {"predicted": 0.05, "observed": 0.04, "n": 700},
        {"predicted": 0.3, "observed": 0.33, "n": 100},
    ],
)


def frame() -> pa.Table:
    """Return the feature table; account 1 has a champion going, 2 is oversold, 3 has started."""
    luck = np.random.default_rng(3)
    names = [f"a{number:03d}" for number in range(1, ACCOUNTS + 1)]
    columns: dict[str, Any] = {
        "account_id": names * len(DATES),
        "as_of": pa.array([day for day in DATES for _ in names], pa.date32()),
    }
    rows = len(columns["account_id"])
    for column in COLUMNS:
        columns[str(column["name"])] = np.tile(luck.uniform(400, 500, ACCOUNTS), len(DATES))
    columns["seats_activated_share"] = np.full(rows, 0.9)
    for name in ("champions_going", "champions_on_leave"):
        columns[name] = np.zeros(rows)
    columns["champions_count"] = np.full(rows, 2.0)
    columns["champions_going"][-ACCOUNTS] = 1
    columns["seats_activated_share"][1 - ACCOUNTS] = 0.2
    columns["adoption_age_days"][2 - ACCOUNTS] = 40
    columns["usage_active_users_28d"][2 - ACCOUNTS] = 0
    return pa.table(columns).replace_schema_metadata({METADATA: json.dumps(META).encode()})


def scoring(**changes: Any) -> Scoring:
    known: dict[str, Any] = {
        "scoring_id": "s1",
        "as_of": AS_OF,
        "created_at": datetime(2026, 8, 4, 6, 30),  # noqa: DTZ001 (the store holds naive UTC)
        "release_id": "r1",
        "data_fingerprint": "f" * 64,
        "horizon_days": 91,
        "accounts": ACCOUNTS,
        "currency": "EUR",
        "models": {"upsell": 3, "cross_sell": 3, "downsell": 3, "churn": 3},
    }
    return Scoring(**{**known, **changes})


def reason(text: str, value: float = 2.0, typical: float = 1.0) -> Reason:
    return Reason("use_28d", "usage", text, value, typical, contribution=0.4)


def decision(number: int) -> Decision:
    """Return what to do: the first three have a place, 5 is held out, 6 rests."""
    standings: dict[int, Standing] = {5: "held_out", 6: "cooling_down"}
    standing = "listed" if number < 4 else standings.get(number, "beyond_capacity")
    place = 1 if number < 4 else None
    text = f"Offer {number} & more."
    why, second = ("Expand waits: <b>ticket", "expand") if number == 2 else ("", None)
    return Decision("expand", text, why, second, 1000.0 - number, standing, place, number == 5)


def scores() -> list[AccountScore]:
    return [
        AccountScore(
            account_id=f"a{number:03d}",
            rank=number,
            name="<script>alert(1)</script> & Söhne" if number == 1 else f"Account {number:03d}",
            csm_id=None if number == 4 else f"csm-{number % 3}",
            segment="mid-market",
            arr=10_000.0,
            expected_expansion_arr=1000.0 - number,
            arr_at_risk=float(number),
            probabilities={"upsell": 0.3, "cross_sell": 0.1, "downsell": 0.02, "churn": 0.001},
            reasons={
                "upsell": Reasons(
                    up=(reason(f"People active: {number}"), reason("No news", 1.0)),
                    down=(reason("Seats unused: 40"),),
                ),
                "downsell": Reasons(up=(reason("Use falls"),), down=()),
            },
            decision=decision(number),
        )
        for number in range(1, ACCOUNTS + 1)
    ]


def work(folder: Path, cards: Mapping[str, Mapping[str, Any]], **changes: Any) -> Settings:
    """Write a scored work folder and return its settings."""
    config = folder / "company.toml"
    config.write_text('[company]\nname = "Small & Co"\n[paths]\nwork = "var"\n')
    settings = load(config)
    settings.work.mkdir()
    pq.write_table(frame(), settings.feature_table)
    for target, card in cards.items():
        place = settings.release_folder / "r1" / target
        place.mkdir(parents=True)
        (place / "card.json").write_text(json.dumps(card))
    store = ScoreStore(settings.store_url)
    store.write(scoring(**changes), scores())
    store.close()
    write(Verdict(AS_OF, "fine", "ok", ()), settings.monitoring_folder)
    return settings
