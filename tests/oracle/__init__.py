"""What features and labels should be, worked out row by row: no Ibis, no code of ``features/``.

Deliberately naive. A company is lists of dictionaries by table; every question is a loop over them.
"""

from __future__ import annotations

from datetime import date

from tests.oracle import adoption, champions, commercial, departments, seats, usage
from tests.oracle.known import Account, Company, Row, by_account, is_in_spine
from tests.oracle.labels import labels

__all__ = ["Company", "Row", "by_account", "features", "is_in_spine", "labels"]

DRAWN = (usage, seats, adoption, champions, departments, commercial)
DERIVED = (usage, seats, adoption, commercial)


def features(company: Company, account_id: str, as_of: date) -> Row:
    """Return every feature of the account: first those drawn from rows, then those from columns."""
    one = Account(company, account_id, as_of)
    row: Row = {}
    for group in DRAWN:
        row |= group.drawn(one)
    for group in DERIVED:
        row |= group.derived(row)
    return row
