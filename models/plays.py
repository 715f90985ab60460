"""Plays: what to do about an account, each declared once with its facts, advice and guards.

A play that sells names its target and the guards that hold it back; one that mends begins where a
guard sends a sale to it. What a CSM reads is ``facts: advice``, in the account's own numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.case import Case, days, percent, several
from models.guards import GUARDS, Guard, seats

FACTS = 3
"""Facts in a text; a CSM wants the strongest, not all."""

FactsFunction = Callable[[Case], Iterator[str]]


@dataclass(frozen=True)
class Play:
    """One thing to do about an account.

    ``facts`` yields what speaks for it, strongest first; ``advice`` is what to do. One that
    ``sells`` a target may be held back by ``stops`` of its own beside the guards that mend.
    """

    facts: FactsFunction
    advice: str
    sells: str | None
    stops: tuple[str, ...]
    alarm: bool

    @property
    def name(self) -> str:
        """The function's name."""
        return self.facts.__name__

    @property
    def title(self) -> str:
        """The name as people write it."""
        return title(self.name)

    @property
    def meaning(self) -> str:
        """The docstring."""
        return self.facts.__doc__ or ""

    @property
    def guards(self) -> tuple[Guard, ...]:
        """What holds it back, if it sells: every guard that mends, then its own stops."""
        mend = [one for one in GUARDS.values() if one.instead != "leave_alone"]
        return (*mend, *(GUARDS[name] for name in self.stops)) if self.sells else ()

    def amount(self, case: Case) -> float:
        """Return the expected ARR of the sale; 0 for a play that mends."""
        return case.amounts.get(self.sells, 0.0) if self.sells else 0.0

    def stop(self, case: Case) -> str | None:
        """Return why there is nothing to sell, or ``None``."""
        return next((told for name in self.stops if (told := GUARDS[name].tell(case))), None)

    def text(self, case: Case) -> str:
        """Return one or two sentences to the CSM."""
        told = "; ".join(list(self.facts(case))[:FACTS])
        first = f"{told}: {self.advice}." if told else f"{self.advice}."
        return " ".join([first[0].upper() + first[1:], *self._remarks(case)])

    def _remarks(self, case: Case) -> Iterator[str]:
        """Yield what an offer must respect, and what nobody knows about the account."""
        if not self.sells:
            return
        if discount := case.above("discount", 0.005):
            yield f"They have {percent(discount)} discount and expect at least that."
        unknown = [one.unknown for one in self.guards if one.unknown and one.blind(case)]
        if unknown:
            yield f"Not known here: {', '.join(unknown)}."


PLAYS: dict[str, Play] = {}
"""Every play by name. Those that mend come first and in this order: no sale without a champion."""


def title(name: str) -> str:
    """Return a play's name as people write it."""
    return name.replace("cross_sell", "cross-sell").replace("_", " ").capitalize()


def play(
    advice: str, *, sells: str | None = None, stops: tuple[str, ...] = (), alarm: bool = False
) -> Callable[[FactsFunction], FactsFunction]:
    """Declare a play; its function yields the facts that speak for it, strongest first.

    ``alarm``: it does not wait for the cooldown.
    """

    def declare(facts: FactsFunction) -> FactsFunction:
        PLAYS[facts.__name__] = Play(facts, advice, sells, stops, alarm)
        return facts

    return declare


@play("meet whoever carries the topic now, and win a second person elsewhere", alarm=True)
def secure_the_champion(case: Case) -> Iterator[str]:
    """Whoever carried the topic is gone, going or away: nothing grows without a successor."""
    yield from troubles(case, "secure_the_champion")
    if (left := case.number("champions_count")) is not None:
        yield f"{left:,.0f} in place" if left else "none in place"


@play("put this right first, and offer nothing before")
def fix_before_you_sell(case: Case) -> Iterator[str]:
    """Something troubles the account; an offer now would be heard as not listening."""
    yield from troubles(case, "fix_before_you_sell")
    yield from _renewal(case)


@play("bring what is paid for into use before more is sold")
def drive_adoption(case: Case) -> Iterator[str]:
    """Too little of what is paid for is in use: more of it would come back as downsell."""
    yield from troubles(case, "drive_adoption")
    yield from _renewal(case)


@play(
    "offer the seats they will need in the next 6 to 12 months, in one order",
    sells="upsell",
    stops=("ramp_signed", "all_have_seats"),
)
def expand(case: Case) -> Iterator[str]:
    """More of what the account holds: it uses what it has and has room to grow."""
    if over := case.above("seats_overage"):
        yield f"{several(over, 'person', 'people')} active beyond {seats(case)}"
    elif (used := case.number("seats_utilization_28d")) is not None:
        yield f"{percent(used)} of {seats(case)} active"
    yield from _renewal(case)
    yield from _people_without_a_seat(case)
    yield from _chance(case, "upsell", "buys more")


@play(
    "offer the product that fits the next problem on their list",
    sells="cross_sell",
    stops=("all_products_held",),
)
def cross_sell(case: Case) -> Iterator[str]:
    """A product that the account does not hold yet, for the same people or for others in it."""
    held, left = case.above("products_held"), case.above("products_whitespace")
    if held and left:
        yield f"holds {several(held, 'product')}, {left:,.0f} not yet"
    elif held:
        yield f"holds {several(held, 'product')}"
    yield from _renewal(case)
    yield from _chance(case, "cross_sell", "buys another product")


@play("no talk is needed now")
def leave_alone(case: Case) -> Iterator[str]:
    """Nothing to sell or to mend is worth a talk now, or it is signed already."""
    yield f"{case.money(case.gain)} expected, {case.money(case.risk)} at risk"


MENDING = tuple(one for one in PLAYS.values() if not one.sells and one.name != "leave_alone")
SELLING = tuple(one for one in PLAYS.values() if one.sells)


def troubles(case: Case, name: str) -> Iterator[str]:
    """Yield what the guards that lead to the play ``name`` have to say."""
    mine = (one for one in GUARDS.values() if one.instead == name)
    yield from (told for one in mine if (told := one.tell(case)))


def _renewal(case: Case) -> Iterator[str]:
    ahead = case.number("renewal_days")
    if ahead is not None and 0 <= ahead <= case.limits.renewal_days:
        yield f"renewal in {days(ahead)}"


def _people_without_a_seat(case: Case) -> Iterator[str]:
    people, share = case.above("employees"), case.above("seats_whitespace_share")
    if people and share and people * share >= 1:
        yield f"{several(people * share, 'person', 'people')} without a seat"


def _chance(case: Case, target: str, what: str) -> Iterator[str]:
    if target in case.chances:
        amount = case.money(case.amounts.get(target, 0.0))
        yield f"{what} with a chance of {percent(case.chances[target])}, {amount} expected"
