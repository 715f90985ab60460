"""What LightGBM must not be given: indices that lead out of a tree, values that are none."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import lightgbm as lgb
import numpy as np
import pytest

from models.release import lightgbm_text

INDICES = ("split_feature", "left_child", "right_child", "decision_type", "cat_boundaries")


@pytest.fixture(scope="module")
def text() -> str:
    """A model of numbers and categories, some trees deep enough to be led astray."""
    rows = np.random.default_rng(1)
    inputs = np.column_stack([rows.random((400, 2)), rows.integers(0, 12, 400)])
    inputs[rows.random(400) < 0.2, 0] = np.nan
    label = (inputs[:, 1] + (inputs[:, 2] % 3 == 0) > 1).astype(float)
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 10,
                "min_data_per_group": 5, "cat_smooth": 1, "max_cat_to_onehot": 1}  # fmt: skip
    data = lgb.Dataset(inputs, label, categorical_feature=[2])
    return str(lgb.train(settings, data, 8).model_to_string())


def changed(text: str, field: str, change: Callable[[list[str]], list[str]], tree: int = 0) -> str:
    """Return the text with a field of one tree changed, and the tree's size told anew."""
    start = text.index(f"\nTree={tree}\n")
    at = text.index(f"\n{field}=", start) + len(field) + 2
    end = text.index("\n", at)
    new = " ".join(change(text[at:end].split()))
    sizes = re.search(r"^tree_sizes=(.*)$", text, re.MULTILINE)
    assert sizes is not None
    told = [int(one) for one in sizes[1].split()]
    told[tree] += len(new) - (end - at)
    whole = text[:at] + new + text[end:]
    return whole.replace(sizes[0], "tree_sizes=" + " ".join(map(str, told)))


def first(value: str) -> Callable[[list[str]], list[str]]:
    return lambda known: [value, *known[1:]]


def test_a_model_that_lightgbm_wrote_is_right(text: str) -> None:
    assert lightgbm_text.problem(text, 3) == ""


@pytest.mark.parametrize(
    ("field", "change", "told"),
    [
        ("split_feature", first("3"), "an input that is none"),
        ("split_feature", first("-1"), "an input that is none"),
        ("left_child", first("999"), "a child is no node"),
        ("right_child", first("-999"), "a child is no node"),
        ("left_child", first("0"), "a child is no node"),
        ("leaf_value", first("nan"), "value is no number"),
        ("leaf_value", first("inf"), "value is no number"),
        ("leaf_value", lambda known: known[1:], "values for"),
        ("threshold", first("nan"), "threshold is no number"),
        ("threshold", lambda known: known[1:], "not every one"),
        ("num_leaves", first("0"), "values for 0 leaves"),
        ("num_leaves", first("x"), "not understood"),
        ("is_linear", first("1"), "models of their own"),
    ],
)
def test_what_leads_astray_is_told(
    text: str, field: str, change: Callable[[list[str]], list[str]], told: str
) -> None:
    assert told in lightgbm_text.problem(changed(text, field, change), 3)


def test_a_circle_is_told() -> None:
    """Two nodes that are each other's child, beside a root that knows nothing of them."""
    tree = {
        "num_leaves": "4", "leaf_value": "1 2 3 4", "split_feature": "0 0 0",
        "threshold": "1 1 1", "decision_type": "2 2 2", "num_cat": "0",
        "left_child": "-1 2 1", "right_child": "-2 -3 -4",
    }  # fmt: skip
    assert "leads back into itself" in lightgbm_text._wrong(tree, 1)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text.replace("max_feature_idx=2", "max_feature_idx=3"), "it takes 4 inputs"),
        (lambda text: text.replace("Tree=1\n", "Tree=2\n"), "does not lie where"),
        (lambda text: text.replace("tree_sizes=", "tree_sizes=9 "), "not understood"),
        (lambda text: text[: len(text) // 2], ""),
        (lambda text: re.sub(r"(tree_sizes=.*) \d+\n", r"\1\n", text), "more trees"),
        (lambda text: text.replace("num_leaves=", "num_leaves=2\nnum_leaves=", 1), ""),
        (lambda _text: "tree\n", "has no tree"),
    ],
)
def test_a_text_that_is_none_is_told(text: str, damage: Callable[[str], str], told: str) -> None:
    found = lightgbm_text.problem(damage(text), 3)
    assert found
    assert told in found


def test_no_index_that_is_let_through_leads_out_of_a_tree(text: str) -> None:
    """Digits are changed at random; LightGBM ends this very process if it is misled."""
    chance = random.Random(1)  # noqa: S311
    places = [
        place
        for found in re.finditer(rf"^(?:{'|'.join(INDICES)})=(.*)$", text, re.MULTILINE)
        for place in range(found.start(1), found.end(1))
        if text[place].isdigit()
    ]
    rows = np.random.default_rng(2).random((50, 3)) * [1, 1, 14]
    told = 0
    for _ in range(300):
        place = chance.choice(places)
        mutant = text[:place] + chance.choice("0123456789") + text[place + 1 :]
        if lightgbm_text.problem(mutant, 3):
            told += 1
        else:
            assert np.isfinite(lgb.Booster(model_str=mutant).predict(rows)).all()
    assert told > 100
