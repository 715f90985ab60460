"""What a model's card says of it, as the API answers it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from models.inference.encoding import FeatureSpec
from models.release.card import Card, EvaluationRows, TrainingRows
from models.statistics.interval import Interval, or_none
from serving.schemas.models import Input, Metric, ModelInfo, Peer, Sample

if TYPE_CHECKING:
    from serving.inference.scorer import Model


def summary(target: str, card: Card) -> dict[str, Any]:
    """Return what the list of models says of one."""
    auc = card.metrics.get("auc")
    return {
        "target": target,
        "version": card.version,
        "verdict": card.verdict,
        "why": card.why,
        "auc": _metric("auc", auc) if auc else None,
        "lag_days": card.lag_days,
    }


def _metric(name: str, interval: Interval) -> Metric:
    return Metric(
        name=name,
        value=or_none(interval.value),
        low=or_none(interval.low),
        high=or_none(interval.high),
    )


def _sample(rows: TrainingRows | EvaluationRows) -> Sample:
    return Sample(
        first=rows.first,
        last=rows.last,
        rows=rows.rows,
        positives=rows.positives,
        data_fingerprint=getattr(rows, "data_fingerprint", None),
    )


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
    return ModelInfo(
        **summary(target, card),
        release_id=release_id,
        calibration=str(model.calibration.get("method")),
        trees=card.trees,
        split=card.split,
        trained=_sample(card.trained),
        tested=_sample(card.test),
        metrics=[_metric(name, interval) for name, interval in card.metrics.items()],
        peers=[
            Peer(name=baseline.name, auc=_metric("auc", baseline.auc))
            for baseline in card.baselines.values()
        ],
        inputs=[_input(feature) for feature in model.features],
        card=json.dumps(card.to_json(), sort_keys=True),
    )
