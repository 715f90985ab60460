"""Comparisons of the journey: intervals by the book, like with like, and marks on the few."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.statistics.cohort_comparison import ALL, compare, newcombe, picture, stratified, wilson


def test_intervals_are_those_of_the_literature() -> None:
    """The example of Newcombe (1998): 56 of 70 against 48 of 80."""
    one, two = wilson(56, 70), wilson(48, 80)
    assert (one.low, one.high) == pytest.approx((0.6919, 0.8772), abs=1e-3)
    gap = newcombe(one, two)
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_without_outcomes_an_interval_is_not_nothing() -> None:
    assert (wilson(0, 20).low, wilson(20, 20).high) == (0.0, 1.0)
    assert wilson(0, 20).high == pytest.approx(0.161, abs=1e-3)


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_an_interval_holds_its_share(n: int, others: int, data: st.DataObject) -> None:
    one = wilson(data.draw(st.integers(0, n)), n)
    two = wilson(data.draw(st.integers(0, others)), others)
    gap = newcombe(one, two)
    for each, least in ((one, 0.0), (two, 0.0), (gap, -1.0)):
        assert least <= each.low <= each.value <= each.high <= 1.0


def people(kind: str, reached: int, n: int, happened: int) -> dict[str, Any]:
    """Return ``n`` rows of which ``happened`` had the outcome."""
    outcome = [1.0] * happened + [0.0] * (n - happened)
    return {"kind": [kind] * n, "reached": [float(reached)] * n, "outcome": outcome}


def test_like_is_compared_with_like() -> None:
    """Large accounts reach it and buy; within each size reaching it makes no difference."""
    parts = [
        pd.DataFrame(people("large", 1, 90, 45)),
        pd.DataFrame(people("large", 0, 10, 5)),
        pd.DataFrame(people("small", 1, 10, 1)),
        pd.DataFrame(people("small", 0, 90, 9)),
        pd.DataFrame(people("alone", 1, 30, 30)),
    ]
    rows = pd.concat(parts)
    columns = rows["reached"].to_numpy(), rows["outcome"].to_numpy(), rows["kind"].to_numpy()
    found = stratified(*columns)
    assert found is not None
    assert found.value == pytest.approx(0.0)
    assert found.low < -0.1 < 0.1 < found.high
    assert stratified(np.ones(5), np.ones(5), np.array(["a"] * 5)) is None


def test_one_stratum_is_the_plain_comparison() -> None:
    rows = pd.concat([pd.DataFrame(people("a", 1, 70, 56)), pd.DataFrame(people("a", 0, 80, 48))])
    found = stratified(
        rows["reached"].to_numpy(), rows["outcome"].to_numpy(), rows["kind"].to_numpy()
    )
    assert found is not None
    plain = newcombe(wilson(56, 70), wilson(48, 80))
    assert (found.value, found.low, found.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )


def journeys(accounts: int = 400, effect: float = 0.4) -> pd.DataFrame:
    """Return accounts of which half reached a step; it adds ``effect`` to their chance."""
    luck = np.random.default_rng(5)
    reached = luck.random(accounts) < 0.5
    rows = pd.DataFrame(
        {
            "account_id": [f"a{n}" for n in range(accounts)],
            "day": 90,
            "started_on": [date(2024, 1 + n % 12, 1) for n in range(accounts)],
            "segment": ["smb" if n % 3 else None for n in range(accounts)],
            "units": luck.choice([5.0, 20.0, 200.0], accounts),
            "step": reached.astype(float),
            "upsell": (luck.random(accounts) < 0.2 + effect * reached).astype(float),
        }
    )
    rows.loc[:9, "upsell"] = np.nan
    rows.loc[10:19, "step"] = np.nan
    return rows


def test_a_planted_effect_is_found_in_all_and_in_each_cohort() -> None:
    found = {one.cohort: one for one in compare(journeys(), ["step"], ["upsell"])}
    assert set(found) == {ALL, "2024 H1", "2024 H2"}
    for one in found.values():
        assert one.difference.low > 0
        assert one.adjusted is not None
        assert one.adjusted.low > 0
        assert not one.few
    assert found[ALL].difference.low < 0.4 < found[ALL].difference.high
    assert found[ALL].reached + found[ALL].open == 380
    parts = [found[name].reached for name in ("2024 H1", "2024 H2")]
    assert sum(parts) == found[ALL].reached


def test_no_effect_is_none() -> None:
    (one, *_) = compare(journeys(effect=0.0), ["step"], ["upsell"])
    assert one.difference.low < 0 < one.difference.high


def test_few_are_marked_and_one_side_alone_is_left_out() -> None:
    rows = journeys(40)
    assert all(one.few for one in compare(rows, ["step"], ["upsell"]) if one.cohort != ALL)
    assert compare(rows.assign(step=1.0), ["step"], ["upsell"]) == []


def test_a_comparison_is_a_row_of_plain_values() -> None:
    row = compare(journeys(), ["step"], ["upsell"])[0].flat()
    assert (row["cohort"], row["day"], row["step"], row["few"]) == (ALL, 90, "step", False)
    assert row["difference_low"] < row["difference"] < row["difference_high"]


def test_the_picture_is_the_same_for_the_same_data() -> None:
    found = [one for one in compare(journeys(), ["step"], ["upsell"]) if one.cohort == ALL]
    drawn = picture(found, {"step": "a step"}, {"upsell": "Upsell"})
    assert drawn.startswith(b"\x89PNG")
    assert drawn == picture(found, {"step": "a step"}, {"upsell": "Upsell"})
