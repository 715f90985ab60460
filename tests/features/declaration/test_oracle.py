"""Every feature and label of random companies equals a naive row-by-row calculation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.support.company import Prepared, from_rows, labels_on, shown
from tests.support.company import company as company_of
from tests.support.random_company import AS_OFS, random_company

ACCOUNTS = 40
THROUGH = date(2024, 12, 1)
FEW = settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate])

Table = dict[tuple[date, str], dict[str, Any]]


def keyed(rows: list[dict[str, Any]]) -> Table:
    return {(row.pop("as_of"), row.pop("account_id")): row for row in rows}


def expected_of(company: oracle.Company, says: Callable[..., oracle.Row], grace: int = 31) -> Table:
    return {
        (as_of, account): says(own, account, as_of)
        for account, own in oracle.by_account(company).items()
        for as_of in AS_OFS
        if oracle.is_in_spine(own, account, as_of, grace)
    }


PREPARED: dict[frozenset[str], Prepared] = {}


def computed(company: oracle.Company) -> list[dict[str, Any]]:
    tables = frozenset(company)
    if tables in PREPARED:
        return PREPARED[tables].features(company)
    PREPARED[tables] = Prepared(company, AS_OFS)
    return PREPARED[tables].first


def differences(found: Table, expected: Table) -> list[str]:
    lines = [f"{key}: only in one of the two" for key in found.keys() ^ expected.keys()]
    for key in sorted(found.keys() & expected.keys()):
        assert found[key].keys() == expected[key].keys()
        lines += [
            f"{key[0]} {key[1]} {name}: found {value}, the oracle says {expected[key][name]}"
            for name, value in found[key].items()
            if not same(value, expected[key][name])
        ]
    return lines


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and isinstance(expected, (int, float)):
        return found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    return bool(found == expected)


def report(company: oracle.Company, lines: list[str]) -> str:
    """Show the first differences and all rows of the first account concerned."""
    account = lines[0].split()[1] if lines else ""
    return "\n".join([*lines[:20], "", shown(company, account)])


@FEW
@given(seed=st.integers(0, 2**32))
def test_features_equal_the_oracle(seed: int) -> None:
    company = random_company(seed, ACCOUNTS)
    expected = expected_of(company, oracle.features)
    found = keyed(computed(company))
    wrong = differences(found, expected)
    assert not wrong, report(company, wrong)


def test_labels_of_an_announced_pause_equal_the_oracle() -> None:
    text = """
    account_id | product_id | starts_on  | ended_on   | ended_known_on | signed_on  | quantity
    returns    | core       | 2023-01-01 | 2024-02-15 | 2023-12-01     | 2023-01-01 | 10
    returns    | core       | 2024-03-31 | -          | -              | 2023-12-10 | 10
    again      | core       | 2023-01-01 | 2024-02-15 | 2023-12-01     | 2023-01-01 | 10
    again      | core       | 2024-03-31 | 2024-05-10 | 2024-05-10     | 2023-12-10 | 10
    cancelled  | core       | 2023-01-01 | 2024-02-15 | 2023-12-01     | 2023-01-01 | 10
    cancelled  | core       | 2024-03-31 | 2024-03-31 | 2024-03-20     | 2023-12-10 | 10
    """
    tables, day = company_of(subscriptions=text), date(2024, 2, 12)
    rows = {name: table.to_pyarrow().to_pylist() for name, table in tables.items()}
    for grace, churned in ((31, {"again": 1, "cancelled": 1, "returns": 0}), (60, None)):
        found = keyed(labels_on(tables, [day], THROUGH, 91, grace))
        expected = {
            (day, account): oracle.labels(rows, account, day, 91, grace, THROUGH)
            for _, account in found
        }
        assert not differences(found, expected)
        churn = {account: row["churn_next_91d"] for (_, account), row in found.items()}
        assert churned in (None, churn)


@FEW
@given(
    seed=st.integers(0, 2**32),
    look=st.sampled_from(((91, 31, False), (91, 31, True), (28, 0, False), (182, 60, True))),
)
def test_labels_equal_the_oracle(seed: int, look: tuple[int, int, bool]) -> None:
    company = random_company(seed, 4 * ACCOUNTS)
    days, grace, prices = look
    says = partial(oracle.labels, days=days, grace=grace, through=THROUGH, price_changes=prices)
    expected = expected_of(company, says, grace)
    tables = from_rows(company)
    found = keyed(labels_on(tables, AS_OFS, THROUGH, days, grace, price_changes=prices))
    wrong = differences(found, expected)
    assert not wrong, report(company, wrong)
    positive = {name for row in expected.values() for name, value in row.items() if value == 1}
    assert positive >= {f"{name}_next_{days}d" for name in ("upsell", "downsell", "churn")}
