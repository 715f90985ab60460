"""Posted rows: scored as a batch would score them, each checked for itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI

from models.inference.encoding import FeatureSpec, encode
from models.release import bundle
from models.release.golden_rows import matrix_probabilities
from models.release.model_files import ModelFiles
from serving.app import create_app
from serving.inference.row_validation import RowValidator
from serving.inference.scorer import Encoding, Model, Scorer
from serving.schemas.rows import RowScores
from serving.settings import ServingSettings
from tests.models.releases import ROWS, model
from tests.serving.asking import PROBLEM, ask


def number(name: str, low: float | None = None, high: float | None = None) -> FeatureSpec:
    return FeatureSpec(name, "usage", name, "ratio", "Use", None, None, (low, high), None, 0.5)


SIZE = FeatureSpec(
    "size", "firm", "size", "category", "Size", None, None, (None, None), ("big", "small"), "big"
)


@pytest.fixture(scope="module")
def scorer(released: Path) -> Scorer:
    path = bundle.current(released)
    assert path is not None
    return Scorer.load(path, bundle.verify(path))


@pytest.fixture
def app(tmp_path: Path, scorer: Scorer) -> Iterator[FastAPI]:
    made = create_app(
        ServingSettings(
            store_url=f"sqlite:///{tmp_path / 's.db'}", release_folder=tmp_path, keys="off"
        )
    )
    made.state.releases.scorer = scorer
    yield made
    made.state.executor.close()
    made.state.store.close()


def post(app: FastAPI, rows: list[Any], features: Any = ("one", "two"), **more: Any) -> Any:
    body = {"features": list(features), "rows": [{"values": row} for row in rows], **more}
    return ask(app, "POST", "/v1/rows/score", json=body)


def test_rows_get_what_the_release_promises(app: FastAPI, released: Path) -> None:
    rows = [[row.get("two"), row.get("one")] for row in ROWS]
    answer = post(app, rows, ("two", "one"))
    assert answer.status_code == 200
    found = RowScores.model_validate(answer.json())
    expected = ModelFiles.read(released / "current" / "upsell").golden["expected"]
    given = [one.probabilities and one.probabilities["upsell"] for one in found.rows]
    assert given == pytest.approx(expected, abs=1e-6)
    assert found.failed == 0
    assert found.models["upsell"] == "1"


def test_many_rows_are_scored_as_few_are(app: FastAPI, scorer: Scorer) -> None:
    rows = np.random.default_rng(1).random((250, 2)).round(3).tolist()
    found = post(app, rows).json()["rows"]
    assert [one["row"] for one in found] == list(range(250))
    expected = [scorer.probabilities([row])["upsell"][0] for row in rows]
    assert [one["probabilities"]["upsell"] for one in found] == pytest.approx(expected, abs=1e-6)


def test_a_wrong_row_leaves_the_others_alone(app: FastAPI) -> None:
    rows = [[0.1, 0.9], [0.1], ["much", 0.9], [1e300, 0.9], [10**400, None], [None, None]]
    found = post(app, rows).json()
    assert [bool(one["errors"]) for one in found["rows"]] == [False, True, True, True, True, False]
    assert [one["probabilities"] is None for one in found["rows"]] == [
        False, True, True, True, True, False,
    ]  # fmt: skip
    assert found["failed"] == 4
    assert found["rows"][1]["errors"] == ["has 1 values for 2 features"]
    assert "one: 'much' is not a number" in found["rows"][2]["errors"][0]


def test_reasons_come_when_asked_for(app: FastAPI) -> None:
    plain = post(app, [[0.9, 0.1]]).json()["rows"][0]
    assert plain["reasons"] is None
    told = post(app, [[0.9, 0.1], ["x", 1]] * 10, reasons=True).json()["rows"]
    assert told[0]["reasons"]["upsell"]["up"][0]["feature"] == "one"
    assert told[0]["reasons"]["churn"] is None
    assert told[1]["reasons"] is None
    assert told[0]["probabilities"] == plain["probabilities"]


@pytest.mark.parametrize(
    ("features", "told"),
    [
        (["one"], "two: is missing"),
        (["one", "two", "three"], "three: is not a model input"),
        (["one", "two", "one"], "named twice: one"),
    ],
)
def test_features_that_are_not_the_models_are_told(
    app: FastAPI, features: list[str], told: str
) -> None:
    answer = post(app, [[0.0] * len(features)], features)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert told in " ".join(answer.json()["errors"])


@pytest.mark.parametrize("rows", [[], [[1, 2]] * 1001])
def test_too_few_or_too_many_rows_are_refused(app: FastAPI, rows: list[Any]) -> None:
    assert post(app, rows).status_code == 422


def test_an_id_is_handed_back(app: FastAPI) -> None:
    body = {"features": ["one", "two"], "rows": [{"id": "a/1", "values": [1, 2]}]}
    assert ask(app, "POST", "/v1/rows/score", json=body).json()["rows"][0]["id"] == "a/1"


def test_without_a_release_the_reason_is_told(app: FastAPI) -> None:
    app.state.releases.scorer = None
    answer = post(app, [[1, 2]])
    assert answer.status_code == 503
    assert "being verified" in answer.json()["detail"]


def checker(*features: FeatureSpec) -> RowValidator:
    files = replace(model(), features=features)
    made = replace(Model.of(model()), features=tuple(files.features))
    return RowValidator(Scorer("r", {"upsell": made}), [one.name for one in features])


def test_what_is_out_of_range_or_unknown_is_scored_with_a_warning() -> None:
    check = checker(number("share", 0.0, 1.5), SIZE)
    assert check.check([1.5, "big"]).warnings == ()
    assert check.check([None, None]).warnings == ()
    told = check.check([1.6, "huge"])
    assert told.errors == ()
    assert told.warnings == (
        "share: 1.6 is outside 0 to 1.5",
        "size: the models do not know 'huge' and treat it as other",
    )


@pytest.mark.parametrize("value", [1, 1.5, True])
def test_a_number_is_no_name(value: Any) -> None:
    assert "is not a text" in checker(SIZE).check([value]).errors[0]


def test_an_encoding_gives_what_the_batch_gives() -> None:
    features = (number("a"), SIZE, number("b"))
    rows = [[1.5, "small", None], [None, "huge", 2], [True, None, -3.0], [0, "big", 7]]
    named = [dict(zip(("b", "size", "a"), row, strict=True)) for row in rows]
    found = Encoding(features, ["b", "size", "a"]).matrix(rows)
    np.testing.assert_array_equal(found, encode(named, features))


def test_models_with_other_inputs_stand_side_by_side() -> None:
    """One model takes both inputs, the other its own in another order."""
    files = model(seed=2)
    swapped = replace(files, features=tuple(reversed(files.features)))
    scorer = Scorer("r", {"churn": Model.of(swapped), "upsell": Model.of(files)})
    row = scorer.row({"one": 0.2, "two": 0.7})
    found = scorer.probabilities([row])
    matrix = np.array([[0.2, 0.7]])
    assert found["upsell"] == pytest.approx(matrix_probabilities(files, matrix))
    assert found["churn"] == pytest.approx(matrix_probabilities(swapped, matrix[:, ::-1]))
