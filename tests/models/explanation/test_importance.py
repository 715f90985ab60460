from __future__ import annotations

import numpy as np
import pytest

from models.dataset.time_split import split
from models.explanation.importance import importance
from models.release.card import Importance
from models.training.boosting import Params
from models.training.classifier import fit
from tests.models.tables import MATURE_DAYS, feature_table


@pytest.fixture(scope="module")
def found() -> dict[str, Importance]:
    table = feature_table()
    quick = Params(max_trees=80, patience=20, threads=1)
    told = {}
    for target in ("upsell", "churn"):
        parts = split(sorted(table.mature(target)["as_of"].unique()), MATURE_DAYS)
        fitted = fit(table, target, parts.final, quick)
        told[target] = importance(fitted, table.newest(), seed=1)
    return told


def test_the_weights_are_parts_of_a_whole_and_the_signal_leads(
    found: dict[str, Importance],
) -> None:
    for one in found.values():
        shares = [weight.share for weight in one.weights]
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)
    first = {one.feature for one in found["upsell"].weights[:3]}
    assert first == {"use", "has_champion", "arr"}  # the ARR tells how much an account uses
    assert found["churn"].weights[0].feature == "silent"


def test_windows_of_a_feature_weigh_together_and_one_of_them_is_drawn(
    found: dict[str, Importance],
) -> None:
    names = [one.feature for one in found["upsell"].weights]
    assert "use" in names
    assert len(names) == len(set(names))
    drawn = [one.feature for one in found["upsell"].curves]
    assert len({"use_28d", "use_91d"} & set(drawn)) == 1


def test_the_curve_rises_with_what_drives_the_outcome(found: dict[str, Importance]) -> None:
    curve = found["churn"].curves[0]
    assert list(curve.value) == sorted(curve.value)
    assert curve.effect[-1] > curve.effect[0] + 0.5
    ends = zip(curve.low, curve.effect, curve.high, strict=True)
    assert all(low <= mean <= high for low, mean, high in ends)


def test_a_category_is_drawn_by_its_names(found: dict[str, Importance]) -> None:
    kinds = [one for one in found["upsell"].curves if one.feature == "segment"]
    assert all(one.value == ("enterprise", "smb", "other") for one in kinds)
    assert all(np.isfinite(one.effect).all() for one in kinds)
