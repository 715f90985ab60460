"""What to do about each scored account: its own figures into plays, and plays onto lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.plays.context import Case
from models.plays.prioritisation import Decision, choose, listed

if TYPE_CHECKING:
    from models.store.scores import ScoreStore
    from pipelines.config.settings import Settings

Columns = Mapping[str, np.ndarray]


def decide(
    settings: Settings,
    store: ScoreStore,
    rows: pd.DataFrame,
    chances: Columns,
    amounts: Columns,
    directions: Mapping[str, str],
    csms: Mapping[str, str | None],
) -> dict[str, Decision]:
    """Return each account's decision by account id.

    Parameters
    ----------
    settings
        Capacity, cooldown, hold-out and limits stand in ``[decide]``.
    store
        Whose earlier lists say which accounts rest.
    rows
        The feature rows of one ``as_of``.
    chances, amounts
        Probability and expected ARR of each target, shape (rows,).
    directions
        Whether a target gains ARR (``+``), loses it (``-``), or counts as neither.
    csms
        Whose account it is; missing or ``None`` is nobody's.
    """
    if rows.empty:
        return {}
    as_of: date = rows["as_of"].iloc[0]
    cases = _cases(rows, chances, amounts, directions, settings)
    choices = {account: choose(case) for account, case in cases}
    since = as_of - timedelta(days=settings.decide.cooldown_days)
    return listed(choices, csms, settings.decide.rules, as_of, store.turns(since, as_of))


def _cases(
    rows: pd.DataFrame,
    chances: Columns,
    amounts: Columns,
    directions: Mapping[str, str],
    settings: Settings,
) -> Iterator[tuple[str, Case]]:
    """Yield each account with its case; what is not a number cannot be said."""
    for place, figures in enumerate(rows.itertuples(index=False, name=None)):
        values = dict(zip(rows.columns, figures, strict=True))
        case = Case(
            values,
            _at(chances, place),
            _at(amounts, place),
            settings.company.currency,
            settings.decide.limits,
            settings.words,
            directions,
        )
        yield str(values["account_id"]), case


def _at(columns: Columns, place: int) -> dict[str, float]:
    return {name: float(values[place]) for name, values in columns.items()}
