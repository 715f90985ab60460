"""What to do: one play per account, and one list per CSM within their capacity.

The list ranks by ARR in play, net. A sale counts its expected expansion less the ARR at risk;
resolving an issue counts the sale on hold and the ARR at risk, or that lost by notice within a year
where it is more; an account that leaves counts the ARR lost by notice. What is not known counts
nothing. That is the ARR that outreach is about, not the effect of outreach: only the control group
measures that.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from models.plays.context import Case
from models.plays.definitions import (
    DECIDED,
    MENDING,
    NO_ACTION,
    PLAYS,
    SELLING,
    Play,
    troubles,
)

NOBODY = "no CSM named"
"""The pool of accounts that are nobody's."""

Standing = Literal["listed", "held_out", "cooling_down", "beyond_capacity", "nothing_to_do"]


@dataclass(frozen=True)
class Decision:
    """What to do about one account.

    ``why`` says why a sale is on hold for this play, empty where none is; ``second`` is the
    next best play. ``at_stake`` is the ARR in play, net; ``None`` where nobody can say what an
    issue puts at risk. ``place`` counts the accounts of a CSM's list from 1, ``None`` when not on
    it, for the reason that ``standing`` gives.
    """

    play: str
    text: str
    why: str
    second: str | None
    at_stake: float | None
    standing: Standing = "nothing_to_do"
    place: int | None = None
    held_out: bool = False


@dataclass(frozen=True)
class Rules:
    """How long a list may be and which accounts it leaves out.

    ``capacity``: accounts that a CSM can contact a week, with exceptions ``by_csm``.
    ``cooldown_days``: cooldown after an account was listed; alerts skip it.
    ``hold_out``: share of the accounts in the control group, drawn at random.
    """

    capacity: int = 10
    by_csm: Mapping[str, int] = field(default_factory=dict)
    cooldown_days: int = 28
    hold_out: float = 0.0

    def of(self, csm: str) -> int:
        """Return a CSM's capacity."""
        return self.by_csm.get(csm, self.capacity)


@dataclass(frozen=True)
class Turn:
    """When an account's turn last came, on a list or held out, and with which play."""

    as_of: date
    play: str


def choose(case: Case) -> Decision:
    """Return the one play of an account with its reason and the second-best.

    An issue is worth outreach, too, where nobody can say what it puts at risk.
    """
    if case.is_ending:
        return _ending(case)
    mending, sales = _mending(case), _sales(case)
    risk = case.risk or 0.0
    gain = sum(play.amount(case) for play in SELLING if not play.stop(case))
    stakes = dict.fromkeys(mending, case.arr_of_issues + (gain if sales else 0.0))
    stakes |= dict.fromkeys(sales, gain - risk)
    worth = [
        play
        for play, stake in stakes.items()
        if stake >= case.limits.worth_a_talk or (case.risk is None and play in mending)
    ]
    best = worth[0] if worth else PLAYS[NO_ACTION]
    others = [play.name for play in stakes if play is not best]
    at_stake = stakes.get(best, 0.0)
    is_known = case.risk is not None or best not in mending or at_stake > 0
    return Decision(
        play=best.name,
        text=best.text(case),
        why=_why(best, sales, case),
        second=others[0] if others else None,
        at_stake=round(at_stake, 2) if is_known else None,
    )


def _ending(case: Case) -> Decision:
    """Return the decision about an account whose end is known: nothing is sold to it."""
    lost = (case.notice.loss or 0.0) if case.notice else 0.0
    best = PLAYS[DECIDED if lost >= case.limits.worth_a_talk else NO_ACTION]
    at_stake = round(lost, 2) if best.name == DECIDED else 0.0
    return Decision(play=best.name, text=best.text(case), why="", second=None, at_stake=at_stake)


def listed(
    choices: Mapping[str, Decision],
    csms: Mapping[str, str | None],
    rules: Rules,
    as_of: date,
    turns: Mapping[str, Turn] | None = None,
) -> dict[str, Decision]:
    """Return every account's decision with its place on its CSM's list.

    Parameters
    ----------
    choices
        What ``choose`` said of each account.
    csms
        Whose account it is; those that are nobody's share a pool, ``NOBODY``.
    rules
        Capacity, cooldown and hold-out.
    as_of
        The day of the list.
    turns
        The last turn of each account before ``as_of``.
    """
    pools: dict[str, list[str]] = defaultdict(list)
    for account in choices:
        pools[csms.get(account) or NOBODY].append(account)
    decisions: dict[str, Decision] = {}
    for csm, accounts in pools.items():
        decisions |= dict(_one_list(csm, accounts, choices, rules, as_of, turns or {}))
    return {account: decisions[account] for account in choices}


def is_held_out(account_id: str, share: float) -> bool:
    """Say whether the lot keeps an account from contact: the same week after week.

    An account held out at one ``share`` is held out at every larger one.
    """
    drawn = hashlib.sha256(f"hold-out:{account_id}".encode()).digest()[:8]
    return int.from_bytes(drawn, "big") < share * 2**64


def _mending(case: Case) -> list[Play]:
    """Return the plays that mend what speaks against selling now."""
    return [play for play in MENDING if any(troubles(case, play.name))]


def _sales(case: Case) -> list[Play]:
    """Return the sales that are worth outreach and possible at all, the largest amount first."""
    worth = [play for play in SELLING if play.amount(case) >= case.limits.worth_a_talk]
    possible = [play for play in worth if not play.stop(case)]
    return sorted(possible, key=lambda play: -play.amount(case))


def _why(best: Play, sales: Sequence[Play], case: Case) -> str:
    """Say which sale waits for ``best``, or why a sale that looks worth it is none."""
    if best in MENDING:
        reason = next(troubles(case, best.name))
        if not sales:
            return ""
        return case.say("why.waits", play=sales[0].title(case.words), reason=reason)
    worth = [play for play in SELLING if play.amount(case) >= case.limits.worth_a_talk]
    return "; ".join(
        case.say("why.no_play", play=play.title(case.words), reason=obstacle)
        for play in worth
        if (obstacle := play.stop(case))
    )


def _one_list(
    csm: str,
    accounts: Sequence[str],
    choices: Mapping[str, Decision],
    rules: Rules,
    as_of: date,
    turns: Mapping[str, Turn],
) -> Iterator[tuple[str, Decision]]:
    """Go through a CSM's accounts by falling stake and give out places until the week is full."""
    capacity = rules.of(csm)
    place = 0
    for account in sorted(
        accounts, key=lambda account_id: (*_by_stake(choices[account_id]), account_id)
    ):
        choice = choices[account]
        # Whatever is done about an account whose end is known, no outcome would show its effect.
        apart = choice.play != DECIDED and is_held_out(account, rules.hold_out)
        standing = _standing(
            choice, turns.get(account), rules, as_of, apart, full=place >= capacity
        )
        place += standing == "listed"
        shown = place if standing == "listed" else None
        yield account, replace(choice, standing=standing, place=shown, held_out=apart)


def _by_stake(choice: Decision) -> tuple[bool, float]:
    """Return what sorts decisions by falling stake; those without a known one come last."""
    return (choice.at_stake is None, -(choice.at_stake or 0.0))


def _standing(
    choice: Decision, turn: Turn | None, rules: Rules, as_of: date, apart: bool, *, full: bool
) -> Standing:
    if choice.play == NO_ACTION:
        return "nothing_to_do"
    if turn and _rests(choice, turn, rules, as_of):
        return "cooling_down"
    if full:
        return "beyond_capacity"
    return "held_out" if apart else "listed"


def _rests(choice: Decision, turn: Turn, rules: Rules, as_of: date) -> bool:
    """Say whether an account's last turn is too near; an alarm that was no alarm then is new."""
    news = PLAYS[choice.play].alarm and turn.play != choice.play
    return not news and turn.as_of > as_of - timedelta(days=rules.cooldown_days)
