"""The models in use: versions, metrics, inputs, model cards."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.exceptions import HTTPException

from serving.auth.scopes import requires
from serving.http.problems import RESPONSES
from serving.http.strict_json import StrictRoute
from serving.inference.model_description import describe, summary
from serving.routes.dependencies import Models
from serving.schemas.models import ModelInfo, ModelList, ModelSummary

router = APIRouter(prefix="/v1", tags=["models"], responses=RESPONSES, route_class=StrictRoute)


@router.get("/models", operation_id="listModels")
@requires("read")
async def list_models(models: Models) -> ModelList:
    """Return the models in use."""
    cards = {name: model.card for name, model in models.models.items()}
    return ModelList(
        release_id=models.release_id,
        models=[ModelSummary.model_validate(summary(name, card)) for name, card in cards.items()],
    )


@router.get("/models/{target}", operation_id="getModel")
@requires("read")
def get_model(
    target: Annotated[str, Path(max_length=100, examples=["churn"])], models: Models
) -> ModelInfo:
    """Return one model: its metrics, training data, inputs and model card."""
    model = models.models.get(target)
    if model is None:
        targets = ", ".join(models.models)
        raise HTTPException(404, f"No model for {target!r} in use. Models in use: {targets}.")
    return describe(target, model, models.release_id)
