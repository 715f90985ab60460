"""The data contract: every source table, its columns, and when each value became known.

One declaration a column. Validation, the generated ``docs/data-contract.md``, the demo company
and the mapping of foreign tables all read it; nothing about a column is written twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["string", "integer", "number", "boolean", "date", "timestamp"]


@dataclass(frozen=True)
class Column:
    """One column of a source table.

    ``known_by`` names the column that says when this value became known; empty means the row's
    own ``known_at``. A value whose ``known_by`` lies on or after ``as_of`` is null to a feature.
    ``undated`` marks an attribute that can change without a date of its own: only other versions
    of its row tell what it was before.
    """

    name: str
    type: Type
    meaning: str
    unit: str = ""
    nullable: bool = False
    known_by: str = ""
    values: tuple[str, ...] = ()
    minimum: float | None = None
    references: str = ""
    undated: bool = False


@dataclass(frozen=True)
class Table:
    """One source table: what a row is, its key, and the day on which a row happened."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    happened: str
    required: bool = False
    ordered: tuple[tuple[str, str], ...] = ()
    """Pairs (earlier, later): where both are given, the first may not lie after the second."""
    versions_of: tuple[str, ...] = ()
    """What undated attributes describe: rows that agree in these columns are its versions."""
    version_on: str = "known_at"
    """The column that says when a version began."""

    def column(self, name: str) -> Column:
        """Return the column called ``name``; ``KeyError`` names the table's columns otherwise."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}; it has {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in their order."""
        return tuple(column.name for column in self.columns)


ACCOUNT = Column("account_id", "string", "The account.", references="accounts")
KNOWN_AT = Column("known_at", "timestamp", "When the row reached the warehouse.")

ACCOUNTS = Table(
    name="accounts",
    meaning="One row for each version of an account; the newest one known counts.",
    key=("account_id", "known_at"),
    happened="created_on",
    required=True,
    versions_of=("account_id",),
    columns=(
        Column("account_id", "string", "The account's identifier in the CRM."),
        Column("name", "string", "The name a CSM knows it by."),
        Column("created_on", "date", "The day it became a customer or prospect."),
        Column("industry", "string", "Industry.", nullable=True, undated=True),
        Column("region", "string", "Region.", nullable=True, undated=True),
        Column(
            "segment", "string", "Segment, such as smb or enterprise.", nullable=True, undated=True
        ),
        Column(
            "employees",
            "integer",
            "People who could hold a seat.",
            unit="people",
            nullable=True,
            minimum=0,
            undated=True,
        ),
        Column("csm_id", "string", "Its customer success manager.", nullable=True, undated=True),
        KNOWN_AT,
    ),
)

SUBSCRIPTIONS = Table(
    name="subscriptions",
    meaning="One row for each period of a subscription line with constant quantity and price. It "
    "runs on the day it starts and not on the day it ends; with a price or quantity of 0 it is "
    "free.",
    key=("subscription_id", "starts_on"),
    happened="starts_on",
    required=True,
    ordered=(("starts_on", "ended_on"), ("starts_on", "term_ends_on"), ("signed_on", "known_at")),
    columns=(
        Column("subscription_id", "string", "The line; its periods follow each other."),
        ACCOUNT,
        Column("product_id", "string", "The product, whatever its plan.", references="products"),
        Column("plan", "string", "Edition of the product.", nullable=True),
        Column("starts_on", "date", "First day of the period."),
        Column("term_ends_on", "date", "End of the term as signed, exclusive.", nullable=True),
        Column(
            "ended_on",
            "date",
            "First day on which the period no longer runs.",
            nullable=True,
            known_by="ended_known_on",
        ),
        Column(
            "ended_known_on",
            "date",
            "The day its end became known.",
            nullable=True,
            known_by="ended_known_on",
        ),
        Column("quantity", "number", "Units of the product's price metric.", minimum=0),
        Column("unit_price", "number", "Price a unit a year.", unit="currency", minimum=0),
        Column(
            "list_price",
            "number",
            "List price a unit a year.",
            unit="currency",
            nullable=True,
            minimum=0,
        ),
        Column("currency", "string", "ISO 4217 code of both prices."),
        Column("signed_on", "date", "The day the period was signed; later start = ramp."),
        KNOWN_AT,
    ),
)

USAGE_DAILY = Table(
    name="usage_daily",
    meaning="One row for each account, product, function and day; a row a user, or a count.",
    key=("account_id", "product_id", "feature", "day", "user_id"),
    happened="day",
    required=True,
    columns=(
        ACCOUNT,
        Column("product_id", "string", "The product used.", references="products"),
        Column("feature", "string", "The function of the product that was used."),
        Column("day", "date", "The day of use."),
        Column("events", "number", "How often it was used that day.", unit="events", minimum=0),
        Column("user_id", "string", "Who used it; null in counts.", nullable=True),
        Column(
            "active_users",
            "integer",
            "How many used it, where there are no user ids.",
            unit="people",
            nullable=True,
            minimum=0,
        ),
        KNOWN_AT,
    ),
)

USERS = Table(
    name="users",
    meaning="One row for each person with access.",
    key=("account_id", "user_id"),
    happened="activated_on",
    ordered=(("activated_on", "deactivated_on"),),
    versions_of=("account_id", "user_id"),
    columns=(
        Column("user_id", "string", "The person, without a name."),
        ACCOUNT,
        Column(
            "user_group",
            "string",
            "A few experts use it daily, many consumers now and then.",
            nullable=True,
            values=("expert", "consumer"),
            undated=True,
        ),
        Column("org_unit", "string", "Department.", nullable=True),
        Column("activated_on", "date", "First day of access."),
        Column(
            "deactivated_on",
            "date",
            "First day without access.",
            nullable=True,
            known_by="deactivated_known_on",
        ),
        Column(
            "deactivated_known_on",
            "date",
            "The day that became known.",
            nullable=True,
            known_by="deactivated_known_on",
        ),
        KNOWN_AT,
    ),
)

CONTACTS = Table(
    name="contacts",
    meaning="One row for each person's time in a role at the account.",
    key=("contact_id", "from_on"),
    happened="from_on",
    ordered=(("from_on", "left_on"), ("leave_from", "leave_to")),
    columns=(
        Column("contact_id", "string", "The person, without a name."),
        ACCOUNT,
        Column(
            "role",
            "string",
            "What the person does for the topic.",
            values=("champion", "sponsor", "buyer", "blocker"),
        ),
        Column("org_unit", "string", "Department.", nullable=True),
        Column("from_on", "date", "First day in the role."),
        Column(
            "left_on",
            "date",
            "First day no longer in the role.",
            nullable=True,
            known_by="left_known_on",
        ),
        Column(
            "left_known_on",
            "date",
            "The day the loss became known.",
            nullable=True,
            known_by="left_known_on",
        ),
        Column(
            "leave_from",
            "date",
            "First day of a long leave.",
            nullable=True,
            known_by="leave_known_on",
        ),
        Column(
            "leave_to",
            "date",
            "First day back, as far as planned.",
            nullable=True,
            known_by="leave_known_on",
        ),
        Column(
            "leave_known_on",
            "date",
            "The day the leave became known.",
            nullable=True,
            known_by="leave_known_on",
        ),
        Column(
            "looking_known_on",
            "date",
            "The day on which the person said they are looking for another job.",
            nullable=True,
            known_by="looking_known_on",
        ),
        KNOWN_AT,
    ),
)

MILESTONES = Table(
    name="milestones",
    meaning="One row for each step of the adoption journey an account has reached.",
    key=("account_id", "milestone"),
    happened="reached_on",
    columns=(
        ACCOUNT,
        Column("milestone", "string", "Such as first_outcome or broad_rollout."),
        Column("reached_on", "date", "The day it was reached."),
        KNOWN_AT,
    ),
)

TICKETS = Table(
    name="tickets",
    meaning="One row for each support ticket.",
    key=("ticket_id",),
    happened="opened_on",
    ordered=(("opened_on", "closed_on"), ("opened_on", "escalated_on")),
    versions_of=("ticket_id",),
    columns=(
        Column("ticket_id", "string", "The ticket."),
        ACCOUNT,
        Column("opened_on", "date", "The day it was opened."),
        Column("severity", "string", "As the help desk names it.", nullable=True, undated=True),
        Column(
            "escalated_on",
            "date",
            "The day it was escalated.",
            nullable=True,
            known_by="escalated_on",
        ),
        Column("closed_on", "date", "The day it closed.", nullable=True, known_by="closed_on"),
        Column(
            "csat",
            "number",
            "Satisfaction given at closing, 1 to 5.",
            nullable=True,
            known_by="closed_on",
            minimum=1,
        ),
        KNOWN_AT,
    ),
)

PRODUCTS = Table(
    name="products",
    meaning="One row for each product on the price list.",
    key=("product_id",),
    happened="launched_on",
    columns=(
        Column("product_id", "string", "The product."),
        Column("name", "string", "Its name."),
        Column(
            "price_metric",
            "string",
            "What is counted for its price; only products priced by seats, users or licenses "
            "count seats.",
        ),
        Column("launched_on", "date", "First day it could be bought."),
        KNOWN_AT,
    ),
)

ORG_UNITS = Table(
    name="org_units",
    meaning="The account map, as a log: one row each time a department's status changes.",
    key=("account_id", "org_unit", "changed_on"),
    happened="changed_on",
    versions_of=("account_id", "org_unit"),
    version_on="changed_on",
    columns=(
        ACCOUNT,
        Column("org_unit", "string", "Department."),
        Column(
            "headcount",
            "integer",
            "People in it.",
            unit="people",
            nullable=True,
            minimum=0,
            undated=True,
        ),
        Column(
            "status",
            "string",
            "red: not started, yellow: in talks, green: in productive use.",
            values=("red", "yellow", "green"),
        ),
        Column("changed_on", "date", "The day the status changed."),
        KNOWN_AT,
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ACCOUNTS,
        SUBSCRIPTIONS,
        USAGE_DAILY,
        USERS,
        CONTACTS,
        MILESTONES,
        TICKETS,
        PRODUCTS,
        ORG_UNITS,
    )
}
"""Every table of the contract by name, in the order in which the documents show them."""


def undated() -> dict[str, tuple[str, str]]:
    """Return table and column of each undated attribute by its name, ``table.column``."""
    return {
        f"{table.name}.{column.name}": (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns
        if column.undated
    }
