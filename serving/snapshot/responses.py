"""A stored score as it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC
from typing import Any

from features.labels.targets import TARGETS
from models.inference.expected_arr import left_out
from models.store.scores import StoredScore
from serving.schemas.accounts import AccountSummary, PastScore
from serving.schemas.scores import AccountScore, ModelVersions, Probabilities, Versions

FRESHNESS = {"age_days", "stale"}
"""What changes from day to day, and is told when an answer leaves."""


def body(stored: StoredScore) -> bytes:
    """Return an account's answer as JSON that lacks its end: its age, and the closing brace."""
    versions = {"versions": _versions(stored), "scored_at": _utc(stored)}
    score = AccountScore.model_validate(
        {
            **_plain(stored),
            **versions,
            "reasons": stored.reasons.stored,
            "age_days": 0,
            "stale": False,
        }
    )
    return score.model_dump_json(exclude=FRESHNESS).encode()[:-1]


def summary(stored: StoredScore) -> bytes:
    """Return an account's line of a list as JSON."""
    return AccountSummary.model_validate(_plain(stored)).model_dump_json().encode()


def past(stored: StoredScore) -> PastScore:
    """Return what an account was scored on an earlier day."""
    versions = {"versions": _versions(stored), "scored_at": _utc(stored)}
    return PastScore.model_validate({**_plain(stored), **versions})


def _plain(stored: StoredScore) -> dict[str, Any]:
    """Return what every form of an answer holds."""
    scoring = stored.scoring
    return {
        "account_id": stored.account_id,
        "name": stored.name,
        "csm_id": stored.csm_id,
        "segment": stored.segment,
        "as_of": scoring.as_of,
        "horizon_days": scoring.horizon_days,
        "currency": scoring.currency,
        "arr": stored.arr,
        "rank": stored.rank,
        "probabilities": Probabilities.model_validate(
            {**dict.fromkeys(scoring.models), **stored.probabilities}
        ),
        "expected_expansion_arr": stored.expected_expansion_arr,
        "arr_at_risk": stored.arr_at_risk,
        "net_expected_arr": stored.net_expected_arr,
        "leaves_out": [] if stored.is_decided else list(left_out(scoring.models, TARGETS)),
        "contracted": asdict(stored.contracted) if stored.contracted else None,
        "decision": asdict(stored.decision) if stored.decision else None,
        "rankings": list(_rankings(stored)),
    }


def _rankings(stored: StoredScore) -> Iterator[dict[str, Any]]:
    """Yield the account's places for the targets that something else than a model ranks."""
    ranked = stored.scoring.rankings or {}
    for target, position in (stored.rankings or {}).items():
        if target in ranked:
            by = ranked[target]
            figures = {"auc": by["auc"], "auc_low": by["low"], "auc_high": by["high"]}
            yield {"target": target, "by": by["by"], "position": position, **figures}


def _utc(stored: StoredScore) -> Any:
    return stored.scoring.created_at.replace(tzinfo=UTC)


def _versions(stored: StoredScore) -> Versions:
    scoring = stored.scoring
    return Versions(
        scoring_id=scoring.scoring_id,
        release_id=scoring.release_id,
        data_fingerprint=scoring.data_fingerprint,
        models=ModelVersions.model_validate(scoring.models),
    )
