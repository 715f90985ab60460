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

from models.explanation import reasons as explain
from models.i18n.messages import Catalogue
from models.i18n.number_format import ENGLISH
from models.inference import expected_arr
from models.inference.calibrators import apply
from models.inference.encoding import SEGMENT, FeatureSpec, Row, category_index, category_number
from models.release.bundle import Manifest
from models.release.card import Card
from models.release.golden_rows import shares_by
from models.release.model_files import ModelFiles
from models.release.released_targets import ReleasedTarget, released

UP, DOWN = 3, 2
"""So many reasons of each kind, as in a scoring."""


@dataclass(frozen=True)
class Model:
    """One target's model."""

    booster: lgb.Booster
    amounts: lgb.Booster | None
    features: tuple[FeatureSpec, ...]
    calibration: Mapping[str, Any]
    card: Card

    @classmethod
    def of(cls, files: ModelFiles) -> Model:
        """Return the model that a release's files hold."""
        amounts = lgb.Booster(model_str=files.amount) if files.amount else None
        booster = lgb.Booster(model_str=files.text)
        return cls(booster, amounts, tuple(files.features), files.calibration, files.card)


class Encoding:
    """From rows in the order of all inputs to the numbers that a model takes.

    Gives what ``models.inference.encoding.encode`` gives, row by row in place of column
    by column: a request has few rows.
    """

    def __init__(self, features: Sequence[FeatureSpec], inputs: Sequence[str]) -> None:
        places = {name: place for place, name in enumerate(inputs)}
        self._take = [places[feature.name] for feature in features]
        self._names = {
            column: category_index(feature.categories)
            for column, feature in enumerate(features)
            if feature.categories is not None
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Encoding) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def matrix(self, rows: Sequence[Row]) -> np.ndarray:
        """Return rows as float64 of shape (rows, features)."""
        encoded = [[row[place] for place in self._take] for row in rows]
        for row in encoded:
            for column, index in self._names.items():
                row[column] = category_number(row[column], index)
        return np.array(encoded, dtype=float).reshape(len(rows), len(self._take))


@dataclass(frozen=True)
class Scores:
    """What rows are given: chances and amounts by target, each of shape (rows,)."""

    chances: Mapping[str, np.ndarray]
    shares: Mapping[str, np.ndarray]
    targets: Mapping[str, ReleasedTarget]

    def money(self, arr: np.ndarray, lost_by_notice: float) -> tuple[np.ndarray, np.ndarray]:
        """Return expected expansion ARR and ARR at risk of accounts with this ARR.

        NaN where it is not known. ``lost_by_notice`` of it is at risk for certain, and no outcome
        is expected of that part.
        """
        amounts = expected_arr.expected_amounts(self.chances, self.shares, arr - lost_by_notice)
        expected_loss = expected_arr.loss(amounts, self.targets, len(arr))
        unknown = np.isnan(expected_loss) & ~np.isnan(arr) & (lost_by_notice > 0)
        return (
            expected_arr.expansion(amounts, self.targets, len(arr)),
            lost_by_notice + np.where(unknown, 0.0, expected_loss),
        )


@dataclass(frozen=True)
class Scorer:
    """The models of a release, loaded; a newer release is another scorer.

    ``described`` is what the manifest says of each.
    """

    release_id: str
    models: Mapping[str, Model]
    meta: Mapping[str, Any] = field(default_factory=dict)
    words: Catalogue = ENGLISH
    described: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, manifest: Manifest, words: Catalogue = ENGLISH) -> Scorer:
        """Load a release that was tried out; LightGBM ends the process that loads a garbled one."""
        models = {name: Model.of(ModelFiles.read(path / name)) for name in sorted(manifest.models)}
        return cls(manifest.release_id, models, manifest.meta, words, manifest.models)

    @cached_property
    def targets(self) -> Mapping[str, ReleasedTarget]:
        """The targets of the models as their release describes them, in the order to show."""
        return released({name: self.described.get(name, {}) for name in self.models})

    @cached_property
    def inputs(self) -> Mapping[str, FeatureSpec]:
        """Every input that a model takes, by name."""
        return {
            feature.name: feature for model in self.models.values() for feature in model.features
        }

    def row(self, values: Mapping[str, float | str | None]) -> Row:
        """Return named values as a row; what is not named is unknown."""
        return [values.get(name) for name in self.inputs]

    @cached_property
    def names(self) -> Mapping[str, frozenset[str]]:
        """The names that some model knows, of each input that is a name."""
        names: dict[str, frozenset[str]] = {}
        for feature in (feature for model in self.models.values() for feature in model.features):
            if feature.categories is not None:
                names[feature.name] = names.get(feature.name, frozenset()) | set(feature.categories)
        return names

    @property
    def versions(self) -> dict[str, str | None]:
        """The registered version of each target's model."""
        return {name: model.card.version for name, model in self.models.items()}

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
            name: shares_by(model.card.amount, model.amounts, matrices[name], model.features)
            for name, model in self.models.items()
        }
        return Scores(self._chances(matrices), shares, self.targets)

    def reasons(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return by target why each row's score is what it is; about 15 times a score's time."""
        matrices = self._matrices(rows)
        by_target = {name: self._reasons_of(name, rows, matrices[name]) for name in self.models}
        return [
            {name: reasons[number] for name, reasons in by_target.items()}
            for number in range(len(rows))
        ]

    def contributions(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """Return by target each input's part in each row's score in log-odds, (rows, inputs)."""
        matrices = self._matrices(rows)
        return {
            name: explain.contributions(model.booster, matrices[name])
            for name, model in self.models.items()
        }

    def _chances(self, matrices: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        chances = {}
        for name, model in self.models.items():
            raw = model.booster.predict(matrices[name], raw_score=True)
            chances[name] = apply(model.calibration, np.asarray(raw))
        return expected_arr.exclusive(chances, self.targets)

    def _reasons_of(
        self, name: str, rows: Sequence[Row], matrix: np.ndarray
    ) -> list[dict[str, Any]]:
        model = self.models[name]
        places = {name: place for place, name in enumerate(self.inputs)}
        columns = [places[feature.name] for feature in model.features]
        explained = explain.reasons(
            explain.contributions(model.booster, matrix),
            [[row[place] for place in columns] for row in rows],
            model.features,
            self.currency,
            segments=self._segments(rows),
            up=UP,
            down=DOWN,
            words=self.words,
        )
        return [reasons.to_json() for reasons in explained]

    def _segments(self, rows: Sequence[Row]) -> list[str | None]:
        names = list(self.inputs)
        if SEGMENT not in names:
            return []
        segments = [row[names.index(SEGMENT)] for row in rows]
        return [segment if isinstance(segment, str) else None for segment in segments]

    def _matrices(self, rows: Sequence[Row]) -> dict[str, np.ndarray]:
        """Return each target's inputs as numbers; models that take the same share one matrix."""
        matrices = [encoding.matrix(rows) for encoding in self._encodings[0]]
        return {name: matrices[number] for name, number in self._encodings[1].items()}

    @cached_property
    def _encodings(self) -> tuple[list[Encoding], dict[str, int]]:
        """Every way in which some model takes its inputs, and which of them is each target's."""
        encodings: list[Encoding] = []
        number_of = {}
        for name, model in self.models.items():
            encoding = Encoding(model.features, list(self.inputs))
            if encoding not in encodings:
                encodings.append(encoding)
            number_of[name] = encodings.index(encoding)
        return encodings, number_of
