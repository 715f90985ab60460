"""Mutation testing of the modules that decide what is seen when, and what a label is.

``python -m tests.drills.mutants features/labels/targets.py …`` changes one operator, comparison,
number or keyword at a time, and runs the tests that should notice. It needs ``cosmic-ray`` beside
the installed packages, which is in no lock: its mutations are used, its runner is not. Here every
mutant is tried in a fork of one process that has imported all libraries, and no file is written.
Survivors are listed and explained in ``docs/mutants.md``.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.util
import multiprocessing
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import unified_diff
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType

SECONDS = 300.0
"""A mutant that takes longer never ends; the tests of a healthy one take a fraction of it."""
SKIPPED = re.compile(
    # Ibis overloads few operators: what replaces them by the others fails at once.
    r"ReplaceBinaryOperator_(BitAnd_(?!BitOr$)|BitOr_(?!BitAnd$)|Add_(?!Sub$)|Sub_(?!Add$)"
    r"|Mul_(?!Div$)|Mod_)|ReplaceComparisonOperator_\w+_Is(Not)?$"
    r"|ReplaceUnaryOperator_(USub|Invert)_"
)


@dataclass(frozen=True)
class Mutant:
    """One changed module."""

    path: str
    operator: str
    source: str
    diff: str


def mutants(path: str) -> Iterator[Mutant]:
    """Yield every mutant of the module at ``path`` that differs in more than an annotation."""
    from cosmic_ray import plugins  # type: ignore[import-not-found]
    from cosmic_ray.mutating import mutate_code  # type: ignore[import-not-found]

    source = Path(path).read_text("utf-8")
    for name in sorted(plugins.operator_names()):
        operator = plugins.get_operator(name)
        if SKIPPED.search(name) or operator.arguments():
            continue
        number = 0
        while (mutated := mutate_code(source.encode(), operator(), number)) is not None:
            number += 1
            if _differs(mutated, source):
                yield Mutant(path, name.removeprefix("core/"), mutated, _diff(source, mutated))


def _differs(mutated: str, source: str) -> bool:
    """Say whether the mutant can be read at all, and does something else."""
    try:
        return _bare(mutated) != _bare(source)
    except SyntaxError:
        return False


def _bare(source: str) -> str:
    """Return what a module does, without its annotations, which nothing reads."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def _diff(before: str, after: str) -> str:
    lines = list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    return "\n".join(lines)


# --- What should notice ---------------------------------------------------------------------------


def labels_hold() -> None:
    """Run all specs of labels in one company, then the oracle."""
    from tests.features.declaration import test_oracle
    from tests.features.labels import test_targets
    from tests.support import all_at_once

    assert all_at_once.main() == 0
    test_targets.test_a_target_describes_itself_by_its_first_line()
    test_targets.test_some_targets_can_be_asked_for_alone()
    test_oracle.test_labels_equal_the_oracle()


def features_hold() -> None:
    """Run the specs of the point-in-time join, then the oracle, then the leak test."""
    from tests.features.declaration import test_oracle
    from tests.features.point_in_time import test_facts, test_leaks

    for name, test in vars(test_facts).items():
        if name.startswith("test_"):
            test()
    test_oracle.test_features_equal_the_oracle()
    test_leaks.test_the_future_changes_no_feature()


CHECKS: dict[str, Callable[[], None]] = {
    "features/labels/targets.py": labels_hold,
    "features/labels/outcome_window.py": labels_hold,
    "features/subscriptions/changes.py": labels_hold,
    "features/point_in_time/facts.py": features_hold,
    "features/point_in_time/calendar.py": features_hold,
}


# --- Trying one -----------------------------------------------------------------------------------


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Loads the mutated module in place of the file."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.name = mutant.path.removesuffix(".py").replace("/", ".")

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """Answer for the one module alone."""
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def get_source(self, _name: str) -> str:
        """Return the mutated text."""
        return self.mutant.source

    def get_code(self, _name: str) -> CodeType:
        """Compile the mutated text."""
        return compile(self.mutant.source, self.mutant.path, "exec")


def _try(mutant: Mutant) -> None:
    """Run the checks in this process, and end it with 1 when one of them notices."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    for name in [name for name in sys.modules if name.split(".")[0] in ("features", "tests")]:
        if name != "tests" and name != __name__:
            del sys.modules[name]
    sys.meta_path.insert(0, _Mutated(mutant))
    try:
        CHECKS[mutant.path]()
    except BaseException:  # whatever it is, it was noticed
        os._exit(1)
    os._exit(0)


def outcome(mutant: Mutant) -> str:
    """Return how the mutant fared: killed, survived or timeout."""
    child = multiprocessing.get_context("fork").Process(target=_try, args=(mutant,))
    child.start()
    child.join(SECONDS)
    if child.is_alive():
        child.kill()
        return "timeout"
    return "killed" if child.exitcode else "survived"


def main() -> int:
    """Try all mutants of the modules asked for; print those that survive, and the count."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(CHECKS)}; all if none is named")
    paths = parser.parse_args().modules or list(CHECKS)
    if unknown := [path for path in paths if path not in CHECKS]:
        parser.error(f"no tests are known to notice mutants of {', '.join(unknown)}")
    return tried(paths)


def tried(paths: Sequence[str]) -> int:
    """Try all mutants of ``paths``, two at a time; print those that survive, and the count."""
    import hypothesis
    import ibis
    import ibis.backends.duckdb
    import pytest

    warnings.simplefilter("ignore")
    started = time.monotonic()
    assert all((hypothesis, ibis.backends.duckdb, pytest))
    found = [mutant for path in paths for mutant in mutants(path)]
    counts: dict[tuple[str, str], int] = {}
    with ThreadPoolExecutor(2) as pool:
        for mutant, fared in zip(found, pool.map(outcome, found), strict=True):
            counts[mutant.path, fared] = counts.get((mutant.path, fared), 0) + 1
            if fared != "killed":
                print(f"{fared}: {mutant.path} {mutant.operator}\n{mutant.diff}\n")
            done = sum(counts.values())
            if done % 25 == 0:
                print(f"{done} of {len(found)} tried: {counts}", flush=True)
    for (path, fared), count in sorted(counts.items()):
        print(f"{path}: {count} {fared}")
    print(f"{len(found)} mutants in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
