from __future__ import annotations

import numpy as np
import pandas as pd

from models.evaluation.slices import FEWEST_OUTCOMES, MOST_GROUPS, OTHERS, Slice, slices

ROWS = 1_200


def cut(rows: pd.DataFrame, strong: np.ndarray) -> dict[tuple[str, str], Slice]:
    """Return the slices of a score that only orders the rows marked ``strong``."""
    random = np.random.default_rng(3)
    label = (random.random(len(rows)) < 0.3).astype(float)
    probability = 0.3 + 0.1 * np.where(strong, label, random.random(len(rows)))
    return {(one.by, one.name): one for one in slices(rows, label, probability, seed=1)}


def accounts(rows: int = ROWS) -> pd.DataFrame:
    number = np.arange(rows)
    return pd.DataFrame(
        {
            "account_id": [f"a-{one // 2}" for one in number],
            "segment": np.where(number % 20 == 0, "rare", np.where(number % 2, "smb", "mid")),
            "arr": 1_000.0 + number,
            "adoption_age_days": number % 1_000 + 1.0,
        }
    )


def test_every_row_stands_in_one_slice_of_each_kind() -> None:
    rows = accounts()
    found = cut(rows, np.ones(ROWS, bool))
    for by in ("segment", "size", "tenure"):
        assert sum(one.rows for key, one in found.items() if key[0] == by) == ROWS
    assert not [key for key in found if key[0] == "region"]
    assert [key[1] for key in found if key[0] == "tenure"] == [
        "first year",
        "second year",
        "longer",
    ]


def test_a_slice_without_skill_is_seen_beside_one_with() -> None:
    rows = accounts()
    found = cut(rows, (rows["arr"] > 1_800).to_numpy())
    assert found["size", "largest third by ARR"].auc.low > 0.95
    blind = found["size", "smallest third by ARR"].auc
    assert blind.low < 0.5 < blind.high


def test_a_slice_of_few_outcomes_says_so() -> None:
    found = cut(accounts(), np.ones(ROWS, bool))
    rare = found["segment", "rare"]
    assert rare.positives < FEWEST_OUTCOMES
    assert rare.small
    assert not found["segment", "smb"].small


def test_many_regions_are_shown_as_the_largest_and_all_others() -> None:
    rows = accounts().drop(columns=["arr", "adoption_age_days", "segment"])
    rows["region"] = [f"r-{min(number % 40, 30):02d}" for number in range(ROWS)]
    found = cut(rows, np.ones(ROWS, bool))
    assert len(found) == MOST_GROUPS + 1
    assert list(found)[-1] == ("region", OTHERS)
    assert sum(one.rows for one in found.values()) == ROWS
