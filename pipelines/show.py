"""How each verb's result reads at a terminal."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Any

from pipelines.console import line, table

if TYPE_CHECKING:
    from pipelines.build import BuildResult
    from pipelines.check import CheckReport
    from pipelines.demo import DemoResult
    from pipelines.documents import Documents
    from pipelines.findings import Violation
    from pipelines.promote import PromotionResult
    from pipelines.report import ReportResult
    from pipelines.score import ScoreResult
    from pipelines.synthetic import SimulationSummary
    from pipelines.train import TrainResult


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as per cent; a dash where it is not known."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def money(amount: float | None) -> str:
    """Return an amount without cents, thousands parted; a dash where it is not known."""
    return "–" if amount is None else f"{amount:,.0f}"


def simulation(result: SimulationSummary) -> None:
    """Print what was simulated."""
    line(
        f"Simulated {result.accounts:,} accounts over {result.months} months, "
        f"complete before {result.data_through} (seed {result.seed}).",
        "bold",
    )
    table("", ("table", "rows"), [(name, f"{count:,}") for name, count in result.rows.items()])
    line(f"→ {result.folder}")


def violations(result: CheckReport) -> None:
    """Print every violation: refused ones first, each with examples and what to do."""
    rows = ", ".join(f"{name} {count:,}" for name, count in result.tables.items())
    line(f"{result.company}: {rows} rows; complete before {result.data_through}.", "bold")
    for one in sorted(result.violations, key=lambda found: found.policy != "refuse"):
        _violation(one)
    line()
    line(_verdict(result), "green" if result.ok else "red")


def _violation(one: Violation) -> None:
    line()
    place = f"{one.table}.{one.column}" if one.column else one.table
    line(f"{_POLICY[one.policy]}  {place}: {one.rule}", "bold")
    share = percent(one.count / max(one.of, 1))
    line(f"  {one.count:,} of {one.of:,} rows ({share}). {one.why}")
    if one.policy != "refuse":
        return
    for example in one.examples:
        cells = ", ".join(f"{name}={value}" for name, value in example.items())
        line(f"    {shorten(cells, 160, placeholder=' …')}")
    line(f'  → {one.do}; or decide under [rules]: "{one.table}.{one.rule}"')


_POLICY = {"refuse": "REFUSED", "drop": "dropped", "accept": "accepted"}


def _verdict(result: CheckReport) -> str:
    if result.ok:
        known = len(result.violations)
        return "The data keeps the contract." + (f" {known} known exceptions." if known else "")
    return f"{len(result.refused)} violations refuse this data; nothing was written."


def built(result: BuildResult) -> None:
    """Print what ``build`` wrote."""
    line("Nothing new since the last build." if result.unchanged else "Built.", "bold")
    line(
        f"{result.rows:,} rows at {result.as_ofs} dates ({result.first_as_of} to "
        f"{result.last_as_of}), {result.features} features"
    )
    rows = [
        (name, f"{result.mature[name]:,}", f"{count:,}", percent(count / result.mature[name]))
        for name, count in result.positives.items()
        if result.mature[name]
    ]
    table("", ("target", "mature rows", "with outcome", "share"), rows)
    line(f"→ {result.path}")


def catalogue(result: Documents) -> None:
    """Print the catalogue, or which documents were written."""
    if result.written:
        for path in result.written:
            line(f"→ {path}")
        return
    rows = [(c["name"], c["group"], c["unit"], c["description"]) for c in result.columns]
    table(f"{len(rows)} features", ("column", "group", "unit", "what it says"), rows)


def demonstrated(result: DemoResult) -> None:
    """Print the ten next-best accounts and where to look next."""
    header = (
        "#", "account", f"ARR {result.currency}", "upsell", "cross-sell", "churn", "expected", "why",
    )  # fmt: skip
    table(
        f"{result.company}: next-best of {result.accounts:,} accounts on {result.as_of} "
        f"(expected = expansion ARR, {result.currency}, next 91 days)",
        header,
        [_ranked(row) for row in result.top],
    )
    line()
    for name, verdict in result.verdicts.items():
        line(f"  {name:<11}{verdict}")
    line()
    line(f"Report     {result.report}")
    line("API        make serve, then http://127.0.0.1:8000/docs")
    line("Models     make mlflow, then http://127.0.0.1:5000")


def _ranked(row: dict[str, Any]) -> tuple[str, ...]:
    chances = [percent(row["probabilities"].get(t), 0) for t in ("upsell", "cross_sell", "churn")]
    value = money(row["expected_expansion_arr"])
    return (str(row["rank"]), row["name"], money(row["arr"]), *chances, value, row["reason"])
