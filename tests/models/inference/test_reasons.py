"""Reasons as data: what is stored comes back as it was, and is decoded when it is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models.inference.reasons import GroupContribution, Reason, Reasons, StoredReasons, as_stored

USE = Reason("use_28d", "usage", "Use: 90 %", value=0.9, typical=0.5, contribution=0.4)
UNKNOWN = Reason("arr", "commercial", "ARR: not known", None, typical=None, contribution=-0.1)
STORED: dict[str, Any] = {
    "up": [{"feature": "use_28d", "group": "usage", "text": "Use: 90 %", "value": 0.9,
            "typical": 0.5, "contribution": 0.4}],
    "down": [{"feature": "arr", "group": "commercial", "text": "ARR: not known", "value": None,
              "typical": None, "contribution": -0.1}],
    "groups": [{"group": "usage", "contribution": 0.4}, {"group": "commercial",
                                                          "contribution": -0.1}],
}  # fmt: skip
REASONS = Reasons(
    up=(USE,),
    down=(UNKNOWN,),
    groups=(GroupContribution("usage", 0.4), GroupContribution("commercial", -0.1)),
)


def test_reasons_are_written_and_read_as_they_are_stored() -> None:
    assert json.dumps(REASONS.to_json()) == json.dumps(STORED)  # in the order of the keys, too
    assert Reasons.from_json(STORED) == REASONS


def test_reasons_from_before_there_were_groups_and_with_newer_keys_are_read() -> None:
    newer = {"up": [{**STORED["up"][0], "confidence": 1}], "down": [], "flat": []}
    assert Reasons.from_json(newer) == Reasons(up=(USE,), down=())


def test_a_reason_that_lacks_a_key_is_no_reason() -> None:
    lacking = {"up": [{"text": "Use: 90 %"}], "down": []}
    with pytest.raises(TypeError, match="feature"):
        StoredReasons({"upsell": lacking}).get("upsell")


def test_stored_reasons_are_decoded_target_by_target_and_passed_on_as_they_are() -> None:
    stored = {"upsell": STORED, "churn": "damaged"}
    reasons = StoredReasons(stored)
    assert list(reasons) == ["upsell", "churn"]
    assert reasons["upsell"] == REASONS
    assert reasons.get("downsell") is None
    assert as_stored(reasons) is stored
    assert as_stored({"upsell": REASONS}) == {"upsell": STORED}
