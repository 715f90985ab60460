"""Asks a release what everybody will ask of it, before anybody does."""

from __future__ import annotations

import json

import numpy as np

from models.inference.encoding import Row
from serving.inference.model_description import describe
from serving.inference.row_validation import RowValidator
from serving.inference.scorer import Scorer
from serving.schemas.scores import ModelVersions


def warm_up(scorer: Scorer) -> None:
    """Score and explain an account of which nothing is known and a typical one; show each model.

    Raises whatever the first answer would have failed with.
    """
    check = RowValidator(scorer, list(scorer.inputs))
    typical = [feature.typical for feature in scorer.inputs.values()]
    rows_checked = (check.check(row) for row in ([None] * len(typical), typical))
    rows: list[Row] = [row.row for row in rows_checked if not row.errors]
    scores = scorer.scores(rows)
    scores.money(np.ones(len(rows)), 0.0)
    shares = {name: values.tolist() for name, values in scores.shares.items()}
    figures = {name: values.tolist() for name, values in scorer.probabilities(rows).items()}
    json.dumps([figures, shares, scorer.reasons(rows)], allow_nan=False)
    ModelVersions.model_validate(scorer.versions)
    for target, model in scorer.models.items():
        describe(target, model, scorer.release_id).model_dump_json()
