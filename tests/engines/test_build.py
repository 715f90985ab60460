"""``build`` gives the same feature table on every engine, and says what an engine lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.errors import EnvironmentFailure, UsageError
from pipelines.build import engines, postgres, spark
from pipelines.build.build import build
from pipelines.config.settings import Settings, load
from pipelines.ingest import tables as ingest
from tests.pipelines.small import company, few
from tests.support.engines import OTHERS, POSTGRES, SPARK, needed, quiet

SCHEMA = f"test_build_{os.getpid()}"
USERS = """
user_id,account_id,user_group,org_unit,activated_on,known_at
"u,1",a1,expert,"a ""quoted"" unit",2024-01-05,2024-01-05 09:30:00
u2,a2,,,2024-01-06,2024-01-06
"""


def toml(engine: str) -> str:
    if engine == "postgres":
        return f'[engine]\nkind = "postgres"\nurl = "${{{POSTGRES}}}"\ninto = "{SCHEMA}"\n'
    options = "\n".join(f'"{key}" = "{value}"' for key, value in SPARK.items())
    return f'[engine]\nkind = "spark"\nmaster = "local[2]"\n[engine.options]\n{options}\n'


@pytest.fixture
def schema() -> Iterator[None]:
    yield
    if url := os.environ.get(POSTGRES):
        connection = postgres.connect(url)
        connection.con.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.disconnect()


def small(folder: Path, text: str = "") -> Settings:
    folder.mkdir(exist_ok=True)
    return company(folder, text, users=USERS)


@pytest.mark.usefixtures("schema")
@pytest.mark.parametrize("engine", OTHERS)
def test_build_gives_the_same_table(engine: str, tmp_path: Path) -> None:
    needed(engine)
    here = small(tmp_path / "duckdb", few())
    there = small(tmp_path / engine, toml(engine) + few())
    build(here)
    with quiet():
        build(there)
    expected, found = pq.read_table(here.feature_table), pq.read_table(there.feature_table)
    assert found.num_rows > 4
    assert found.equals(expected)


@pytest.mark.usefixtures("schema")
def test_postgres_holds_the_tables_as_they_were_written(tmp_path: Path) -> None:
    needed("postgres")
    settings = small(tmp_path, toml("postgres"))
    ingest.ingest(settings)
    connection, tables = engines.connect(settings)
    written = pq.read_table(settings.tables_folder / "users.parquet")
    held = tables["users"].order_by("user_id").to_pyarrow().cast(written.schema)
    assert held.equals(written.sort_by("user_id"))
    connection.disconnect()


@pytest.mark.usefixtures("schema")
def test_postgres_gets_a_copy_once_for_each_state(tmp_path: Path) -> None:
    needed("postgres")
    settings = small(tmp_path, toml("postgres"))
    ingest.ingest(settings)

    def oid() -> int:
        connection, _ = engines.connect(settings)
        query = "SELECT oid FROM pg_namespace WHERE nspname = %s"
        found: int = connection.con.execute(query, (SCHEMA,)).fetchone()[0]
        connection.disconnect()
        return found

    first = oid()
    assert oid() == first
    company(tmp_path, toml("postgres"), users=None)
    ingest.ingest(settings)
    assert oid() != first


def test_postgres_leaves_a_schema_of_others_alone(tmp_path: Path) -> None:
    needed("postgres")
    settings = small(tmp_path, toml("postgres").replace(SCHEMA, "public"))
    ingest.ingest(settings)
    with pytest.raises(UsageError, match="did not create; name one that does not exist yet"):
        engines.connect(settings)


def test_postgres_takes_options_of_the_session() -> None:
    needed("postgres")
    connection = postgres.connect(os.environ[POSTGRES], {"work_mem": "7MB"})
    assert connection.con.execute("SHOW work_mem").fetchone() == ("7MB",)
    assert connection.con.execute("SHOW jit").fetchone() == ("off",)
    connection.disconnect()
    with pytest.raises(UsageError, match=r"\[engine.options\]: .*work_men"):
        postgres.connect(os.environ[POSTGRES], {"work_men": "7MB"})


def test_an_engine_that_does_not_answer_is_named() -> None:
    with pytest.raises(EnvironmentFailure, match=r"\[engine\] url"):
        postgres.connect("postgresql://nobody@127.0.0.1:1/nothing")


def test_spark_without_java_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda _: object())
    monkeypatch.setattr(spark.shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EnvironmentFailure, match="Java 17"):
        spark.connect("local[1]", {})
    monkeypatch.setattr(spark, "find_spec", lambda _: None)
    with pytest.raises(EnvironmentFailure, match="make spark"):
        spark.connect("local[1]", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "postgres"', "needs the url of the database"),
        ('kind = "oracle"', "engine.kind"),
        ('into = "My Schema"', "engine.into"),
    ],
)
def test_settings_that_cannot_be(text: str, said: str, tmp_path: Path) -> None:
    config = tmp_path / "expansion.toml"
    config.write_text(f"[engine]\n{text}\n", "utf-8")
    with pytest.raises(UsageError, match=said):
        load(config)
