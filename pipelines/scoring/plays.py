"""What to do about each scored account: its own figures into plays, and plays onto lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.plays.context import Case, Limits
from models.plays.prioritisation import NOBODY, Decision, Rules, choose, listed
from pipelines.build.accounts import described

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
    csms
        Whose account it is; missing or ``None`` is nobody's.
    """
    if rows.empty:
        return {}
    as_of: date = rows["as_of"].iloc[0]
    cases = _cases(rows, chances, amounts, settings)
    choices = {account: choose(case) for account, case in cases}
    since = as_of - timedelta(days=settings.decide.cooldown_days)
    return listed(choices, csms, rules(settings), as_of, store.turns(since, as_of))


def limits(settings: Settings) -> Limits:
    """Return where plays begin at this company."""
    return Limits(**{one.name: getattr(settings.decide, one.name) for one in fields(Limits)})


def rules(settings: Settings) -> Rules:
    """Return how long this company's lists may be and whom they spare."""
    own = settings.decide
    return Rules(own.capacity, own.capacity_by_csm, own.cooldown_days, own.hold_out)


def team_capacity(settings: Settings, account_ids: Iterable[str], through: str) -> int:
    """Return how many accounts all the CSMs who have some of these can contact a week.

    Raises
    ------
    DataError
        When the accounts are not there as ``build`` writes them.
    """
    known, own = described(settings, through), rules(settings)
    csms = {known.get(account, {}).get("csm_id") or NOBODY for account in account_ids}
    return sum(own.of(csm) for csm in csms)


def _cases(
    rows: pd.DataFrame, chances: Columns, amounts: Columns, settings: Settings
) -> Iterator[tuple[str, Case]]:
    """Yield each account with its case; what is not a number cannot be said."""
    said = (settings.company.currency, limits(settings), settings.words)
    for place, values in enumerate(rows.itertuples(index=False, name=None)):
        known = dict(zip(rows.columns, values, strict=True))
        case = Case(known, _at(chances, place), _at(amounts, place), *said)
        yield str(known["account_id"]), case


def _at(columns: Columns, place: int) -> dict[str, float]:
    return {name: float(values[place]) for name, values in columns.items()}
