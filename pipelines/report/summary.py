"""The report in a few figures, for a mail or a chat: ``summary.json`` beside the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.common.files import write_atomically
from pipelines.monitoring.verdict import Light

if TYPE_CHECKING:
    from pipelines.report.inputs import Inputs

FILE = "summary.json"
FORMATS = (1, 2)
"""Those that can be read; the last one is written."""
ENDS = ("value", "low_80", "high_80")


@dataclass(frozen=True)
class Summary:
    """What a leader reads first; ``answer`` and ``verdict`` are sentences in ``language``.

    Amounts are in ``currency``; ``nrr`` and ``grr`` hold a share with its 80 % interval.
    Amounts are ``None`` where they are not known, and lack the targets in ``leaves_out``;
    ``arr_at_risk`` includes ``arr_lost_by_notice``. The spans are the low and high ends of 80 %
    intervals. ``listed`` counts the accounts on CSMs' lists,
    ``behind`` those that started and fell behind.
    """

    company: str
    currency: str
    as_of: date
    horizon_days: int
    language: str
    light: Light
    answer: str
    verdict: str
    accounts: int
    arr: float | None
    expected_expansion_arr: float | None
    arr_at_risk: float | None
    nrr: Mapping[str, float] | None
    grr: Mapping[str, float] | None
    listed: int
    champions: int
    oversold: int
    behind: int
    scoring_id: str = ""
    arr_lost_by_notice: float | None = None
    leaves_out: tuple[str, ...] = ()
    expected_expansion_span: list[float] | None = None
    arr_at_risk_span: list[float] | None = None


def summary(inputs: Inputs, content: Mapping[str, Any], language: str) -> Summary:
    """Return the summary of a page's ``content``."""
    ahead, totals = content["outlook"], content["totals"]
    nrr, grr = ({end: getattr(ahead, name)[end] for end in ENDS} if ahead else None
                for name in ("nrr", "grr"))  # fmt: skip
    return Summary(
        company=inputs.company,
        currency=inputs.scoring.currency,
        as_of=inputs.scoring.as_of,
        horizon_days=inputs.scoring.horizon_days,
        language=language,
        light=content["trust"].light,
        answer=content["trust"].answer,
        verdict=content["trust"].signs[0].sentence,
        accounts=totals.accounts,
        arr=totals.arr,
        expected_expansion_arr=totals.expansion,
        arr_at_risk=totals.at_risk,
        nrr=nrr,
        grr=grr,
        listed=content["week"].standings["listed"],
        champions=content["champions"].total,
        oversold=content["oversold"].total,
        behind=content["starting"].urgent,
        scoring_id=inputs.scoring.scoring_id,
        arr_lost_by_notice=totals.lost_by_notice,
        leaves_out=totals.leaves_out,
        expected_expansion_span=totals.expansion_span and list(astuple(totals.expansion_span)),
        arr_at_risk_span=totals.at_risk_span and list(astuple(totals.at_risk_span)),
    )


def write(report_summary: Summary, folder: Path) -> None:
    """Write a summary in one step."""
    content = {"format": FORMATS[-1], **asdict(report_summary)}
    text = json.dumps(content, indent=1, ensure_ascii=False, default=str, sort_keys=True)
    write_atomically(folder / FILE, text + "\n")


def read(folder: Path) -> Summary | None:
    """Return the summary of a report's folder; ``None`` without one, or by other code."""
    path = folder / FILE
    content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if content.pop("format", None) not in FORMATS:
        return None
    leaves_out = tuple(content.pop("leaves_out", ()))
    as_of = date.fromisoformat(content.pop("as_of"))
    return Summary(**content, as_of=as_of, leaves_out=leaves_out)
