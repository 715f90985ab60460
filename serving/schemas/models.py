"""The models in use."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from serving.schemas.scores import Answer


class Metric(Answer):
    """A metric on held-out later dates, with its 95 % interval."""

    name: str = Field(examples=["auc"])
    value: float | None
    low: float | None
    high: float | None


class Peer(Answer):
    """A simpler baseline on the same rows."""

    name: str = Field(examples=["practitioner's rule"])
    auc: Metric


class Input(Answer):
    """One model input, as in the feature catalogue."""

    name: str = Field(examples=["seats_utilization_28d"])
    group: str
    description: str
    unit: str = Field(examples=["ratio"])
    window_days: int | None
    by_day: int | None
    low: float | None = Field(description="Lowest expected value.")
    high: float | None = Field(description="Highest expected value.")
    names: list[str] | None = Field(description="Categories the model knows; null for numbers.")
    typical: float | str | None


class Sample(Answer):
    """The rows a model was trained or tested on."""

    first: date | None
    last: date | None
    rows: int | None
    positives: int | None
    data_fingerprint: str | None = None


class ModelSummary(Answer):
    """One model in use."""

    target: str = Field(examples=["churn"])
    version: str | None
    verdict: str = Field(examples=["skill"])
    why: str = Field(description="Reason for the verdict.")
    auc: Metric | None
    lag_days: int | None = Field(
        description="Days from the newest date it was fitted on to the newest data at training; "
        "null for models from before it was recorded.",
        examples=[126],
    )


class ModelList(Answer):
    """The models of the release in use."""

    release_id: str
    models: list[ModelSummary]


class ModelInfo(ModelSummary):
    """Metrics, data and inputs of one model."""

    release_id: str
    calibration: str = Field(description="Calibration method: how raw scores become probabilities.")
    trees: int | None
    split: str
    trained: Sample = Field(description="What it was fitted on.")
    tested: Sample = Field(
        description="What its metrics were measured on, by fits of the same recipe that had not "
        "seen it."
    )
    metrics: list[Metric]
    peers: list[Peer]
    inputs: list[Input]
    card: str = Field(description="The model card as a JSON document.")
