"""What an account is called and whose it is, by what was known on a day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq

from features.errors import DataError
from models.plays.prioritisation import NOBODY
from pipelines.ingest import attribute_record

if TYPE_CHECKING:
    from pipelines.config.settings import Settings


def described(settings: Settings, through: str) -> dict[str, dict[str, Any]]:
    """Return name, CSM and segment of each account, from its newest version known by then.

    Raises
    ------
    DataError
        When the accounts are not there as ``build`` writes them.
    """
    path = settings.tables_folder / "accounts.parquet"
    if not path.exists():
        raise DataError(f"{path}: is missing; run `expansion build`, which writes it anew")
    columns = ["account_id", "name", "csm_id", "segment", "known_at"]
    frame = pq.read_table(path, columns=columns).to_pandas()
    if attribute_record.is_asked(settings):
        # What is recorded is known from its loading on; to describe a new account it will do.
        frame = frame.sort_values("known_at", kind="stable")
        later = frame.groupby("account_id")[["csm_id", "segment"]].bfill()
        frame = frame.assign(csm_id=later["csm_id"], segment=later["segment"])
    frame = frame[frame["known_at"] < pd.Timestamp(through)].sort_values("known_at", kind="stable")
    newest = frame.drop_duplicates("account_id", keep="last").astype(object)
    newest = newest.where(newest.notna(), None)
    return {row["account_id"]: row for row in newest.to_dict("records")}


def team_capacity(settings: Settings, account_ids: Iterable[str], through: str) -> int:
    """Return how many accounts all the CSMs who have some of these can contact a week.

    Raises
    ------
    DataError
        When the accounts are not there as ``build`` writes them.
    """
    accounts, rules = described(settings, through), settings.decide.rules
    csms = {accounts.get(account, {}).get("csm_id") or NOBODY for account in account_ids}
    return sum(rules.of(csm) for csm in csms)
