"""The lists of the week: whom each CSM should talk to, about what, and what is at stake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
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
    """One CSM's accounts of the week by place, their ARR in play, and how often each play comes.

    ``arr_in_play`` is of the accounts of which it is known, ``None`` where it is of none.
    """

    csm: str
    rows: tuple[StoredScore, ...]
    arr_in_play: float | None
    plays: tuple[tuple[str, int], ...]

    @property
    def shown(self) -> tuple[StoredScore, ...]:
        """The first of them, those on the page."""
        return self.rows[:LONGEST]


@dataclass(frozen=True)
class Week:
    """All lists, those with the most ARR in play first, and how many accounts are on none and why.

    ``has_decisions`` is False for a scoring from before there were decisions.
    """

    lists: tuple[CsmList, ...]
    standings: Counter[str]
    has_decisions: bool

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
    by_csm: dict[str, list[tuple[int, StoredScore]]] = defaultdict(list)
    for score in scores:
        if score.decision and score.decision.place:
            by_csm[score.csm_id or NOBODY].append((score.decision.place, score))
    lists = [
        _list(csm, [score for _, score in sorted(placed, key=itemgetter(0))])
        for csm, placed in by_csm.items()
    ]
    lists.sort(
        key=lambda csm_list: (csm_list.csm == NOBODY, -(csm_list.arr_in_play or 0.0), csm_list.csm)
    )
    decisions = [score.decision for score in scores if score.decision]
    standings: Counter[str] = Counter(decision.standing for decision in decisions)
    return Week(tuple(lists), standings, bool(decisions))


def follow_up(score: StoredScore, words: Catalogue) -> str:
    """Return what waits for the account's play and what comes next, said only once."""
    if score.decision is None:
        return ""
    sale, _, reason = score.decision.why.partition(": ")
    sentences = [sale if reason.lower() in score.decision.text.lower() else score.decision.why]
    second = words.name("play", score.decision.second) if score.decision.second else ""
    if second and not sale.startswith(second):
        sentences.append(words.text("week.second", play=second))
    return " ".join(f"{sentence}." for sentence in sentences if sentence)


def _list(csm: str, rows: Sequence[StoredScore]) -> CsmList:
    decisions = [score.decision for score in rows if score.decision]
    counts = Counter(decision.play for decision in decisions)
    plays = tuple((name, counts[name]) for name in PLAYS if counts[name])
    stakes = [decision.at_stake for decision in decisions if decision.at_stake is not None]
    arr_in_play = sum(stakes) if stakes else None
    return CsmList(csm, tuple(rows), arr_in_play, plays)
