"""Ways to spoil a release: each takes the folder of one and changes something in it.

A way that returns a name has made what the pointer is to name; nothing is then sealed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

TARGETS = ("upsell", "churn")
JSONS = ("calibration.json", "card.json", "features.json", "golden.json")
INDICES = ("left_child", "right_child", "split_feature", "cat_boundaries", "num_cat", "num_leaves")
STRANGE: tuple[Any, ...] = (None, True, -1, 1e308, "", "x", [], {}, [[]], {"a": 1}, 10**40)


def cut(path: Path, dice: Random) -> None:
    one = _any(path, dice)
    content = one.read_bytes()
    one.write_bytes(content[: dice.randrange(len(content))])


def bit(path: Path, dice: Random) -> None:
    one = _any(path, dice)
    content = bytearray(one.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    one.write_bytes(bytes(content))


def noise(path: Path, dice: Random) -> None:
    _any(path, dice).write_bytes(dice.randbytes(dice.choice((0, 1, 1000, 100_000))))


def digit(*fields: str) -> Callable[[Path, Random], None]:
    """Return a way to change one digit in such a field of a tree, its length kept."""

    def spoil(path: Path, dice: Random) -> None:
        one, text, values = _field(path, dice, dice.choice(fields))
        places = [place for place in range(*values.span(1)) if text[place].isdigit()]
        place = dice.choice(places)
        other = dice.choice([d for d in "0123456789" if d != text[place]])
        one.write_text(f"{text[:place]}{other}{text[place + 1 :]}", "utf-8")

    return spoil


def index(path: Path, dice: Random) -> None:
    """Exchange one index for another one as long: a sign, nines, or one that is taken."""
    one, text, values = _field(path, dice, dice.choice(INDICES))
    words = list(re.finditer(r"\S+", values[1]))
    word = dice.choice(words)
    nines = "-" * word[0].startswith("-") + "9" * len(word[0].lstrip("-"))
    taken = [w[0] for w in words if len(w[0]) == len(word[0]) and w[0] != word[0]]
    minus = ["-" + "9" * (len(word[0]) - 1)] if len(word[0]) > 1 else []
    start, end = (values.start(1) + place for place in word.span())
    new = dice.choice([nines, *taken, *minus])
    one.write_text(text[:start] + new + text[end:], "utf-8")


def no_number(path: Path, dice: Random) -> None:
    field = dice.choice(("leaf_value", "threshold", "leaf_weight", "leaf_count"))
    _resized(path, dice, field, dice.choice(("nan", "inf", "-inf", "1e999", "x", "")))


def far_index(path: Path, dice: Random) -> None:
    _resized(path, dice, dice.choice(INDICES), dice.choice(("-2147483648", "4294967296", "99999")))


def line(path: Path, dice: Random) -> None:
    """Leave out a line of a model, or have it twice."""
    one = path / dice.choice(TARGETS) / dice.choice(("model.txt", "amount.txt"))
    lines = one.read_text("utf-8").split("\n")
    place = dice.randrange(len(lines))
    lines[place : place + 1] = [lines[place]] * dice.choice((0, 2))
    one.write_text("\n".join(lines), "utf-8")


def swap(path: Path, dice: Random) -> None:
    """Exchange two files that are not the same."""
    name = dice.choice((*JSONS, "model.txt", "amount.txt"))
    pairs = [(path / "upsell" / name, path / "churn" / name),
             (path / "churn" / "model.txt", path / "churn" / "amount.txt")]  # fmt: skip
    one, two = dice.choice([pair for pair in pairs if pair[0].read_bytes() != pair[1].read_bytes()])
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def features(path: Path, dice: Random) -> None:
    """Rename an input, leave one out, add one, or change their order."""
    one, told = _json(path, dice, "features.json")
    place = dice.randrange(len(told))
    how = dice.randrange(4)
    if how == 0:
        told[place]["name"] = "foreign"
    elif how == 1:
        del told[place]
    elif how == 2:
        told.append({**told[place], "name": "foreign"})
    else:
        told.insert(0, told.pop(dice.randrange(1, len(told))))
    _write(one, told)


def categories(path: Path, dice: Random) -> None:
    one, told = _json(path, dice, "features.json")
    names = told[-1]["categories"]
    first, second = dice.sample(range(len(names)), 2)
    names[first], names[second] = names[second], names[first]
    _write(one, told)


def golden(path: Path, dice: Random) -> None:
    one, told = _json(path, dice, "golden.json")
    name = dice.choice(("expected", "shares"))
    place = dice.randrange(len(told[name]))
    how = dice.randrange(4)
    if how == 0:
        told[name][place] += dice.choice((1e-3, 1e-8, -0.5))
    elif how == 1:
        told[name][place] = dice.choice((float("nan"), None, "0.5", 10**400))
    elif how == 2:
        del told[name][place]
    else:
        told.update({"rows": [], "expected": [], "shares": []})
    _write(one, told)


def calibration(path: Path, dice: Random) -> None:
    one, told = _json(path, dice, "calibration.json")
    _write(one, dice.choice([
        {"method": "isotonic", "raw": [0.0, 1.0], "probability": [0.9, 0.1]},
        {"method": "isotonic", "raw": [1.0, 0.0], "probability": [0.1, 0.9]},
        {"method": "isotonic", "raw": [], "probability": []},
        {"method": "isotonic", "raw": [0.0], "probability": [7.0]},
        {"method": "sigmoid", "a": -1.1, "b": -0.1},
        {"method": "sigmoid", "a": float("nan"), "b": 0.0},
        {"method": "sigmoid", "a": 1.1, "b": 1e308},
        {"method": "beta", "a": 1.0, "b": -1.0, "c": 0.0},
        {"method": "__class__"}, {"method": None}, {}, [], None, {**told, "a": "x", "raw": "x"},
    ]))  # fmt: skip


def typed(path: Path, dice: Random) -> None:
    """Put something of another type at a random place of a random JSON file."""
    one, told = _json(path, dice, dice.choice(JSONS))
    whole = [told]
    at: Any = whole
    key: Any = 0
    while isinstance(at[key], list | dict) and at[key] and dice.random() < 0.9:
        at = at[key]
        key = dice.choice(list(at)) if isinstance(at, dict) else dice.randrange(len(at))
    at[key] = dice.choice([one for one in STRANGE if one != at[key]])
    _write(one, whole[0])


def bomb(path: Path, dice: Random) -> str | None:
    one = path / dice.choice(
        (*(f"{dice.choice(TARGETS)}/{name}" for name in JSONS), "manifest.json")
    )
    deep = "[" * 100_000
    one.write_text(dice.choice((deep, f'{{"rows": {deep}', "9" * 100_000, '{"a":' * 50_000)))
    return _renamed(path, "bomb") if one.parent == path else None


def missing(path: Path, dice: Random) -> None:
    _any(path, dice).unlink()


def extra(path: Path, dice: Random) -> None:
    (path / dice.choice(("extra.py", "upsell/sitecustomize.py", ".hidden"))).write_text("1 / 0")


def link(path: Path, dice: Random) -> str:
    one = _any(path, dice)
    outside = path.parent.parent / "outside"
    outside.write_bytes(one.read_bytes())
    one.unlink()
    one.symlink_to(dice.choice((outside, Path("/dev/zero"), Path("/"), one)))
    return _renamed(path, "linked")


def pipe(path: Path, dice: Random) -> str:
    one = dice.choice((_any(path, dice), path / "manifest.json"))
    one.unlink()
    os.mkfifo(one)
    return _renamed(path, "pipe")


def huge(path: Path, dice: Random) -> str:
    """Have a file without content be larger than memory."""
    one = dice.choice((_any(path, dice), path / "manifest.json"))
    os.truncate(one, 1 << 36)
    return _renamed(path, "huge")


def manifest(path: Path, dice: Random) -> str:
    one = path / "manifest.json"
    told = json.loads(one.read_text("utf-8"))
    key = dice.choice(list(told))
    how = dice.randrange(5)
    if how == 0:
        told[key] = dice.choice(STRANGE)
    elif how == 1:
        del told[key]
    elif how == 2:
        told["files"]["../outside"] = "0" * 64
    elif how == 3:
        del told["models"][dice.choice(TARGETS)]
    else:
        name = dice.choice(list(told["files"]))
        told["files"][name] = told["files"][name][::-1]
    _write(one, told)
    return _renamed(path, "listed")


def pointer(path: Path, dice: Random) -> str:
    (path.parent.parent / "elsewhere").mkdir(exist_ok=True)
    return dice.choice(("../elsewhere", "/etc", "/", "nowhere", "current", "../.."))


Spoil = Callable[[Path, Random], str | None]
KINDS: dict[str, Spoil] = {
    "a file cut off": cut,
    "a bit flipped": bit,
    "noise for a file": noise,
    "a digit of a leaf": digit("leaf_value"),
    "a digit of a threshold": digit("threshold"),
    "a digit of an input": digit("split_feature"),
    "a digit of a child": digit("left_child", "right_child"),
    "a digit of a set of categories": digit("cat_threshold", "cat_boundaries"),
    "a digit of another field": digit(
        "decision_type", "leaf_count", "internal_count", "leaf_weight", "num_leaves", "shrinkage"
    ),
    "an index for another as long": index,
    "an index out of all range": far_index,
    "a number that is none": no_number,
    "a line of a model": line,
    "files exchanged": swap,
    "foreign inputs": features,
    "categories exchanged": categories,
    "golden rows": golden,
    "calibration": calibration,
    "another type in JSON": typed,
    "JSON without end": bomb,
    "a file missing": missing,
    "a file too many": extra,
    "a link for a file": link,
    "a pipe for a file": pipe,
    "a file of 64 GB": huge,
    "the manifest": manifest,
    "the pointer": pointer,
}


def _any(path: Path, dice: Random) -> Path:
    return dice.choice(sorted(path.glob("*/*")))


def _field(path: Path, dice: Random, name: str) -> tuple[Path, str, re.Match[str]]:
    """Return a model's file and text, and where a field of one of its trees has its values."""
    known = [path / target / file for target in TARGETS for file in ("model.txt", "amount.txt")]
    having = {one: one.read_text("utf-8") for one in known}
    one = dice.choice(
        [one for one, text in having.items() if re.search(rf"(?m)^{name}=.*\d", text)]
    )
    found = list(re.finditer(rf"(?m)^{name}=(.*\d.*)$", having[one]))
    return one, having[one], dice.choice(found)


def _resized(path: Path, dice: Random, name: str, value: str) -> None:
    """Put another value in a field, and tell the size of its tree anew."""
    one, text, values = _field(path, dice, name)
    word = dice.choice(list(re.finditer(r"\S+", values[1])))
    start, end = (values.start(1) + place for place in word.span())
    tree = text[:start].count("\nTree=") - 1
    sizes = re.search(r"^tree_sizes=(.*)$", text, re.MULTILINE)
    assert sizes is not None
    told = [int(size) for size in sizes[1].split()]
    told[tree] += len(value) - (end - start)
    whole = text[:start] + value + text[end:]
    one.write_text(whole.replace(sizes[1], " ".join(map(str, told)), 1), "utf-8")


def _json(path: Path, dice: Random, name: str) -> tuple[Path, Any]:
    one = path / dice.choice(TARGETS) / name
    return one, json.loads(one.read_text("utf-8"))


def _write(path: Path, told: Any) -> None:
    path.write_text(json.dumps(told), "utf-8")


def _renamed(path: Path, name: str) -> str:
    path.rename(path.with_name(name))
    return name
