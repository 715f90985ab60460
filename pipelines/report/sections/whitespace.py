"""What the base could still buy: people without a seat and products not held."""

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
    """One segment: accounts, people without a seat, what those seats cost today, products left."""

    name: str
    accounts: int
    people: float
    arr: float
    products: float | None


@dataclass(frozen=True)
class Room:
    """One account with room to grow; ``arr`` is its people without a seat at its own price."""

    score: StoredScore
    people: float
    arr: float
    products: float | None


@dataclass(frozen=True)
class Whitespace:
    """The largest accounts by what is left, and all by segment; ``known`` says the data has it.

    ``unknown`` counts the accounts of which nobody knows how many people could hold a seat.
    """

    known: bool
    segments: tuple[Segment, ...] = ()
    rooms: tuple[Room, ...] = ()
    unknown: int = 0


def whitespace(inputs: Inputs) -> Whitespace:
    """Add up what is left, by segment and account."""
    frame = inputs.newest
    if not set(SEATS) <= set(frame.columns) or not frame[SEATS].notna().all(axis=1).any():
        return Whitespace(known=False)
    scores = {one.account_id: one for one in inputs.scores}
    left = _left(frame[frame["account_id"].isin(list(scores))], scores)
    known = left[left["people"].notna()]
    ordered = known.sort_values(["arr", "people", "account_id"], ascending=[False, False, True])
    top = ordered[ordered["people"] > 0].head(MOST).to_dict("records")
    return Whitespace(
        known=True,
        segments=tuple(_segments(known)),
        rooms=tuple(
            Room(scores[str(row["account_id"])], row["people"], row["arr"], _known(row["products"]))
            for row in top
        ),
        unknown=len(left) - len(known),
    )


def _left(frame: pd.DataFrame, scores: dict[str, StoredScore]) -> pd.DataFrame:
    people = (frame["employees"] * frame["seats_whitespace_share"]).clip(lower=0)
    licensed = frame.get("seats_licensed", pd.Series(float("nan"), frame.index))
    arr = pd.Series([scores[str(one)].arr or 0.0 for one in frame["account_id"]], frame.index)
    price = (arr / licensed.where(licensed > 0)).fillna(0.0)
    return pd.DataFrame(
        {
            "account_id": frame["account_id"].astype(str),
            "segment": [scores[str(one)].segment or NO_SEGMENT for one in frame["account_id"]],
            "people": people,
            "arr": people * price,
            "products": frame.get("products_whitespace", pd.Series(float("nan"), frame.index)),
        }
    )


def _segments(known: pd.DataFrame) -> Sequence[Segment]:
    found = [
        Segment(
            name=str(name),
            accounts=len(own),
            people=float(own["people"].sum()),
            arr=float(own["arr"].sum()),
            products=float(own["products"].sum()) if own["products"].notna().any() else None,
        )
        for name, own in known.groupby("segment", sort=True)
    ]
    return sorted(found, key=lambda one: (-one.arr, -one.people, one.name))


def _known(value: float) -> float | None:
    return float(value) if isfinite(value) else None
