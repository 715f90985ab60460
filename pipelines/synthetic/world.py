"""The demo company's world: what is sold, to whom, and how strongly each mechanism acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

WEEK = 7
HORIZON_WEEKS = 13
DAYS_A_MONTH = 365.25 / 12
NEVER = 10_000_000
"""A day that does not come."""


@dataclass(frozen=True)
class Product:
    """One product of the price list.

    ``functions`` are what its usage is logged as. ``need`` is the function of the core product
    whose use grows when the account comes upon the problem that this product solves.
    """

    product_id: str
    name: str
    price_metric: str
    list_price: float
    functions: tuple[str, ...]
    need: str = ""


CORE = Product("workbench", "Workbench", "seats", 600.0, ("tasks", "boards"))
ADD_ONS = (
    Product("insights", "Insights", "seats", 360.0, ("reports", "forecasts"), "charts"),
    Product("vault", "Vault", "GB", 24.0, ("uploads", "retention"), "files"),
    Product("desk", "Desk", "cases", 3.0, ("cases", "replies"), "requests"),
)
PRODUCTS = (CORE, *ADD_ONS)
CORE_FUNCTIONS = (*CORE.functions, *(p.need for p in ADD_ONS))
PLANS = ("essential", "professional", "enterprise")
PLAN_PRICES = (0.6, 1.0, 1.5)
"""List price of a core seat by plan, as a share of the product's list price."""
UNITS_A_PERSON = (0.3, 6.0, 48.0)
"""What one active person needs of each add-on: seats, GB, cases a year."""

INDUSTRIES = ("logistics", "software", "health", "manufacturing", "finance", "education")
REGIONS = ("DACH", "Nordics", "UKI", "Benelux", "North America")
SEGMENTS = ("smb", "mid-market", "enterprise")
UNITS = ("Operations", "Finance", "Sales", "Service", "IT", "Human Resources")


@dataclass(frozen=True)
class World:
    """Sizes, mixes and speeds that are not a hazard (those have a function each)."""

    before_start_weeks: int = 52
    """How long before the history the company took on its first accounts."""
    growth_a_year: float = 0.15
    """By how much more accounts are won each year than in the one before."""
    seats_median: float = 14.0
    """Median of the seats bought first."""
    seats_spread: float = 1.45
    """Standard deviation of their logarithm; the tail goes into the thousands."""
    seats_most: float = 6_000.0
    """The largest first order."""
    term_months: tuple[int, ...] = (0, 12, 24, 36)
    """Terms; 0 is a contract that can be given notice every month."""
    term_mix: tuple[float, ...] = (0.22, 0.53, 0.15, 0.10)
    """How often each term is signed."""
    notice_weeks: int = 4
    """Notice is given at most this long before the end."""
    escalator: float = 0.03
    """Usual rise of the price at a renewal; a price alone is no upsell."""
    late_share: float = 0.04
    """Share of facts that reach the warehouse days late."""
    backfill_share: float = 0.05
    """Share of accounts with a range of usage days that arrives weeks late."""
    swing: float = 0.0
    """Standard deviation of what befalls all accounts of a quarter alike, in log-odds.

    The true probabilities know what is to come of it.
    """
    replicas: int = 16
    """Futures that are run from each ``as_of`` for the true probabilities."""


@dataclass(frozen=True)
class Clock:
    """Turns weeks and days of the simulation into dates; day 0 is ``epoch``."""

    epoch: date
    weeks: int
    history_weeks: int

    @classmethod
    def until(cls, end: date, months: int, before_weeks: int) -> Clock:
        """Return the clock of ``months`` of history, in whole weeks, that stops before ``end``."""
        history = max(round(months * DAYS_A_MONTH / WEEK), 1)
        weeks = history + before_weeks
        return cls(end - timedelta(days=WEEK * weeks), weeks, history)

    @property
    def end_day(self) -> int:
        """First day that is not complete."""
        return self.weeks * WEEK

    @property
    def end(self) -> date:
        """First day that is not complete, as a date."""
        return self.epoch + timedelta(days=self.end_day)

    @property
    def epoch_day(self) -> int:
        """Days from 1970-01-01 to day 0."""
        return (self.epoch - date(1970, 1, 1)).days

    def snapshot_weeks(self) -> list[int]:
        """Return the weeks that begin with an ``as_of``: every fourth one back from the end."""
        first = self.weeks - self.history_weeks
        return sorted(range(self.weeks, first - 1, -4))
