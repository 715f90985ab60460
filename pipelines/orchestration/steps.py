"""The steps of a week after check and build: each a verb that can be run again, and its line.

Each takes the settings and where to tell how far it is, and returns what it has to say.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from features.errors import DataError
from models.i18n.messages import FIRST
from models.i18n.number_format import PLAIN
from pipelines.common.progress import Progress
from pipelines.report.texts import CATALOGUES

if TYPE_CHECKING:
    from pipelines.config.settings import Settings
    from pipelines.monitoring.verdict import Verdict

Run = Callable[["Settings", Progress], str]


def catch_up(settings: Settings, day: date, progress: Progress) -> str:
    """Score and monitor a day that went by without a run, as it would have been then."""
    from pipelines.monitoring.monitor import monitor as run_monitoring
    from pipelines.scoring.score import score as scored

    result = scored(settings, progress, missed=day)
    verdict = run_monitoring(settings, progress, on=day).verdict
    return f"{result.accounts:,} accounts, no lists; {_kind(verdict)}"


def score(settings: Settings, progress: Progress) -> str:
    """Score the newest accounts."""
    from pipelines.scoring.score import score as scored

    result = scored(settings, progress)
    expected = result.expected_expansion_arr
    amount = "not known" if expected is None else f"{result.currency} {PLAIN.number(expected)}"
    money = f"expected expansion {amount}"
    release = f"release {result.release_id}" if result.release_id else "no model in use"
    return f"{result.accounts:,} accounts, {money} ({release})"


def forecast(settings: Settings, progress: Progress) -> str:
    """Forecast NRR and GRR; a company too young for it has none, and its week goes on."""
    from pipelines.scoring.nrr_forecast import forecast_base

    try:
        nrr = forecast_base(settings, progress).forecast.nrr
    except DataError as error:
        return f"no forecast: {error.problems[0]}"
    value, low, high = (PLAIN.percent(s, 1) for s in (nrr.value, nrr.low_80, nrr.high_80))
    return f"NRR {value} (80 % interval: {low} to {high})"


def monitor(settings: Settings, progress: Progress) -> str:
    """Monitor the week, and train challengers where the settings ask for them."""
    from pipelines.monitoring.monitor import monitor as run_monitoring

    result = run_monitoring(settings, progress, train=settings.monitoring.train)
    trained = [f"trained {c.target} {c.version}" for c in result.challengers if c.version]
    return "; ".join([_kind(result.verdict), *trained])


def _kind(verdict: Verdict) -> str:
    """Return the result of a week in words, such as 'data quality issue'."""
    return CATALOGUES[FIRST].text(f"kind.{verdict.kind}")


def report(settings: Settings, progress: Progress) -> str:
    """Write the page for CS leadership."""
    from pipelines.report.report import report as written

    return str(written(settings, progress).path)


def deliver(settings: Settings, _progress: Progress) -> str:
    """Hand the report to those who read it, where there are any."""
    if not settings.deliver:
        return "no recipients in the settings"
    from pipelines.delivery.deliver import deliver as delivered

    result = delivered(settings)
    return f"to {', '.join(result.delivered) or 'nobody'}" + (
        f"; already delivered to {', '.join(result.had_it)}" if result.had_it else ""
    )


def notify(settings: Settings, _progress: Progress) -> str:
    """Tell other systems what is new, where there are any."""
    if not settings.webhooks:
        return "no webhooks in the settings"
    from pipelines.delivery.notify import notify as notified

    result = notified(settings)
    sent = sum(endpoint.sent for endpoint in result.endpoints)
    waiting = sum(endpoint.waiting for endpoint in result.endpoints)
    return f"{sent:,} sent, {waiting:,} to retry"


STEPS: dict[str, Run] = {
    step.__name__: step for step in (score, forecast, monitor, report, deliver, notify)
}
"""In the order that they need each other."""
OUTBOUND = frozenset({"deliver", "notify"})
"""Steps that send others what the ones before them made: where one fails, the rest go on."""
