"""What is new in a scoring: accounts whose play is another than in the scoring before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select

from models.store.database import has
from models.store.scores import NEWEST_FIRST, Scoring, decisions, scores, scorings


@dataclass(frozen=True)
class PlayChange:
    """An account's new play; ``before`` is ``None`` for one that the scoring before lacks."""

    account_id: str
    name: str
    csm_id: str | None
    before: str | None
    play: str
    text: str
    at_stake: float
    standing: str
    place: int | None


def history(connection: Connection) -> list[Scoring]:
    """Return every scoring with decisions, the oldest first; a missed week's has none."""
    if not has(connection, scorings) or not has(connection, decisions):
        return []
    decided = select(decisions.c.scoring_id).distinct()
    query = select(scorings).where(scorings.c.scoring_id.in_(decided))
    rows = connection.execute(query.order_by(*NEWEST_FIRST))
    return [Scoring(**row._mapping) for row in rows][::-1]


def not_yet(known: Sequence[Scoring], noticed: frozenset[str]) -> list[tuple[Scoring, Scoring]]:
    """Return the pairs of successive scorings to compare, the oldest first.

    Those since the last that was ``noticed``, which is compared once more, for it may have been
    written anew; at first only the two newest.
    """
    seen = [place for place, one in enumerate(known) if one.scoring_id in noticed]
    first = max(1, seen[-1] if seen else len(known) - 1)
    return [(known[place - 1], known[place]) for place in range(first, len(known))]


def changes(connection: Connection, older: str, newer: str) -> Iterator[PlayChange]:
    """Yield the changes from one scoring to another, by rank; ``older`` and ``newer`` are ids."""
    if not has(connection, decisions):
        return
    now, then = decisions.alias("now"), decisions.alias("then")
    same = and_(then.c.scoring_id == older, then.c.account_id == now.c.account_id)
    mine = and_(scores.c.scoring_id == now.c.scoring_id, scores.c.account_id == now.c.account_id)
    told = (now.c.play, now.c.text, now.c.at_stake, now.c.standing, now.c.place)
    query = (
        select(scores.c.account_id, scores.c.name, scores.c.csm_id,
               then.c.play.label("before"), *told)
        .select_from(now.join(scores, mine).outerjoin(then, same))
        .where(now.c.scoring_id == newer)
        .where(or_(then.c.play.is_(None), then.c.play != now.c.play))
        .order_by(scores.c.rank)
    )  # fmt: skip
    for row in connection.execute(query):
        yield PlayChange(**row._mapping)
