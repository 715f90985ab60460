"""The newest scoring beside the server: answers never wait for the store, nor need it."""

from __future__ import annotations

import json
import sqlite3
import weakref
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from features.labels.targets import TARGETS
from models.inference.expected_arr import GAIN, LOSS
from models.inference.total_interval import spans
from serving.snapshot import file
from serving.snapshot.cursors import Column
from serving.telemetry.counters import Versions

ANSWER = "SELECT body, tag FROM answers WHERE account_id = ?"
NAMED = (
    " AND (instr(folded(json_extract(CAST(line AS TEXT), '$.name')), ?)"
    " OR instr(folded(account_id), ?))"
)


class Answer(NamedTuple):
    """An account's answer that lacks its end, and the tag of these bytes."""

    body: bytes
    tag: str


@dataclass(frozen=True)
class Page:
    """Lines of a list as JSON, how many lines all pages have, and the last line's place.

    ``last`` is ``None`` where no line follows.
    """

    lines: Sequence[bytes]
    account_ids: Sequence[str]
    total: int
    last: int | None


@dataclass(frozen=True)
class _Account:
    """What one account may gain and lose."""

    probabilities: Mapping[str, float]
    worth: Mapping[str, float] | None


class Snapshot:
    """A scoring in a file of its own, which is only read.

    ``lookup`` is for the event loop alone; everything else opens the file for itself.

    Raises
    ------
    sqlite3.Error, ValueError
        When the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sums: dict[Column | None, list[dict[str, Any]]] = {}
        self._file = f"file:{quote(str(path))}?mode=ro&immutable=1"
        self._connection = self._connect()
        # Whoever still answers from a snapshot that was replaced keeps it, and its file, open.
        weakref.finalize(self, self._connection.close)
        self.scoring = file.scoring_in(self._connection)
        self.key = file.key(self.scoring)
        self.versions: Versions = tuple(self.scoring.models.items())

    def lookup(self, account_id: str) -> Answer | None:
        """Return an account's answer; one indexed read of a local file, microseconds."""
        row = self._connection.execute(ANSWER, (account_id,)).fetchone()
        return Answer(*row) if row else None

    def answers(self, account_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the answers of those accounts that have one, in the order asked for."""
        with self._opened() as connection:
            rows = (
                (account_id, connection.execute(ANSWER, (account_id,)).fetchone())
                for account_id in account_ids
            )
            return {account_id: row[0] for account_id, row in rows if row}

    def page(
        self, order: str, filters: Mapping[Column, str], after: int, most: int, name: str = ""
    ) -> Page:
        """Return the lines of a list that follow a place.

        Parameters
        ----------
        order
            The column that counts the places, one of ``serving.snapshot.file.ORDERS``.
        filters
            Columns of ``places`` with the value they must have.
        after
            The place after which to begin; 0 is the beginning.
        most
            How many lines at the most.
        name
            What account's name or id must hold, in either case.
        """
        conditions = "".join(f" AND {column} = ?" for column in filters)
        values = tuple(filters.values())
        if name:
            conditions += NAMED
            values += (name.casefold(),) * 2
        with self._opened() as connection:
            # Only a name is looked for in the lines.
            counted = "places JOIN lines USING (account_id)" if name else "places"
            count = f"SELECT count(*) FROM {counted} WHERE TRUE{conditions}"
            total = connection.execute(count, values).fetchone()[0]
            rows = connection.execute(
                f"SELECT line, {order}, account_id FROM places JOIN lines USING (account_id) "
                f"WHERE {order} > ?{conditions} ORDER BY {order} LIMIT ?",
                (after, *values, most + 1),
            ).fetchall()
        last = rows[most - 1][1] if len(rows) > most else None
        shown = rows[:most]
        return Page(
            [line for line, *_ in shown], [account_id for *_, account_id in shown], total, last
        )

    def sums(self, column: Column | None = None) -> list[dict[str, Any]]:
        """Return accounts and money added up by a column, the most ARR first, or all in one."""
        if column not in self._sums:
            self._sums[column] = self._added(column)
        return self._sums[column]

    def _added(self, column: Column | None) -> list[dict[str, Any]]:
        name, grouped = (
            (f"{column} AS name", f"GROUP BY {column}") if column else ("'' AS name", "")
        )
        query = (
            f"SELECT {name}, count(*) AS accounts, coalesce(sum(standing = 'listed'), 0) AS listed,"
            " coalesce(sum(is_decided), 0) AS decided, count(*) - count(arr) AS without_arr,"
            # sum() is null where no amount is known; total() would be 0.
            " sum(arr) AS arr, sum(expected_expansion_arr) AS expected_expansion_arr,"
            " sum(arr_at_risk) AS arr_at_risk, sum(lost_by_notice) AS arr_lost_by_notice,"
            " sum(arr_at_risk - coalesce(lost_by_notice, 0)) AS expected_loss_arr,"
            " sum(contracted_gain) AS arr_contracted_gain,"
            " sum(expected_expansion_arr) + coalesce(sum(contracted_gain), 0) - sum(arr_at_risk)"
            " AS net_expected_arr"
            f" FROM places {grouped} ORDER BY arr DESC, name"
        )
        with self._opened() as connection:
            connection.row_factory = sqlite3.Row
            sums = [dict(row) for row in connection.execute(query)]
            connection.row_factory = None
            accounts = connection.execute(f"SELECT {column or repr('')}, outcomes FROM places")
            groups: dict[Any, list[_Account]] = defaultdict(list)
            for group, outcomes in accounts:
                groups[group].append(_Account(**json.loads(outcomes)))
        return [
            _rounded(self._without_unknown(row) | self._ends(row, groups[row["name"]]))
            for row in sums
        ]

    def _ends(self, sums: Mapping[str, Any], accounts: Sequence[_Account]) -> dict[str, Any]:
        """Return the ends of the 80 % intervals of sums over ``accounts``."""
        lost, signed = sums["arr_lost_by_notice"] or 0.0, sums["arr_contracted_gain"] or 0.0
        # What a label of a company's own counts as, a scoring does not say.
        errors = {} if set(self.scoring.models) - set(TARGETS) else self.scoring.errors
        off = spans(accounts, TARGETS, errors)
        ends = {
            "expected_expansion_arr": off.expansion,
            "arr_at_risk": off.loss and off.loss.moved(lost),
            "net_expected_arr": off.net and off.net.moved(signed - lost),
        }
        return {
            f"{name}_{end}": getattr(span, end) if span else None
            for name, span in ends.items()
            for end in ("low", "high")
        }

    def _without_unknown(self, sums: dict[str, Any]) -> dict[str, Any]:
        """Return sums with what no model says anything of as unknown, known losses beside it."""
        models = self.scoring.models
        # What a label of a company's own counts as, a scoring does not say.
        directions = {TARGETS[name].direction if name in TARGETS else "" for name in models}
        unknown = {
            name
            for name, direction in (("expected_expansion_arr", GAIN), ("expected_loss_arr", LOSS))
            if not directions & {direction, ""}
        }
        names = unknown | ({"net_expected_arr"} if unknown else set())
        return sums | dict.fromkeys(names)

    def input_names(self) -> tuple[str, ...]:
        """Return the names of what accounts were scored on; none where that is not kept."""
        with self._opened() as connection:
            return tuple(json.loads(file.fact(connection, "inputs") or "[]"))

    def inputs(self, account_id: str) -> dict[str, float | str | None] | None:
        """Return what an account was scored on, by name, if that is kept."""
        query = "SELECT given FROM inputs WHERE account_id = ?"
        with self._opened() as connection:
            row = connection.execute(query, (account_id,)).fetchone()
        return dict(zip(self.input_names(), json.loads(row[0]), strict=True)) if row else None

    def some_inputs(self, most: int) -> list[dict[str, float | str | None]]:
        """Return what about ``most`` accounts, evenly drawn, were scored on; none if not kept."""
        with self._opened() as connection:
            [count] = connection.execute("SELECT count(*) FROM inputs").fetchone()
            step = max(1, count // most)
            query = "SELECT given FROM inputs WHERE rowid % ? = 0"
            rows = connection.execute(query, (step,)).fetchall()
        names = self.input_names()
        return [dict(zip(names, json.loads(values), strict=True)) for (values,) in rows]

    def check(self) -> None:
        """Raise ``sqlite3.DatabaseError`` when the file is damaged."""
        with self._opened() as connection:
            result = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if result != "ok":
            raise sqlite3.DatabaseError(f"{self.path}: {result}")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            opened = self._connect()
        except sqlite3.OperationalError:
            # Another worker, ahead of this one, has removed the file; it is still open here.
            yield self._connection
            return
        with closing(opened) as connection:
            yield connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, uri=True, check_same_thread=False)
        # SQLite's own lower() knows no letters but those of English.
        connection.create_function("folded", 1, str.casefold, deterministic=True)
        return connection


def _rounded(sums: dict[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 2) if isinstance(value, float) else value for name, value in sums.items()
    }
