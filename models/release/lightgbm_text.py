"""Checks LightGBM's text before LightGBM reads it: no index leads out of its tree.

LightGBM trusts its files. A child that is no node, a feature that is none or a tree that leads back
into itself ends the process or walks for ever, and maybe only for one row in a million: no golden
row need come by. What is checked here holds for every row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

FIRST = "\nTree=0\n"
CATEGORICAL = 1


def problem(text: str, inputs: int) -> str:
    """Return what is wrong with a model that takes so many inputs, or nothing."""
    try:
        header, sizes = _header(text)
        if int(header["max_feature_idx"]) != inputs - 1:
            return f"it takes {int(header['max_feature_idx']) + 1} inputs, not {inputs}"
        for number, section in enumerate(_sections(text, sizes)):
            if fault := _wrong(_fields(section), inputs):
                return f"tree {number}: {fault}"
    except (KeyError, ValueError) as error:
        return f"its text is not understood: {error}"
    return ""


def _header(text: str) -> tuple[dict[str, str], list[int]]:
    end = text.find(FIRST)
    if end < 0:
        raise ValueError("it has no tree")
    fields = _fields(text[:end])
    return fields, _integers(fields, "tree_sizes")


def _sections(text: str, sizes: list[int]) -> Iterator[str]:
    """Yield the text of each tree, which LightGBM finds by the sizes that the header tells."""
    content = text.encode()
    start = content.find(FIRST.encode()) + 1
    for number, size in enumerate(sizes):
        section = content[start : start + size].decode()
        if not section.startswith(f"Tree={number}\n") or section.count("Tree=") != 1:
            raise ValueError(f"tree {number} does not lie where the header says")
        yield section
        start += size
    if not content[start:].lstrip().startswith(b"end of trees"):
        raise ValueError("there are more trees than the header says")


def _fields(section: str) -> dict[str, str]:
    pairs = [line.split("=", 1) for line in section.splitlines() if "=" in line]
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field comes twice")
    return fields


def _wrong(tree: Mapping[str, str], inputs: int) -> str:
    leaves = int(tree["num_leaves"])
    values = _numbers(tree, "leaf_value")
    if leaves < 1 or len(values) != leaves:
        return f"{len(values)} values for {leaves} leaves"
    if not all(map(math.isfinite, values)):
        return "a leaf's value is no number"
    if tree.get("is_linear", "0").strip() != "0":
        return "its leaves are models of their own"
    if leaves == 1:
        return ""
    return _wrong_splits(tree, leaves - 1, inputs) or _wrong_links(tree, leaves)


def _wrong_splits(tree: Mapping[str, str], nodes: int, inputs: int) -> str:
    features = _integers(tree, "split_feature")
    thresholds, kinds = _numbers(tree, "threshold"), _integers(tree, "decision_type")
    if {len(features), len(thresholds), len(kinds)} != {nodes}:
        return f"not every one of {nodes} nodes has a feature, a threshold and a kind"
    if not all(0 <= feature < inputs for feature in features):
        return "a node asks for an input that is none"
    # An infinite one is meant: only what is missing goes the other way.
    if any(map(math.isnan, thresholds)):
        return "a threshold is no number"
    chosen = [
        threshold for threshold, kind in zip(thresholds, kinds, strict=True) if kind & CATEGORICAL
    ]
    return _wrong_categories(tree, chosen)


def _wrong_categories(tree: Mapping[str, str], chosen: list[float]) -> str:
    """Say what is wrong with the sets of categories; ``chosen`` are the nodes' places in them."""
    sets = int(tree["num_cat"])
    if not all(place.is_integer() and 0 <= place < sets for place in chosen):
        return "a node asks for a set of categories that is none"
    if not sets:
        return ""
    bounds, bits = _integers(tree, "cat_boundaries"), _integers(tree, "cat_threshold")
    fits = len(bounds) == sets + 1 and bounds[0] == 0 and bounds[-1] == len(bits)
    return "" if fits and bounds == sorted(bounds) else "its sets of categories do not fit"


def _wrong_links(tree: Mapping[str, str], leaves: int) -> str:
    """Say whether the links make one tree: from the root to every node and leaf, once each."""
    left_child, right_child = _integers(tree, "left_child"), _integers(tree, "right_child")
    if {len(left_child), len(right_child)} != {leaves - 1}:
        return "not every node has two children"
    wanted = {*range(1, leaves - 1), *range(-leaves, 0)}
    if sorted(left_child + right_child) != sorted(wanted):
        return "a child is no node, or has two parents"
    # Every node but the root has one parent: what the root does not reach goes round in a circle.
    reached, waiting = 0, [0]
    while waiting:
        node = waiting.pop()
        reached += 1
        waiting += [child for child in (left_child[node], right_child[node]) if child >= 0]
    return "" if reached == leaves - 1 else "a part of it leads back into itself"


def _integers(fields: Mapping[str, str], name: str) -> list[int]:
    return [int(number) for number in fields[name].split()]


def _numbers(fields: Mapping[str, str], name: str) -> list[float]:
    return [float(number) for number in fields[name].split()]
