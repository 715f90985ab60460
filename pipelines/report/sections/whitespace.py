"""Whitespace: addressable users without a seat and products not held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from models.store.scores import StoredScore
    from pipelines.report.inputs import Inputs

MOST = 8
SEATS = ["employees", "seats_whitespace_share"]
NO_SEGMENT = "\u2013"


@dataclass(frozen=True)
class Segment:
    """One segment: accounts, people without a seat, what those seats cost today, products left.

    ``arr`` is of the accounts whose price is known, ``None`` where it is of none.
    """

    name: str
    accounts: int
    people: float
    arr: float | None
    products: float | None


@dataclass(frozen=True)
class AccountWhitespace:
    """One account with whitespace; ``arr`` is its people without a seat at its own price.

    ``None`` where its ARR or its seats are not known, and so its price.
    """

    score: StoredScore
    people: float
    arr: float | None
    products: float | None


@dataclass(frozen=True)
class Whitespace:
    """The largest accounts by whitespace, and all by segment.

    ``has_data`` says whether the data holds people and seats at all, ``has_people`` whether seats
    alone are missing: nothing is priced by them.
    ``unknown`` counts the accounts of which nobody knows how many people could hold a seat.
    """

    has_data: bool
    has_people: bool = True
    segments: tuple[Segment, ...] = ()
    accounts: tuple[AccountWhitespace, ...] = ()
    unknown: int = 0


def whitespace(inputs: Inputs) -> Whitespace:
    """Add up the whitespace, by segment and account."""
    frame = inputs.newest
    if not set(SEATS) <= set(frame.columns) or not frame[SEATS].notna().all(axis=1).any():
        has_people = "employees" in frame and bool(frame["employees"].notna().any())
        return Whitespace(has_data=False, has_people=has_people)
    scores = {score.account_id: score for score in inputs.scores}
    table = _by_account(frame[frame["account_id"].isin(list(scores))], scores)
    addressable = table[table["people"].notna()]
    ordered = addressable.sort_values(
        ["arr", "people", "account_id"], ascending=[False, False, True]
    )
    top = ordered[ordered["people"] > 0].head(MOST).to_dict("records")
    return Whitespace(
        has_data=True,
        segments=tuple(_segments(addressable)),
        accounts=tuple(
            AccountWhitespace(
                score=scores[str(row["account_id"])],
                people=row["people"],
                arr=row["arr"] if isfinite(row["arr"]) else None,
                products=float(row["products"]) if isfinite(row["products"]) else None,
            )
            for row in top
        ),
        unknown=len(table) - len(addressable),
    )


def _by_account(frame: pd.DataFrame, scores: dict[str, StoredScore]) -> pd.DataFrame:
    people = (frame["employees"] * frame["seats_whitespace_share"]).clip(lower=0)
    licensed = frame.get("seats_licensed", pd.Series(float("nan"), frame.index))
    scored = [scores[str(account)] for account in frame["account_id"]]
    arr = pd.Series([score.arr for score in scored], frame.index, dtype=float)
    price = arr / licensed.where(licensed > 0)
    return pd.DataFrame(
        {
            "account_id": frame["account_id"].astype(str),
            "segment": [score.segment or NO_SEGMENT for score in scored],
            "people": people,
            "arr": people * price,
            "products": frame.get("products_whitespace", pd.Series(float("nan"), frame.index)),
        }
    )


def _segments(addressable: pd.DataFrame) -> Sequence[Segment]:
    segments = [
        Segment(
            name=str(name),
            accounts=len(rows),
            people=float(rows["people"].sum()),
            arr=float(rows["arr"].sum()) if rows["arr"].notna().any() else None,
            products=float(rows["products"].sum()) if rows["products"].notna().any() else None,
        )
        for name, rows in addressable.groupby("segment", sort=True)
    ]
    return sorted(
        segments, key=lambda segment: (-(segment.arr or 0.0), -segment.people, segment.name)
    )
