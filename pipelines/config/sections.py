"""The sections of a company's configuration, apart from the mapping."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from features.labels.targets import TARGETS
from models.common.network import is_loopback
from models.plays.context import Limits
from models.plays.prioritisation import Rules
from models.store.events import Event
from pipelines.config.mapping import Frozen

LIMITS = Limits()


class Company(Frozen):
    """Whose data it is, and what its people read."""

    name: str = Field(default="Demo company", min_length=1)
    """What the company is called."""
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    """Of all prices (ISO 4217)."""
    data_through: date | None = Field(default=None, examples=["2026-08-01"])
    """The first day that is not complete, never after today. Without it the day after the newest
    use."""
    timezone: str = Field(default="UTC", examples=['"Europe/Berlin"'])
    """By its IANA name; it says on which day a moment falls."""
    arr: float | None = Field(default=None, gt=0, examples=["17_700_000"])
    """The ARR that finance reports, in ``currency``; ``check`` compares."""
    arr_on: date | None = Field(default=None, examples=["2026-07-31"])
    """The day of ``arr``; without it the last complete day."""
    without_usage: bool = False
    """The company keeps no record of use: ``usage_daily`` is absent, and ``data_through`` is
    needed."""
    language: Literal["en", "de"] = "en"
    """Of plays, reasons, monitoring results, the report and what is delivered."""

    @model_validator(mode="after")
    def _its_end_is_set_where_no_usage_tells_it(self) -> Company:
        if self.without_usage and self.data_through is None:
            raise ValueError(
                "without_usage = true needs data_through: no usage says where data ends"
            )
        return self

    @field_validator("timezone")
    @classmethod
    def _is_a_time_zone(cls, name: str) -> str:
        zones = available_timezones()
        if name not in zones:
            by_lower = {zone.lower(): zone for zone in sorted(zones)}
            near = get_close_matches(name.lower(), by_lower, n=1)
            meant = f"; did you mean {by_lower[near[0]]!r}?" if near else ""
            raise ValueError(f'there is no such time zone{meant} Names are as "Europe/Berlin"')
        return name


class Hints(Frozen):
    """Hints of ``check`` that a company has looked into; docs/hints.md lists all."""

    leave_out: tuple[str, ...] = Field(default=(), examples=['["todays_attribute"]'])
    """Hints that are not shown."""


class Data(Frozen):
    """Where the source files lie."""

    folder: Path = Path("source")
    """The folder of the source files; ``--data`` and ``EXPANSION_DATA_FOLDER`` override it."""


class Paths(Frozen):
    """Where results go."""

    work: Path = Path("var")
    """The folder of tables, features, releases, reports and the score store."""


class MLflow(Frozen):
    """Where MLflow keeps its records."""

    home: Path = Path("mlruns")
    """The folder of artifacts, and of the database unless ``uri`` names another."""
    uri: str = Field(default="", examples=['"http://mlflow.example:5000"'])
    """A tracking server or a database, such as PostgreSQL. ``EXPANSION_MLFLOW_URI`` overrides it,
    so that a password need not stand in the file."""


class Store(Frozen):
    """The score store."""

    url: str = Field(default="", examples=['"postgresql+psycopg://expansion@db.example/expansion"'])
    """A SQLAlchemy URL; without it SQLite in the work folder. ``EXPANSION_STORE_URL`` overrides
    it."""


class Engine(Frozen):
    """What computes features and targets."""

    kind: Literal["duckdb", "spark", "postgres"] = "duckdb"
    """DuckDB on this machine, a Spark session, or a PostgreSQL database."""
    url: str = Field(default="", examples=['"postgresql://expansion:${PASSWORD}@db.example/sales"'])
    """The PostgreSQL database. ``${NAME}`` is taken from the environment."""
    into: str = Field(default="expansion", pattern="^[a-z_][a-z0-9_]*$")
    """The PostgreSQL schema that is ours alone."""
    master: str = "local[*]"
    """The Spark master."""
    options: dict[str, str] = Field(
        default_factory=dict, examples=['{ "spark.driver.memory" = "8g" }']
    )
    """Options of the session."""

    @model_validator(mode="after")
    def _postgres_has_an_address(self) -> Engine:
        if self.kind == "postgres" and not self.url:
            raise ValueError("kind = 'postgres' needs the url of the database")
        return self


class Build(Frozen):
    """The dates that are computed, and the labels."""

    every_days: int = Field(default=28, ge=7, multiple_of=7)
    """One date every so many days, on Mondays."""
    horizon_days: int = Field(default=91, ge=7, multiple_of=7)
    """How far the labels look ahead."""
    grace_days: int = Field(default=31, ge=0)
    """A pause up to this long is no churn."""
    history_days: int = Field(default=1092, ge=28)
    """Dates reach back so far from the newest day."""
    price_changes: bool = False
    """A dearer price alone is an upsell."""


class Features(Frozen):
    """Model inputs: your own, and those of ours that you do not want or vouch for."""

    modules: tuple[Path, ...] = Field(default=(), examples=['["acme_features.py"]'])
    """Python files with groups and labels of your own."""
    leave_out: tuple[str, ...] = Field(default=(), examples=['["industry"]'])
    """Columns of ours that are not computed."""
    keep: tuple[str, ...] = Field(default=(), examples=['["region", "users.user_group"]'])
    """Attributes that come with one value each and are right for the past all the same; without it,
    what reads them is no model input."""


class Train(Frozen):
    """What to train and with which limits; the same seed and threads give the same bytes."""

    targets: tuple[str, ...] = tuple(TARGETS)
    """Which labels; without the key all, your own included."""
    seed: int = Field(default=7, ge=0)
    """Of everything that is drawn."""
    min_positives: int = Field(default=50, ge=1)
    """Fewer outcomes than this are too few to train on, or to decide by."""
    max_trees: int = Field(default=400, ge=1)
    """Trees of a model at most."""
    monotone: bool = True
    """Heed the directions that features declare."""
    trusted: tuple[str, ...] = Field(default=(), examples=['["renewal_days"]'])
    """Columns that look like leaks and are none, since they are known before the outcome."""
    threads: int = Field(default=2, ge=1)
    """Threads that LightGBM uses."""


class Score(Frozen):
    """What ``score`` prints."""

    top: int = Field(default=10, ge=1)
    """Accounts that ``score`` prints."""
    reasons: int = Field(default=3, ge=1)
    """Drivers that increase the likelihood; one fewer decreases it."""


class Decide(Frozen):
    """What to do: a CSM's week, who rests or is held out, and where plays begin (docs/plays.md)."""

    capacity: int = Field(default=10, ge=0)
    """Accounts that a CSM can contact a week."""
    capacity_by_csm: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, examples=['{ "csm-7" = 4 }']
    )
    """Exceptions, by csm_id."""
    cooldown_days: int = Field(default=28, ge=0)
    """An account that was contacted rests so long."""
    hold_out: float = Field(default=0.0, ge=0, le=0.5, examples=["0.1"])
    """Share of the accounts in the control group, which nobody contacts."""
    worth_a_talk: float = Field(default=LIMITS.worth_a_talk, ge=0)
    """ARR in play, in the company's currency, below which outreach costs more than it brings."""
    activated: float = Field(default=LIMITS.activated, ge=0, le=1)
    """Share of licensed seats activated, below which selling more is overselling."""
    active: float = Field(default=LIMITS.active, ge=0, le=1)
    """The same for active users, where activation is not known."""
    champion_days: int = Field(default=LIMITS.champion_days, ge=0)
    """How long a lost champion raises an alert."""
    silent_days: int = Field(default=LIMITS.silent_days, ge=1)
    """Days without use that a holiday does not explain."""
    start_days: int = Field(default=LIMITS.start_days, ge=0)
    """Length of the onboarding."""
    satisfaction: float = Field(default=LIMITS.satisfaction, ge=1, le=5)
    """CSAT, of 5, below which an account is unhappy."""
    renewal_days: int = Field(default=LIMITS.renewal_days, ge=0)
    """How early a renewal is named."""

    @property
    def limits(self) -> Limits:
        """Where plays begin at this company."""
        return Limits(**{limit.name: getattr(self, limit.name) for limit in fields(Limits)})

    @property
    def rules(self) -> Rules:
        """How long this company's lists may be and whom they spare."""
        return Rules(self.capacity, self.capacity_by_csm, self.cooldown_days, self.hold_out)


class Monitoring(Frozen):
    """What follows from monitoring results."""

    train: bool = False
    """``weekly`` trains challengers where results call for it, as ``monitor --train`` does."""
    promote: bool = False
    """Such a challenger takes over once the gate lets it pass."""


class Report(Frozen):
    """The weekly report."""

    top: int = Field(default=25, ge=1)
    """Accounts that the report lists."""


class Export(Frozen):
    """What of a score goes into a CRM, and how the CRM calls it (docs/crm.md)."""

    fields: tuple[str, ...] = (
        *(f"p_{name}" for name in TARGETS), "expected_expansion_arr", "arr_at_risk",
        "arr_lost_by_notice", "contracted_on", "net_expected_arr", "leaves_out", "play",
        "play_text", "standing", "place",
        "upsell_reason", "churn_reason", "as_of", "scoring_id",
    )  # fmt: skip
    """The fields, in their order."""
    salesforce_id: str = "Expansion_Account_Id__c"
    """Salesforce's field of the account id, unique there."""
    hubspot_id: str = "expansion_account_id"
    """HubSpot's property of the account id, unique there."""
    salesforce: dict[str, str] = Field(
        default_factory=dict, examples=['{ p_churn = "Churn_Likelihood__c" }']
    )
    """Salesforce's own names of fields."""
    hubspot: dict[str, str] = Field(
        default_factory=dict, examples=['{ p_churn = "churn_likelihood" }']
    )
    """HubSpot's own names of properties."""
    most_text: int = Field(default=255, ge=20, le=131_072)
    """Characters of a text; what is longer is cut off."""


class Webhook(Frozen):
    """Another system that is told what is new (docs/crm.md)."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,79}$", examples=['"crm"'])
    """What it is called in logs and in the outbox."""
    url: str = Field(examples=['"https://hooks.example/expansion"'])
    """Its address; plain http for this machine only."""
    secret_from: str = Field(pattern="^[A-Z][A-Z0-9_]*$", examples=['"CRM_HOOK_SECRET"'])
    """The environment variable that holds the secret: no file does."""
    events: tuple[Event, ...] = Field(default=("account.play_changed",), min_length=1)
    """What it is told."""

    @field_validator("url")
    @classmethod
    def _may_be_asked(cls, url: str) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host or parts.username is not None or parts.fragment:
            raise ValueError("must be an https address, without a user or a fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
            raise ValueError("must begin with https://; plain http is for this machine only")
        return url
