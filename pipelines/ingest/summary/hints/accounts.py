"""Hints at accounts that are there twice, or that other tables do not know."""

from __future__ import annotations

from collections.abc import Iterator

from models.i18n.number_format import PLAIN
from pipelines.common.counting import counted_of
from pipelines.ingest.summary.checked_tables import CheckedTables
from pipelines.ingest.summary.hints.declaration import Finding, hint

FEW_NAMES = 3
NAME_SHARE = 0.01
PLACEHOLDER = 20
"""A name that so many accounts have is no customer's."""


@hint(
    needs=("accounts",),
    do="map all ids of a customer to one account; leave it as it is where these are customers of "
    "their own",
    recipe="Merged and parent accounts",
)
def same_name(tables: CheckedTables) -> Iterator[Finding]:
    """Accounts with the same name and different ids may be one customer entered twice: its usage
    lies with one id and its subscriptions with the other.
    """  # noqa: D205
    rows = tables.select(
        """
        WITH newest AS (
            SELECT account_id, arg_max(name, known_at) AS name FROM clean.accounts GROUP BY 1
        )
        SELECT lower(trim(regexp_replace(name, '[\\s.,]+', ' ', 'g'))) AS name,
            count(*) AS accounts, list_sort(list(account_id))[:3] AS ids
        FROM newest WHERE name <> '' GROUP BY 1 HAVING count(*) BETWEEN 2 AND ?
        ORDER BY 2 DESC, 1
        """,
        PLACEHOLDER,
    )
    counts = tables.first("SELECT count(DISTINCT account_id) AS accounts FROM clean.accounts")
    accounts = sum(row["accounts"] for row in rows)
    if len(rows) >= FEW_NAMES and accounts >= NAME_SHARE * counts["accounts"]:
        yield Finding(
            "accounts.name",
            f"{accounts:,} of {counts['accounts']:,} accounts share {len(rows):,} names.",
            [{"name": row["name"], "account_id": ", ".join(row["ids"])} for row in rows[:3]],
        )


NEVER_SHARE = 0.5
SILENT_SHARE = 0.3
FEW_ACCOUNTS = 10


@hint(
    needs=("accounts", "subscriptions"),
    do="compare how both tables write the account's id; leave it as it is where the CRM lists "
    "prospects, too",
)
def accounts_without_subscription(tables: CheckedTables) -> Iterator[Finding]:
    """Most accounts never had a subscription. They get no row and no score: right for prospects,
    and wrong where ids do not fit or old subscriptions were not exported.
    """  # noqa: D205
    counts = tables.first(
        """
        SELECT count(DISTINCT account_id) AS accounts, count(DISTINCT account_id) FILTER (
            account_id NOT IN (SELECT account_id FROM summary.lines)) AS without
        FROM clean.accounts
        """
    )
    if counts["without"] >= max(FEW_ACCOUNTS, NEVER_SHARE * counts["accounts"]):
        yield Finding(
            "accounts.account_id",
            f"{counted_of(counts['without'], counts['accounts'], 'account')} "
            f"({PLAIN.percent(counts['without'] / counts['accounts'])}) never had a subscription.",
        )


@hint(
    needs=("subscriptions", "usage_daily"),
    do="compare how usage and subscriptions write the account's id, and ask which products record "
    "their use",
)
def paying_without_usage(tables: CheckedTables) -> Iterator[Finding]:
    """Many paying accounts have no usage at all, in the whole history: their use is not recorded,
    or under another id. Models take them for accounts that use nothing.
    """  # noqa: D205
    counts = tables.first(
        """
        WITH paying AS (SELECT account_id FROM summary.lines GROUP BY 1 HAVING max(arr) > 0)
        SELECT count(*) AS accounts, count(*) FILTER (account_id NOT IN (
            SELECT account_id FROM clean.usage_daily WHERE account_id IS NOT NULL)) AS silent
        FROM paying
        """
    )
    if counts["silent"] >= max(FEW_ACCOUNTS, SILENT_SHARE * counts["accounts"]):
        yield Finding(
            "usage_daily.account_id",
            f"{counted_of(counts['silent'], counts['accounts'], 'account')} that ever paid "
            f"({PLAIN.percent(counts['silent'] / counts['accounts'])}) have no row of usage.",
        )
