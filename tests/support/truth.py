"""What a service may answer while releases and scorings follow each other: one's, never a mix."""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from models.release import bundle
from models.release.model_files import ModelFiles
from models.store.scored_inputs import Inputs
from models.store.scores import AccountScore, Scoring
from serving.inference.scorer import Scorer
from tests.models.releases import META, account, publish, scoring
from tests.support import served

ACCOUNTS = tuple(f"a-{number:03}" for number in range(50))
NAMES = [one.name for one in served.INPUTS]
POOL = 60
Json = Any


class Truth:
    """Two releases and any number of scorings, and what each of them says."""

    def __init__(self) -> None:
        self._pool = served.rows(POOL, seed=42)
        self._inputs = dict(zip(ACCOUNTS, served.rows(len(ACCOUNTS), seed=43), strict=True))
        self._releases = [
            {"upsell": served.model(seed, str(seed), isotonic=seed == 1),
             "churn": served.model(seed + 4, str(seed), isotonic=seed == 2)}
            for seed in (1, 2)
        ]  # fmt: skip
        self._scorers = dict(map(_scorer, self._releases))
        self._said = {name: self._says(one) for name, one in self._scorers.items()}
        self._published = 0
        self._scorings: dict[str, Scoring] = {}

    def next_release(self) -> dict[str, ModelFiles]:
        """Return the other release than last time."""
        self._published += 1
        return self._releases[self._published % 2]

    def next_scoring(self) -> tuple[Scoring, list[AccountScore], Inputs]:
        """Return a scoring a week after the last one."""
        number = len(self._scorings)
        first = scoring()
        made = scoring(
            f"s{number}",
            as_of=first.as_of + timedelta(weeks=number),
            created_at=first.created_at + timedelta(weeks=number),
            accounts=len(ACCOUNTS),
        )
        self._scorings[made.scoring_id] = made
        rows = [self._score(made.scoring_id, place) for place in range(len(ACCOUNTS))]
        values = {one: [row[name] for name in NAMES] for one, row in self._inputs.items()}
        return made, rows, Inputs(NAMES, values)

    def posted(self, dice: random.Random, *, reasons: bool) -> tuple[list[int], dict[str, Any]]:
        """Return some rows' places, and the body that asks for them."""
        numbers = [dice.randrange(POOL) for _ in range(dice.choice((1, 1, 3, 20)))]
        return numbers, served.posted([self._pool[one] for one in numbers], reasons=reasons)

    def is_scored(self, told: Json, numbers: list[int]) -> bool:
        """Say whether all rows are scored by the release that the answer names."""
        said = self._said[told["release_id"]]
        right = all(
            _known(row["probabilities"]) == said[number]["probabilities"]
            and (row["reasons"] is None or _known(row["reasons"]) == said[number]["reasons"])
            for row, number in zip(told["rows"], numbers, strict=True)
        )
        return right and _known(told["models"]) == self._scorers[told["release_id"]].versions

    def is_score(self, body: bytes, account_id: str = "") -> bool:
        """Say whether an account's score is that of the scoring that it names."""
        return self._is_line(
            json.loads(body), json.loads(body)["versions"]["scoring_id"], account_id
        )

    def is_batch(self, told: Json, wanted: list[str]) -> bool:
        """Say whether these and no others are answered, all from one scoring."""
        ids = {one["versions"]["scoring_id"] for one in told["scores"]}
        lines = zip(told["scores"], wanted, strict=True)
        right = all(self._is_line(line, min(ids), one) for line, one in lines)
        return right and len(ids) == 1 and told["not_found"] == ["nobody"]

    def is_list(self, pages: list[Json]) -> bool:
        """Say whether the pages are one scoring's list, whole and in its order."""
        [scoring_id] = {page["scoring_id"] for page in pages}
        lines = [line for page in pages for line in page["accounts"]]
        ranked = [ACCOUNTS[place] for place in self._order(scoring_id)]
        right = [line["account_id"] for line in lines] == ranked
        return right and all(self._is_line(line, scoring_id) for line in lines)

    def is_history(self, told: Json, account_id: str) -> bool:
        """Say whether the newest scorings are there, each with what it said, none left out."""
        place = ACCOUNTS.index(account_id)
        known = sorted(self._scorings.values(), key=lambda one: one.as_of)[: len(told["scores"])]
        return len(told["scores"]) >= 1 and all(
            past["as_of"] == one.as_of.isoformat()
            and past["probabilities"]["upsell"] == self._chance(one.scoring_id, place)
            for past, one in zip(reversed(told["scores"]), known, strict=True)
        )

    def is_what_if(self, told: Json, account_id: str) -> bool:
        """Say whether both states are scored by the release that the answer names."""
        scorer = self._scorers[told["release_id"]]
        before = self._inputs[account_id]
        states = [scorer.row(before), scorer.row({**before, "one": 0.5})]
        chances = scorer.probabilities(states)
        return all(
            _known(told[name]["probabilities"])
            == {target: round(float(one[place]), 6) for target, one in chances.items()}
            for place, name in enumerate(("before", "after"))
        )

    def _is_line(self, line: Json, scoring_id: str, account_id: str = "") -> bool:
        place = ACCOUNTS.index(line["account_id"])
        return bool(
            line["account_id"] == (account_id or line["account_id"])
            and line["probabilities"]["upsell"] == self._chance(scoring_id, place)
            and line["rank"] == self._order(scoring_id).index(place) + 1
            and line["name"] == f"Example {scoring_id}"
        )

    def _score(self, scoring_id: str, place: int) -> AccountScore:
        rank = self._order(scoring_id).index(place) + 1
        made = account(ACCOUNTS[place], rank, self._chance(scoring_id, place))
        return replace(made, name=f"Example {scoring_id}")

    def _order(self, scoring_id: str) -> list[int]:
        places = list(range(len(ACCOUNTS)))
        random.Random(scoring_id).shuffle(places)  # noqa: S311
        return places

    def _chance(self, scoring_id: str, place: int) -> float:
        return round(random.Random(f"{scoring_id} {place}").random(), 6)  # noqa: S311

    def _says(self, scorer: Scorer) -> list[dict[str, Any]]:
        rows = [scorer.row(one) for one in self._pool]
        chances, reasons = scorer.probabilities(rows), scorer.reasons(rows)
        return [
            {"probabilities": {name: round(float(one[place]), 6) for name, one in chances.items()},
             "reasons": json.loads(json.dumps(reasons[place]))}
            for place in range(POOL)
        ]  # fmt: skip


def _scorer(models: dict[str, ModelFiles]) -> tuple[str, Scorer]:
    with tempfile.TemporaryDirectory() as folder:
        path = publish(Path(folder), models, META)
        return path.name, Scorer.load(path, bundle.verify(path))


def _known(told: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in told.items() if one is not None}
