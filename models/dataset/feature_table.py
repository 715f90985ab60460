"""The feature table as models see it: rows, declared inputs, labels, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from features.labels.targets import TARGETS

KEYS = ("account_id", "as_of")
NAMES = (*KEYS, "csm_id")
"""Who a row is about and whose account it is: neither may be learned by heart."""


@dataclass(frozen=True)
class Label:
    """One target's columns, and the days after ``as_of`` it needs to be mature.

    ``amount_column`` holds the ARR of each outcome, where a table tells it; what the target
    ``excludes`` never befalls the same row. ``title`` is what people call it in English,
    ``titles`` in other languages.
    """

    name: str
    column: str
    amount_column: str | None
    direction: str
    mature_days: int
    excludes: tuple[str, ...] = ()
    title: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_leading(self) -> bool:
        """Whether it stands for itself; what gives way to another is left out of short lists."""
        return not self.excludes


@dataclass(frozen=True)
class FeatureTable:
    """Rows by account and ``as_of``, with what their columns mean.

    ``frame`` holds keys, features (float64 or string) and labels; ``features`` are the declared
    inputs in order, ``labels`` the targets by name, ``meta`` where the data comes from.
    """

    frame: pd.DataFrame
    features: tuple[Mapping[str, Any], ...]
    labels: Mapping[str, Label]
    meta: Mapping[str, Any]

    @property
    def inputs(self) -> list[str]:
        """The names of the feature columns, in order."""
        return [feature["name"] for feature in self.features]

    @property
    def todays(self) -> frozenset[str]:
        """The attributes, as ``table.column``, of which only today's value is known."""
        return frozenset(self.meta.get("todays", ()))

    def question(self, target: str) -> dict[str, Any]:
        """Return what a label of ``target`` means; models of other questions can't be compared."""
        label = self.labels[target]
        return {
            "column": label.column,
            "mature_days": label.mature_days,
            "price_changes": bool(self.meta.get("price_changes")),
        }

    def mature(self, target: str) -> pd.DataFrame:
        """Return the rows whose label is known."""
        return self.frame[self.frame[self.labels[target].column].notna()]

    def at(self, target: str, as_ofs: Sequence[date]) -> pd.DataFrame:
        """Return the rows of ``as_ofs`` whose label is known."""
        rows = self.mature(target)
        chosen: pd.DataFrame = rows[rows["as_of"].isin(list(as_ofs))]
        return chosen

    def newest(self) -> pd.DataFrame:
        """Return the rows of the newest ``as_of``, the ones to score."""
        rows: pd.DataFrame = self.frame[self.frame["as_of"] == self.frame["as_of"].max()]
        return rows


def read(path: Path) -> FeatureTable:
    """Read a feature table with its metadata.

    Raises
    ------
    DataError
        When the file is missing, damaged or not written by ``build``, lacks a column that it
        declares, or declares an input that would tell the future (a label) or the identity (a key).
    """
    if not path.exists():
        raise DataError(f"{path}: there is no feature table yet; run `expansion build` first")
    return parsed(_parquet(path), path)


def parsed(table: pa.Table, path: Path) -> FeatureTable:
    """Return what a table holds; ``path`` is told where it lacks something.

    Raises
    ------
    DataError
        As ``read`` does.
    """
    stored = (table.schema.metadata or {}).get(b"expansion")
    if stored is None:
        raise DataError(f"{path}: has no description of its columns; build it anew")
    meta = json.loads(stored)
    _refuse_leaks(path, [feature["name"] for feature in meta["features"]])
    labels = labels_of(meta)
    _refuse_gaps(path, table.column_names, [feature["name"] for feature in meta["features"]])
    return FeatureTable(table.to_pandas(), tuple(meta["features"]), labels, meta)


def _parquet(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{path}: is damaged ({error}); remove it and run `expansion build`"
        ) from None


def _refuse_gaps(path: Path, columns: Sequence[str], inputs: Sequence[str]) -> None:
    lacking = [name for name in (*KEYS, *inputs) if name not in columns]
    if lacking:
        raise DataError(f"{path}: lacks the columns {', '.join(lacking)}; build it anew")


def labels_of(meta: Mapping[str, Any]) -> dict[str, Label]:
    """Return the labels that a feature table's description tells of, by name, in its order."""
    return {declared["name"]: _label(declared) for declared in meta["targets"]}


def _label(declared: Mapping[str, Any]) -> Label:
    needed = ("name", "column", "amount_column", "direction", "mature_days")
    return Label(
        **{name: declared[name] for name in needed},
        excludes=tuple(declared.get("excludes", ())),
        title=declared.get("title", _title(declared["name"])),
        titles=declared.get("titles", {}),
    )


def _title(name: str) -> str:
    """Return what people call a target of a table from before tables said it."""
    return TARGETS[name].title if name in TARGETS else name.replace("_", " ").capitalize()


def _refuse_leaks(path: Path, inputs: Sequence[str]) -> None:
    leaks = [name for name in inputs if "_next_" in name or name in NAMES]
    if leaks:
        raise DataError(
            f"{path}: {', '.join(leaks)} cannot be inputs: they tell the outcome or the account"
        )
