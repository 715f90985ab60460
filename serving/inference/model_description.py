"""What a model's card says of it, as the API answers it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.inference.encoding import FeatureSpec
from serving.schemas.models import Input, Metric, ModelInfo, Peer, Sample

if TYPE_CHECKING:
    from serving.inference.scorer import Model

Card = Mapping[str, Any]


def summary(target: str, card: Card) -> dict[str, Any]:
    """Return what the list of models says of one."""
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


def _input(feature: FeatureSpec) -> Input:
    low, high = feature.expected
    return Input(
        name=feature.name,
        group=feature.group,
        description=feature.description,
        unit=feature.unit,
        window_days=feature.window_days,
        by_day=feature.by_day,
        low=low,
        high=high,
        names=None if feature.categories is None else list(feature.categories),
        typical=feature.typical,
    )


def describe(target: str, model: Model, release_id: str) -> ModelInfo:
    """Return all that is known of one model: how good it is, on what, and what it takes."""
    card = model.card
    figures = {name: one.get("auc") for name, one in card.get("baselines", {}).items()}
    names = {name: one.get("name", name) for name, one in card.get("baselines", {}).items()}
    return ModelInfo(
        **summary(target, card),
        release_id=release_id,
        calibration=str(model.calibration.get("method")),
        trees=card.get("trees"),
        split=card.get("split", ""),
        trained=_sample(card.get("trained", {})),
        tested=_sample(card.get("test", {})),
        metrics=[_metric(name, one) for name, one in card.get("metrics", {}).items()],
        peers=[
            Peer(name=names[key], auc=_metric("auc", one)) for key, one in figures.items() if one
        ],
        inputs=[_input(feature) for feature in model.features],
        card=json.dumps(card, sort_keys=True),
    )
