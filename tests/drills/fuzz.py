"""Spoils releases in every way, puts them before a running service, and looks what it answers.

``python -m tests.drills.fuzz --mutants 500 --seed 1`` starts a server with a good release, and then
makes one spoiled release after the other the current one: files cut, bits and digits flipped,
indices led astray, numbers that are none, JSON of other shapes, files swapped, missing, endless or
no files at all. A third are left as they are, so that hashes tell; a few get hashes that fit, but
the old id; and half of them are sealed as if they had been published, so that only the checks of
the content are left. Whatever is put before it, the service must go on, answer lookups with the
same bytes and posted rows with the scores of the good release.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from models.release import bundle
from models.store.scores import ScoreStore
from tests.models.releases import META, account, publish, scoring, sealed
from tests.support import served, spoiled

GUARDS = {
    "the manifest": r"manifest\.json: (cannot be read|names no model)",
    "the id": r"does not fit its id",
    "the size": r"which no release has",
    "the list of files": r"is missing|is not listed|is no file",
    "the hashes": r"does not have the hash",
    "the check of trees": r"cannot be loaded: (tree|it |its )",
    "the check of calibrations": r"the calibration cannot be right",
    "the form of what is read": r"cannot be loaded: \w+Error|has format|no golden row",
    "the golden rows": r"golden rows differ|golden rows get no score",
    "the golden rows' reasons": r"reasons of golden rows",
    "the child that died": r"died",
    "the child that took too long": r"loading took over",
    "the rehearsal": r"cannot be used",
    "the pointer": r"leads out of the folder|no release is published",
}
GONE = "no release is published"
ACCOUNTS = ("a", "b", "c")


@dataclass
class Tally:
    """What came of the mutants."""

    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)


class Service:
    """The server under fire, and what it answered when all was well."""

    def __init__(self, client: httpx.Client, folder: Path, tally: Tally) -> None:
        self._client, self._folder, self._tally = client, folder, tally
        self._rows = served.posted(served.rows(150, seed=99))
        self._some = served.posted(served.rows(10, seed=98), reasons=True)
        self._good = self._answers()

    def judge(self, name: str) -> str:
        """Point the server to a release, and return why it refuses it, or nothing."""
        self._take_away()
        (self._folder / bundle.CURRENT).symlink_to(name)
        if not (self._folder / bundle.CURRENT).exists():
            return GONE
        told = self._problems()
        while any(GONE in one for one in told):
            self._look(name)
            time.sleep(0.02)
            told = self._problems()
        self._look(name)
        self._explain(name)
        return "; ".join(told)

    def restore(self, good: Path) -> None:
        """Have the server use the good release."""
        assert self.judge(good.name) == "", "the good release was refused"

    def _take_away(self) -> None:
        (self._folder / bundle.CURRENT).unlink(missing_ok=True)
        served.until(lambda: any(GONE in one for one in self._problems()), "without a release")

    def _problems(self) -> list[str]:
        return list(self._client.get("/health/ready").json()["problems"])

    def _look(self, name: str) -> None:
        """Compare what is answered now with what is right."""
        if self._answers() != self._good:
            self._tally.wrong.append(name)

    def _explain(self, name: str) -> None:
        for method, path, body in (
            ("POST", "/v1/rows/score", self._some),
            ("GET", "/v1/models", None),
            ("GET", "/v1/models/upsell", None),
        ):
            if self._client.request(method, path, json=body).status_code != 200:
                self._tally.wrong.append(f"{name}: {path}")
        self._tally.answers += 3

    def _answers(self) -> list[Any]:
        lookups = [self._client.get(f"/v1/accounts/{one}/score").content for one in ACCOUNTS]
        rows = self._client.post("/v1/rows/score", json=self._rows)
        self._tally.answers += len(lookups) + 1
        return [*lookups, rows.status_code, rows.json().get("rows")]


def run(mutants: int, seed: int, kinds: Sequence[str] = tuple(spoiled.KINDS)) -> Tally:
    """Put so many mutants before a service, of each kind in turn."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "releases"
        good = _published(folder)
        settings = _settings(Path(base), folder)
        with (
            served.serving(settings) as (url, process),
            httpx.Client(base_url=url, timeout=60) as client,
        ):
            service = Service(client, folder, tally)
            for number in range(mutants):
                kind = kinds[number % len(kinds)]
                dice = random.Random(f"{seed} {number}")  # noqa: S311
                name, how = mutant(good, kind, dice)
                _tell(tally, service, good, name, (kind, how))
                if process.poll() is not None:
                    tally.crashes.append(f"{number} {kind} {how}")
                    break
    return tally


def mutant(good: Path, kind: str, dice: random.Random) -> tuple[str, str]:
    """Write a spoiled copy of a release; return what to point to, and how it was sealed."""
    aside = good.with_name("aside")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(good, aside)
    spoil = spoiled.KINDS[kind]
    name = spoil(aside, dice)
    if name is not None:
        return name, "as it is"
    how = dice.choices(("as it is", "hashes fit", "sealed"), (3, 1, 5))[0]
    release_id = good.name if how == "as it is" else sealed(aside)
    if how == "hashes fit":
        manifest = aside / bundle.MANIFEST
        manifest.write_text(manifest.read_text("utf-8").replace(release_id, good.name), "utf-8")
    is_new = how == "sealed" and release_id != good.name
    name = release_id if is_new else f"{good.name}-{dice.randrange(10**9)}"
    shutil.rmtree(good.with_name(name), ignore_errors=True)
    aside.rename(good.with_name(name))
    return name, how


def _tell(tally: Tally, service: Service, good: Path, name: str, kind: tuple[str, str]) -> None:
    before = len(tally.wrong)
    try:
        told = service.judge(name)
    except (httpx.HTTPError, AssertionError) as error:
        tally.crashes.append(f"{kind}: {error}")
        return
    if told:
        tally.refused[(kind[0], _guard(told))] += 1
    else:
        tally.accepted[f"{kind[0]}, {kind[1]}"] += 1
        service.restore(good)
    tally.wrong[before:] = [f"{kind}: {one}" for one in tally.wrong[before:]]
    if "/" not in name and name != good.name and len(tally.wrong) == before:
        shutil.rmtree(good.parent / name, ignore_errors=True)


def _guard(told: str) -> str:
    return next((name for name, one in GUARDS.items() if re.search(one, told)), f"?? {told}")


def _published(folder: Path) -> Path:
    models = {
        "upsell": served.model(1, "1", isotonic=True),
        "churn": served.model(5, "2", isotonic=False),
    }
    return publish(folder, models, META)


def _settings(base: Path, folder: Path) -> dict[str, object]:
    url = f"sqlite:///{base / 'scores.db'}"
    store = ScoreStore(url)
    store.write(scoring(accounts=3), [account(one, rank) for rank, one in enumerate(ACCOUNTS, 1)])
    store.close()
    return {"store_url": url, "release_folder": folder, "refresh_seconds": 0.02, "keys": "off",
            "log": "error", "spool_folder": base / "spool"}  # fmt: skip


def report(tally: Tally, seconds: float) -> Iterator[str]:
    """Yield the lines that tell what came of it."""
    by_kind: dict[str, Counter[str]] = {}
    for (kind, guard), count in tally.refused.items():
        by_kind.setdefault(kind, Counter())[guard] += count
    for kind in sorted(by_kind):
        told = ", ".join(f"{guard} {count}" for guard, count in by_kind[kind].most_common())
        yield f"{kind:<44}{by_kind[kind].total():>4}  {told}"
    guards: Counter[str] = sum(by_kind.values(), Counter())
    yield f"refused {guards.total()}: " + ", ".join(f"{n} {c}" for n, c in guards.most_common())
    yield f"accepted {tally.accepted.total()}, the scores being the same:"
    yield from (f"  {kind:<42}{count:>4}" for kind, count in tally.accepted.most_common())
    yield f"{tally.answers} answers compared in {seconds:.0f} s"
    yield from tally.wrong + tally.crashes
    yield f"crashes {len(tally.crashes)}, wrong scores {len(tally.wrong)}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.drills.fuzz", description=__doc__)
    parser.add_argument("--mutants", default=500, type=int)
    parser.add_argument("--seed", default=1, type=int)
    chosen = parser.parse_args()
    begun = time.monotonic()
    tally = run(chosen.mutants, chosen.seed)
    print("\n".join(report(tally, time.monotonic() - begun)))
    if tally.wrong or tally.crashes:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
