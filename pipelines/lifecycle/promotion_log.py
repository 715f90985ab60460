"""The log of promotions: which version was put in use when, by whom and why.

It is what counts: aliases and the published release follow from it, and whoever is killed between
the line and them has promoted; the next verb makes up for the rest.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from features.errors import DataError
from models.common.clock import utc_now
from pipelines.common.lock import in_turn

FILE = "promotions.jsonl"
PROMOTED, ROLLED_BACK = "promoted", "rolled back"


@dataclass(frozen=True)
class Promotion:
    """One version put in use in place of another.

    ``checks`` are those of the gate, each with ``name``, ``passes`` and its figures; ``release``
    is the id of what servers load from then on. ``when`` is UTC.
    """

    target: str
    before: str | None
    version: str
    why: str
    kind: str = PROMOTED
    forced: bool = False
    checks: Sequence[Mapping[str, Any]] = ()
    release: str = ""
    who: str = field(default_factory=lambda: _user())
    when: datetime = field(default_factory=lambda: utc_now().replace(microsecond=0))

    def as_dict(self) -> dict[str, Any]:
        """Return the promotion as JSON-able values."""
        return {
            "when": self.when.isoformat(),
            "who": self.who,
            "target": self.target,
            "from": self.before,
            "to": self.version,
            "why": self.why,
            "kind": self.kind,
            "forced": self.forced,
            "checks": [dict(check) for check in self.checks],
            "release": self.release,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Promotion:
        """Return the promotion that ``as_dict`` described."""
        required = {name: stored[name] for name in ("target", "why", "who")}
        optional = {name: stored[name] for name in ("kind", "forced", "release") if name in stored}
        return cls(
            before=stored["from"],
            version=stored["to"],
            when=datetime.fromisoformat(stored["when"]),
            checks=tuple(stored.get("checks", ())),
            **required,
            **optional,
        )


@dataclass(frozen=True)
class PeriodInUse:
    """A version with the time it was in use; ``until`` is ``None`` while it still is."""

    promotion: Promotion
    until: datetime | None

    def on(self, day: date) -> bool:
        """Say whether the version was in use at any time of ``day`` (UTC)."""
        morning = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ended = self.until is not None and self.until <= morning
        return self.promotion.when < morning + timedelta(days=1) and not ended

    def as_dict(self) -> dict[str, Any]:
        """Return the promotion and when it ended, as JSON-able values."""
        return {**self.promotion.as_dict(), "until": self.until and self.until.isoformat()}


class PromotionLog:
    """The log in the file at ``path``: lines of JSON, only ever appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Promotion]:
        """Return every promotion, oldest first; a last line that was torn is none.

        Raises
        ------
        DataError
            When another line cannot be read, with its number.
        """
        lines = self._lines()
        promotions = [_promotion(line) for line in lines]
        damaged = [n for n, promotion in enumerate(promotions[:-1], start=1) if promotion is None]
        if damaged:
            raise DataError(
                [f"{self.path}, line {n}: is not a promotion entry; restore the file from a backup"
                 for n in damaged]
            )  # fmt: skip
        return [promotion for promotion in promotions if promotion is not None]

    def append(self, promotions: Sequence[Promotion]) -> None:
        """Add promotions; once this returns, they are on the disk."""
        self.read()  # a damaged log is not written on
        lines = self._lines()
        if lines and _promotion(lines[-1]) is None:
            lines.pop()  # torn, hence never promoted: the next line must not be glued to it
        text = "".join(json.dumps(promotion.as_dict()) + "\n" for promotion in promotions)
        with self.path.open("r+b" if self.path.exists() else "xb") as log:
            log.truncate(log.seek(sum(len(line) for line in lines)))
            log.write((b"" if not lines or lines[-1].endswith(b"\n") else b"\n") + text.encode())
            log.flush()
            os.fsync(log.fileno())

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Wait until nobody else promotes; a process that dies lets go by itself."""
        with in_turn(self.path.with_name(f".{FILE}.lock")):
            yield

    def _lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []


def log(home: Path) -> PromotionLog:
    """Return the log of a company's promotions, which lies in MLflow's home."""
    return PromotionLog(home / FILE)


def version_stacks(promotions: Sequence[Promotion]) -> dict[str, list[str]]:
    """Return by target the versions that stand: the last is in use, the one before is previous.

    A promotion puts a version on top; a rollback takes those above its version away, so that
    going back twice goes back twice.
    """
    stacks: dict[str, list[str]] = {}
    for promotion in promotions:
        first = [promotion.before] if promotion.before else []
        stack = stacks.setdefault(promotion.target, first)
        if promotion.kind == ROLLED_BACK:
            del stack[_below(stack, promotion.version) :]
        stack.append(promotion.version)
    return stacks


def _below(stack: Sequence[str], version: str) -> int:
    """Return how many versions stand below the last ``version`` under the top; 0 without one."""
    places = [place for place, other in enumerate(stack[:-1]) if other == version]
    return places[-1] if places else 0


def champions(promotions: Sequence[Promotion]) -> dict[str, str]:
    """Return the version in use by target, as far as the log says."""
    return {name: stack[-1] for name, stack in version_stacks(promotions).items()}


def periods_in_use(promotions: Sequence[Promotion]) -> list[PeriodInUse]:
    """Return every version with the time it was in use, oldest first."""
    ends: dict[str, datetime] = {}
    periods = []
    for promotion in reversed(promotions):
        periods.append(PeriodInUse(promotion, ends.get(promotion.target)))
        ends[promotion.target] = promotion.when
    return periods[::-1]


def listed(promotions: Sequence[Promotion], day: date | None = None) -> list[dict[str, Any]]:
    """Return promotions with the time each version was in use, newest first; or those of a day."""
    periods = reversed(periods_in_use(promotions))
    return [period.as_dict() for period in periods if day is None or period.on(day)]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number that has no name
        return f"user {os.getuid()}"


def _promotion(line: bytes) -> Promotion | None:
    try:
        return Promotion.from_dict(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return None
