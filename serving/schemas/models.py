"""What is known of the models in use."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from serving.schemas.scores import Answer


class Metric(Answer):
    """A figure measured on dates the model had not seen, with its 95 % interval."""

    name: str = Field(examples=["auc"])
    value: float | None
    low: float | None
    high: float | None


class Peer(Answer):
    """A simpler way to the same end, on the same rows."""

    name: str = Field(examples=["practitioner's rule"])
    auc: Metric


class Input(Answer):
    """One feature that a model takes, as the catalogue describes it."""

    name: str = Field(examples=["seats_utilization_28d"])
    group: str
    description: str
    unit: str = Field(examples=["ratio"])
    window_days: int | None
    by_day: int | None
    low: float | None = Field(description="What is expected at least.")
    high: float | None = Field(description="What is expected at most.")
    names: list[str] | None = Field(description="What a category may be; null for numbers.")
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
    why: str = Field(description="What the verdict rests on.")
    auc: Metric | None


class ModelList(Answer):
    """The models of the release in use."""

    release_id: str
    models: list[ModelSummary]


class ModelInfo(ModelSummary):
    """All that is known of a model."""

    release_id: str
    calibration: str = Field(description="Method by which scores become probabilities.")
    trees: int | None
    split: str
    trained: Sample
    tested: Sample
    metrics: list[Metric]
    peers: list[Peer]
    inputs: list[Input]
    card: str = Field(description="The whole model card as a JSON document.")
