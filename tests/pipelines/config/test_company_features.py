"""A company's own features go the whole way; what does not hold is told with file and line."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from inspect import signature
from pathlib import Path

import pytest

from features import catalogue
from features.declaration.feature import UNITS
from features.declaration.group import FeatureGroup
from features.errors import UsageError
from models.dataset import feature_table
from pipelines.build.build import build
from pipelines.cli.documents import listed, written_for
from pipelines.config.company_features import groups
from pipelines.config.settings import Settings, load
from pipelines.ingest.check import check
from pipelines.lifecycle.train import train
from pipelines.monitoring.monitor import monitor
from pipelines.report.report import ReportResult, report
from pipelines.scoring.score import ScoreResult, score
from tests.support.shared import PAGE

OWN = {"support_tickets_closed_28d", "support_tickets_closed_91d", "support_closed_per_user_91d"}


@dataclass(frozen=True)
class Gone:
    """The whole way of a company with a module of its own."""

    settings: Settings
    built: int
    scored: ScoreResult
    reported: ReportResult


@pytest.fixture(scope="module")
def gone(finished_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Gone:
    folder = tmp_path_factory.mktemp("acme") / "own"
    shutil.copytree(finished_company, folder, symlinks=True)
    with (folder / "expansion.toml").open("a", encoding="utf-8") as file:
        file.write("\n[score]\nreasons = 100\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EXPANSION_STORE_URL", raising=False)
        settings = load(folder / "expansion.toml")
    assert check(settings).ok
    built = build(settings)
    assert [one.verdict for one in train(settings).targets] == ["skill"]
    return Gone(settings, built.features, score(settings), report(settings))


def test_the_feature_table_has_our_columns_and_theirs(gone: Gone) -> None:
    table = feature_table.read(gone.settings.feature_table)
    ours = [column.name for column in catalogue.columns()]
    assert set(table.inputs) == {*ours, *OWN} - {"industry"}
    assert gone.built == len(ours) + len(OWN) - 1
    newest = table.newest()
    assert newest["support_tickets_closed_91d"].sum() > newest["support_tickets_closed_28d"].sum()
    people = newest["usage_active_users_91d"]
    share = newest["support_tickets_closed_91d"] / people.where(people > 0)
    assert newest["support_closed_per_user_91d"].to_numpy() == pytest.approx(share, nan_ok=True)


def test_a_column_of_theirs_says_where_it_comes_from(gone: Gone) -> None:
    table = feature_table.read(gone.settings.feature_table)
    declared = {one["name"]: one for one in table.features}
    assert declared["support_tickets_closed_28d"]["owner"] == "support operations"
    combined = declared["support_closed_per_user_91d"]["sources"]
    assert combined == ["tickets", "usage_daily"]


def test_their_columns_stand_among_the_reasons(gone: Gone) -> None:
    reasons = [
        one
        for account in gone.scored.top
        for one in (*account["reasons"]["upsell"]["up"], *account["reasons"]["upsell"]["down"])
    ]
    texts = [one["text"] for one in reasons if one["feature"] in OWN]
    assert texts
    assert all(
        re.match(
            r"(\d+ tickets of the last (28|91) days closed|Closed tickets for each active person)",
            text,
        )
        for text in texts
    )


def test_their_columns_are_watched_for_drift(gone: Gone) -> None:
    result = monitor(gone.settings)
    summary = json.loads(Path(result.path).with_name("drift.json").read_text("utf-8"))
    assert (summary["verdict"], summary["kind"]) == (result.verdict.light, result.verdict.kind)
    names = {column["name"] for column in summary["columns"]}
    assert names >= OWN
    assert "industry" not in names


def test_the_catalogue_of_the_company_shows_their_columns(gone: Gone, tmp_path: Path) -> None:
    names = {one["name"] for one in listed(gone.settings).columns}
    assert names >= OWN
    written = written_for(gone.settings, tmp_path / "docs")
    text = Path(written.written[0]).read_text("utf-8")
    assert "How help is asked for. Owner: support operations." in text
    assert "| `support_closed_per_user_91d` | Closed tickets for each active person," in text
    assert "| `industry` |" not in text


def settings_with(folder: Path, leave_out: str = "", **modules: str | None) -> Settings:
    """Write modules (None: named, and not there) and load the configuration that names them."""
    for name, text in modules.items():
        if text is not None:
            (folder / f"{name}.py").write_text(text, "utf-8")
    names = ", ".join(f'"{name}.py"' for name in modules)
    config = folder / "expansion.toml"
    config.write_text(f"[features]\nmodules = [{names}]\nleave_out = [{leave_out}]\n", "utf-8")
    return load(config)


def problems(settings: Settings) -> list[str]:
    with pytest.raises(UsageError) as refused:
        groups(settings)
    folder = f"{settings.features.modules[0].parent}/" if settings.features.modules else "-"
    return [problem.replace(folder, "") for problem in refused.value.problems]


GROUP = """from features import FeatureGroup

mine = FeatureGroup("mine", "Mine.", owner="me")


@mine.rows("tickets")
def mine_rows(facts):
    return facts.rows("tickets")

"""


def test_all_that_is_wrong_in_all_files_is_told_at_once(tmp_path: Path) -> None:
    settings = settings_with(
        tmp_path,
        missing=None,
        cut="def broken(:\n",
        falls="import json\n\njson.loads('{')\n",
        empty="X = 1\n",
        refused=GROUP
        + '@mine.feature(mine_rows, unit="miles")\ndef silent(rows):\n    return rows.count()\n'
        + '\n\n@mine.feature(mine_rows, unit="count", windows=(3,))\ndef odd(rows):\n    """O."""\n'
        + '\n\n@mine.rows("calls")\ndef mine_calls(facts):\n    return facts.rows("calls")\n',
        early=GROUP.replace("mine", "late")
        + '@late.feature(late_rows, unit="count", windows=(7,))\n'
        + 'def late_odd(rows):\n    """O."""\n',
    )
    units = "category, count, currency, days, events, flag, people, products, ratio, seats"
    told = problems(settings)
    assert told[:7] == [
        "missing.py: there is no such file; mend [features] modules",
        "cut.py:1: is not Python: invalid syntax",
        "falls.py:3: fails when it is read: JSONDecodeError: Expecting property name enclosed in "
        "double quotes: line 1 column 2 (char 1)",
        "empty.py: has no FeatureGroup; declare one as docs/own-features.md shows",
        "refused.py:10: feature mine.silent has no docstring; write what it measures in its first "
        "line",
        f"refused.py:10: feature mine.silent has the unknown unit 'miles'; use one of {units}",
        "refused.py:15: feature mine.odd has windows [3] that are no multiples of seven days; "
        "weekdays would weigh unequally, so use 7, 28, 91, 182 or 364",
    ]
    assert told[7].startswith("refused.py:20: group mine: unknown source calls; the contract has ")
    assert told[8:] == [
        "early.py:10: feature late.late_odd needs day in its rows; late_rows does not return it"
    ]


COUNT = """
@mine.feature(mine_rows, unit="count")
def {name}(rows):
    '''N.'''
    return rows.count()
"""


def test_a_name_of_ours_is_taken(tmp_path: Path) -> None:
    both = settings_with(tmp_path, acme=GROUP + COUNT.format(name="arr"))
    assert problems(both) == [
        "acme.py:11: column arr is declared by commercial.arr of ours already; "
        "rename your function arr"
    ]
    group = GROUP.replace('"mine"', '"usage"') + COUNT.format(name="mine_tickets")
    assert problems(settings_with(tmp_path, acme=group)) == [
        "acme.py: group usage is called like one of ours; rename yours"
    ]


def test_a_column_that_nobody_declares_is_told_with_its_line(tmp_path: Path) -> None:
    text = (
        GROUP
        + COUNT.format(name="mine_tickets")
        + '\n\n@mine.feature(unit="ratio")\ndef share(columns):\n    """S."""\n'
        + "    return columns.mine_ticket\n"
    )
    assert problems(settings_with(tmp_path, acme=text)) == [
        "acme.py:17: feature mine.share reads the column 'mine_ticket', which no group declares; "
        "did you mean mine_tickets?"
    ]


@pytest.mark.parametrize("read", ["rows.opend_on", 'rows["opend_on"]'])
def test_a_misspelt_column_of_the_rows_is_told_with_its_line(tmp_path: Path, read: str) -> None:
    text = GROUP + COUNT.format(name="mine_tickets").replace("rows.count", f"{read}.count")
    assert problems(settings_with(tmp_path, acme=text)) == [
        "acme.py:14: feature mine.mine_tickets reads the column 'opend_on', which mine_rows does "
        "not return; did you mean opened_on or closed_on?"
    ]


def test_our_groups_cannot_be_added_to(tmp_path: Path) -> None:
    before = catalogue.columns_of(catalogue.GROUPS)
    text = (
        "from features.groups.usage import usage\n\n"
        '@usage.feature(unit="count")\ndef usage_twice(columns):\n    """T."""\n'
        "    return columns.usage_active_users_28d * 2\n"
    )
    told = problems(settings_with(tmp_path, acme=text))
    assert told == ["acme.py: usage_twice is added to our group usage; declare a group of your own"]
    assert catalogue.columns_of(catalogue.GROUPS) == before


def test_columns_of_ours_can_be_left_out(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, leave_out='"industry", "usage_peak_people_28d"')
    names = {column.name for column in catalogue.columns_of(groups(settings))}
    ours = {column.name for column in catalogue.columns()}
    assert ours - names == {"industry", "usage_peak_people_28d"}


def test_what_others_are_made_of_stays(tmp_path: Path) -> None:
    assert problems(settings_with(tmp_path, leave_out='"industri", "arr"')) == [
        "features.leave_out: there is no column 'industri'; did you mean 'industry'?",
        "features.leave_out: arr is needed to rank accounts; keep it",
    ]
    told = problems(settings_with(tmp_path, leave_out='"employees"'))
    made = "features.leave_out: seats_whitespace_share is made of employees; "
    assert made + "leave it out as well, or keep both" in told


def test_the_page_names_every_argument_of_a_feature_and_every_unit() -> None:
    page = PAGE[: PAGE.index("## Labels of your own")]
    told = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert told == [name for name in signature(FeatureGroup.feature).parameters if name != "self"]
    row = next(line for line in PAGE.splitlines() if line.startswith("| `unit` |"))
    assert re.findall(r"`(\w+)`", row)[1:] == list(UNITS)


def test_a_company_without_a_module_has_our_columns(tmp_path: Path) -> None:
    assert groups(settings_with(tmp_path)) == catalogue.GROUPS
