"""`check` reports a column that looks ahead beside all else; `build` writes nothing with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.errors import DataError
from pipelines.build.build import build
from pipelines.cli.app import app
from pipelines.config.settings import Settings
from tests.pipelines.small import FEW, SUBSCRIPTIONS, company, few

MODULE = """
from features import FeatureGroup

mine = FeatureGroup("mine", "Mine.", owner="me")


@mine.rows("subscriptions")
def every_line(facts):
    '''Subscription lines.'''
    return facts.spine.join({tables}("subscriptions"), ["account_id"{also}])


@mine.feature(every_line, unit="count")
def mine_ends(rows):
    '''Lines that end.'''
    return rows.ended_on.count()
"""
AHEAD = MODULE.format(tables="facts.tables.get", also="")
SOUND = MODULE.format(tables="facts.announced", also=', "as_of"')
ENDS = (
    SUBSCRIPTIONS + "s3,a2,core,2024-01-01,2024-04-10,2024-04-05,5,120,EUR,2024-01-01,2024-01-01\n"
)


def with_module(folder: Path, text: str, **tables: str) -> Settings:
    (folder / "mine.py").write_text(text, "utf-8")
    return company(folder, few() + 'modules = ["mine.py"]\n', **tables)


def test_check_names_column_file_and_rows(tmp_path: Path) -> None:
    with_module(tmp_path, AHEAD, subscriptions=ENDS)
    shown = CliRunner().invoke(app, ["check", "--config", str(tmp_path / "expansion.toml")])
    assert shown.exit_code == 1
    text = " ".join(shown.output.split())
    assert f"REFUSED {tmp_path}/mine.py:" in text
    assert "column mine_ends looks past as_of" in text
    assert "a2 on 2024-" in text
    assert "subscriptions (subscription_id = s" in text
    assert "1 column of your own refused (see above): nothing written." in text


def test_build_writes_nothing_with_it(tmp_path: Path) -> None:
    settings = with_module(tmp_path, AHEAD, subscriptions=ENDS)
    with pytest.raises(DataError, match=r"column mine_ends looks past as_of.* What to do: take"):
        build(settings)
    assert not settings.feature_table.exists()


def test_one_that_looks_back_is_built(tmp_path: Path) -> None:
    assert build(with_module(tmp_path, SOUND, subscriptions=ENDS)).features == len(FEW) + 1
