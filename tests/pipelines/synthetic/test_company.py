"""The demo company keeps the contract, is the same for the same seed, and its truth is true."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from features.contract import TABLES, Table
from features.errors import UsageError
from pipelines.synthetic import company, simulate
from pipelines.synthetic.tables.columns import last_of

END = company.END
CONTRACT = list(TABLES.values())

# Written apart from features/labels/ on purpose: what happened, by the subscriptions alone.
EVENTS = """
create table step as
    select account_id, product_id, starts_on, signed_on, ended_on, quantity, plan,
        quantity * unit_price as arr,
        lag(quantity) over w as quantity_before, lag(plan) over w as plan_before,
        lead(starts_on) over w as next_on
    from subscriptions window w as (partition by subscription_id order by starts_on);
create table life as
    select account_id, min(starts_on) as began_on,
        case when bool_or(ended_on is null) then null else max(ended_on) end as left_on
    from subscriptions group by all;
create table event as
    select account_id, 'upsell' as kind, signed_on as day from step
        where quantity > quantity_before or plan <> plan_before
    union all select account_id, 'downsell', signed_on from step where quantity < quantity_before
    union all select account_id, 'downsell', ended_on from step join life using (account_id)
        where next_on is null and ended_on is not null and ended_on is distinct from left_on
    union all select account_id, 'cross_sell', signed_on from step join life using (account_id)
        where quantity_before is null and starts_on > began_on
    union all select account_id, 'churn', left_on from life where left_on is not null;
"""
LABELS = """
    select t.as_of, t.p_{kind}_next_91d as p,
        count(*) filter (e.kind = '{kind}') > 0
            and ('{kind}' <> 'downsell' or count(*) filter (e.kind = 'churn') = 0) as y
    from truth t left join event e
        on e.account_id = t.account_id and e.day >= t.as_of and e.day < t.as_of + 91
    where t.as_of + 91 <= date '{end}' and t.p_churn_next_91d is not null
    group by t.account_id, t.as_of, p order by t.account_id, t.as_of
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "source"
    simulate(out, accounts=700, months=24, seed=3, workers=1)
    return out


@pytest.fixture(scope="module")
def data(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for file in folder.glob("*.parquet"):
        connection.execute(f"create view {file.stem} as from read_parquet('{file}')")
    connection.execute(EVENTS)
    return connection


def number(data: duckdb.DuckDBPyConnection, query: str) -> float:
    row = data.execute(query).fetchone()
    assert row is not None
    return float(row[0])


@pytest.mark.parametrize("table", CONTRACT, ids=lambda t: t.name)
def test_columns_and_types_are_those_of_the_contract(folder: Path, table: Table) -> None:
    kinds = {
        "string": "string",
        "integer": "int64",
        "number": "double",
        "date": "date32[day]",
        "timestamp": "timestamp[us]",
    }
    found = pq.read_schema(folder / f"{table.name}.parquet")
    assert [(f.name, str(f.type)) for f in found] == [
        (c.name, kinds[c.type]) for c in table.columns
    ]


@pytest.mark.parametrize("table", CONTRACT, ids=lambda t: t.name)
def test_every_rule_of_the_contract_holds(data: duckdb.DuckDBPyConnection, table: Table) -> None:
    rules = [f"{early}::date > {late}::date" for early, late in table.ordered]
    for column in table.columns:
        if not column.nullable:
            rules.append(f"{column.name} is null")
        if column.values:
            rules.append(f"{column.name} not in {column.values}")
        if column.minimum is not None:
            rules.append(f"{column.name} < {column.minimum}")
        if column.references:
            rules.append(f"{column.name} not in (select {column.name} from {column.references})")
    assert number(data, f"select count(*) from {table.name}") > 0
    broken = {r: number(data, f"select count(*) from {table.name} where {r}") for r in rules}
    assert {rule: count for rule, count in broken.items() if count} == {}
    key = ", ".join(table.key)
    twice = (
        f"select count(*) from (from {table.name} select {key} group by all having count(*) > 1)"
    )
    assert number(data, twice) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        "next_on is not null and ended_on is distinct from next_on",
        "starts_on = ended_on",
        "signed_on > starts_on",
    ],
)
def test_periods_of_a_line_follow_each_other(data: duckdb.DuckDBPyConnection, wrong: str) -> None:
    assert number(data, f"select count(*) from step where {wrong}") == 0


def test_an_order_on_the_day_of_a_tranche_replaces_it() -> None:
    account, start = np.array([1, 1, 1, 2]), np.array([5, 8, 8, 8])
    assert last_of(account, start).tolist() == [True, False, True, True]
    assert last_of(account[:0], start[:0]).tolist() == []


def test_users_work_where_the_product_is_in_use(data: duckdb.DuckDBPyConnection) -> None:
    """A department of a user had been won on the account map before the user came."""
    early = """
        select count(*) from users u where org_unit is not null and not exists (
            from org_units o where o.account_id = u.account_id and o.org_unit = u.org_unit
                and o.status = 'green' and o.changed_on <= u.activated_on + 7
        )
    """
    assert number(data, "select count(distinct org_unit) from users") > 2
    assert number(data, early) == 0


def test_nothing_is_used_outside_the_time_in_which_it_runs(
    data: duckdb.DuckDBPyConnection,
) -> None:
    # Who was given access, or what was bought, in the last weeks may not be known yet.
    outside = """
        select count(*) from usage_daily join life using (account_id)
        left join users using (account_id, user_id)
        where (day < began_on or day >= coalesce(left_on, '2999-01-01') or activated_on is null
            or day < activated_on or day >= coalesce(deactivated_on, '2999-01-01'))
            and (activated_on is not null or day < (select max(day) - 28 from usage_daily))"""
    assert number(data, outside) == 0
    assert number(data, f"select count(*) from usage_daily where day >= date '{END}'") == 0
    unheld = """
        select count(*) from usage_daily u anti join subscriptions s on s.account_id = u.account_id
            and s.product_id = u.product_id and s.starts_on < u.day + 7
        where u.day < (select max(day) - 28 from usage_daily)"""
    assert number(data, unheld) == 0


@pytest.mark.parametrize(
    "what",
    [
        "from usage_daily where known_at > day + interval 9 day",
        "from contacts where left_known_on > left_on + 7",
        "from contacts where leave_from is not null",
        "from contacts where looking_known_on is not null",
        "from contacts where role = 'blocker' and left_on is not null",
        "from subscriptions where known_at > signed_on + interval 2 day",
        "from subscriptions where starts_on > signed_on + 60",
        "from subscriptions where unit_price < list_price",
        "from subscriptions where term_ends_on is null",
        "from tickets where escalated_on is not null",
        "from (from org_units where status = 'yellow')",
        "from (from accounts select account_id group by all having count(*) > 1)",
        "from (from subscriptions where ended_known_on < ended_on and ended_on = term_ends_on)",
    ],
)
def test_every_mechanism_shows_in_the_data(data: duckdb.DuckDBPyConnection, what: str) -> None:
    assert number(data, f"select count(*) {what}") >= 5


@pytest.mark.parametrize(
    ("kind", "low", "high", "floor"),
    [
        ("upsell", 0.06, 0.14, 0.80),
        ("cross_sell", 0.03, 0.08, 0.72),
        ("downsell", 0.02, 0.06, 0.75),
        ("churn", 0.02, 0.06, 0.75),
    ],
)
def test_the_truth_is_calibrated_and_tells_apart(
    data: duckdb.DuckDBPyConnection, kind: str, low: float, high: float, floor: float
) -> None:
    found = data.execute(LABELS.format(kind=kind, end=END)).fetchnumpy()
    p, y = np.asarray(found["p"], float), np.asarray(found["y"], float)
    assert low < y.mean() < high
    order = np.argsort(p)
    for rows in np.array_split(order, 10):
        # An outcome is seen from 91 / 28 snapshots: that many fewer independent rows.
        error = np.sqrt(max(p[rows].mean(), 0.002) / (len(rows) / 3.25))
        assert abs(p[rows].mean() - y[rows].mean()) < 4 * error
    ranks = np.empty(len(p))
    ranks[order] = np.arange(len(p))
    positives = y.sum()
    pairs = positives * (len(y) - positives)
    auc = (ranks[y == 1].sum() - positives * (positives - 1) / 2) / pairs
    assert floor < auc < 0.93


def test_truth_is_there_for_every_running_account(data: duckdb.DuckDBPyConnection) -> None:
    absent = f"""
        select count(*) from (
            select account_id from life where began_on < date '{END}'
                and coalesce(left_on, '2999-01-01') >= date '{END}') r
        anti join (from truth where as_of = date '{END}') t using (account_id)"""
    assert number(data, absent) == 0
    assert (
        number(data, "select max(date_diff('day', as_of, date '2026-08-03') % 28) from truth") == 0
    )
    noticed = f"""
        select count(*) from truth t join step s using (account_id)
        where s.product_id = 'workbench' and s.next_on is null and t.as_of = date '{END}'
            and s.ended_on is not null and t.p_churn_next_91d is not null"""
    assert number(data, noticed) == 0


def test_retention_is_that_of_a_usual_company(data: duckdb.DuckDBPyConnection) -> None:
    by_account = f"""
        with a as (select account_id,
            sum(arr) filter (starts_on < date '{END}' - 364
                and coalesce(ended_on, '2999-01-01') >= date '{END}' - 364) as before,
            coalesce(sum(arr) filter (starts_on < date '{END}'
                and coalesce(ended_on, '2999-01-01') >= date '{END}'), 0) as after
            from step group by all)
        select sum({{}}) / sum(before) from a where before > 0"""
    assert 1.0 < number(data, by_account.format("after")) < 1.3
    assert 0.78 < number(data, by_account.format("least(after, before)")) < 0.95


def test_late_first_outcomes_go_with_fewer_upsells_in_the_first_year(
    data: duckdb.DuckDBPyConnection,
) -> None:
    share = """
        select avg((u.account_id is not null)::int) from life
        left join (from milestones where milestone = 'first_outcome') m using (account_id)
        left join (select distinct e.account_id from event e join life using (account_id)
            join step s on s.account_id = e.account_id and s.signed_on = e.day
            where kind = 'upsell' and s.plan is not distinct from s.plan_before
                and s.product_id = 'workbench' and e.day < began_on + 364) u using (account_id)
        where began_on < date '2026-08-03' - 364
            and coalesce(m.reached_on <= began_on + 90, false) = {}"""
    assert number(data, share.format("true")) > 0.15
    assert number(data, share.format("false")) == 0


def test_same_seed_same_bytes_however_many_work_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company, "ACCOUNTS_A_BLOCK", 15)
    outs = [tmp_path / name for name in ("one", "two", "three")]
    for out, seed, workers in zip(outs, (5, 5, 6), (1, 2, 1), strict=True):
        simulate(out, accounts=40, months=3, seed=seed, workers=workers)
    first, again, other = ({f.name: f.read_bytes() for f in o.iterdir()} for o in outs)
    assert first == again
    assert first["subscriptions.parquet"] != other["subscriptions.parquet"]


def test_a_failed_run_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "source"
    simulate(out, accounts=5, months=2, seed=1)
    before = {f.name: f.read_bytes() for f in out.iterdir()}

    def fail(_order: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(company, "run", fail)
    with pytest.raises(RuntimeError, match="the power went"):
        simulate(out, accounts=5, months=2, seed=2, workers=1)
    assert {f.name: f.read_bytes() for f in out.iterdir()} == before
    assert [f.name for f in tmp_path.iterdir()] == ["source"]


def test_progress_reaches_its_end(tmp_path: Path) -> None:
    heard: list[float] = []
    summary = simulate(
        tmp_path / "a",
        accounts=3,
        months=1,
        seed=0,
        progress=lambda _what, share: heard.append(share),
    )
    assert heard[-1] == 1.0
    assert summary.rows["accounts"] >= 3
    assert summary.data_through == END


def test_wrong_arguments_are_all_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError) as caught:
        simulate(tmp_path, accounts=0, months=0, seed=-1)
    assert len(caught.value.problems) == 4
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_nothing_is_known_after_the_day_on_which_the_tables_were_taken(
    data: duckdb.DuckDBPyConnection,
) -> None:
    ahead = [
        f"select count(*) from {table.name} where {column.known_by or 'known_at'}::date > '{END}'"
        for table in TABLES.values()
        for column in table.columns
        if column.known_by or column.name == "known_at"
    ]
    assert len(ahead) > len(TABLES)
    assert [number(data, query) for query in ahead] == [0] * len(ahead)
