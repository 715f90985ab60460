"""A company's configuration: one TOML file, checked as a whole before anything runs."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator

from features.contract import ACCOUNTS, undated
from features.errors import UsageError
from features.labels.targets import TARGETS
from models.common.sqlite_address import sqlite_url
from models.i18n.messages import Catalogue
from models.i18n.number_format import WORDS
from pipelines.config.channels import Channel
from pipelines.config.error_messages import explain, unknown_names
from pipelines.config.mapping import Mapping
from pipelines.config.sections import (
    Build,
    Company,
    Data,
    Decide,
    Engine,
    Export,
    Features,
    Hints,
    MLflow,
    Monitoring,
    Paths,
    Report,
    Score,
    Store,
    Train,
    Webhook,
)

PATHS = (("data", "folder"), ("paths", "work"), ("mlflow", "home"))
"""Keys that hold a path; it is relative to the file in which it is written."""


class Settings(Mapping):
    """Everything a verb needs to know about a company. Paths are absolute."""

    company: Company = Company()
    data: Data = Data()
    hints: Hints = Hints()
    paths: Paths = Paths()
    mlflow: MLflow = MLflow()
    store: Store = Store()
    features: Features = Features()
    engine: Engine = Engine()
    build: Build = Build()
    train: Train = Train()
    score: Score = Score()
    decide: Decide = Decide()
    monitoring: Monitoring = Monitoring()
    report: Report = Report()
    export: Export = Export()
    webhooks: tuple[Webhook, ...] = ()
    deliver: tuple[Channel, ...] = ()

    @field_validator("webhooks", "deliver")
    @classmethod
    def _each_name_once(cls, named: tuple[Any, ...]) -> tuple[Any, ...]:
        if len({entry.name for entry in named}) < len(named):
            raise ValueError("two of them have the same name")
        return named

    def problems(self) -> Iterator[tuple[str, str, list[str]]]:
        """Find names that nothing answers to: where, the name, the names there are."""
        yield from super().problems()
        # What a company's own modules declare is known once they are read.
        if not self.features.modules:
            unknown = [name for name in self.train.targets if name not in TARGETS]
            yield from (("train.targets", name, list(TARGETS)) for name in unknown)
        attributes = [name.removeprefix(f"{ACCOUNTS.name}.") for name in undated()]
        for name in self.features.keep:
            if name not in attributes and name not in undated():
                yield "features.keep", name, attributes

    @property
    def kept(self) -> frozenset[str]:
        """The attributes named under [features] keep, as ``table.column``."""
        names = self.features.keep
        return frozenset(name if "." in name else f"{ACCOUNTS.name}.{name}" for name in names)

    @property
    def work(self) -> Path:
        """The folder of all results."""
        return self.paths.work

    @property
    def data_folder(self) -> Path:
        """The folder of the source files."""
        return self.data.folder

    @property
    def words(self) -> Catalogue:
        """The words of the language that the company's people read."""
        return WORDS[self.company.language]

    @property
    def tables_folder(self) -> Path:
        """The contract tables as Parquet, with their manifest."""
        return self.work / "tables"

    @property
    def versions_folder(self) -> Path:
        """The record of what accounts were like at each loading: nothing else holds it."""
        return self.work / "versions"

    @property
    def feature_table(self) -> Path:
        """The Parquet file of features and targets."""
        return self.work / "features.parquet"

    @property
    def release_folder(self) -> Path:
        """The releases a server loads."""
        return self.work / "release"

    @property
    def snapshots_folder(self) -> Path:
        """The inputs of the newest scorings, a Parquet file each."""
        return self.work / "scored"

    @property
    def forecast_file(self) -> Path:
        """The newest NRR forecast (JSON)."""
        return self.work / "forecast.json"

    @property
    def report_folder(self) -> Path:
        """The reports, a folder a day."""
        return self.work / "report"

    @property
    def monitoring_folder(self) -> Path:
        """Monitoring results, a folder a week."""
        return self.work / "watch"

    @property
    def weekly_folder(self) -> Path:
        """The records of weekly runs, a file a week, and their lock."""
        return self.work / "weekly"

    @property
    def delivered_folder(self) -> Path:
        """Who has which week's report, a file a week."""
        return self.work / "delivered"

    @property
    def export_folder(self) -> Path:
        """What was exported for a CRM, a folder an export."""
        return self.work / "export"

    @property
    def store_url(self) -> str:
        """The score store's SQLAlchemy URL."""
        return self.store.url or sqlite_url(self.work / "scores.db")

    @property
    def mlflow_uri(self) -> str:
        """MLflow's tracking and registry URI."""
        return self.mlflow.uri or sqlite_url(self.mlflow.home / "mlflow.db")

    @property
    def mlflow_artifacts(self) -> Path:
        """The folder of MLflow's artifacts."""
        return self.mlflow.home / "artifacts"


def load(path: Path, *, data_folder: Path | None = None) -> Settings:
    """Read and check a configuration.

    ``data_folder`` overrides ``[data] folder``, as do the environment variables
    ``EXPANSION_DATA_FOLDER``, ``EXPANSION_STORE_URL`` for ``[store] url`` and
    ``EXPANSION_MLFLOW_URI`` for ``[mlflow] uri``. Raises ``UsageError`` with every problem at once.
    """
    if data_folder is not None and not data_folder.is_dir():
        raise UsageError(f"--data {data_folder}: there is no such folder; name that of the data")
    files = _read(Path(path))
    merged: dict[str, Any] = {}
    for content in reversed(files.values()):
        merged = _merge(merged, content)
    _override(merged, path.parent, data_folder)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise UsageError(explain(error, Settings, files)) from None
    if problems := unknown_names(settings.problems(), files):
        raise UsageError(problems)
    return settings


def _read(path: Path, below: tuple[Path, ...] = ()) -> dict[Path, dict[str, Any]]:
    """Return the file and those it extends, nearest first, paths made absolute."""
    if path.resolve() in below:
        raise UsageError(f"{path}: extends itself; remove one of the `extends`")
    content = _parse(path)
    base = content.pop("extends", None)
    if "watch" in content:  # what [monitoring] was called before
        content.setdefault("monitoring", content.pop("watch"))
    _resolve(content, path.parent)
    if base is None:
        return {path: content}
    if not isinstance(base, str):
        raise UsageError(f"{path}: extends = {base!r} must be the name of another TOML file")
    return {path: content, **_read(path.parent / base, (*below, path.resolve()))}


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no such configuration; name yours with --config, or copy one of "
            "examples/*.toml and follow docs/connect-your-data.md"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise UsageError(f"{path}: is not a TOML file: {error}") from None


def _resolve(content: dict[str, Any], folder: Path) -> None:
    for section, key in PATHS:
        value = content.get(section)
        if isinstance(value, dict) and isinstance(value.get(key), str):
            value[key] = _absolute(folder, value[key])
    for place in content.get("deliver") or ():
        if isinstance(place, dict) and isinstance(place.get("folder"), str):
            place["folder"] = _absolute(folder, place["folder"])
    company_features = content.get("features")
    if isinstance(company_features, dict) and isinstance(company_features.get("modules"), list):
        company_features["modules"] = [
            _absolute(folder, module) if isinstance(module, str) else module
            for module in company_features["modules"]
        ]


def _absolute(folder: Path, value: str | Path) -> str:
    return os.path.abspath(folder / Path(value).expanduser())  # noqa: PTH100 (keeps symlinks)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Lay ``over`` on ``base``; sections merge, lists such as [[checks]] are joined."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merge(below, value)
        elif key == "checks" and isinstance(below, list) and isinstance(value, list):
            merged[key] = [*below, *value]
        else:
            merged[key] = value
    return merged


def _override(merged: dict[str, Any], folder: Path, data_folder: Path | None) -> None:
    """Lay arguments, then environment variables over the file, and make default paths absolute."""
    if chosen := data_folder or os.environ.get("EXPANSION_DATA_FOLDER"):
        _put(merged, "data", "folder", _absolute(Path.cwd(), chosen))
    for section, key in (("store", "url"), ("mlflow", "uri")):
        if from_environment := os.environ.get(f"EXPANSION_{section}_{key}".upper()):
            _put(merged, section, key, from_environment)
    for (section, key), default in zip(PATHS, ("source", "var", "mlruns"), strict=True):
        if isinstance(merged.setdefault(section, {}), dict):
            merged[section].setdefault(key, _absolute(folder, default))


def _put(merged: dict[str, Any], section: str, key: str, value: str) -> None:
    merged[section] = {**merged.get(section, {}), key: value}
