"""``scorings``: every scoring that was made, and how one is taken back."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from features.errors import DataError, UsageError
from models.common.clock import latest_today, stored_now, utc_now
from models.store.audit_log import Asked, AuditLog
from models.store.scores import ScoreStore, ScoringState, Withdrawal, clock_problem
from pipelines.config.error_messages import nearest

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

EVERY_ACCOUNT = "*"
"""What the audit log holds in the place of an account, where all are concerned."""
MOST_ASKED = 200
"""So long may a line of the audit log be."""
NEWEST = 12
"""So many scorings are proposed where there is none of a name."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScoringsResult:
    """Every scoring with its state, the newest first.

    ``newest`` is the id of the one in use, ``problem`` what is wrong with the clock or the newest.
    """

    scorings: list[ScoringState]
    newest: str | None
    problem: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the scorings as JSON-able values."""
        items = [described(scoring) for scoring in self.scorings]
        return {"items": items, "newest": self.newest, "problem": self.problem}


@dataclass(frozen=True)
class WithdrawalResult:
    """What became of a scoring, and which one is the newest now, if any."""

    scoring: ScoringState
    newest: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON-able values."""
        return {**described(self.scoring), "newest": self.newest}


def described(scoring: ScoringState) -> dict[str, Any]:
    """Return a scoring and its state as JSON-able values."""
    withdrawal = scoring.withdrawal
    return {
        **asdict(scoring.scoring),
        "as_of": scoring.scoring.as_of.isoformat(),
        "created_at": scoring.scoring.created_at.isoformat(),
        "state": scoring.state,
        "withdrawn_at": withdrawal.at.isoformat() if withdrawal else None,
        "withdrawn_by": withdrawal.by if withdrawal else None,
        "withdrawn_reason": withdrawal.reason if withdrawal else None,
    }


def listed(settings: Settings) -> ScoringsResult:
    """Return every scoring, the newest first."""
    with _open(settings) as store:
        ahead = store.ahead()
        return ScoringsResult(
            store.states(), _newest(store), clock_problem(ahead) if ahead else None
        )


def withdraw(settings: Settings, scoring_id: str, reason: str, by: str = "") -> WithdrawalResult:
    """Take a scoring back: the API, pages, export, report and webhooks go on from the one before.

    ``by`` is who does so, by default who runs this.

    Raises
    ------
    UsageError
        When there is no such scoring, or no reason.
    DataError
        When it was withdrawn before.
    """
    if not reason.strip():
        raise UsageError("--reason: say why; it stands in the list and in the audit log")
    by = by or getpass.getuser()
    with _open(settings) as store:
        withdrawal = Withdrawal(stored_now(), by, reason.strip())
        if not store.withdraw(scoring_id, withdrawal):
            before = _state(store, scoring_id).withdrawal
            raise DataError(
                f"{scoring_id}: was withdrawn already, by {before.by if before else 'somebody'}; "
                f"to undo that: `expansion scorings restore {scoring_id}`"
            )
        _audit(settings, f"withdraw {scoring_id}: {reason.strip()}", by)
        return WithdrawalResult(_state(store, scoring_id), _newest(store))


def restore(settings: Settings, scoring_id: str, by: str = "") -> WithdrawalResult:
    """Let a withdrawn scoring count again.

    Raises
    ------
    UsageError
        When there is no such scoring.
    DataError
        When it was not withdrawn.
    """
    with _open(settings) as store:
        if not store.restore(scoring_id):
            _state(store, scoring_id)
            raise DataError(f"{scoring_id}: was not withdrawn; there is nothing to undo")
        _audit(settings, f"restore {scoring_id}", by or getpass.getuser())
        return WithdrawalResult(_state(store, scoring_id), _newest(store))


def warn_of_clock(settings: Settings) -> None:
    """Say on the log where a scoring lies after this machine's clock."""
    with _open(settings) as store:
        if ahead := store.ahead():
            log.warning("%s", clock_problem(ahead))


def invalid(settings: Settings) -> frozenset[str]:
    """Return the ids of the scorings that were withdrawn or are of the future."""
    with _open(settings) as store:
        states = store.states()
    return frozenset(state.scoring.scoring_id for state in states if state.state != "valid")


def refuse_future(as_of: date, origin: object) -> None:
    """Raise ``DataError`` where a day to score or forecast from lies after today."""
    if as_of > latest_today():
        raise DataError(
            f"{origin}: its newest date, {as_of}, lies after today, {utc_now():%Y-%m-%d} by this "
            "machine's clock, so nothing of it has happened; correct the date in the source that "
            "`expansion check` names, or the clock, then run `expansion build`"
        )


def _state(store: ScoreStore, scoring_id: str) -> ScoringState:
    states = {state.scoring.scoring_id: state for state in store.states()}
    if scoring_id not in states:
        raise UsageError(
            f"there is no scoring {scoring_id!r}{nearest(scoring_id, list(states)[:NEWEST])}"
        )
    return states[scoring_id]


def _newest(store: ScoreStore) -> str | None:
    newest = store.newest()
    return newest.scoring_id if newest else None


def _audit(settings: Settings, action: str, by: str) -> None:
    at = stored_now()
    event = Asked(
        event_id=f"scoring-{sha256(f'{at.isoformat()} {action}'.encode()).hexdigest()[:40]}",
        account_id=EVERY_ACCOUNT,
        at=at,
        key_id="",
        address=f"command line, {by}"[:60],
        asked=f"{action}"[:MOST_ASKED],
        status=200,
        request_id="",
    )
    with closing(AuditLog(settings.store_url)) as audit:
        audit.write([event])


@contextmanager
def _open(settings: Settings) -> Iterator[ScoreStore]:
    with closing(ScoreStore(settings.store_url)) as store:
        yield store
