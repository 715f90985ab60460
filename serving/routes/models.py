"""What is known of the models in use: versions, figures, inputs, cards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.exceptions import HTTPException

from models.inference.encoding import FeatureSpec
from serving.http.problems import RESPONSES
from serving.http.strict_json import StrictRoute
from serving.routes.dependencies import Models
from serving.schemas.models import Input, Metric, ModelInfo, ModelList, ModelSummary, Peer, Sample

router = APIRouter(prefix="/v1", tags=["models"], responses=RESPONSES, route_class=StrictRoute)
Card = Mapping[str, Any]


@router.get("/models", operation_id="listModels")
async def listed(models: Models) -> ModelList:
    """Return the models that rows are scored with."""
    cards = {name: one.card for name, one in models.models.items()}
    return ModelList(
        release_id=models.release_id,
        models=[ModelSummary.model_validate(_summary(name, card)) for name, card in cards.items()],
    )


@router.get("/models/{target}", operation_id="getModel")
def told(
    target: Annotated[str, Path(max_length=100, examples=["churn"])], models: Models
) -> ModelInfo:
    """Return all that is known of one model: how good it is, on what, and what it takes."""
    model = models.models.get(target)
    if model is None:
        known = ", ".join(models.models)
        raise HTTPException(404, f"There is no model of {target!r} in use; there are: {known}.")
    card = model.card
    figures = {name: one.get("auc") for name, one in card.get("baselines", {}).items()}
    names = {name: one.get("name", name) for name, one in card.get("baselines", {}).items()}
    return ModelInfo(
        **_summary(target, card),
        release_id=models.release_id,
        calibration=str(model.calibration.get("method")),
        trees=card.get("trees"),
        split=card.get("split", ""),
        trained=_sample(card.get("trained", {})),
        tested=_sample(card.get("test", {})),
        metrics=[_metric(name, one) for name, one in card.get("metrics", {}).items()],
        peers=[
            Peer(name=names[key], auc=_metric("auc", one)) for key, one in figures.items() if one
        ],
        inputs=[_input(one) for one in model.features],
        card=json.dumps(card, sort_keys=True),
    )


def _summary(target: str, card: Card) -> dict[str, Any]:
    auc = card.get("metrics", {}).get("auc")
    return {
        "target": target,
        "version": card.get("version"),
        "verdict": card.get("verdict", ""),
        "why": card.get("why", ""),
        "auc": _metric("auc", auc) if auc else None,
    }


def _metric(name: str, figure: Card) -> Metric:
    return Metric(name=name, **{part: figure.get(part) for part in ("value", "low", "high")})


def _sample(told: Card) -> Sample:
    known = {"first": told.get("from"), "last": told.get("to")}
    counts = {name: told.get(name) for name in ("rows", "positives", "data_fingerprint")}
    return Sample.model_validate({**known, **counts})


def _input(one: FeatureSpec) -> Input:
    low, high = one.expected
    return Input(
        name=one.name,
        group=one.group,
        description=one.description,
        unit=one.unit,
        window_days=one.window_days,
        by_day=one.by_day,
        low=low,
        high=high,
        names=None if one.categories is None else list(one.categories),
        typical=one.typical,
    )
