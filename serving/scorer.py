"""A release in this process: probabilities, reasons and amounts of rows of features.

Everything here computes: call it for a few rows, or from a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from models import explain, value
from models.calibrators import apply
from models.encoding import SEGMENT, FeatureSpec, encode
from models.golden import shares_by
from models.release import Manifest, ModelFiles

Row = Mapping[str, float | str | None]
UP, DOWN = 3, 2
"""So many reasons of each kind, as in a scoring."""


@dataclass(frozen=True)
class Model:
    """One target's model."""

    booster: lgb.Booster
    amounts: lgb.Booster | None
    features: tuple[FeatureSpec, ...]
    calibration: Mapping[str, Any]
    card: Mapping[str, Any]

    @classmethod
    def of(cls, files: ModelFiles) -> Model:
        """Return the model that a release's files hold."""
        amounts = lgb.Booster(model_str=files.amount) if files.amount else None
        booster = lgb.Booster(model_str=files.text)
        return cls(booster, amounts, tuple(files.features), files.calibration, files.card)

    @property
    def excludes(self) -> tuple[str, ...]:
        """The targets that never befall the same row; cards from before do not say."""
        return tuple(self.card.get("excludes", ()))

    @cached_property
    def encoding(self) -> tuple[tuple[str, tuple[str, ...] | None], ...]:
        """What its matrix depends on: models with the same share one."""
        return tuple((one.name, one.categories) for one in self.features)


@dataclass(frozen=True)
class Scores:
    """What rows are given: chances and amounts by target, each of shape (rows,)."""

    chances: Mapping[str, np.ndarray]
    shares: Mapping[str, np.ndarray]

    def money(self, arr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return expected expansion ARR and ARR at risk of accounts with this ARR."""
        amounts = value.expected_amounts(self.chances, self.shares, arr)
        return value.expansion(amounts, len(arr)), value.at_risk(amounts, len(arr))


@dataclass(frozen=True)
class Scorer:
    """The models of a release, loaded; a newer release is another scorer."""

    release_id: str
    models: Mapping[str, Model]
    meta: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, manifest: Manifest) -> Scorer:
        """Load a release that was tried out; LightGBM ends the process that loads a garbled one."""
        models = {name: Model.of(ModelFiles.read(path / name)) for name in sorted(manifest.models)}
        return cls(manifest.release_id, models, manifest.meta)

    @cached_property
    def inputs(self) -> Mapping[str, FeatureSpec]:
        """Every input that a model takes, by name."""
        return {one.name: one for model in self.models.values() for one in model.features}

    @cached_property
    def names(self) -> Mapping[str, frozenset[str]]:
        """The names that some model knows, of each input that is a name."""
        known: dict[str, frozenset[str]] = {}
        for one in (one for model in self.models.values() for one in model.features):
            if one.categories is not None:
                known[one.name] = known.get(one.name, frozenset()) | set(one.categories)
        return known

    @property
    def currency(self) -> str:
        """What amounts are in."""
        return str(self.meta.get("currency", ""))

    def probabilities(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """Return each target's calibrated probability of each row, as the batch would."""
        return self._chances(self._matrices(rows))

    def scores(self, rows: Sequence[Row]) -> Scores:
        """Return chances and what outcomes would be worth."""
        matrices = self._matrices(rows)
        shares = {
            name: shares_by(model.card["amount"], model.amounts, matrices[name])
            for name, model in self.models.items()
        }
        return Scores(self._chances(matrices), shares)

    def reasons(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return by target why each row's score is what it is; about 15 times a score's time."""
        matrices = self._matrices(rows)
        told = {name: self._told(name, rows, matrices[name]) for name in self.models}
        return [{name: one[number] for name, one in told.items()} for number in range(len(rows))]

    def contributions(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """Return by target each input's part in each row's score in log-odds, (rows, inputs)."""
        matrices = self._matrices(rows)
        return {
            name: explain.contributions(model.booster, matrices[name])
            for name, model in self.models.items()
        }

    def _chances(self, matrices: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = {}
        for name, model in self.models.items():
            raw = model.booster.predict(matrices[name], raw_score=True)
            found[name] = apply(model.calibration, np.asarray(raw))
        return value.exclusive(found, self.models)

    def _told(self, name: str, rows: Sequence[Row], matrix: np.ndarray) -> list[dict[str, Any]]:
        model = self.models[name]
        return explain.reasons(
            explain.contributions(model.booster, matrix),
            [[row.get(one.name) for one in model.features] for row in rows],
            model.features,
            self.currency,
            segments=[_segment(row) for row in rows],
            up=UP,
            down=DOWN,
        )

    def _matrices(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """Return each target's inputs as numbers; models that take the same share one matrix."""
        shared: dict[Any, np.ndarray] = {}
        for model in self.models.values():
            if model.encoding not in shared:
                shared[model.encoding] = encode(rows, model.features)
        return {name: shared[model.encoding] for name, model in self.models.items()}


def _segment(row: Row) -> str | None:
    told = row.get(SEGMENT)
    return told if isinstance(told, str) else None
