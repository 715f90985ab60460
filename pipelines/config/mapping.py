"""The mapping: where a company's tables lie and how their columns become the contract's.

Declarations only; ``sources`` reads what they name and ``check`` holds it against the contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from features.contract import ACCOUNTS, TABLES
from pipelines.config.file_options import FileOptions

Policy = Literal["refuse", "drop", "accept"]
"""What to do about a rule's violations: stop, leave the rows out, or keep and report them."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""A name that SQL can use without quotes."""


class Frozen(BaseModel):
    """A section of the configuration: fixed once read, and no key that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Source(FileOptions):
    """Where rows come from: exactly one of ``file``, ``duckdb``, ``url`` and ``sql``.

    A bare string in the TOML is a file. The options of a file say how it is written, where it does
    not say so itself.
    """

    file: str = Field(default="", examples=['"clicks-*.csv"'])
    """A file in the data folder, or several by a glob: CSV, Excel, JSON or Parquet."""
    duckdb: str = Field(default="", examples=['"lake.duckdb"'])
    """A DuckDB file in the data folder; with ``table``."""
    url: str = Field(
        default="", examples=['"postgresql://reader:${CRM_PASSWORD}@crm.example/sales"']
    )
    """A database; with ``table`` or ``query``. ``${NAME}`` is taken from the environment."""
    sql: str = Field(default="", examples=['"SELECT * FROM clicks WHERE NOT is_bot"'])
    """A query over the sources named before it, in DuckDB's dialect."""
    table: str = Field(default="", examples=['"account"'])
    """The table of a DuckDB file or a database."""
    query: str = Field(default="", examples=['"SELECT * FROM ticket WHERE spam = 0"'])
    """A query in the database's own dialect."""

    @model_validator(mode="before")
    @classmethod
    def _file_by_name(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if sum(map(bool, (self.file, self.duckdb, self.url, self.sql))) != 1:
            raise ValueError("give exactly one of file, duckdb, url and sql")
        if self.duckdb and (not self.table or self.query):
            raise ValueError("a duckdb source needs table = ...; for a query use sql = ...")
        if self.url and bool(self.table) == bool(self.query):
            raise ValueError("a url source needs either table = ... or query = ...")
        if not self.url and not self.duckdb and (self.table or self.query):
            raise ValueError("table and query belong to a duckdb or url source")
        return self

    @model_validator(mode="after")
    def _options_fit(self) -> Source:
        if misplaced := self.misplaced(self.file):
            what = self.file or "a source that is no file"
            raise ValueError(f"{', '.join(misplaced)} cannot be set for {what}")
        return self


class TableMapping(Frozen):
    """How one contract table is made: where its rows come from, a value for each column."""

    source: str = Field(default="", alias="from", examples=['"customers"'])
    """The source that rows come from, or a query over sources in parentheses. Without it the source
    or file that is called like the table."""
    where: str = Field(default="", examples=['"NOT is_test"'])
    """Only the source's rows for which this SQL condition holds."""
    columns: dict[str, str] = Field(
        default={}, examples=['{ account_id = "customer_no", known_at = "loaded_at" }']
    )
    """SQL over the source for each column of the contract. A column that is not named is taken by
    its name."""
    versions: bool = False
    """Record from load to load which attributes of accounts have changed (accounts only)."""

    @property
    def is_query(self) -> bool:
        """Whether ``from`` is a query rather than a source's name."""
        return self.source.strip().startswith("(")


class Check(Frozen):
    """A company's own rule over the rows of a source, or those a contract table is made from."""

    name: Name = Field(examples=['"seats_without_price"'])
    """What it is called under [rules], after the table or source."""
    table: str = Field(default="", examples=['"subscriptions"'])
    """The contract table whose source rows it looks at; or ``source``."""
    source: str = Field(default="", examples=['"usage"'])
    """The source whose rows it looks at; or ``table``."""
    violates: str = Field(examples=['"seats > 0 AND monthly_price = 0"'])
    """The SQL condition that is true on the rows that violate it."""
    say: str = Field(default="", examples=['"Seats are given away."'])
    """What is wrong, for whoever reads the report."""
    do: str = Field(default="", examples=['"ask sales whether these are trials"'])
    """What to do about it."""

    @model_validator(mode="after")
    def _one_relation(self) -> Check:
        if bool(self.table) == bool(self.source):
            raise ValueError("give either table = ... or source = ...")
        return self

    @property
    def on(self) -> str:
        """The table or source that the check reads; the first half of its name in [rules]."""
        return self.table or self.source


class Mapping(Frozen):
    """The four sections of a configuration that say what a company's data means."""

    sources: dict[Name, Source] = {}
    """Where rows come from, by a name of yours."""
    tables: dict[str, TableMapping] = {}
    """How each table of the contract is made."""
    checks: tuple[Check, ...] = ()
    """Rules of your own."""
    rules: dict[str, Policy] = Field(
        default={}, examples=['{ "usage_daily.within_subscription" = "drop" }']
    )
    """What to do about the violations of a rule: refuse the data, drop the rows, or accept them.
    Keys are ``table.rule`` or ``table.column.rule``."""

    @field_validator("tables")
    @classmethod
    def _versions_of_accounts_only(cls, tables: dict[str, TableMapping]) -> dict[str, TableMapping]:
        for name, table in tables.items():
            if table.versions and name != ACCOUNTS.name:
                raise ValueError(f"versions = true under {name}: only accounts have versions")
        return tables

    def problems(self) -> Iterator[tuple[str, str, list[str]]]:
        """Find names that nothing answers to: where, the name, the names there are."""
        for name, table in self.tables.items():
            yield from self._table_problems(name, table)
        for check in self.checks:
            if check.table and check.table not in TABLES:
                yield f"checks.{check.name}.table", check.table, list(TABLES)
            if check.source and check.source not in self.sources:
                yield f"checks.{check.name}.source", check.source, list(self.sources)

    def _table_problems(
        self, name: str, table: TableMapping
    ) -> Iterator[tuple[str, str, list[str]]]:
        if name not in TABLES:
            yield "tables", name, list(TABLES)
            return
        for column in table.columns:
            if column not in TABLES[name].names:
                yield f"tables.{name}.columns", column, list(TABLES[name].names)
        # A file called like a table of the contract is a source without being listed.
        if table.source and not table.is_query and table.source not in {*self.sources, *TABLES}:
            yield f"tables.{name}.from", table.source, list(self.sources)

    def check_names(self) -> list[str]:
        """Return what [rules] calls the company's own checks."""
        return [f"{check.on}.{check.name}" for check in self.checks]


def is_plain_name(expression: str) -> bool:
    """Say whether an expression is nothing but a column's name."""
    return re.fullmatch(r'[A-Za-z_]\w*|"[^"]+"', expression.strip()) is not None
