from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import DataError, UsageError
from models.dataset.external_table import Foreign, Roles, foreign
from pipelines.cli.app import app
from pipelines.config.settings import load
from pipelines.lifecycle.external_table import column_roles, train_table
from tests.models.tables import feature_table
from tests.pipelines.trained import empty_registry

ROLES = Roles("renewed", "customer", "month", 91)


def own() -> pd.DataFrame:
    """Return a table as somebody else would have made it, in words of their own."""
    frame = feature_table(accounts=150).frame
    renamed = frame.rename(
        columns={"account_id": "customer", "as_of": "month", "upsell_next_91d": "renewed"}
    )
    kept = ["customer", "month", "use_28d", "silent", "has_champion", "segment", "renewed"]
    return renamed[kept].reset_index(drop=True)


def taken(frame: pd.DataFrame, roles: Roles = ROLES) -> Foreign:
    return foreign(frame, roles, "f" * 64, "own.csv")


def test_what_tells_the_future_or_the_account_is_no_input() -> None:
    frame = own().assign(
        arr_next_91d=1.0,
        signed=pd.Timestamp("2024-01-01"),
        constant=1,
        empty=None,
        note=lambda rows: "note " + rows.index.astype(str),
        csm_id="x",
        quarter=lambda rows: rows["month"].astype(str),
        compact=lambda rows: pd.to_datetime(rows["month"]).dt.strftime("%Y%m%d").astype(int),
        number=lambda rows: rows["customer"].str[2:].astype(int) + 7_000,
    )
    found = taken(frame)
    assert found.table.inputs == ["use_28d", "silent", "has_champion", "segment"]
    assert found.left_out == {
        "arr_next_91d": "tells the future by its name (_next_)",
        "signed": "is a date; bring the days since or until it",
        "constant": "is the same in every row",
        "empty": "is empty",
        "note": "has 3,000 different texts: it names accounts, not kinds of them",
        "csm_id": "tells who the account is",
        "quarter": "is a date; bring the days since or until it",
        "compact": "is a date; bring the days since or until it",
        "number": "is a number of each account's own, as an id is: it names accounts",
    }


def test_the_rows_and_their_order_stay() -> None:
    frame = own()
    before = frame.copy(deep=True)
    found = taken(frame).table
    assert frame.equals(before)
    np.testing.assert_array_equal(found.frame["use_28d"], frame["use_28d"])
    assert found.labels["renewed"].amount_column is None
    assert found.frame["renewed"].isna().sum() == 150


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"renewed": 2}, "renewed must be 0, 1 or empty; 3,000 rows hold others, such as 2"),
        ({"customer": None}, "customer is empty in 3,000 rows"),
        ({"month": "soon"}, "month must be a date; 3,000 rows hold others, such as 'soon'"),
        (
            {"month": "2024-01-01"},
            r"2,850 rows repeat an account and date, such as \['a-0000', '2024-01-01'\]",
        ),
    ],
)
def test_a_column_that_is_not_what_it_should_be_is_refused(
    change: dict[str, object], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        taken(own().assign(**change))


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(DataError) as refused:
        taken(own().assign(customer=None, renewed=3))
    assert len(refused.value.problems) == 2
    with pytest.raises(DataError, match=r"no column 'renewd'; did you mean 'renewed'"):
        taken(own(), Roles("renewd", "customer", "month", 91))
    with pytest.raises(DataError, match="three columns"):
        taken(own(), Roles("renewed", "customer", "customer", 91))


def test_a_table_of_ones_own_is_trained_judged_and_registered(tmp_path: Path) -> None:
    frame = own()
    leaking = {"invoice": frame["renewed"].fillna(0) * 100.0, "won_next_30d": 1.0}
    frame.assign(**leaking).to_csv(tmp_path / "own.csv", index=False)
    (tmp_path / "expansion.toml").write_text("[train]\nmax_trees = 40\nthreads = 1\n")
    registry = empty_registry(load(tmp_path / "expansion.toml"))
    command = [
        "train", "--config", str(tmp_path / "expansion.toml"), "--table", str(tmp_path / "own.csv"),
        "--target", "renewed", "--id", "customer", "--as-of", "month",
    ]  # fmt: skip
    told = CliRunner().invoke(app, command, env={"COLUMNS": "160"}).output
    assert "renewed: no skill, use the rule." in told  # no better than the leak on its own
    assert "5 columns learned from" in told
    assert "won_next_30d left out: it tells the future by its name" in told
    assert "possible leak: invoice alone orders the outcomes with an AUC of 1.00" in told
    trusting = CliRunner().invoke(app, [*command, "--trust", "invoice"], env={"COLUMNS": "160"})
    assert "possible leak" not in trusting.output
    wrong = CliRunner().invoke(app, [*command, "--trust", "invoise"], env={"COLUMNS": "160"})
    assert wrong.exit_code == 2
    assert "--trust: there is no column 'invoise'; did you mean 'invoice'?" in wrong.output
    assert registry.aliases("renewed") == {"challenger": "2"}
    assert not list((tmp_path / "var").rglob("release"))


NAMES = [
    "size, m2", 'a"b', "it's", "x[0]", "k:v", "p=q", '{"j":1}', "<b>", "2nd", "", "Größe", "表",
    "a b", "a/b", "a\\b", "tab\there", "line\nend", "a;b", "100 %", "#n", "$x_$", "|",
    "very " * 60 + "long", "None", "index", "label", "size", "Size", "account_id", "😀",
]  # fmt: skip


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_columns_may_be_called_anything(tmp_path: Path, ending: str) -> None:
    chance = np.random.default_rng(3)
    frame = own()[["customer", "month", "renewed", "use_28d"]]
    for name in NAMES:
        frame.insert(len(frame.columns), name, chance.normal(size=len(frame)))
    path = tmp_path / f"own{ending}"
    frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path)
    (tmp_path / "expansion.toml").write_text("[train]\nmax_trees = 20\nthreads = 1\n")
    settings = load(tmp_path / "expansion.toml")
    registry = empty_registry(settings)
    (outcome,) = train_table(settings, path, ROLES).targets
    assert outcome.version == "1"
    assert "account_id left out: it is called as --id and --as-of are in a model; rename it" in (
        outcome.notes
    )
    inputs = [feature.name for feature in registry.load("renewed", "1").features]
    learned = [name for name in NAMES if name not in ("", "Size", "account_id")]
    assert set(learned) < set(inputs)
    assert len(inputs) == len(NAMES)
    mlflow.set_tracking_uri(settings.mlflow_uri)
    model = mlflow.pyfunc.load_model("models:/renewed/1")
    rows = frame.rename(columns={"": "column13", "Size": "Size_1"})[:5]
    missing = [name for name in inputs if name not in rows]
    scores = model.predict(rows.assign(**dict.fromkeys(missing, 0.0))[inputs])
    assert ((scores > 0) & (scores < 1)).all()


def test_the_case_of_a_comma_in_a_name_is_trained(tmp_path: Path) -> None:
    case = Path(__file__).parents[2] / "cases" / "names_in_own_table" / "size_comma.csv"
    (tmp_path / "expansion.toml").write_text("[train]\nmax_trees = 20\nmin_positives = 5\n")
    settings = load(tmp_path / "expansion.toml")
    empty_registry(settings)
    roles = Roles("upsell", "account_id", "as_of", 91)
    (outcome,) = train_table(settings, case, roles).targets
    assert outcome.notes[0] == "1 column learned from"


@pytest.mark.parametrize("target", ["won/lost", "it's", "a:b"])
def test_a_target_that_cannot_be_a_models_name_is_refused(target: str) -> None:
    with pytest.raises(UsageError, match="names the model, and MLflow takes no"):
        column_roles([target], "customer", "month", 91)


def test_a_table_needs_one_target_and_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "expansion.toml").write_text("")
    plain = ["train", "--config", str(tmp_path / "expansion.toml"), "--table"]
    done = CliRunner().invoke(app, [*plain, str(tmp_path / "none.csv")])
    assert "--table needs one --target" in done.output
    done = CliRunner().invoke(app, [*plain, str(tmp_path / "none.csv"), "--target", "x"])
    assert "there is no such file" in done.output
    assert done.exit_code == 2
    done = CliRunner().invoke(app, [*plain, str(tmp_path / "none.xlsx"), "--target", "x"])
    assert "neither .csv nor .parquet" in done.output
