"""What an account licenses that is no seats: units of another price metric, in its own word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.groups.seats import SEAT_METRICS

if TYPE_CHECKING:
    from pipelines.config.settings import Settings

COLUMNS = [
    "account_id", "product_id", "subscription_id", "starts_on", "ended_on", "ended_known_on",
    "quantity", "known_at",
]  # fmt: skip


@dataclass(frozen=True)
class Units:
    """So many units of a price metric, as the price list writes it."""

    count: float
    metric: str


def licensed_units(settings: Settings, as_of: date) -> dict[str, Units]:
    """Return by account what it licenses on a day, as known before it.

    Only accounts all of whose running products have the same price metric, and not that of seats:
    of several metrics no sum is worth a word. Nothing without a price list.
    """
    folder = settings.tables_folder
    if not (folder / "products.parquet").exists():
        return {}
    products = pq.read_table(folder / "products.parquet").to_pandas()
    metrics = products.set_index("product_id")["price_metric"].str.strip()
    lines = _running(pq.read_table(folder / "subscriptions.parquet", columns=COLUMNS), as_of)
    lines = lines.assign(metric=lines["product_id"].map(metrics))
    units = {}
    for account, held in lines.groupby("account_id"):
        [metric, *others] = held["metric"].unique()
        if not others and isinstance(metric, str) and metric.lower() not in SEAT_METRICS:
            units[str(account)] = Units(float(held["quantity"].sum()), metric)
    return units


def _running(table: pa.Table, as_of: date) -> pd.DataFrame:
    """Return the last period that had begun of each line, where it runs on ``as_of``."""
    lines = table.to_pandas()
    lines = lines[(lines["known_at"] < pd.Timestamp(as_of)) & (lines["starts_on"] <= as_of)]
    newest = lines.sort_values("starts_on").drop_duplicates(
        ["account_id", "subscription_id"], keep="last"
    )
    known = newest["ended_known_on"].map(lambda day: day is not None and day < as_of)
    over = newest["ended_on"].map(lambda day: day is not None and day <= as_of)
    running: pd.DataFrame = newest[~(known & over).astype(bool)]
    return running
