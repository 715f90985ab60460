"""Which rows a CRM would refuse, and why: reported before they are sent, so that the others go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.delivery.crm.fields import Format, Row

MOST_ID = 255
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula."""
NULL = "#N/A"
"""What empties a field in Salesforce's Bulk API 2.0; an empty cell leaves it as it is."""


@dataclass(frozen=True)
class RowProblem:
    """An account that cannot be exported, and why."""

    account_id: str
    problem: str


def problems(rows: Sequence[Row], form: Format) -> list[RowProblem]:
    """Return why accounts cannot be exported, in their order; an account may have several."""
    folded = Counter(account.casefold() for account, _ in rows)
    return [
        RowProblem(account, problem)
        for account, _ in rows
        for problem in _wrong(account, folded[account.casefold()], form)
    ]


def _wrong(account: str, same: int, form: Format) -> Iterator[str]:
    """Yield what is wrong with an id."""
    if not account.isprintable():
        yield "the id holds a character that cannot be printed"
    if form == "csv":
        if account.startswith(FORMULA):
            yield "a spreadsheet would take the id for a formula"
        return
    if not account or account != account.strip():
        yield "the id begins or ends with a space, which the CRM cuts off, or is empty"
    if len(account) > MOST_ID:
        yield f"the id has {len(account)} characters; the CRM takes {MOST_ID}"
    if same > 1:
        yield "another id differs only in upper and lower case, which are one to the CRM"
    if form == "salesforce-bulk" and account == NULL:
        yield f"the id is {NULL!r}, which means nothing to Salesforce"
