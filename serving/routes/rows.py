"""Scores of feature rows that the caller computed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from features.errors import UsageError
from models.release.released_targets import shown_targets
from serving.auth.scopes import requires
from serving.http.problems import RESPONSES, problem_response
from serving.http.strict_json import StrictRoute
from serving.inference.row_validation import CheckedRow, RowValidator
from serving.queue.audit import note_accounts
from serving.routes.dependencies import Models
from serving.routes.scores import JSON
from serving.schemas.rows import FeatureRow, RowScores, RowsRequest
from serving.schemas.scores import NOTE, ModelVersions
from serving.telemetry.counters import Counters

if TYPE_CHECKING:
    from serving.inference.scorer import Scorer

router = APIRouter(prefix="/v1", tags=["scoring"], responses=RESPONSES, route_class=StrictRoute)
AT_ONCE = 4
"""So few rows without reasons take less time than handing them to a thread."""
PIECE, EXPLAINED_PIECE = 100, 8
"""Rows after which others have a turn: some milliseconds of work."""


@router.post("/rows/score", operation_id="scoreRows", response_model=RowScores)
@requires("score")
async def score_rows(wanted: RowsRequest, request: Request, models: Models) -> Response:
    """Score up to 1,000 feature rows with the release in use.

    Each row is validated on its own: an invalid row returns its errors, the others are scored. A
    value outside the feature catalogue's range is scored with a warning.
    """
    try:
        check = RowValidator(models, wanted.features)
    except UsageError as error:
        refusal = "The features do not match the model inputs."
        return problem_response(request, 422, refusal, list(error.problems))
    note_accounts(request, [row.id for row in wanted.rows if row.id is not None])
    counters: Counters = request.app.state.counters
    work = _Work(models, check, counters, with_reasons=wanted.reasons)
    numbered = list(enumerate(wanted.rows))
    if len(numbered) <= AT_ONCE and not wanted.reasons:
        done = work(numbered)
    else:
        size = EXPLAINED_PIECE if wanted.reasons else PIECE
        done = await request.app.state.executor.run(work, numbered, size)
    _count(counters, models, done)
    return Response(_body(models, done), media_type=JSON)


class _Work:
    """Scores some rows; each comes back as JSON, and whether it failed."""

    def __init__(
        self, models: Scorer, check: RowValidator, counters: Counters, *, with_reasons: bool
    ) -> None:
        self._models, self._check, self._counters = models, check, counters
        self._with_reasons = with_reasons

    def __call__(self, numbered: Sequence[tuple[int, FeatureRow]]) -> list[tuple[str, bool]]:
        checked = [self._check.check(row.values) for _, row in numbered]
        good = [row.row for row in checked if not row.errors]
        self._counters.posted.extend((self._models.release_id, row) for row in good)
        scored = iter(self._scored(good))
        results = [
            _result(number, row.id, result, {} if result.errors else next(scored))
            for (number, row), result in zip(numbered, checked, strict=True)
        ]
        return [
            (json.dumps(result, ensure_ascii=False), bool(result["errors"])) for result in results
        ]

    def _scored(self, good: Sequence[Any]) -> list[dict[str, Any]]:
        if not good:
            return []
        probabilities = self._models.probabilities(good)
        chances = {name: probabilities[name].round(6).tolist() for name in self._models.targets}
        reasons = self._models.reasons(good) if self._with_reasons else []
        return [
            {
                "probabilities": by_target(
                    {name: values[place] for name, values in chances.items()}
                ),
                "reasons": by_target(reasons[place]) if reasons else None,
            }
            for place in range(len(good))
        ]


def by_target(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for each target, null where there is no model in use."""
    return {name: values.get(name) for name in shown_targets(values)}


def _result(
    number: int, row_id: str | None, checked: CheckedRow, scored: dict[str, Any]
) -> dict[str, Any]:
    return {
        "row": number,
        "id": row_id,
        "probabilities": scored.get("probabilities"),
        "reasons": scored.get("reasons"),
        "errors": checked.errors,
        "warnings": checked.warnings,
    }


def _count(counters: Counters, models: Scorer, done: Sequence[tuple[str, bool]]) -> None:
    refused = sum(failed for _, failed in done)
    counters.rows_refused += refused
    if scored := len(done) - refused:
        counters.scored("row", tuple(models.versions.items()), scored)


def _body(models: Scorer, done: Sequence[tuple[str, bool]]) -> bytes:
    ending = {
        "failed": sum(failed for _, failed in done),
        "release_id": models.release_id,
        "models": ModelVersions.model_validate(models.versions).model_dump(),
        "reasons_note": NOTE,
    }
    joined = ",".join(text for text, _ in done)
    return f'{{"rows":[{joined}],{json.dumps(ending)[1:]}'.encode()
