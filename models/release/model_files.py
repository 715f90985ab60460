"""One model as files: text that LightGBM reads, and JSON, so that reading one runs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from features.errors import DataError
from models.inference.encoding import FeatureSpec
from models.release.card import Card

AMOUNT = "amount.txt"
FORMAT = 2
"""Raised whenever what is written here can no longer be read as it was."""

FEATURES = TypeAdapter(tuple[FeatureSpec, ...])


class ReleaseError(DataError):
    """A release that must not be used."""


@dataclass(frozen=True)
class ModelFiles:
    """One target's part of a release.

    ``text`` is LightGBM's text format; ``golden`` are rows of named values with the probabilities
    that they must get and the shares of ARR an outcome must be worth to them: ``{"rows": [...],
    "expected": [...], "shares": [...]}``. ``amount`` is the model of these shares, empty where
    one share is typical for all.
    """

    text: str
    calibration: Mapping[str, Any]
    features: Sequence[FeatureSpec]
    card: Card
    golden: Mapping[str, Any]
    amount: str = ""

    def files(self) -> dict[str, str]:
        """Return the content of each file by its name."""
        return {
            "model.txt": self.text,
            "calibration.json": as_json(self.calibration),
            "features.json": as_json([asdict(feature) for feature in self.features]),
            "card.json": as_json(replace(self.card, format=FORMAT).to_json()),
            "golden.json": as_json(self.golden),
            **({AMOUNT: self.amount} if self.amount else {}),
        }

    @classmethod
    def read(cls, folder: Path) -> ModelFiles:
        """Return one target's part from its folder; hashes are ``verify``'s business.

        Raises
        ------
        ReleaseError
            When another version of this package wrote it, or its card is none.
        """
        stored = {
            name: loaded((folder / f"{name}.json").read_text("utf-8"))
            for name in ("calibration", "features", "card", "golden")
        }
        if (written := stored["card"].get("format", 1)) != FORMAT:
            raise ReleaseError(
                f"{folder}: has format {written}, which another version of this package wrote; "
                f"this one reads format {FORMAT}: train and promote again"
            )
        features = FEATURES.validate_python(stored["features"])
        text = (folder / "model.txt").read_text("utf-8")
        amount = (folder / AMOUNT).read_text("utf-8") if (folder / AMOUNT).exists() else ""
        return cls(
            text, stored["calibration"], features, _card(stored["card"], folder), stored["golden"],
            amount,
        )  # fmt: skip


def _card(stored: Any, folder: Path) -> Card:
    try:
        return Card.from_json(stored)
    except ValidationError as error:
        problems = [
            f"{folder / 'card.json'}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise ReleaseError(problems) from None


def loaded(text: str) -> Any:
    """Return what JSON holds; ``NaN`` and its like, which Python would take, are no numbers."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number")

    return json.loads(text, parse_constant=refuse)


def as_json(value: Any) -> str:
    """Return the one text that a value has in a release."""
    return json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n"
