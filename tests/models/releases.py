"""A tiny release and a tiny scoring, for tests of what serves them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from models.inference.encoding import FeatureSpec
from models.inference.reasons import StoredReasons
from models.release import bundle
from models.release.golden_rows import golden_scores
from models.release.model_files import ModelFiles
from models.store.scores import AccountScore, Scoring
from tests.support.cards import card

FEATURES = tuple(
    FeatureSpec(name, "usage", name, "ratio", "Use", None, None, (None, None), None, 0.5)
    for name in ("one", "two")
)
NINE = datetime.fromisoformat("2026-01-05T09:00")
META = {"company": "Example Software"}
ROWS: list[dict[str, Any]] = [{"one": 0.1, "two": 0.9}, {"one": 0.8, "two": None}, {}]


def publish(folder: Path, models: Mapping[str, ModelFiles], meta: Mapping[str, Any]) -> Path:
    """Write a release, try it out and make it the current one; return where it lies."""
    path = bundle.prepare(folder, models, meta)
    bundle.point(path)
    return path


def model(seed: int = 1, version: str = "1") -> ModelFiles:
    """Return a model of a few trees with golden rows."""
    random = np.random.default_rng(seed)
    inputs = random.random((300, 2))
    label = (inputs[:, 0] + 0.2 * random.random(300) > 0.6).astype(float)
    settings = {"objective": "binary", "verbose": -1, "seed": seed, "num_threads": 1}
    text = lgb.train(settings, lgb.Dataset(inputs, label), 5).model_to_string()
    calibration = {"method": "sigmoid", "a": 1.0, "b": -0.1}
    draft = ModelFiles(text, calibration, FEATURES, card(version=version), {"rows": ROWS})
    return replace(draft, golden={"rows": ROWS, **golden_scores(draft)})


def sealed(path: Path) -> str:
    """Write the manifest of a release anew, so that it fits the files; return the fitting id."""
    manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    files = {one: path / one for one in manifest["files"] if (path / one).is_file()}
    files |= {one.relative_to(path).as_posix(): one for one in path.glob("*/*") if one.is_file()}
    hashes = {name: sha256(one.read_bytes()).hexdigest() for name, one in sorted(files.items())}
    release_id = bundle.id_of(hashes, manifest["models"], manifest["meta"])
    manifest |= {"files": hashes, "release_id": release_id}
    (path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return release_id


def scoring(scoring_id: str = "s1", as_of: date = date(2026, 1, 5), **more: Any) -> Scoring:
    """Return a scoring of two accounts."""
    plain = {
        "scoring_id": scoring_id, "as_of": as_of, "created_at": NINE,
        "release_id": "r1", "data_fingerprint": "f" * 64, "horizon_days": 91, "accounts": 2,
        "currency": "EUR", "models": {"upsell": "1"},
    }  # fmt: skip
    return Scoring(**{**plain, **more})


def account(account_id: str, rank: int = 1, chance: float = 0.25) -> AccountScore:
    """Return an account's score with one reason."""
    reason = {
        "feature": "one", "group": "usage", "text": "Use: 90 % (typical 50 %)", "value": 0.9,
        "typical": 0.5, "contribution": 0.4,
    }  # fmt: skip
    return AccountScore(
        account_id=account_id, rank=rank, name="Example Ltd", csm_id="csm-1", segment="smb",
        arr=1000.0, expected_expansion_arr=50.0, arr_at_risk=5.0,
        probabilities={"upsell": chance},
        reasons=StoredReasons({"upsell": {"up": [reason], "down": []}}),
    )  # fmt: skip
