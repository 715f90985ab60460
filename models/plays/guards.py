"""Guards: why not to sell to an account now, and which play comes first instead.

The same sentence is the condition of the play that resolves it and the reason a sale is on hold.
A guard without data on its columns stays silent, and the offer names what there is no data on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.inference.expected_arr import GAIN
from models.plays.context import Case

Tell = Callable[[Case], str | None]


@dataclass(frozen=True)
class Guard:
    """A reason against selling now.

    ``tell`` gives it in the account's own numbers, or ``None``. ``instead`` is the play that comes
    first. Without any of the columns ``needs`` nothing can be said, and an offer says so.
    What a guard tells stands in the message catalogues, under ``guard.<name>``.
    """

    tell: Tell
    instead: str
    needs: tuple[str, ...]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.tell.__name__

    @property
    def meaning(self) -> str:
        """The docstring."""
        return self.tell.__doc__ or ""

    def blind(self, case: Case) -> bool:
        """Say whether nothing is known that the guard could judge by."""
        return bool(self.needs) and all(case.number(name) is None for name in self.needs)


ABOUT_SEATS = ("oversold", "all_have_seats")
"""Guards that have nothing to say where nothing is priced by seats."""
GUARDS: dict[str, Guard] = {}
"""Every guard by name; the first that speaks decides which play comes first."""


def guard(*needs: str, instead: str) -> Callable[[Tell], Tell]:
    """Declare a guard; its function returns the reason, or ``None`` where there is none."""

    def declare(tell: Tell) -> Tell:
        GUARDS[tell.__name__] = Guard(tell, instead, needs)
        return tell

    return declare


@guard("champions_count", instead="secure_the_champion")
def champion_lost(case: Case) -> str | None:
    """A champion left without a successor, is leaving, or is on long leave."""
    reasons = []
    lost = case.number("champions_days_since_lost")
    if (
        lost is not None
        and lost <= case.limits.champion_days
        and not case.above("has_champion_successor")
    ):
        reasons.append(case.say("guard.champion_lost.gone", days=case.days(lost)))
    if going := case.above("champions_going"):
        reasons.append(
            case.say("guard.champion_lost.going", champions=case.several("champion", going))
        )
    if away := case.above("champions_on_leave"):
        reasons.append(
            case.say("guard.champion_lost.away", champions=case.several("champion", away))
        )
    return "; ".join(reasons) or None


@guard("tickets_open", instead="fix_before_you_sell")
def escalated(case: Case) -> str | None:
    """An escalated ticket is still open."""
    tickets = case.above("tickets_open_escalated")
    return case.several("escalated_open", tickets) if tickets else None


@guard(instead="fix_before_you_sell")
def unhappy(case: Case) -> str | None:
    """Average ticket satisfaction (CSAT) within a year is below the limit."""
    mark = case.number("tickets_csat_364d")
    if not mark or mark >= case.limits.satisfaction:
        return None
    return case.say("guard.unhappy", mark=case.words.number(mark, 1))


@guard(instead="fix_before_you_sell")
def blocked(case: Case) -> str | None:
    """A blocker in the account is known."""
    return case.say("guard.blocked") if case.above("has_blocker") else None


@guard(instead="fix_before_you_sell")
def notice_given(case: Case) -> str | None:
    """Notice for a part of what the account holds, or less signed, within the horizon or a year."""
    notice = case.notice
    lost = (notice.loss or 0.0) if notice else 0.0
    if notice is None or case.is_ending or lost < case.limits.worth_a_talk:
        return None
    day = notice.effective_on
    values = {"amount": case.money(lost), "day": case.day(day) if day else ""}
    return case.say("guard.notice_given" if day else "fact.lost_by_notice", **values)


@guard("seats_activated_share", "seats_utilization_28d", instead="drive_adoption")
def oversold(case: Case) -> str | None:
    """After onboarding, too few licensed seats are activated or, if that is unknown, active."""
    age, share = case.number("adoption_age_days"), case.number("seats_activated_share")
    least, doing = case.limits.activated, "activated"
    if share is None:
        share, least, doing = case.number("seats_utilization_28d"), case.limits.active, "active"
    if share is None or share >= least or (age is not None and age <= case.limits.start_days):
        return None
    return case.say(f"guard.oversold.{doing}", share=case.percent(share), seats=seats(case))


@guard("usage_days_silent", instead="drive_adoption")
def silent(case: Case) -> str | None:
    """No use for weeks."""
    quiet = case.number("usage_days_silent")
    if not quiet or quiet < case.limits.silent_days:
        return None
    return case.say("guard.silent", days=case.days(quiet))


@guard(instead="fix_before_you_sell")
def more_at_risk(case: Case) -> str | None:
    """ARR at risk exceeds the expected expansion, or nothing is known of an expansion."""
    risk, gain = case.risk, case.gain
    if (
        case.is_decided
        or risk is None
        or risk < case.limits.worth_a_talk
        or (gain is not None and risk <= gain)
    ):
        return None
    at_risk = {"risk": case.money(risk), "causes": _causes(case)}
    if gain is None:
        return case.say("guard.at_risk", **at_risk)
    if unknown := case.left_out(GAIN):
        names = ", ".join(case.words.name("target_in_text", name) for name in unknown)
        values = {"gain": case.money(gain), "unknown": names}
        return case.say("guard.more_at_risk_but", **at_risk, **values)
    return case.say("guard.more_at_risk", **at_risk, gain=case.money(gain))


def _causes(case: Case) -> str:
    """Return by what the ARR at risk would be lost, the largest amount first."""
    amounts = {
        case.words.name("target_in_text", name): amount
        for name, amount in case.amounts_at_risk.items()
    }
    if case.lost_by_notice:
        amounts[case.say("guard.by_notice")] = case.lost_by_notice
    causes = sorted(amounts.items(), key=lambda cause: -cause[1])
    if len(causes) == 1:
        return causes[0][0]
    return ", ".join(f"{name} {case.money(amount)}" for name, amount in causes)


@guard(instead="leave_alone")
def ramp_signed(case: Case) -> str | None:
    """An expansion that starts within a year is already signed: contracted, nothing to sell."""
    more, arr = case.above("seats_contracted_ahead"), case.above("arr_contracted_ahead")
    if not (more or arr):
        return None
    what = case.several("more_seat", more) if more else case.money(arr or 0.0)
    return case.say("guard.ramp_signed", what=what)


@guard(instead="leave_alone")
def all_have_seats(case: Case) -> str | None:
    """Every addressable user has a seat."""
    share = case.number("seats_whitespace_share")
    return case.say("guard.all_have_seats") if share is not None and share <= 0 else None


@guard(instead="leave_alone")
def all_products_held(case: Case) -> str | None:
    """The account holds every product on the price list."""
    on_sale = case.number("products_whitespace")
    return case.say("guard.all_products_held") if on_sale is not None and on_sale <= 0 else None


def seats(case: Case) -> str:
    """Return the licensed seats in words, without a figure where it is not known."""
    licensed = case.above("seats_licensed")
    if not licensed:
        return case.say("fact.licensed_seats")
    return case.several("licensed_seat", licensed)
