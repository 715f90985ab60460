"""Scorings by hand, shared by the tests of the store and of the server."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from models.inference.reasons import StoredReasons
from models.store.scores import AccountScore, Scoring

TARGETS = ("upsell", "cross_sell", "downsell", "churn")
REASON = {
    "feature": "seats_utilization_28d",
    "group": "seats",
    "text": "Share of the licensed seats that were active, last 28 days: 96 % (typical 61 %)",
    "value": 0.96,
    "typical": 0.61,
    "contribution": 0.42,
}


def scoring(scoring_id: str = "2026-08-03-first", **changes: Any) -> Scoring:
    """Return a scoring, with what the test is about changed."""
    known: dict[str, Any] = {
        "scoring_id": scoring_id,
        "as_of": date(2026, 8, 3),
        "created_at": datetime(2026, 8, 4, 6, 30),  # noqa: DTZ001 (the store holds naive UTC)
        "release_id": "b8033f333341",
        "data_fingerprint": "f" * 64,
        "horizon_days": 91,
        "accounts": 3,
        "currency": "EUR",
        "models": dict.fromkeys(TARGETS, "1"),
    }
    return Scoring(**{**known, **changes})


def account(number: int, **changes: Any) -> AccountScore:
    """Return the score of the account with this rank."""
    known: dict[str, Any] = {
        "account_id": f"a-{number:06}",
        "rank": number,
        "name": f"Account {number}",
        "csm_id": None,
        "segment": "smb",
        "arr": 12_000.0,
        "expected_expansion_arr": 900.0,
        "arr_at_risk": 300.0,
        "probabilities": {"upsell": 0.31, "cross_sell": 0.08, "downsell": 0.02, "churn": 0.01},
        "reasons": StoredReasons({name: {"up": [REASON], "down": []} for name in TARGETS}),
    }
    return AccountScore(**{**known, **changes})
