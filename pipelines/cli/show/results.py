"""How each verb's result reads at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from features.declaration.units import when
from models.i18n.number_format import PLAIN
from models.statistics.interval import or_none
from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from models.release.card import Baseline, Card
    from pipelines.build.build import BuildResult
    from pipelines.cli.documents import Documents
    from pipelines.ingest.check import CheckReport
    from pipelines.ingest.violations import Violation
    from pipelines.lifecycle.train import TargetOutcome, TrainResult
    from pipelines.orchestration.demo import DemoResult
    from pipelines.report.report import ReportResult
    from pipelines.scoring.score import ScoreResult
    from pipelines.synthetic import SimulationSummary


FEW = 6
"""So many ignored files are named."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 date, 2 dates."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as per cent; a dash where it is not known."""
    return PLAIN.percent(share, digits)


def money(amount: float | None) -> str:
    """Return an amount without cents, thousands parted; a dash where it is not known."""
    return PLAIN.number(amount)


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
    if result.absent:
        line(f"Not there, and optional: {', '.join(result.absent)}; their features stay empty.")
    if result.ignored:
        line(f"Ignored in the data folder: {', '.join(_ignored(result.ignored))}.")
    for one in sorted(result.violations, key=lambda found: found.policy != "refuse"):
        _violation(one)
    line()
    line(_verdict(result), "green" if result.ok else "red")


def _ignored(files: Mapping[str, str | None]) -> Iterator[str]:
    for name, meant in islice(files.items(), FEW):
        yield f"{name} (did you mean {meant}?)" if meant else name
    if len(files) > FEW:
        yield f"and {len(files) - FEW} more"


def _violation(one: Violation) -> None:
    line()
    place, refused = ".".join(filter(None, (one.table, one.column))), one.policy == "refuse"
    line(f"{one.fate}  {place}: {one.rule}" if refused else f"{place}: {one.rule}", "bold")
    share = percent(one.count / max(one.of, 1))
    line(f"  {one.count:,} of {one.of:,} rows ({share}). {one.why}")
    if not refused:
        line(f"  These rows are {one.fate}.")
        return
    for example in one.examples:
        cells = ", ".join(f"{name}={value}" for name, value in example.items())
        line(f"    {shorten(cells, 160, placeholder=' …')}")
    line(f'  → {one.do}; or decide under [rules]: "{one.table}.{one.rule}"')


def _verdict(result: CheckReport) -> str:
    if result.ok:
        known = len(result.violations)
        told = f" {counted(known, 'exception')} to it, named above." if known else ""
        return f"The data keeps the contract.{told}"
    refused = counted(len(result.refused), "violation")
    return f"This data is refused for {refused}; nothing was written."


def built(result: BuildResult) -> None:
    """Print what ``build`` wrote."""
    line("Nothing new since the last build." if result.unchanged else "Built.", "bold")
    line(
        f"{result.rows:,} rows at {counted(result.as_ofs, 'date')} ({result.first_as_of} to "
        f"{result.last_as_of}), {result.features} features"
    )
    for told in _computed(result):
        line(told)
    for name, columns in result.missing.items():
        line(f"no table {name}: features that are empty without it: {len(columns)}")
    rows = [
        (name, f"{result.mature[name]:,}", f"{count:,}", percent(count / result.mature[name]))
        for name, count in result.positives.items()
        if result.mature[name]
    ]
    table("", ("target", "mature rows", "with outcome", "share"), rows)
    line(f"→ {result.path}")


def _computed(result: BuildResult) -> Iterator[str]:
    """Say how much of a build was computed, and why."""
    if result.computed and result.taken_over:
        yield (
            f"{counted(result.computed, 'date')} computed: {result.because}; "
            f"{counted(result.taken_over, 'date')} taken over, since nothing new is known of them"
        )
    elif result.computed:
        yield f"{counted(result.computed, 'date')} computed: {result.because}"


def trained(result: TrainResult) -> None:
    """Print each model's figures beside its rivals, and the verdict."""
    line("Nothing new since the last training." if result.unchanged else "Trained.", "bold")
    header = (
        "target",
        "AUC",
        "95 %",
        "column",
        "rule",
        "logistic",
        "Brier",
        "ECE",
        "base",
        "version",
    )
    table("", header, [_figures(one, one.card) for one in result.targets if one.card])
    line()
    for one in result.targets:
        line(f"{one.target}: {one.verdict}{_used(one)}. {one.why}")
        for note in (*_reached(one), *one.notes):
            line(f"  {note}")
    line(f"→ {result.release}" if result.release else _unpublished(result))


def _reached(one: TargetOutcome) -> Iterator[str]:
    """Say what the team's week holds, where a model was made and the capacity is known."""
    from models.lifecycle.model_card import (
        at_capacity,  # heavy, and there already where something was trained
    )

    reach = at_capacity(one.card) if one.card else None
    if reach is None:
        return
    outcomes, lift = reach.outcomes.value, reach.lift.value
    money = f" and {percent(or_none(reach.arr.value))} of their ARR" if reach.arr else ""
    yield (
        f"the first {reach.accounts:,.0f} accounts, as many as the team can call on, hold "
        f"{percent(or_none(outcomes))} of the outcomes{money}; by chance "
        f"{percent(outcomes / lift) if or_none(lift) else 'none'}"
    )


def _unpublished(result: TrainResult) -> str:
    if any(one.card and one.card.skill for one in result.targets):
        return "Registered as challenger; `score` uses models of its own feature table only."
    return "Nothing is published: no model has skill."


def _used(one: TargetOutcome) -> str:
    if one.champion:
        return f", version {one.version} is in use"
    return f", champion unchanged (version {one.in_use})" if one.in_use else ""


def _figures(one: TargetOutcome, card: Card) -> tuple[str, ...]:
    auc = card.metrics["auc"]
    return (
        one.target,
        f"{auc.value:.3f}",
        f"{auc.low:.3f}–{auc.high:.3f}",
        *(_area(card.baselines.get(key)) for key in ("best_column", "rule", "logistic")),
        f"{card.metrics['brier'].value:.4f}",
        f"{card.metrics['ece'].value:.3f}",
        percent(card.test.base_rate),
        one.version or "",
    )


def _area(baseline: Baseline | None) -> str:
    return "-" if baseline is None else f"{baseline.auc.value:.3f}"


def registered(result: list[dict[str, Any]]) -> None:
    """Print every registered version."""
    rows = [
        (
            one["target"],
            one["version"],
            ", ".join(one["aliases"]),
            " ".join(f"{value:.3f}" for value in one["auc"] if value is not None),
            one["verdict"],
            one["fingerprint"][:12],
        )
        for one in result
    ]
    table("", ("target", "version", "aliases", "AUC and its 95 %", "verdict", "data"), rows)


def scored(result: ScoreResult) -> None:
    """Print the totals of a scoring and its best ranked accounts."""
    line(
        f"Scored {result.accounts:,} accounts as of {result.as_of} for "
        f"{', '.join(result.targets)} (release {result.release_id}).",
        "bold",
    )
    currency = result.currency
    line(
        f"ARR {currency} {money(result.arr)}; expected expansion {currency} "
        f"{money(result.expected_expansion_arr)}; at risk {currency} {money(result.arr_at_risk)}; "
        f"net {result.expected_expansion_arr - result.arr_at_risk:+,.0f}"
    )
    ranking(result, "next-best accounts")


ANSWERS = {"ok": "Yes", "look": "With care", "alarm": "Not yet"}


def reported(result: ReportResult) -> None:
    """Print whether the numbers can be acted on, and where the page lies."""
    line(f"{result.accounts:,} accounts as of {result.as_of}.", "bold")
    line(f"Can these numbers be acted on? {ANSWERS[result.light]}.")
    line(f"→ {result.path} ({result.size_kb} kB)")
    line(f"→ {result.pdf}")


def catalogue(result: Documents) -> None:
    """Print the catalogue, or which documents were written."""
    if result.written:
        for path in result.written:
            line(f"→ {path}")
        return
    rows = [
        (c["name"], c["group"], c["unit"], c["description"] + when(c["window_days"], c["by_day"]))
        for c in result.columns
    ]
    table(f"{len(rows)} features", ("column", "group", "unit", "what it says"), rows)


def demonstrated(result: DemoResult) -> None:
    """Print the ten next-best accounts and where to look next."""
    title = f"{result.company}: next-best of {result.accounts:,} accounts on {result.as_of}"
    ranking(result, title)
    line()
    for name, verdict in result.verdicts.items():
        line(f"  {name:<11}{verdict}")
    line()
    line(f"Report     {result.report}")
    line("API        make serve, then http://127.0.0.1:8000/docs")
    line("Models     make mlflow, then http://127.0.0.1:5000")


def ranking(result: ScoreResult | DemoResult, title: str) -> None:
    """Print ranked accounts with chances, money and the first reason."""
    targets = [one["title"].lower() for one in result.columns]
    header = ("#", "account", "ARR", *targets, "expected", "net", "why")
    heading = (
        f"{title}\n(expected = expansion ARR, {result.currency}, within the horizon; "
        "net = less what is at risk)"
    )
    table(heading, header, [_ranked(row, result.columns) for row in result.top])


def _ranked(row: dict[str, Any], columns: list[dict[str, str]]) -> tuple[str, ...]:
    chances = [percent(row["probabilities"].get(one["name"]), 0) for one in columns]
    amounts = [money(row[name]) for name in ("expected_expansion_arr", "net_expected_arr")]
    name = f"{row['name']} ({row['account_id']})"
    return (
        str(row["rank"]),
        name,
        money(row["arr"]),
        *chances,
        *amounts,
        _first_reason(row, columns),
    )


def _first_reason(row: dict[str, Any], columns: list[dict[str, str]]) -> str:
    """Return the strongest reason for expansion, of the likeliest of its kinds."""
    gains = [one["name"] for one in columns if one["direction"] == "+"]
    kinds = [name for name in gains if name in row["reasons"]]
    likeliest = max(kinds, key=lambda name: row["probabilities"][name], default=None)
    up = row["reasons"][likeliest]["up"] if likeliest else []
    return shorten(up[0]["text"], 78, placeholder=" …") if up else ""
