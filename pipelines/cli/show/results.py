"""How each verb's result reads at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from features.declaration.units import when
from models.i18n.number_format import PLAIN
from models.plays.definitions import title as play_title
from models.statistics.interval import or_none
from pipelines.cli.console import line, next_step, table
from pipelines.cli.show import business
from pipelines.common.counting import counted, counted_of
from pipelines.ingest.company_columns.faults import verdict as refused_columns

if TYPE_CHECKING:
    from models.release.card import Card
    from pipelines.build.build import BuildResult
    from pipelines.cli.documents import Documents
    from pipelines.ingest.check import CheckReport
    from pipelines.ingest.company_columns.faults import ColumnFault
    from pipelines.ingest.violations import Violation
    from pipelines.lifecycle.train import TargetOutcome, TrainResult
    from pipelines.orchestration.demo import DemoResult
    from pipelines.report.report import ReportResult
    from pipelines.scoring.score import ScoreResult
    from pipelines.synthetic import SimulationSummary


FEW = 6
"""So many ignored files are named."""


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
        f"data complete before {result.data_through} (seed {result.seed}).",
        "bold",
    )
    table("", ("table", "rows"), [(name, f"{count:,}") for name, count in result.rows.items()])
    line(f"→ {result.folder}")
    next_step("check")


def violations(result: CheckReport) -> None:
    """Print the business, every violation (refused ones first), and the hints."""
    rows = ", ".join(f"{name} {count:,}" for name, count in result.tables.items())
    line(f"{result.company}: {rows} rows; data complete before {result.data_through}.", "bold")
    if result.absent:
        absent = ", ".join(result.absent)
        line(f"Optional tables not provided: {absent}. Their features stay empty.")
    if result.ignored:
        line(f"Ignored files in the data folder: {', '.join(_ignored(result.ignored))}.")
    if result.summary:
        business.summary(result.summary)
    for violation in sorted(result.violations, key=lambda item: item.policy != "refuse"):
        _violation(violation)
    for fault in result.column_faults:
        _column_fault(fault)
    business.hints(result.hints)
    line()
    line(_verdict(result), "green" if result.ok else "red")
    next_step("build" if result.ok else "check - once the mapping or [rules] are corrected")


def _ignored(files: Mapping[str, str | None]) -> Iterator[str]:
    for name, suggestion in islice(files.items(), FEW):
        yield f"{name} (did you mean {suggestion}?)" if suggestion else name
    if len(files) > FEW:
        yield f"and {len(files) - FEW} more"


def _violation(violation: Violation) -> None:
    line()
    place = ".".join(filter(None, (violation.table, violation.column)))
    is_refused = violation.policy == "refuse"
    title = f"{place}: {violation.rule}"
    line(f"{violation.fate}  {title}" if is_refused else title, "bold")
    share = percent(violation.count / max(violation.of, 1))
    line(f"  {counted_of(violation.count, violation.of, 'row')} ({share}). {violation.why}")
    if not is_refused:
        line(f"  These rows are {violation.fate}.")
        return
    for example in violation.examples:
        cells = ", ".join(f"{name}={value}" for name, value in example.items())
        line(f"    {shorten(cells, 160, placeholder=' …')}")
    line(f'  → {violation.do}; or decide under [rules]: "{violation.table}.{violation.rule}"')


def _column_fault(fault: ColumnFault) -> None:
    line()
    line(f"REFUSED  {fault.title}", "bold")
    if fault.shown:
        line(f"  {fault.shown}.")
    line(f"  → {fault.way_out}")


def _verdict(result: CheckReport) -> str:
    if result.column_faults and not result.refused:
        return refused_columns(len(result.column_faults))
    if result.ok:
        accepted = len(result.violations)
        exceptions = f", with {counted(accepted, 'exception')} (see above)" if accepted else ""
        return f"The data meets the contract{exceptions}."
    violations = counted(len(result.refused), "violation")
    return f"{violations} of the data contract: data refused, nothing written."


def built(result: BuildResult) -> None:
    """Print what ``build`` wrote."""
    line("No new data since the last build." if result.unchanged else "Built.", "bold")
    line(
        f"{result.rows:,} rows at {counted(result.as_ofs, 'date')} ({result.first_as_of} to "
        f"{result.last_as_of}), {result.features} features"
    )
    for text in _computed(result):
        line(text)
    for name, columns in result.missing.items():
        line(f"table {name} not available: {counted(len(columns), 'feature')} empty")
    if result.left_out:
        attributes = ", ".join(dict.fromkeys(result.left_out.values()))
        line(
            f"no model inputs: {', '.join(result.left_out)}. Only today's {attributes} is known; "
            "`expansion check` says what to do"
        )
    rows = [
        (name, f"{result.mature[name]:,}", f"{count:,}", percent(count / result.mature[name]))
        for name, count in result.positives.items()
        if result.mature[name]
    ]
    table("", ("target", "mature rows", "with outcome", "share"), rows)
    line(f"→ {result.path}")
    next_step("train", "score - where models are in use")


def _computed(result: BuildResult) -> Iterator[str]:
    """Yield how much of a build was computed, and why."""
    if result.computed and result.taken_over:
        yield (
            f"{counted(result.computed, 'date')} computed: {result.because}; "
            f"{counted(result.taken_over, 'date')} reused, without new data"
        )
    elif result.computed:
        yield f"{counted(result.computed, 'date')} computed: {result.because}"


def trained(result: TrainResult) -> None:
    """Print each model's figures beside its rivals, the verdict, and what ranks without a model.

    Where nothing is usable, that comes first, with what is lacking.
    """
    line(_heading(result), "bold")
    header = (
        "target",
        "AUC",
        "95 %",
        "best feature",
        "rule",
        "logistic",
        "Brier",
        "ECE",
        "base rate",
        "events",
        "lag",
        "version",
    )
    if rows := [_figures(outcome, outcome.card) for outcome in result.targets if outcome.card]:
        table("", header, rows)
        line()
    for outcome in result.targets:
        line(f"{outcome.target}: {outcome.verdict}{_in_use(outcome)}. {outcome.why}")
        for note in (*_at_capacity(outcome), *outcome.notes):
            line(f"  {note}")
        if not outcome.is_usable:
            line(f"  {_without_model(outcome)}")
    line(f"→ {result.release}" if result.release else _unpublished(result))
    _after_training(result)


def _at_capacity(outcome: TargetOutcome) -> Iterator[str]:
    """Yield which outcomes the team's weekly capacity covers, where that is known."""
    from models.lifecycle.model_card import (
        at_capacity,  # heavy, and there already where something was trained
    )

    reach = at_capacity(outcome.card) if outcome.card else None
    if reach is None:
        return
    outcomes, lift = reach.outcomes.value, reach.lift.value
    of_arr = f" and {percent(or_none(reach.arr.value))} of their ARR" if reach.arr else ""
    if reach.arr and reach.rivals:
        of_arr += (
            f" (by {reach.rivals[0].name} alone {percent(or_none(reach.rivals[0].arr.value))})"
        )
    random = percent(outcomes / lift) if or_none(lift) else "none"
    yield (
        f"within the team's weekly capacity (top {reach.accounts:,.0f} accounts): "
        f"{percent(or_none(outcomes))} of the outcomes{of_arr}; random: {random}"
    )


def _heading(result: TrainResult) -> str:
    if not any(outcome.is_usable for outcome in result.targets):
        return "No target has a usable model."
    return "No new data since the last training." if result.unchanged else "Trained."


RANKED_BY = {
    "rule": "the simple rule",
    "logistic": "a logistic regression",
    "model": "the model, not proven or off as it is,",
}


def _without_model(outcome: TargetOutcome) -> str:
    """Return what ranks the accounts without a model, or what it would take."""
    if ranks := outcome.fallback:
        return (
            f"accounts are ranked by {RANKED_BY[ranks.by]} instead, AUC {ranks.auc:.3f} "
            f"({ranks.low:.3f} to {ranks.high:.3f}), without probabilities"
        )
    remedy = REMEDIES.get(outcome.verdict, REMEDIES[""])
    return f"nothing ranks the accounts: no baseline is clear of chance either. {remedy}"


REMEDIES = {
    "too few outcomes": "Map all the history that there is; `expansion build --explain ACCOUNT` "
    "shows which changes count as outcomes. Else train again when there are more.",
    "too short a history": "Map older subscriptions, or train again when time has passed.",
    "": "Map more of what says how accounts use the product (docs/connect-your-data.md), or train "
    "again with more history.",
}
"""What to do where a target has no model, by its verdict."""


def _after_training(result: TrainResult) -> None:
    waiting = [o.target for o in result.targets if o.is_usable and o.in_use is None]
    if result.release is None and waiting:
        next_step(f"promote {waiting[0]} - puts the version in use")
    elif result.is_usable:
        next_step("score")
    else:
        next_step("score - plays and alarms that need no model", "forecast - NRR needs none")


def _unpublished(result: TrainResult) -> str:
    if any(outcome.card and outcome.card.skill for outcome in result.targets):
        return "Registered as challenger. Not published: `score` needs models of its feature table."
    return "Nothing published: no model has skill."


def _in_use(outcome: TargetOutcome) -> str:
    if outcome.champion:
        return f", version {outcome.version} is in use"
    return f", champion unchanged (version {outcome.in_use})" if outcome.in_use else ""


def _figures(outcome: TargetOutcome, card: Card) -> tuple[str, ...]:
    auc = card.metrics["auc"]
    return (
        outcome.target,
        f"{auc.value:.3f}",
        f"{auc.low:.3f}–{auc.high:.3f}",
        *(
            f"{card.baselines[key].auc.value:.3f}" if key in card.baselines else "-"
            for key in ("best_column", "rule", "logistic")
        ),
        f"{card.metrics['brier'].value:.4f}",
        f"{card.metrics['ece'].value:.3f}",
        percent(card.test.base_rate),
        "-" if card.events is None else f"{card.events:,}",
        "-" if card.lag_days is None else counted(card.lag_days, "day"),
        outcome.version or "",
    )


def registered(result: list[dict[str, Any]]) -> None:
    """Print every registered version."""
    rows = [
        (
            version["target"],
            version["version"],
            ", ".join(version["aliases"]),
            _auc(version["auc"]),
            version["verdict"],
            version["fingerprint"][:12],
        )
        for version in result
    ]
    table("", ("target", "version", "aliases", "AUC (95 % interval)", "verdict", "data"), rows)
    next_step("promote TARGET - a challenger" if result else "train")


def _auc(figures: Sequence[float | None]) -> str:
    """Return an AUC with its interval, of (value, low, high); what was not measured is left out."""
    value, *ends = [f"{figure:.3f}" for figure in figures if figure is not None] or [""]
    return f"{value} ({' to '.join(ends)})" if ends else value


def scored(result: ScoreResult) -> None:
    """Print the totals of a scoring and its best ranked accounts."""
    models = (
        f"for {', '.join(result.targets)} (release {result.release_id})"
        if result.release_id
        else "without a model: none is in use"
    )
    line(f"Scored {counted(result.accounts, 'account')} as of {result.as_of} {models}.", "bold")
    for target, ranks in result.rankings.items():
        line(
            f"{target}: ranked by {RANKED_BY[ranks['by']]}, AUC {ranks['auc']:.3f} "
            f"({ranks['low']:.3f} to {ranks['high']:.3f}); no probability, no amount."
        )
    currency = result.currency
    notice = f" (by notice {money(result.arr_lost_by_notice)})" if result.arr_lost_by_notice else ""
    if notice and result.expected_loss_arr is None:
        notice = " by notice, expected loss not known"
    signed = (
        f"; already signed +{money(result.arr_contracted_gain)}"
        if result.arr_contracted_gain
        else ""
    )
    net = result.net_expected_arr
    line(
        f"ARR {_amount(result.arr, currency)}; expected expansion "
        f"{_amount(result.expected_expansion_arr, currency)}"
        f"{_between(result, 'expected_expansion_arr')}{signed}; ARR at risk "
        f"{_amount(result.arr_at_risk, currency)}{_between(result, 'arr_at_risk')}{notice}; "
        f"net {NOT_KNOWN if net is None else f'{net:+,.0f}'}{_between(result, 'net_expected_arr')}"
    )
    if result.leaves_out:
        names = ", ".join(name.replace("_", "-") for name in result.leaves_out)
        line(f"Not included, no model in use: {names}.")
    if result.without_arr:
        line(f"Not included, ARR not known: {counted(result.without_arr, 'account')}.")
    if result.decided:
        line(
            f"Leaving, notice given: {counted(result.decided, 'account')}; "
            "their outcome is decided, they have no probabilities."
        )
    ranking(result, "next-best accounts")
    next_step("report", "serve - the API and the pages")


def _between(result: ScoreResult, name: str) -> str:
    """Return the interval of a total in words, empty without one."""
    if name not in result.intervals:
        return ""
    low, high = result.intervals[name]
    return f" (80 % interval: {low:,.0f} to {high:,.0f})"


def _amount(amount: float | None, currency: str) -> str:
    return NOT_KNOWN if amount is None else f"{currency} {money(amount)}"


NOT_KNOWN = "not known"
ANSWERS = {"ok": "Yes", "look": "With caution", "alarm": "Not yet"}


def reported(result: ReportResult) -> None:
    """Print whether the numbers can be acted on, and where the page lies."""
    line(f"{counted(result.accounts, 'account')} as of {result.as_of}.", "bold")
    line(f"Can we act on this week's numbers? {ANSWERS[result.light]}.")
    line(f"→ {result.path} ({result.size_kb} kB)")
    line(f"→ {result.pdf}")
    next_step("deliver - to the recipients under [[deliver]]", "serve - the API and the pages")


def catalogue(result: Documents) -> None:
    """Print the catalogue, or which documents were written."""
    if result.written:
        for path in result.written:
            line(f"→ {path}")
        next_step("build - computes these features")
        return
    rows = [
        (c["name"], c["group"], c["unit"], c["description"] + when(c["window_days"], c["by_day"]))
        for c in result.columns
    ]
    table(f"{len(rows)} features", ("column", "group", "unit", "description"), rows)
    next_step("build - computes these features")


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
    next_step("check - with a mapping of your own tables, see docs/connect-your-data.md")


def ranking(result: ScoreResult | DemoResult, title: str) -> None:
    """Print ranked accounts with likelihoods, expected ARR and the main driver."""
    targets = [column["title"].lower() for column in result.columns]
    header = ("#", "account", "play", "ARR", *targets, "expected", "net", "main driver")
    legend = (
        f"expected: expected expansion ARR in {result.currency}; net: with what is signed, less "
        "ARR at risk"
    )
    table(f"{title}\n{legend}", header, [_ranked(row, result.columns) for row in result.top])


def _ranked(row: dict[str, Any], columns: list[dict[str, str]]) -> tuple[str, ...]:
    likelihoods = [_likelihood(row, column["name"]) for column in columns]
    amounts = [money(row[name]) for name in ("expected_expansion_arr", "net_expected_arr")]
    name = f"{row['name']} ({row['account_id']})"
    return (
        str(row["rank"]),
        name,
        play_title(row["decision"]["play"]) if row["decision"] else "",
        money(row["arr"]),
        *likelihoods,
        *amounts,
        _driver(row, columns),
    )


def _likelihood(row: dict[str, Any], target: str) -> str:
    """Return a probability or, where no model is in use, the position by what ranks instead."""
    position = (row.get("rankings") or {}).get(target)
    return percent(row["probabilities"].get(target), 0) if position is None else f"#{position}"


def _driver(row: dict[str, Any], columns: list[dict[str, str]]) -> str:
    """Return the strongest driver of expansion, of the likeliest of its kinds."""
    gains = [column["name"] for column in columns if column["direction"] == "+"]
    kinds = [name for name in gains if name in row["reasons"] and name in row["probabilities"]]
    likeliest = max(kinds, key=lambda name: row["probabilities"][name], default=None)
    up = row["reasons"][likeliest]["up"] if likeliest else []
    return shorten(up[0]["text"], 78, placeholder=" …") if up else ""
