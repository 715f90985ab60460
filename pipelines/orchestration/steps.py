"""The steps of a week after check and build: each a verb that can be run again, and its line.

Each takes the settings and where to tell how far it is, and returns what it has to say.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from features.errors import DataError
from models.i18n.number_format import PLAIN
from pipelines.common.progress import Progress

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

Run = Callable[["Settings", Progress], str]


def catch_up(settings: Settings, day: date, progress: Progress) -> str:
    """Score and watch a day that went by without a run, as it would have been then."""
    from pipelines.monitoring.watch import watch as watched
    from pipelines.scoring.score import score as scored

    one = scored(settings, progress, missed=day)
    verdict = watched(settings, progress, on=day).verdict
    return f"{one.accounts:,} accounts without lists; {verdict.kind.replace('_', ' ')}"


def score(settings: Settings, progress: Progress) -> str:
    """Score the newest accounts."""
    from pipelines.scoring.score import score as scored

    one = scored(settings, progress)
    money = f"{PLAIN.number(one.expected_expansion_arr)} {one.currency} expected"
    return f"{one.accounts:,} accounts by release {one.release_id}, {money}"


def forecast(settings: Settings, progress: Progress) -> str:
    """Forecast NRR and GRR; a company too young for it has none, and its week goes on."""
    from pipelines.scoring.nrr_forecast import forecast_base

    try:
        nrr = forecast_base(settings, progress).forecast.nrr
    except DataError as error:
        return f"none: {error.problems[0]}"
    value, low, high = (PLAIN.percent(s, 1) for s in (nrr.value, nrr.low_80, nrr.high_80))
    return f"NRR {value} ({low} to {high})"


def watch(settings: Settings, progress: Progress) -> str:
    """Judge the week, and train challengers where the settings ask for them."""
    from pipelines.monitoring.watch import watch as watched

    result = watched(settings, progress, train=settings.watch.train)
    trained = [f"trained {one.target} {one.version}" for one in result.challengers if one.version]
    return "; ".join([result.verdict.kind.replace("_", " "), *trained])


def report(settings: Settings, progress: Progress) -> str:
    """Write the page for CS leadership."""
    from pipelines.report.report import report as written

    return str(written(settings, progress).path)


def deliver(settings: Settings, _progress: Progress) -> str:
    """Hand the report to those who read it, where there are any."""
    if not settings.deliver:
        return "no places in the settings"
    from pipelines.delivery.deliver import deliver as delivered

    result = delivered(settings)
    return f"to {', '.join(result.delivered) or 'nobody'}" + (
        f"; {', '.join(result.had_it)} had it" if result.had_it else ""
    )


def notify(settings: Settings, _progress: Progress) -> str:
    """Tell other systems what is new, where there are any."""
    if not settings.webhooks:
        return "no webhooks in the settings"
    from pipelines.delivery.notify import notify as notified

    result = notified(settings)
    sent, waiting = (
        sum(getattr(one, what) for one in result.endpoints) for what in ("sent", "waiting")
    )
    return f"{sent:,} sent, {waiting:,} to be tried again"


STEPS: dict[str, Run] = {
    one.__name__: one for one in (score, forecast, watch, report, deliver, notify)
}
"""In the order that they need each other."""
TELLING = frozenset({"deliver", "notify"})
"""Steps that tell others what the ones before them made: where one fails, the rest go on."""
