"""Kills verbs at random moments and looks whether everything still fits together.

``python -m tests.drills.kill --times 100`` runs train, promote, rollback, publish and score on a
small company, each in a fork of one process that has imported all libraries, and kills them with
signal 9: half of them after a random time, half of them at a random one of their steps (a file
opened to be written, renamed or linked, a statement of SQL), which hits the short moments that
matter. After each kill registry, release, log of promotions and score store must fit together, the
same verb must succeed when it is run again, and then release, log and aliases must name the same
versions.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from pipelines.config.settings import Settings

TARGETS = ("upsell", "churn")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
STEPS = ("os.rename", "os.symlink", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")
Work = Callable[[], Any]


# --- The verbs ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verb:
    """Something to kill; ``again`` is what a user would run after it was."""

    name: str
    work: Work
    again: Work


def company(folder: Path) -> Settings:
    """Return the settings of a company of which little is to be trained."""
    from tests.pipelines import trained

    settings = trained.settings_in(folder)
    few = {"targets": TARGETS, "max_trees": 5}
    return settings.model_copy(update={"train": settings.train.model_copy(update=few)})


def tables(folder: Path) -> None:
    """Write a company's tables."""
    from tests.pipelines import trained

    trained.company(folder)


def prepare(settings: Settings) -> None:
    """Register two versions a target, put the first in use, and score."""
    from models.dataset import feature_table
    from models.registry import Registry, Run
    from pipelines.lifecycle.promote import deploy_first_versions
    from tests.pipelines import trained

    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    table = feature_table.read(settings.feature_table)
    run = Run({}, {}, {}, "card", {})
    for seed in (2, 1):
        made = {name: trained.model(table, name, dates=12, seed=seed) for name in TARGETS}
        versions = {name: registry.log(name, files, run) for name, files in made.items()}
    deploy_first_versions(settings, registry, versions)
    score(settings)


def train(settings: Settings, seed: int) -> None:
    """Train with another seed than before: the same one would do nothing."""
    from pipelines.lifecycle.train import train as trained

    section = settings.train.model_copy(update={"seed": seed})
    trained(settings.model_copy(update={"train": section}))


def promote(settings: Settings, target: str, version: str) -> None:
    """Put a version in use whatever the gate says."""
    from pipelines.lifecycle.promote import promote as promoted

    promoted(settings, target, version, force=True, why="a drill")


def rollback(settings: Settings, target: str) -> None:
    """Go one champion back."""
    from pipelines.lifecycle.promote import rollback as rolled_back

    rolled_back(settings, target)


def rollback_again(settings: Settings, target: str, before: Sequence[str]) -> None:
    """Go back if that was not done; where it was cut short, going back finishes it."""
    from models.registry import CHAMPION, Registry

    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    if registry.aliases(target)[CHAMPION] == before[-1]:
        rollback(settings, target)
    assert stood(settings)[target] == before[:-1]


def republish(settings: Settings, name: str) -> None:
    """Publish the versions in use anew, under another name of the company."""
    from models.registry import Registry
    from pipelines.lifecycle.deploy import reconcile

    called = settings.company.model_copy(update={"name": name})
    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    reconcile(settings.model_copy(update={"company": called}), registry)


def score(settings: Settings) -> None:
    """Score the newest accounts."""
    from pipelines.scoring.score import score as scored

    scored(settings)


def verbs(settings: Settings, number: int, names: Sequence[str], dice: random.Random) -> Verb:
    """Return the next verb to kill, with something to do."""
    stacks = {name: stack for name, stack in stood(settings).items() if name in TARGETS}
    name, target = names[number % len(names)], dice.choice(TARGETS)
    if name == "rollback" and len(stacks[target]) < 2:
        name = "promote"
    if name == "train":
        work = again = partial(train, settings, 100 + number)
    elif name == "promote":
        version = "1" if stacks[target][-1] != "1" else "2"
        work = again = partial(promote, settings, target, version)
    elif name == "rollback":
        work = partial(rollback, settings, target)
        again = partial(rollback_again, settings, target, stacks[target])
    elif name == "publish":
        work, again = partial(republish, settings, f"Name {number}"), partial(score, settings)
    else:
        work = again = partial(score, settings)
    return Verb(name, work, again)


# --- What must hold -------------------------------------------------------------------------------


def stood(settings: Settings) -> dict[str, list[str]]:
    """Return the versions that stand by the log."""
    from pipelines.lifecycle import promotion_log

    return promotion_log.version_stacks(promotion_log.log(settings.mlflow.home).read())


def loose_ends(settings: Settings, before: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what does not fit together; what was in use before the verb may still be published."""
    after = stood(settings)
    either = [{name: stack[-1] for name, stack in one.items()} for one in (before, after)]
    return [*_registry(settings), *_release(settings, either), *_store(settings)]


def settled(settings: Settings) -> list[str]:
    """Return where release, log and aliases name different versions."""
    from models.registry import Registry

    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    stacks = stood(settings)
    aliases = {name: registry.aliases(name) for name in stacks}
    told = {name: [known[one] for one in ("previous", "champion") if one in known]
            for name, known in aliases.items()}  # fmt: skip
    problems = [f"{name}: log {stack[-2:]}, aliases {told[name]}"
                for name, stack in stacks.items() if stack[-2:] != told[name]]  # fmt: skip
    used = {name: stack[-1] for name, stack in stacks.items()}
    return problems + loose_ends(settings, {}) + _release(settings, [used])


def _registry(settings: Settings) -> list[str]:
    import numpy as np

    from models.registry import Registry
    from models.release.golden_rows import TOLERANCE, golden_scores

    registry = Registry(settings.mlflow_uri, settings.mlflow_artifacts)
    problems = []
    for target in TARGETS:
        for alias, version in registry.aliases(target).items():
            files = registry.load(target, version)
            found, told = golden_scores(files)["expected"], files.golden["expected"]
            if not np.allclose(found, told, rtol=0, atol=TOLERANCE):
                problems.append(f"{target} {alias}: version {version} gives other golden rows")
    return problems


def _release(settings: Settings, either: Sequence[Mapping[str, str]]) -> list[str]:
    from models.release import bundle

    path = bundle.current(settings.release_folder)
    if path is None:
        return [] if {} in [dict(one) for one in either] else ["no release is current"]
    manifest = bundle.verify(path)
    bundle.check_in_child(path)
    versions = {name: str(one["version"]) for name, one in manifest.models.items()}
    return [] if versions in [dict(one) for one in either] else [f"release of {versions}: {either}"]


def _store(settings: Settings) -> list[str]:
    from models.store.scores import ScoreStore

    store = ScoreStore(settings.store_url)
    scoring, rows = store.newest(), store.all()
    store.close()
    if scoring is None:
        return [] if not rows else ["scores without a scoring"]
    published = settings.release_folder / scoring.release_id
    return [
        *([] if len(rows) == scoring.accounts else [f"{len(rows)} of {scoring.accounts} scores"]),
        *([] if published.exists() else [f"scored by {scoring.release_id}, which is gone"]),
    ]


# --- Killing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """How a fork ended: what it returned, or that it was killed, or its traceback."""

    answer: Any = None
    killed: bool = False
    error: str = ""


def forked(work: Work, *, seconds: float | None = None, at_step: int | None = None) -> Ended:
    """Run ``work`` in a fork; kill it after ``seconds``, or at its step number ``at_step``."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _live(work, writer, at_step)
    os.close(writer)
    told = _read(reader, child, seconds)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Ended(killed=True)
    answer = json.loads(told)
    return Ended(error=answer["error"]) if "error" in answer else Ended(answer["answer"])


def _live(work: Work, writer: int, at_step: int | None) -> None:
    """Work in the fork, never to return from it; answer with the steps it took."""
    warnings.simplefilter("ignore")
    steps = _count_steps(at_step)
    try:
        told: dict[str, Any] = {"answer": [work(), next(steps)]}
    except BaseException:  # whatever it is, the parent has to tell it
        told = {"error": traceback.format_exc()}
    os.write(writer, json.dumps(told).encode())
    os._exit(0)


def _count_steps(at_step: int | None) -> Any:
    """Count each step that changes a file or a database, and die at the given one."""
    from sqlalchemy import Engine, event

    steps = count()

    def step() -> None:
        if next(steps) == at_step:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(name: str, given: tuple[Any, ...]) -> None:
        if name in STEPS or (name == "open" and isinstance(given[2], int) and given[2] & WRITES):
            step()

    sys.addaudithook(audit)
    event.listen(Engine, "before_cursor_execute", lambda *_: step())
    event.listen(Engine, "commit", lambda *_: step())
    return steps


def _read(reader: int, child: int, seconds: float | None) -> bytes:
    """Return what the fork says; when its time is over, kill it."""
    told = b""
    ends = None if seconds is None else time.monotonic() + seconds
    while True:
        left = None if ends is None else max(0.0, ends - time.monotonic())
        if not select.select([reader], [], [], left)[0]:
            os.kill(child, signal.SIGKILL)
            ends = None
            continue
        if not (part := os.read(reader, 65536)):
            os.close(reader)
            return told
        told += part


# --- The drill ------------------------------------------------------------------------------------


class Drill:
    """One company, killed again and again; ``problems`` is what did not hold."""

    def __init__(self, folder: Path, names: Sequence[str], seed: int) -> None:
        self.folder = folder
        self.names = names
        self.dice = random.Random(seed)  # noqa: S311 (moments to die, no secrets)
        self.usual: dict[str, tuple[float, int]] = {}
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []

    def run(self, times: int, *, fresh: bool) -> None:
        """Go on until ``times`` verbs were killed; with ``fresh``, also first trainings."""
        settings = self._company("one")
        self.must(partial(prepare, settings), "preparing")
        for number in count():
            if self.killed >= times:
                return
            if fresh and number % 10 == 9:
                self._first(number)
            else:
                self._once(settings, number)

    @property
    def killed(self) -> int:
        """How many verbs were killed so far."""
        return sum(times for what, times in self.counts.items() if what.endswith(": killed"))

    def must(self, work: Work, what: str) -> Any:
        """Do in a fork what has to succeed."""
        ended = forked(work)
        if ended.error:
            self.problems.append(f"{what}: {ended.error}")
        return ended.answer and ended.answer[0]

    def _first(self, number: int) -> None:
        """Kill the very first training of a company."""
        settings = self._company(f"fresh-{number}")
        work = partial(train, settings, number)
        self.usual.setdefault("first train", (15.0, 900))
        self._kill(settings, Verb("first train", work, work), number)

    def _company(self, name: str) -> Settings:
        self.must(partial(tables, self.folder / name), "set-up")
        return company(self.folder / name)

    def _once(self, settings: Settings, number: int) -> None:
        verb = verbs(settings, number, self.names, self.dice)
        if verb.name in self.usual:
            self._kill(settings, verb, number)
        else:
            started = time.monotonic()
            ended = forked(verb.work)
            assert ended.answer, ended.error
            self.usual[verb.name] = (time.monotonic() - started, ended.answer[1])

    def _kill(self, settings: Settings, verb: Verb, number: int) -> None:
        before = stood(settings)
        seconds, steps = self.usual[verb.name]
        by_step = self.dice.random() < 0.5
        moment = {"at_step": self.dice.randrange(steps)} if by_step else {
            "seconds": self.dice.random() * seconds
        }  # fmt: skip
        ended = forked(verb.work, **moment)
        self.counts[f"{verb.name}: {'killed' if ended.killed else 'was faster'}"] += 1
        where = f"{number} {verb.name} {moment}"
        if ended.error:
            self.problems.append(f"{where}: {ended.error}")
        self._look(partial(loose_ends, settings, before), f"{where}, after the kill")
        if (
            ended.killed
            and stood(settings) != before
            and self.must(partial(settled, settings), where)
        ):
            self.counts["killed between the log and what follows from it"] += 1
        self.must(verb.again, f"{where}, run again")
        self._look(partial(settled, settings), f"{where}, after the next run")

    def _look(self, look: Work, where: str) -> None:
        self.problems += [f"{where}: {problem}" for problem in self.must(look, where) or []]


def main(arguments: Sequence[str] | None = None) -> int:
    """Drill; print what was killed and what did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills.kill", description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbs", default="train,promote,rollback,publish,score")
    parser.add_argument("--fresh", action="store_true", help="also kill first trainings")
    given = parser.parse_args(arguments)
    _import()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        drill = Drill(Path(folder), given.verbs.split(","), given.seed)
        drill.run(given.times, fresh=given.fresh)
    for what, times in sorted(drill.counts.items()):
        print(f"{what} {times}")
    for problem in drill.problems:
        print(problem)
    took = time.monotonic() - started
    print(f"{drill.killed} kills, {len(drill.problems)} problems, {took:.0f} s")
    return 1 if drill.problems else 0


def _import() -> None:
    """Import once what each fork needs; nothing may start a thread here."""
    os.environ["DO_NOT_TRACK"] = "true"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow.pyfunc
    import mlflow.store.tracking.sqlalchemy_store

    import pipelines.lifecycle.promote
    import pipelines.lifecycle.train
    import pipelines.scoring.score
    import tests.pipelines.trained

    assert all(
        (
            mlflow.pyfunc,
            pipelines.lifecycle.promote,
            pipelines.scoring.score,
            pipelines.lifecycle.train,
            tests,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
