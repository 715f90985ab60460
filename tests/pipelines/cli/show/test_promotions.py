"""What a person reads when the gate answers, and when the log is asked."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from models.lifecycle.comparison import Check
from pipelines.cli.show import promotions
from pipelines.lifecycle.promote import PromotionResult
from pipelines.lifecycle.promotion_log import Promotion, periods_in_use

CHECKS = [
    Check("unseen rows", True, "trained to 2025-01-06", "trained to 2025-02-03", "900 rows"),
    Check("better", False, "AUC 0.800", "AUC 0.801", "as good as the champion within chance"),
]
REFUSED = PromotionResult(
    target="churn",
    version="2",
    before="1",
    promoted=False,
    forced=False,
    reasons=["better: as good as the champion within chance"],
    checks=[asdict(one) for one in CHECKS],
    release="release/one",
)


def shown(result: PromotionResult, capsys: pytest.CaptureFixture[str]) -> list[str]:
    promotions.promoted(result)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip()]


def test_a_refusal_shows_the_table_the_reason_and_the_way_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert shown(REFUSED, capsys) == [
        "churn: promotion checks of version 2",
        "check        champion 1             version 2              result",
        "unseen rows  trained to 2025-01-06  trained to 2025-02-03  passed",
        "better       AUC 0.800              AUC 0.801              FAILED",
        "unseen rows: 900 rows",
        "better: as good as the champion within chance",
        "churn: version 2 not promoted; version 1 stays in use.",
        "To promote it anyway: --force --why REASON. The reason is logged.",
    ]


def test_what_is_used_by_force_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    last = shown(replace(REFUSED, promoted=True, forced=True), capsys)[-2:]
    assert last == [
        "churn: version 2 promoted, replacing version 1 (forced).",
        "→ release/one",
    ]


def test_the_champion_is_the_champion_already(capsys: pytest.CaptureFixture[str]) -> None:
    again = replace(REFUSED, promoted=True, version="1", checks=[], reasons=[])
    assert shown(again, capsys)[0] == "churn: version 1 is already the champion."


def test_the_log_reads_from_when_to_when(capsys: pytest.CaptureFixture[str]) -> None:
    one = Promotion("churn", None, "1", "first", who="me", when=datetime(2026, 1, 2, tzinfo=UTC))
    two = Promotion("churn", "1", "2", "a trial", forced=True, who="me", release="r2",
                    when=datetime(2026, 2, 3, 9, 30, tzinfo=UTC))  # fmt: skip
    promotions.log([use.as_dict() for use in reversed(periods_in_use([one, two]))])
    told = capsys.readouterr().out
    assert "2026-02-03 09:30   now " in told
    assert "2026-01-02 00:00   2026-02-03 09:30" in told
    assert "promoted (forced)" in told
    promotions.log([])
    assert capsys.readouterr().out == "No version was in use.\n"
