"""What is announced for accounts that went their own way, and how terms, age and ramps go on."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.forecast.quarterly_panel import AHEAD, DUE, KEPT, OPEN, Panel
from models.forecast.simulation import Base, announced, imagined, learned
from tests.models.panels import steady
from tests.support.company import rows

DAY = date(2026, 8, 3)
NAMES = {"kept": KEPT, "due": DUE, "open": OPEN}


def test_what_is_announced_meets_what_an_account_pays_by_then() -> None:
    told = rows("""
        account            | before | after | pays | coming
        as_announced       | 100    | 100   | 100  | 100
        tranche            | 100    | 150   | 100  | 150
        grew_then_tranche  | 100    | 150   | 120  | 170
        shrank_and_tranche | 100    | 150   | 40   | 90
        less               | 100    | 60    | 100  | 60
        grew_then_less     | 100    | 60    | 150  | 90
        shrank_and_less    | 100    | 60    | 30   | 18
        gone_with_tranche  | 100    | 150   | 0    | 0
        gone               | 100    | 100   | 0    | 0
        to_end             | 100    | 0     | 80   | 80
        stayed_after_all   | 0      | 0     | 80   | 80
        pauses             | 0      | 0     | 0    | 0
        begins_again       | 0      | 120   | 0    | 120
    """)
    before, after, pays, coming = (
        np.array([float(row[name]) for row in told])
        for name in ("before", "after", "pays", "coming")
    )
    assert announced(pays[None, :], before, after)[0] == pytest.approx(coming)


def test_terms_age_and_ramps_go_on_quarter_by_quarter() -> None:
    told = rows("""
        account     | renewal | term | started | last | q1   | q2   | q3   | q4
        yearly      | 100     | 364  | 400     | 100  | kept | due  | kept | kept
        tomorrow    | 1       | 364  | 400     | 100  | due  | kept | kept | kept
        in_91_days  | 91      | 364  | 400     | 100  | kept | due  | kept | kept
        quarterly   | 30      | 91   | 400     | 100  | due  | due  | due  | due
        monthly     | 10      | 30   | 400     | 100  | open | open | open | open
        without     | -       | -    | 400     | 100  | open | open | open | open
        passed      | -31     | 366  | 400     | 100  | kept | kept | kept | due
        long        | 700     | 1092 | 400     | 100  | kept | kept | kept | kept
    """)
    number = {name: [float(r[name].replace("-", "nan") if r[name] == "-" else r[name])
                     for r in told] for name in ("renewal", "term", "started", "last")}  # fmt: skip
    frame = pd.DataFrame(
        {
            "as_of": DAY,
            "started_on": [DAY - timedelta(days=int(one)) for one in number["started"]],
            "arr": 100.0,
            **dict.fromkeys(AHEAD, 100.0),
            "renewal_days": number["renewal"],
            "term_days": number["term"],
        }
    )
    base = Base.of(frame)
    for quarter in range(4):
        wanted = [NAMES[row[f"q{quarter + 1}"]] for row in told]
        assert base.bound[quarter].tolist() == wanted, f"quarter {quarter + 1}"


def test_age_and_what_is_still_to_come_of_a_ramp_are_known_ahead() -> None:
    frame = steady(accounts=2, quarters=1).assign(arr_in_273d=1500.0, arr_in_364d=1500.0)
    frame["started_on"] = [DAY, DAY - timedelta(days=600)]
    base = Base.of(frame.assign(as_of=DAY))
    reached, ramp = base.traits[:, :, 3:6].sum(axis=2), base.traits[:, :, 6]
    assert reached.tolist() == [[0, 2], [0, 2], [1, 3], [1, 3]]
    assert ramp.tolist() == [[1, 1], [1, 1], [0, 0], [0, 0]]


def test_ends_that_did_not_come_in_the_past_are_not_believed_altogether() -> None:
    frame = steady(accounts=100, quarters=9)
    frame.loc[frame["account_id"] < "a-00050", list(AHEAD)] = 0.0
    known = Panel.of(frame)
    history = learned(known.transitions(known.quarters(known.dates[-1]), known.dates[-1]))
    base = Base.of(known.at(known.dates[-1]))
    found = imagined(base, history, np.random.default_rng(0), 100)
    assert found.parts["contracted_down"].mean() == pytest.approx(-0.5)
    assert found.parts["expansion"].mean() == pytest.approx(0.5, abs=0.05)


def test_portions_cover_all_futures(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Panel.of(steady(accounts=30, quarters=6))
    history = learned(known.transitions(known.quarters(known.dates[-1]), known.dates[-1]))
    monkeypatch.setattr("models.forecast.simulation.MOST_CELLS", 200)
    found = imagined(Base.of(known.at(known.dates[-1])), history, np.random.default_rng(0), 20)
    assert found.nrr.shape == found.grr.shape == found.parts["churn"].shape == (20,)
