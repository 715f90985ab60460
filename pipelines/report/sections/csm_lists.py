"""The lists of the week: whom each CSM should talk to, about what, and what is at stake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.plays.definitions import PLAYS
from models.plays.prioritisation import NOBODY

if TYPE_CHECKING:
    from models.i18n.messages import Catalogue
    from models.store.scores import StoredScore

MOST, OPEN, LONGEST = 30, 8, 25
"""Lists on the page, those not folded below the others, and accounts of each; the API has all."""


@dataclass(frozen=True)
class CsmList:
    """One CSM's accounts of the week by place, their money, and how often each play comes."""

    csm: str
    rows: tuple[StoredScore, ...]
    at_stake: float
    plays: tuple[tuple[str, int], ...]

    @property
    def shown(self) -> tuple[StoredScore, ...]:
        """The first of them, those on the page."""
        return self.rows[:LONGEST]


@dataclass(frozen=True)
class Week:
    """All lists, those with the most at stake first, and how many accounts are on none and why.

    ``known`` is False for a scoring from before there were decisions.
    """

    lists: tuple[CsmList, ...]
    standings: Counter[str]
    known: bool

    @property
    def shown(self) -> tuple[CsmList, ...]:
        """The lists on the page."""
        return self.lists[:OPEN]

    @property
    def folded(self) -> tuple[CsmList, ...]:
        """The lists folded below them."""
        return self.lists[OPEN:MOST]


def week(scores: Sequence[StoredScore]) -> Week:
    """Gather every CSM's list; that of accounts without a CSM comes last."""
    held: dict[str, list[tuple[int, StoredScore]]] = defaultdict(list)
    for one in scores:
        if one.decision and one.decision.place:
            held[one.csm_id or NOBODY].append((one.decision.place, one))
    lists = [_list(csm, [one for _, one in sorted(own, key=_place)]) for csm, own in held.items()]
    lists.sort(key=lambda one: (one.csm == NOBODY, -one.at_stake, one.csm))
    decided = [one.decision for one in scores if one.decision]
    return Week(tuple(lists), Counter(one.standing for one in decided), bool(decided))


def beside(score: StoredScore, words: Catalogue) -> str:
    """Return what waits for the account's play and what comes next, said only once."""
    if score.decision is None:
        return ""
    sale, _, reason = score.decision.why.partition(": ")
    told = [sale if reason.lower() in score.decision.text.lower() else score.decision.why]
    second = words.name("play", score.decision.second) if score.decision.second else ""
    if second and not sale.startswith(second):
        told.append(words.text("week.second", play=second))
    return " ".join(f"{one}." for one in told if one)


def _place(pair: tuple[int, StoredScore]) -> int:
    return pair[0]


def _list(csm: str, rows: Sequence[StoredScore]) -> CsmList:
    decided = [one.decision for one in rows if one.decision]
    counts = Counter(one.play for one in decided)
    plays = tuple((name, counts[name]) for name in PLAYS if counts[name])
    return CsmList(csm, tuple(rows), sum(one.at_stake for one in decided), plays)
