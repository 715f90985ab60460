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
    """Whose data it is, and what its people read.

    ``data_through``: first day not complete, never after today; empty = newest usage day + 1.
    ``without_usage``: the company keeps no record of use; ``usage_daily`` is then absent, and
    ``data_through`` needed.
    ``timezone``: by its IANA name; it says on which day a moment falls.
    ``language``: of plays, reasons, monitoring results, the report and what is delivered. ``arr``:
    what finance reports, on ``arr_on`` or else the last complete day; `check` compares.
    """

    name: str = Field(default="Demo company", min_length=1)
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    data_through: date | None = None
    timezone: str = "UTC"
    arr: float | None = Field(default=None, gt=0)
    arr_on: date | None = None
    without_usage: bool = False
    language: Literal["en", "de"] = "en"

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
    """Hints of `check` that a company has looked into and leaves out; docs/hints.md lists all."""

    leave_out: tuple[str, ...] = ()


class Data(Frozen):
    """Where the source files lie."""

    folder: Path = Path("source")


class Paths(Frozen):
    """Where results go: tables, features, releases, reports and the score store."""

    work: Path = Path("var")


class MLflow(Frozen):
    """Where MLflow keeps its artifacts, and its database unless ``uri`` names another.

    ``uri`` is a tracking server or a database, such as PostgreSQL; ``EXPANSION_MLFLOW_URI``
    overrides it, so that a password need not stand in the file.
    """

    home: Path = Path("mlruns")
    uri: str = ""


class Store(Frozen):
    """The score store; empty = SQLite in the work folder."""

    url: str = ""


class Engine(Frozen):
    """What computes features and targets.

    ``url`` and ``into``, a schema that is ours alone, for PostgreSQL; ``master`` for Spark.
    ``options`` are those of the session. ``${NAME}`` in the url is taken from the environment.
    """

    kind: Literal["duckdb", "spark", "postgres"] = "duckdb"
    url: str = ""
    into: str = Field(default="expansion", pattern="^[a-z_][a-z0-9_]*$")
    master: str = "local[*]"
    options: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _postgres_has_an_address(self) -> Engine:
        if self.kind == "postgres" and not self.url:
            raise ValueError("kind = 'postgres' needs the url of the database")
        return self


class Build(Frozen):
    """The spine and the labels, in days; ``price_changes`` counts price rises as upsell."""

    every_days: int = Field(default=28, ge=7, multiple_of=7)
    horizon_days: int = Field(default=91, ge=7, multiple_of=7)
    grace_days: int = Field(default=31, ge=0)
    history_days: int = Field(default=1092, ge=28)
    price_changes: bool = False


class Features(Frozen):
    """Python files with groups of the company's own, and columns of ours it does not want.

    ``keep``: attributes such as ``region`` or ``users.user_group`` that come with one value each
    and are right for the past all the same; without it, what reads them is no model input.
    """

    modules: tuple[Path, ...] = ()
    leave_out: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


class Train(Frozen):
    """What to train and with which limits.

    ``targets``: which labels; without the key all, the company's own included. ``monotone`` heeds
    the directions that features declare; the same seed and ``threads`` give the same bytes.
    ``trusted``: columns that look like leaks and are none, since they are known before the outcome.
    """

    targets: tuple[str, ...] = tuple(TARGETS)
    seed: int = Field(default=7, ge=0)
    min_positives: int = Field(default=50, ge=1)
    max_trees: int = Field(default=400, ge=1)
    monotone: bool = True
    trusted: tuple[str, ...] = ()
    threads: int = Field(default=2, ge=1)


class Score(Frozen):
    """How many accounts ``score`` prints and how many reasons each gets, up and down."""

    top: int = Field(default=10, ge=1)
    reasons: int = Field(default=3, ge=1)


class Decide(Frozen):
    """What to do: a CSM's week, who rests or is held out, and the limits of the plays.

    ``capacity``: accounts a CSM can contact a week, with exceptions by csm_id. The limits are
    told in docs/plays.md.
    """

    capacity: int = Field(default=10, ge=0)
    capacity_by_csm: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    cooldown_days: int = Field(default=28, ge=0)
    hold_out: float = Field(default=0.0, ge=0, le=0.5)
    worth_a_talk: float = Field(default=LIMITS.worth_a_talk, ge=0)
    activated: float = Field(default=LIMITS.activated, ge=0, le=1)
    active: float = Field(default=LIMITS.active, ge=0, le=1)
    champion_days: int = Field(default=LIMITS.champion_days, ge=0)
    silent_days: int = Field(default=LIMITS.silent_days, ge=1)
    start_days: int = Field(default=LIMITS.start_days, ge=0)
    satisfaction: float = Field(default=LIMITS.satisfaction, ge=1, le=5)
    renewal_days: int = Field(default=LIMITS.renewal_days, ge=0)

    @property
    def limits(self) -> Limits:
        """Where plays begin at this company."""
        return Limits(**{limit.name: getattr(self, limit.name) for limit in fields(Limits)})

    @property
    def rules(self) -> Rules:
        """How long this company's lists may be and whom they spare."""
        return Rules(self.capacity, self.capacity_by_csm, self.cooldown_days, self.hold_out)


class Monitoring(Frozen):
    """What follows from monitoring results: both are off until a company turns them on.

    ``train``: `weekly` trains challengers where results call for it, as `monitor --train` does.
    ``promote``: such a challenger takes over once the gate lets it pass.
    """

    train: bool = False
    promote: bool = False


class Report(Frozen):
    """How many accounts the report lists."""

    top: int = Field(default=25, ge=1)


class Export(Frozen):
    """What of a score goes into a CRM, and how the CRM calls it; see docs/crm.md.

    ``salesforce_id`` and ``hubspot_id``: the CRM's field of the account id, unique there.
    ``salesforce`` and ``hubspot``: own names of fields. Text longer than ``most_text`` is cut off.
    """

    fields: tuple[str, ...] = (
        *(f"p_{name}" for name in TARGETS), "expected_expansion_arr", "arr_at_risk",
        "arr_lost_by_notice", "contracted_on", "net_expected_arr", "leaves_out", "play",
        "play_text", "standing", "place",
        "upsell_reason", "churn_reason", "as_of", "scoring_id",
    )  # fmt: skip
    salesforce_id: str = "Expansion_Account_Id__c"
    hubspot_id: str = "expansion_account_id"
    salesforce: dict[str, str] = Field(default_factory=dict)
    hubspot: dict[str, str] = Field(default_factory=dict)
    most_text: int = Field(default=255, ge=20, le=131_072)


class Webhook(Frozen):
    """Another system that is told what is new; see docs/crm.md.

    ``secret_from`` names the environment variable that holds the secret: no file does.
    """

    name: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,79}$")
    url: str
    secret_from: str = Field(pattern="^[A-Z][A-Z0-9_]*$")
    events: tuple[Event, ...] = Field(default=("account.play_changed",), min_length=1)

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
