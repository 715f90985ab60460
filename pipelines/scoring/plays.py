"""What to do about each scored account: its own figures into plays, and plays onto lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.i18n.messages import Catalogue
from models.inference.contracted import Contracted
from models.plays.context import Case, Limits
from models.plays.prioritisation import Decision, Rules, choose, listed

if TYPE_CHECKING:
    from models.store.scores import ScoreStore
    from pipelines.scoring.licensed_units import Units

Columns = Mapping[str, np.ndarray]


def account_cases(
    rows: pd.DataFrame,
    probabilities: Columns,
    amounts: Columns,
    directions: Mapping[str, str],
    *,
    currency: str,
    limits: Limits,
    words: Catalogue,
    contracted: Sequence[Contracted] = (),
    contracted_in_a_year: Sequence[Contracted] = (),
    units: Mapping[str, Units] | None = None,
) -> Iterator[tuple[str, Case]]:
    """Yield each account id with what its plays look at.

    Parameters
    ----------
    rows
        The feature rows of one ``as_of``.
    probabilities, amounts
        Probability and expected ARR of each target, shape (rows,); NaN is not known.
    directions
        Whether a target gains ARR (``+``), loses it (``-``), or counts as neither.
    currency, limits, words
        What amounts are in, where plays begin, and the language they are worded in.
    contracted, contracted_in_a_year
        What is signed or announced of each row by the end of the horizon, and within a year;
        nothing where it is empty.
    units
        What accounts license that is no seats, by account id.
    """
    for position, row in enumerate(rows.itertuples(index=False, name=None)):
        values = dict(zip(rows.columns, row, strict=True))
        if licensed := (units or {}).get(str(values["account_id"])):
            values |= {"units_licensed": licensed.count, "price_metric": licensed.metric}
        figures = (_at(probabilities, position), _at(amounts, position))
        signed, in_a_year = (
            rows_contracted[position] if rows_contracted else None
            for rows_contracted in (contracted, contracted_in_a_year)
        )
        account = Case(values, *figures, currency, limits, words, directions, signed, in_a_year)
        yield str(values["account_id"]), account


def decide(
    cases: Iterable[tuple[str, Case]],
    csms: Mapping[str, str | None],
    rules: Rules,
    store: ScoreStore,
    as_of: date,
) -> dict[str, Decision]:
    """Return each account's decision by account id.

    Parameters
    ----------
    cases
        The accounts with what their plays look at; see ``account_cases``.
    csms
        Whose account it is; missing or ``None`` is nobody's.
    rules
        Capacity, cooldown and hold-out.
    store
        Whose earlier lists say which accounts are in cooldown.
    as_of
        The day of the lists.
    """
    choices = {account_id: choose(case) for account_id, case in cases}
    since = as_of - timedelta(days=rules.cooldown_days)
    return listed(choices, csms, rules, as_of, store.turns(since, as_of))


def _at(columns: Columns, position: int) -> dict[str, float]:
    row = ((name, float(values[position])) for name, values in columns.items())
    return {name: value for name, value in row if not np.isnan(value)}
