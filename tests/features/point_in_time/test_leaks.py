"""Nothing that happened or became known on or after a day changes a feature of that day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features import target
from features.catalogue import GROUPS
from features.labels.targets import TARGETS
from tests.support.company import Prepared, compute_on, from_rows, labels_on
from tests.support.damage import CONTRACTED, damaged
from tests.support.random_company import AS_OFS, random_company

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from features.labels.outcome_window import Decisions

ACCOUNTS = 80
LATER = timedelta(days=196)
CUTS = st.dates(date(2023, 9, 1), date(2024, 6, 1))

Rows = dict[str, dict[str, Any]]


@target(title="New product", direction="=", needs_grace=True)
def new_product(decisions: Decisions) -> ir.Table:
    """A label of a company's own."""
    return decisions.gained(decisions.new_products)


LABELS = {**TARGETS, new_product.name: new_product}


def few(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, derandomize=True, phases=[Phase.generate])


def at(rows: list[dict[str, Any]], day: date) -> Rows:
    return {row["account_id"]: row for row in rows if row["as_of"] == day}


def changed(before: Rows, after: Rows) -> set[tuple[str, str]]:
    """Return which (account, column) differ; rows that only one side has differ in ``row``."""
    lost = {(account, "row") for account in before.keys() ^ after.keys()}
    return lost | {
        (account, name)
        for account in before.keys() & after.keys()
        for name, value in before[account].items()
        if not same(value, after[account][name])
    }


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-12)  # the order of a sum may differ
    return bool(one == other)


@few(3)
@given(seed=st.integers(0, 2**32), cut=CUTS)
def test_the_future_changes_no_feature(seed: int, cut: date) -> None:
    company = random_company(seed, ACCOUNTS, everything=True)
    days = [cut, cut + LATER]
    prepared = Prepared(company, days)
    before, after = prepared.first, prepared.features(damaged(company, cut, seed))
    assert len(at(before, cut)) > ACCOUNTS / 4
    assert changed(at(before, cut), at(after, cut)) == set()
    bitten = {name for _, name in changed(at(before, days[1]), at(after, days[1]))}
    untouched = [g.name for g in GROUPS if not bitten & {c.name for c in g.columns}]
    assert not untouched, "the damage never shows in these groups, so it proves nothing for them"


@few(1)
@given(seed=st.integers(0, 2**32), cut=CUTS)
def test_what_is_signed_and_starts_later_shows_only_where_it_is_meant_to(
    seed: int, cut: date
) -> None:
    company = random_company(seed, ACCOUNTS, everything=True)
    prepared = Prepared(company, [cut])
    before, after = prepared.first, prepared.features(damaged(company, cut, seed, contracted=True))
    names = {name for _, name in changed(at(before, cut), at(after, cut))}
    assert names == set(CONTRACTED)


@few(3)
@given(seed=st.integers(0, 2**32), cut=CUTS)
def test_the_future_changes_the_labels(seed: int, cut: date) -> None:
    company = random_company(seed, ACCOUNTS, everything=True)
    later = damaged(company, cut, seed)
    before = at(labels_on(from_rows(company), [cut], date.max, targets=LABELS), cut)
    after = at(labels_on(from_rows(later), [cut], date.max, targets=LABELS), cut)
    names = {name for _, name in changed(before, after)}
    assert names >= {label.column(91) for label in LABELS.values()}


@few(1)
@given(seed=st.integers(0, 2**32))
def test_a_snapshot_does_not_depend_on_the_others(seed: int) -> None:
    tables = from_rows(random_company(seed, ACCOUNTS, everything=True))
    together = compute_on(tables, AS_OFS)
    for day in AS_OFS[::2]:
        assert changed(at(together, day), at(compute_on(tables, [day]), day)) == set()
