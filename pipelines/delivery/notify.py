"""``notify``: tells other systems what is new since the scoring before, until they take it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.errors import ExpansionError, UsageError
from models.common.clock import naive_utc, utc_now
from models.store.outbox import Message, Outbox
from pipelines.config.error_messages import nearest
from pipelines.delivery import webhooks
from pipelines.delivery.webhooks import Response
from pipelines.scoring.scorings import warn_of_clock

if TYPE_CHECKING:
    from pipelines.config.sections import Webhook
    from pipelines.config.settings import Settings

DELAYS = tuple(
    timedelta(seconds=delay)
    for delay in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""How long to wait after each failure, as the specification proposes; then it is given up."""
JITTER = 0.2


@dataclass(frozen=True)
class NotifyContext:
    """Clock, chance and environment, so that a test can have others."""

    now: Callable[[], datetime] = lambda: naive_utc(utc_now())
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = field(default_factory=lambda: random.SystemRandom().random)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    timeout: float = webhooks.TIMEOUT


@dataclass(frozen=True)
class EndpointState:
    """How it stands with one endpoint; ``is_off`` once it has answered 410."""

    name: str
    sent: int
    failed: int
    waiting: int
    given_up: int
    is_off: bool
    last: str


@dataclass(frozen=True)
class NotifyResult:
    """What was new, and how it went with each endpoint; ``sent`` and ``failed`` in this run."""

    new: int
    endpoints: list[EndpointState]

    @property
    def ok(self) -> bool:
        """Whether nothing was given up and nobody is switched off."""
        return not any(state.given_up or state.is_off for state in self.endpoints)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return {**asdict(self), "ok": self.ok}


def notify(
    settings: Settings,
    wait: float = 30.0,
    again: str = "",
    context: NotifyContext | None = None,
) -> NotifyResult:
    """Send what is due, and go on as long as something falls due within ``wait`` seconds.

    Parameters
    ----------
    settings
        The company; ``[[webhooks]]`` says who is told what.
    wait
        Seconds.
    again
        Name of an endpoint to which everything given up is sent again; it is switched on.
    context
        Clock, chance and environment.

    Raises
    ------
    UsageError
        When a secret is missing, or ``again`` names no endpoint.
    EnvironmentFailure
        When the store cannot be reached; what is due stays due.
    """
    context = context or NotifyContext()
    hooks = {hook.name: hook for hook in settings.webhooks}
    keys = _secrets(hooks, context.environment)
    if again and again not in hooks:
        raise UsageError(f"--again: there is no endpoint {again!r}{nearest(again, list(hooks))}")
    if not hooks:
        return NotifyResult(0, [])
    warn_of_clock(settings)
    with closing(Outbox(settings.store_url)) as box:
        if again:
            box.switch_on(again, context.now())
        wanted = {name: hook.events for name, hook in hooks.items()}
        new = box.notice(wanted, context.now())
        run = _NotifyRun(box, hooks, keys, context)
        run.send_until(context.now() + timedelta(seconds=wait))
        return NotifyResult(new, run.states())


class _NotifyRun:
    """One run over all endpoints; one that is busy rests, and the others go on."""

    def __init__(
        self,
        box: Outbox,
        hooks: Mapping[str, Webhook],
        keys: Mapping[str, tuple[bytes, ...]],
        context: NotifyContext,
    ) -> None:
        self._box, self._hooks, self._keys, self._context = box, hooks, keys, context
        self._rests: dict[str, datetime] = {}
        self._responses: dict[str, list[Response]] = {name: [] for name in hooks}

    def send_until(self, until: datetime) -> None:
        """Send what is due until nothing more falls due before ``until``."""
        while True:
            now = self._context.now()
            free = [name for name in self._on() if self._rests.get(name, now) <= now]
            if message := self._box.take(free, now):
                self._send(message)
                continue
            following = self._following()
            if following is None or following > until:
                return
            self._context.sleep(max(0.05, (following - now).total_seconds()))

    def states(self) -> list[EndpointState]:
        """Return how it stands with each endpoint."""
        counts, off = self._box.counts(), self._box.off()
        return [
            EndpointState(
                name=name,
                sent=sum(response.is_delivered for response in responses),
                failed=sum(not response.is_delivered for response in responses),
                waiting=counts.get((name, "due"), 0),
                given_up=counts.get((name, "given_up"), 0),
                is_off=name in off,
                last=responses[-1].detail if responses else "",
            )
            for name, responses in self._responses.items()
        ]

    def _on(self) -> list[str]:
        off = self._box.off()
        return [name for name in self._hooks if name not in off]

    def _following(self) -> datetime | None:
        """Return when there is something to send again."""
        dues = {name: self._box.next_due([name]) for name in self._on()}
        return min(
            (max(due, self._rests.get(name, due)) for name, due in dues.items() if due),
            default=None,
        )

    def _send(self, message: Message) -> None:
        hook, keys = self._hooks[message.endpoint], self._keys[message.endpoint]
        now = self._context.now()
        response = webhooks.send(hook.url, keys, message, now, self._context.timeout)
        self._responses[hook.name].append(response)
        if response.is_delivered:
            self._box.settle(message, "sent", response.detail)
        elif response.is_gone:
            self._box.switch_off(message, now)
        else:
            self._put_off(message, response)

    def _put_off(self, message: Message, response: Response) -> None:
        if message.attempts > len(DELAYS):
            self._box.settle(message, "given_up", response.detail)
            return
        delay = DELAYS[message.attempts - 1] * (1 + JITTER * self._context.draw())
        due_at = self._context.now() + max(delay, response.retry_after or delay)
        self._box.settle(message, "due", response.detail, due_at)
        if response.is_busy:
            self._rests[message.endpoint] = due_at


def _secrets(
    hooks: Mapping[str, Webhook], environment: Mapping[str, str]
) -> dict[str, tuple[bytes, ...]]:
    keys: dict[str, tuple[bytes, ...]] = {}
    problems: list[str] = []
    for name, hook in hooks.items():
        variable = hook.secret_from
        try:
            place = f"the environment variable {variable} of [[webhooks]] {name!r}"
            keys[name] = webhooks.secrets(environment.get(variable, ""), place)
        except ExpansionError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems)
    return keys
