"""What is new in a scoring: accounts whose play is another than in the scoring before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, or_, select

from models.store.scores import (
    NEWEST_FIRST,
    SCORING,
    Scoring,
    Withdrawal,
    scores,
    scorings,
    state_of,
    valid,
)


@dataclass(frozen=True)
class PlayChange:
    """An account's new play; ``before`` is ``None`` for one that the scoring before lacks."""

    account_id: str
    name: str
    csm_id: str | None
    before: str | None
    play: str
    text: str
    at_stake: float | None
    standing: str
    place: int | None


def history(connection: Connection) -> list[Scoring]:
    """Return every scoring with decisions, the oldest first; a missed week's has none.

    One that was withdrawn, or lies after today, is not among them.
    """
    decided = exists().where(
        scores.c.scoring_id == scorings.c.scoring_id, scores.c.standing.is_not(None)
    )
    rows = connection.execute(select(*SCORING).where(decided, valid()).order_by(*NEWEST_FIRST))
    return [Scoring(**row._mapping) for row in rows][::-1]


def withdrawals(connection: Connection) -> list[tuple[Scoring, Withdrawal]]:
    """Return every withdrawn scoring, the oldest first."""
    query = select(scorings).where(scorings.c.withdrawn_at.is_not(None)).order_by(*NEWEST_FIRST)
    states = [state_of(row) for row in connection.execute(query)][::-1]
    return [(state.scoring, state.withdrawal) for state in states if state.withdrawal is not None]


def not_yet(decided: Sequence[Scoring], noticed: frozenset[str]) -> list[tuple[Scoring, Scoring]]:
    """Return the pairs of successive scorings to compare, the oldest first.

    Those since the last that was ``noticed``, which is compared once more, for it may have been
    written anew; at first only the two newest.
    """
    compared = [n for n, scoring in enumerate(decided) if scoring.scoring_id in noticed]
    first = max(1, compared[-1] if compared else len(decided) - 1)
    return [(decided[n - 1], decided[n]) for n in range(first, len(decided))]


def changes(connection: Connection, older: str, newer: str) -> Iterator[PlayChange]:
    """Yield the changes from one scoring to another, by rank; ``older`` and ``newer`` are ids."""
    now, then = scores.alias("now"), scores.alias("then")
    same_account = and_(then.c.scoring_id == older, then.c.account_id == now.c.account_id)
    query = (
        select(now.c.account_id, now.c.name, now.c.csm_id, then.c.play.label("before"), now.c.play,
               now.c.play_text.label("text"), now.c.at_stake, now.c.standing, now.c.place)
        .select_from(now.outerjoin(then, same_account))
        .where(now.c.scoring_id == newer, now.c.play.is_not(None))
        .where(or_(then.c.play.is_(None), then.c.play != now.c.play))
        .order_by(now.c.rank)
    )  # fmt: skip
    for row in connection.execute(query):
        yield PlayChange(**row._mapping)
