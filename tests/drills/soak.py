"""Loads two workers while everything around them changes, and checks every single answer.

``python -m tests.drills.soak --minutes 5 --postgres URL`` lets eight callers ask for everything at
once: lookups with and without a tag, lists page by page, batches, posted rows with and without
reasons, what-ifs, histories, feedback. Meanwhile ten releases are swapped, three scorings are
published, PostgreSQL is restarted (``--restart COMMAND``) and both workers are restarted, one after
the other. Callers go round the workers that are ready, and ask the other one where a connection is
refused; nothing is repeated that a worker took. A worker is told to stop while it is being asked.
Each answer must be what one release and one scoring say, never a mix of two.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import shlex
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import create_engine, text

from models.store.feedback import FeedbackStore
from models.store.scores import ScoreStore
from tests.models.releases import META, publish
from tests.support import served
from tests.support.truth import ACCOUNTS, Truth

CALLERS, SWAPS, PUBLICATIONS = 8, 10, 3
STORE_ONLY = ("history",)
"""What asks the store and may say 503 with Retry-After while it is gone."""


@dataclass
class Tally:
    """What came of the requests."""

    sent: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    turned_away: int = 0
    given: list[str] = field(default_factory=list)
    queued: int = 0
    events: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Workers:
    """Two workers on two ports, asked in turn."""

    def __init__(self, settings: dict[str, object], tally: Tally) -> None:
        self._settings, self._tally = settings, tally
        self._ports = [served.free_port(), served.free_port()]
        self._processes = [served.start(settings, port)[0] for port in self._ports]
        self._rotation = list(self._ports)
        self._turns = itertools.count()
        self._client = httpx.AsyncClient(timeout=60)

    async def ask(self, kind: str, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask the worker whose turn it is; the other one where nobody listens."""
        self._tally.sent[kind] += 1
        first = next(self._turns)
        for turn in (first, first + 1):
            port = self._rotation[turn % len(self._rotation)]
            try:
                return await self._client.request(method, f"http://127.0.0.1:{port}{path}", **more)
            except httpx.ConnectError:
                self._tally.turned_away += 1
        raise httpx.ConnectError("no worker listens")

    async def until(self, holds: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Wait until every worker's readiness says so."""
        ends = time.monotonic() + served.PATIENCE
        for port in self._ports:
            while True:
                try:
                    told = await self._client.get(f"http://127.0.0.1:{port}/health/ready")
                    if holds(told.json()):
                        break
                except httpx.HTTPError:
                    pass
                if time.monotonic() > ends:
                    raise TimeoutError(f"no worker is {what}")
                await asyncio.sleep(0.1)

    async def restart(self) -> None:
        """Restart one worker after the other: told to stop under load, then started anew."""
        for number, port in enumerate(self._ports):
            code = await asyncio.to_thread(served.stop, self._processes[number])
            if code not in (0, -15):
                self._tally.failed.append(f"a worker ended with {code}")
            # As a load balancer does: who is not ready is not asked.
            self._rotation = [one for one in self._ports if one != port]
            started = await asyncio.to_thread(served.start, self._settings, port)
            self._processes[number] = started[0]
            await self.until(is_ready, "ready again")
            self._rotation = list(self._ports)

    def crashed(self) -> bool:
        """Say whether a worker ended by itself."""
        return any(one.poll() is not None for one in self._processes)

    async def stop(self) -> None:
        await self._client.aclose()
        for one in self._processes:
            served.stop(one)


def is_ready(told: dict[str, Any]) -> bool:
    return told.get("status") == "ready" and not told["problems"]


class Caller:
    """Asks for one thing after the other, and checks what comes."""

    def __init__(self, workers: Workers, truth: Truth, tally: Tally, seed: int) -> None:
        self._workers, self._truth, self._tally = workers, truth, tally
        self._dice = random.Random(seed)  # noqa: S311
        self._tags: dict[str, tuple[str, bytes]] = {}
        self._kinds: tuple[Callable[[], Awaitable[None]], ...] = (
            self.lookup, self.lookup, self.lookup, self.listed, self.batch, self.rows, self.rows,
            self.reasons, self.what_if, self.history, self.feedback,
        )  # fmt: skip

    async def call(self, over: asyncio.Event) -> None:
        while not over.is_set():
            kind = self._dice.choice(self._kinds)
            try:
                await kind()
            except httpx.HTTPError as error:
                self._tally.failed.append(f"{kind.__name__}: {type(error).__name__} {error}")

    async def lookup(self) -> None:
        one = self._dice.choice(ACCOUNTS)
        tag, body = self._tags.get(one, ("", b""))
        headers = {"if-none-match": tag} if tag and self._dice.random() < 0.5 else {}
        answer = await self._workers.ask(
            "lookup", "GET", f"/v1/accounts/{one}/score", headers=headers
        )
        if answer.status_code == 304 and headers:
            self._check("lookup", answer.headers["etag"] == tag and self._truth.is_score(body))
        elif self._is("lookup", answer, 200):
            same = answer.headers["etag"] != tag or answer.content == body
            self._check("lookup", same and self._truth.is_score(answer.content, one))
            self._tags[one] = (answer.headers["etag"], answer.content)

    async def listed(self) -> None:
        answer = await self._workers.ask("list", "GET", "/v1/accounts?limit=20")
        pages = []
        while self._is("list", answer, 200):
            pages.append(answer.json())
            following = pages[-1]["next_cursor"]
            if following is None:
                self._check("list", self._truth.is_list(pages))
                return
            answer = await self._workers.ask(
                "list", "GET", f"/v1/accounts?limit=20&cursor={following}"
            )

    async def batch(self) -> None:
        wanted = self._dice.sample(ACCOUNTS, 10)
        body = {"account_ids": [*wanted, "nobody"]}
        answer = await self._workers.ask("batch", "POST", "/v1/scores", json=body)
        if self._is("batch", answer, 200):
            self._check("batch", self._truth.is_batch(answer.json(), wanted))

    async def rows(self) -> None:
        await self._scored("rows", self._truth.posted(self._dice, reasons=False))

    async def reasons(self) -> None:
        await self._scored("rows with reasons", self._truth.posted(self._dice, reasons=True))

    async def _scored(self, kind: str, chosen: tuple[list[int], dict[str, Any]]) -> None:
        numbers, body = chosen
        answer = await self._workers.ask(kind, "POST", "/v1/rows/score", json=body)
        if self._is(kind, answer, 200):
            self._check(kind, self._truth.is_scored(answer.json(), numbers))

    async def what_if(self) -> None:
        one, body = self._dice.choice(ACCOUNTS), {"changes": [{"feature": "one", "value": 0.5}]}
        answer = await self._workers.ask(
            "what-if", "POST", f"/v1/accounts/{one}/what-if", json=body
        )
        if self._is("what-if", answer, 200):
            self._check("what-if", self._truth.is_what_if(answer.json(), one))

    async def history(self) -> None:
        one = self._dice.choice(ACCOUNTS)
        answer = await self._workers.ask("history", "GET", f"/v1/accounts/{one}/history")
        if self._is("history", answer, 200):
            self._check("history", self._truth.is_history(answer.json(), one))

    async def feedback(self) -> None:
        key = uuid4().hex
        body = {"account_id": self._dice.choice(ACCOUNTS), "action": "called", "outcome": "open",
                "happened_on": "2026-01-05", "by": "csm-1", "note": key}  # fmt: skip
        for _ in range(self._dice.choice((1, 1, 2))):
            answer = await self._workers.ask(
                "feedback", "POST", "/v1/feedback", json=body, headers={"idempotency-key": key}
            )
            if self._is("feedback", answer, 201, 202):
                self._tally.queued += answer.status_code == 202
                self._check("feedback", answer.json()["note"] == key)
                self._tally.given.append(key)

    def _is(self, kind: str, answer: httpx.Response, *wanted: int) -> bool:
        if answer.status_code in wanted:
            return True
        if kind in STORE_ONLY and answer.status_code == 503 and "retry-after" in answer.headers:
            self._tally.refused[f"{kind} {answer.status_code}"] += 1
        elif kind == "list" and answer.status_code == 410:
            self._tally.refused["list 410"] += 1
        else:
            self._tally.failed.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
        return False

    def _check(self, kind: str, right: bool) -> None:
        if not right:
            self._tally.wrong.append(kind)


class Scene:
    """What happens around the workers."""

    def __init__(
        self, workers: Workers, truth: Truth, store: ScoreStore, folder: Path, tally: Tally
    ) -> None:
        self._workers, self._truth, self._store = workers, truth, store
        self._folder, self._tally = folder, tally
        self._begun = time.monotonic()

    async def play(self, seconds: float, swaps: int, publications: int, restart: str) -> None:
        """Let everything happen, evenly spread."""
        acts: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            *(((n + 0.5) / swaps, self._swap) for n in range(swaps)),
            *(((n + 0.7) / publications, self._publish) for n in range(publications)),
            *([(0.42, lambda: self._restart_database(restart))] if restart else []),
            (0.72, self._restart_workers),
        ]  # fmt: skip
        for moment, act in sorted(acts, key=lambda one: one[0]):
            await self._reach(moment * seconds)
            await act()
        await self._reach(seconds)

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return time.monotonic() - self._begun

    async def _reach(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - self.seconds))

    def _tell(self, what: str) -> None:
        self._tally.events.append(f"{self.seconds:6.1f} s  {what}")

    async def _swap(self) -> None:
        models = self._truth.next_release()
        path = await asyncio.to_thread(publish, self._folder, models, META)
        self._tell(f"release {path.name} is published")
        await self._workers.until(lambda told: told["release_id"] == path.name, "on the release")
        self._tell("both workers score with it")

    async def _publish(self) -> None:
        scoring, rows, inputs = self._truth.next_scoring()
        await asyncio.to_thread(self._store.write, scoring, rows, inputs)
        self._tell(f"scoring {scoring.scoring_id} is published")
        await self._workers.until(
            lambda told: told["as_of"] == scoring.as_of.isoformat(), "on the scoring"
        )
        self._tell("both workers answer from it")

    async def _restart_database(self, command: str) -> None:
        self._tell("PostgreSQL restarts")
        await asyncio.to_thread(subprocess.run, shlex.split(command), check=True)
        await self._workers.until(is_ready, "at the store again")
        self._tell("both workers have the store again")

    async def _restart_workers(self) -> None:
        self._tell("the workers restart, one after the other")
        await self._workers.restart()
        self._tell("both workers are new")


async def soak(
    url: str,
    seconds: float,
    swaps: int = SWAPS,
    publications: int = PUBLICATIONS,
    restart: str = "",
) -> Tally:
    """Load two workers over a store for so long, and return what came of it."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as base, closing(ScoreStore(url)) as store:
        folder = Path(base) / "releases"
        truth = Truth()
        publish(folder, truth.next_release(), META)
        store.write(*truth.next_scoring())
        settings = {
            "store_url": url, "release_folder": folder, "spool_folder": Path(base) / "spool",
            "cache_folder": Path(base) / "cache", "refresh_seconds": 0.5, "keys": "off",
            "log": "error",
        }  # fmt: skip
        workers = Workers(settings, tally)
        try:
            await workers.until(is_ready, "ready")
            callers = [Caller(workers, truth, tally, seed) for seed in range(CALLERS)]
            scene = Scene(workers, truth, store, folder, tally)
            over = asyncio.Event()
            loaded = asyncio.gather(*(one.call(over) for one in callers))
            try:
                await scene.play(seconds, swaps, publications, restart)
            finally:
                over.set()
                await loaded
                tally.seconds = scene.seconds
            if workers.crashed():
                tally.failed.append("a worker crashed")
        finally:
            await workers.stop()
    _count_feedback(url, tally)
    return tally


def _count_feedback(url: str, tally: Tally) -> None:
    """Find every entry that was answered in the store, once."""
    with closing(FeedbackStore(url)) as store:
        found: Counter[str | None] = Counter()
        number = 0
        while page := store.read(None, None, number, 1000):
            found.update(one.note for one in page)
            number = page[-1].number
    tally.wrong += [
        f"feedback {key}: {found[key]} times" for key in set(tally.given) if found[key] != 1
    ]


@contextmanager
def schema(server: str) -> Iterator[str]:
    """Give a schema of our own in a PostgreSQL database, and remove it afterwards."""
    name = f"soak_{os.getpid()}"
    engine = create_engine(server, pool_pre_ping=True)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    try:
        yield f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{name}"
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


def report(tally: Tally) -> Iterator[str]:
    """Yield the lines that tell what came of it."""
    yield from tally.events
    yield from (f"{kind:<20}{count:>8}" for kind, count in sorted(tally.sent.items()))
    total = tally.sent.total()
    yield f"sent {total} in {tally.seconds:.0f} s, {total / tally.seconds:.0f} a second"
    yield f"asked elsewhere, since nobody listened: {tally.turned_away}"
    yield f"refused clearly: {dict(tally.refused)}"
    yield f"feedback kept once each: {len(set(tally.given))}, of it queued at first: {tally.queued}"
    yield from (f"failed: {one}" for one in tally.failed[:20])
    yield from (f"wrong: {one}" for one in tally.wrong[:20])
    yield f"failed {len(tally.failed)}, wrong {len(tally.wrong)}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.drills.soak", description=__doc__)
    parser.add_argument("--minutes", default=5.0, type=float)
    parser.add_argument("--postgres", default=os.environ.get("EXPANSION_TEST_POSTGRES", ""))
    parser.add_argument("--restart", default="", help="the command that restarts PostgreSQL")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        lite = f"sqlite:///{folder}/scores.db"
        if chosen.postgres:
            with schema(chosen.postgres) as url:
                tally = asyncio.run(soak(url, 60 * chosen.minutes, restart=chosen.restart))
        else:
            tally = asyncio.run(soak(lite, 60 * chosen.minutes))
    print("\n".join(report(tally)))
    if tally.failed or tally.wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
