"""Plays: what to do about an account, each declared once with its facts, advice and guards.

A play that sells names its target and the guards that hold it back; one that mends begins where a
guard sends a sale to it. A CSM reads ``Facts. Advice.``, in the account's own numbers and in
the words of the message catalogues, under ``play.<name>``, ``advice.<name>`` and ``fact``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.i18n.messages import Catalogue
from models.i18n.number_format import ENGLISH
from models.plays.context import Case
from models.plays.guards import ABOUT_SEATS, GUARDS, Guard, seats

FACTS = 3
"""Facts in a text; a CSM wants the strongest, not all."""

NO_ACTION, DECIDED = "leave_alone", "win_back_or_wind_down"
"""The plays that neither mend nor sell: nothing to do, and nothing left to sell to."""

FactsFunction = Callable[[Case], Iterator[str]]


@dataclass(frozen=True)
class Play:
    """One thing to do about an account.

    ``facts`` yields what speaks for it, strongest first. One that ``sells`` a target may be held
    back by ``stops`` of its own beside the guards that mend.
    """

    facts: FactsFunction
    sells: str | None
    stops: tuple[str, ...]
    alarm: bool

    @property
    def name(self) -> str:
        """The function's name."""
        return self.facts.__name__

    def title(self, words: Catalogue = ENGLISH) -> str:
        """Return the name as people write it."""
        return title(self.name, words)

    def advice(self, case: Case) -> str:
        """Return what to do; seats are offered only where some are licensed."""
        of_units = f"advice.{self.name}_units"
        key = of_units if of_units in case.words.texts and not case.has_seats else None
        return case.say(key or f"advice.{self.name}")

    @property
    def meaning(self) -> str:
        """The docstring."""
        return self.facts.__doc__ or ""

    @property
    def guards(self) -> tuple[Guard, ...]:
        """What holds it back, if it sells: every guard that mends, then its own stops."""
        mend = [guard for guard in GUARDS.values() if guard.instead != NO_ACTION]
        return (*mend, *(GUARDS[name] for name in self.stops)) if self.sells else ()

    def amount(self, case: Case) -> float:
        """Return the expected ARR of the sale; 0 for a play that mends."""
        return case.amounts.get(self.sells, 0.0) if self.sells else 0.0

    def stop(self, case: Case) -> str | None:
        """Return why there is nothing to sell, or ``None``."""
        return next((reason for name in self.stops if (reason := GUARDS[name].tell(case))), None)

    def text(self, case: Case) -> str:
        """Return the facts and the advice to the CSM, a sentence each."""
        facts = "; ".join(list(self.facts(case))[:FACTS])
        sentences = [f"{facts[0].upper()}{facts[1:]}."] if facts else []
        return " ".join([*sentences, f"{self.advice(case)}.", *self._remarks(case)])

    def _remarks(self, case: Case) -> Iterator[str]:
        """Yield what an offer must respect, and what nobody knows about the account."""
        if not self.sells:
            return
        if discount := case.above("discount", 0.005):
            yield case.say("fact.discount", share=case.percent(discount))
        blind = (guard for guard in self.guards if guard.blind(case))
        unknown = [
            case.say(f"unknown.{guard.name}")
            for guard in blind
            if case.has_seats or guard.name not in ABOUT_SEATS
        ]
        if unknown:
            yield case.say("fact.not_known", what=", ".join(unknown))


PLAYS: dict[str, Play] = {}
"""Every play by name. Those that mend come first and in this order: no sale without a champion."""


def title(name: str, words: Catalogue = ENGLISH) -> str:
    """Return a play's name as people write it."""
    return words.name("play", name)


def play(
    *, sells: str | None = None, stops: tuple[str, ...] = (), alarm: bool = False
) -> Callable[[FactsFunction], FactsFunction]:
    """Declare a play; its function yields the facts that speak for it, strongest first.

    ``alarm``: it does not wait for the cooldown.
    """

    def declare(facts: FactsFunction) -> FactsFunction:
        PLAYS[facts.__name__] = Play(facts, sells, stops, alarm)
        return facts

    return declare


@play(alarm=True)
def win_back_or_wind_down(case: Case) -> Iterator[str]:
    """All subscriptions are known to end within the horizon or a year: no sale."""
    yield from _ending(case)
    yield from (reason for play in MENDING for reason in troubles(case, play.name))


@play(alarm=True)
def secure_the_champion(case: Case) -> Iterator[str]:
    """A champion left, is leaving or is on long leave: no expansion without a successor."""
    yield from troubles(case, "secure_the_champion")
    if (champions := case.number("champions_count")) is not None:
        yield case.several("in_place", champions) if champions else case.say("fact.none_in_place")


@play()
def fix_before_you_sell(case: Case) -> Iterator[str]:
    """The account has open issues; an offer now would damage the relationship."""
    yield from troubles(case, "fix_before_you_sell")
    yield from _renewal(case)


@play()
def drive_adoption(case: Case) -> Iterator[str]:
    """Too little of what is licensed is in use: selling more would lead to a downsell."""
    yield from troubles(case, "drive_adoption")
    yield from _renewal(case)


@play(sells="upsell", stops=("ramp_signed", "all_have_seats"))
def expand(case: Case) -> Iterator[str]:
    """More of the same product: the account uses what it has and has room to grow."""
    if not case.has_seats:
        yield from _units(case)
    elif over := case.above("seats_overage"):
        yield case.say("fact.beyond", people=case.several("person", over), seats=seats(case))
    elif (used := case.number("seats_utilization_28d")) is not None:
        yield case.say("fact.used", share=case.percent(used), seats=seats(case))
    yield from _renewal(case)
    yield from _people_without_a_seat(case)
    yield from _chance(case, "upsell")


@play(sells="cross_sell", stops=("all_products_held",))
def cross_sell(case: Case) -> Iterator[str]:
    """A product the account does not hold yet, for the same users or for another department."""
    held, on_sale = case.above("products_held"), case.above("products_whitespace")
    if held and on_sale:
        products, more = case.several("product", held), case.words.number(on_sale)
        yield case.say("fact.holds_some", products=products, left=more)
    elif held:
        yield case.say("fact.holds", products=case.several("product", held))
    yield from _renewal(case)
    yield from _chance(case, "cross_sell")


@play()
def leave_alone(case: Case) -> Iterator[str]:
    """No sale or issue is worth outreach now, or the expansion is already signed."""
    if case.is_ending:
        yield from _ending(case)
    else:
        yield ", ".join(_expected(case))


MENDING = tuple(
    candidate
    for candidate in PLAYS.values()
    if not candidate.sells and candidate.name not in (NO_ACTION, DECIDED)
)
SELLING = tuple(candidate for candidate in PLAYS.values() if candidate.sells)


def troubles(case: Case, name: str) -> Iterator[str]:
    """Yield what the guards that lead to the play ``name`` have to say."""
    guards = (guard for guard in GUARDS.values() if guard.instead == name)
    yield from (trouble for guard in guards if (trouble := guard.tell(case)))


def _expected(case: Case) -> Iterator[str]:
    """Yield what may be gained and lost, each with its amount or that it is not known."""
    for name, amount in (("gain", case.gain), ("risk", case.risk)):
        if amount is None:
            yield case.say(f"fact.{name}_unknown")
        else:
            yield case.say(f"fact.{name}", amount=case.money(amount))


def _ending(case: Case) -> Iterator[str]:
    """Yield when the account ends, and what is lost with it."""
    notice = case.notice
    if notice and notice.effective_on:
        yield case.say("fact.ends_on", day=case.day(notice.effective_on))
    if notice and notice.loss is not None:
        yield case.say("fact.lost_by_notice", amount=case.money(notice.loss))


def _renewal(case: Case) -> Iterator[str]:
    ahead = case.number("renewal_days")
    if ahead is not None and 0 <= ahead <= case.limits.renewal_days:
        yield case.say("fact.renewal", days=case.days(ahead))


def _units(case: Case) -> Iterator[str]:
    """Yield what is licensed, in the word of its price metric."""
    count, metric = case.above("units_licensed"), case.values.get("price_metric")
    if count and isinstance(metric, str):
        yield case.say("fact.units", count=case.words.number(count), metric=metric)


def _people_without_a_seat(case: Case) -> Iterator[str]:
    if not case.has_seats:
        return
    people, share = case.above("employees"), case.above("seats_whitespace_share")
    if people and share and people * share >= 1:
        yield case.several("without_seat", people * share)


def _chance(case: Case, target: str) -> Iterator[str]:
    if target in case.chances:
        amount = case.money(case.amounts.get(target, 0.0))
        chance = case.percent(case.chances[target])
        yield case.say(f"fact.chance.{target}", chance=chance, amount=amount)
