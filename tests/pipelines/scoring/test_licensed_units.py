"""What accounts license that is no seats, in the price list's own word."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.config.settings import Settings
from pipelines.scoring.licensed_units import Units, licensed_units
from tests.pipelines import trained
from tests.support.company import table

DAY = date(2024, 6, 1)
PRODUCTS = """
product_id | price_metric | launched_on | known_at
core       | seats        | 2020-01-01  | 2020-01-01
desk       | cases        | 2020-01-01  | 2020-01-01
vault      | GB           | 2020-01-01  | 2020-01-01
"""
SUBSCRIPTIONS = """
account_id | subscription_id | product_id | starts_on  | ended_on   | ended_known_on | quantity
metered    | 1               | desk       | 2023-01-01 | -          | -              | 40
metered    | 2               | desk       | 2023-01-01 | -          | -              | 2
replaced   | 3               | desk       | 2023-01-01 | -          | -              | 40
replaced   | 3               | desk       | 2024-01-01 | -          | -              | 60
both       | 4               | desk       | 2023-01-01 | -          | -              | 40
both       | 5               | core       | 2023-01-01 | -          | -              | 10
several    | 6               | desk       | 2023-01-01 | -          | -              | 40
several    | 7               | vault      | 2023-01-01 | -          | -              | 500
seats      | 8               | core       | 2023-01-01 | -          | -              | 10
dropped    | 9               | core       | 2023-01-01 | 2024-05-01 | 2024-05-01     | 10
dropped    | 10              | vault      | 2023-01-01 | -          | -              | 500
not_known  | 11              | core       | 2023-01-01 | 2024-05-01 | 2024-06-01     | 10
not_known  | 12              | vault      | 2023-01-01 | -          | -              | 500
unlisted   | 13              | other      | 2023-01-01 | -          | -              | 500
"""


def written(folder: Path, *, with_products: bool = True) -> Settings:
    settings = trained.settings_in(folder)
    settings.tables_folder.mkdir(parents=True)
    texts = {"subscriptions": SUBSCRIPTIONS} | ({"products": PRODUCTS} if with_products else {})
    for name, text in texts.items():
        pq.write_table(table(name, text), settings.tables_folder / f"{name}.parquet")
    return settings


def test_units_of_one_metric_are_told_and_seats_are_none(tmp_path: Path) -> None:
    assert licensed_units(written(tmp_path), DAY) == {
        "metered": Units(42.0, "cases"),
        "replaced": Units(60.0, "cases"),
        "dropped": Units(500.0, "GB"),
    }


def test_without_a_price_list_nothing_has_a_word(tmp_path: Path) -> None:
    assert licensed_units(written(tmp_path, with_products=False), DAY) == {}
