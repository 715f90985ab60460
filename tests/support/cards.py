"""A model card with every key that one of today has, to be changed where a test looks."""

from __future__ import annotations

from typing import Any

from models.release.card import Card

AUC = {"value": 0.81, "low": 0.77, "high": 0.85}


def card_json(**changes: Any) -> dict[str, Any]:
    """Return a card as it is stored, with some keys' values changed."""
    return {
        "target": "upsell",
        "verdict": "skill",
        "skill": True,
        "why": "AUC is above chance and simple rules",
        "split": "fitted on then, tested on now",
        "trees": 30,
        "calibration": {"method": "none"},
        "amount": {"method": "typical", "share": 0.2},
        "trained": {
            "rows": 9000,
            "positives": 900,
            "from": "2024-01-01",
            "to": "2025-11-24",
            "data_fingerprint": "f" * 64,
        },
        "suspects": [],
        "test": {
            "rows": 1500,
            "accounts": 300,
            "positives": 200,
            "base_rate": 0.1,
            "from": "2026-03-16",
            "to": "2026-08-03",
        },
        "metrics": {"auc": AUC},
        "baselines": {},
        "reached": [],
        "slices": [],
        "walk": [],
        "held_out": {"fitted_on": AUC, "held_out": AUC, "accounts": 60},
        "importance": {"weights": [], "curves": []},
        "reliability": [],
        **changes,
    }


def card(**changes: Any) -> Card:
    """Return a card with some keys' values changed, which are as they are stored."""
    return Card.from_json(card_json(**changes))
