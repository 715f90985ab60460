"""A model with a suspected leak comes into use only once somebody accepts the column by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.errors import UsageError
from pipelines.config.settings import Settings, load
from pipelines.lifecycle.train import TargetOutcome, train
from tests.pipelines import trained


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A company whose segment is closed for most of those who are about to leave."""
    made = trained.company(tmp_path)
    frame, through = trained.labelled()
    leaves = frame["churn_next_91d"].fillna(0) > 0
    marked = np.random.default_rng(1).random(len(frame)) < 0.9
    frame["segment"] = np.where(leaves & marked, "closed", "active")
    trained.write(made, frame, through)
    trained.empty_registry(made)
    return made


def with_trusted(settings: Settings, column: str) -> Settings:
    config = settings.work.parent / "expansion.toml"
    grown = trained.TOML.replace("max_trees = 60", "max_trees = 250")  # enough for a sharp column
    config.write_text(f'{grown}trusted = ["{column}"]\n', "utf-8")
    return load(config)


def churn(settings: Settings) -> TargetOutcome:
    return train(settings, targets=["churn"]).targets[0]


def test_it_is_refused_with_column_figure_and_way_out(settings: Settings) -> None:
    outcome = churn(settings)
    assert (outcome.verdict, outcome.version, outcome.in_use) == ("skill", "1", None)
    leak = "not used for leak: segment alone orders the outcomes with an AUC of 0.9"
    assert leak in outcome.why
    assert outcome.why.endswith('accept by name: [train] trusted = ["segment"]')
    assert outcome.card is not None
    assert len(outcome.card.suspects) == 1


def test_accepted_by_name_it_comes_into_use(settings: Settings) -> None:
    outcome = churn(with_trusted(settings, "segment"))
    assert outcome.in_use == "1"
    assert outcome.card is not None
    assert outcome.card.suspects == ()


def test_an_unknown_column_is_told_with_the_nearest(settings: Settings) -> None:
    with pytest.raises(
        UsageError, match=r"train\.trusted: there is no column 'segmnt'; did you mean 'segment'\?"
    ):
        train(with_trusted(settings, "segmnt"))
