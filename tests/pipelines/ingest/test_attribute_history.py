"""Today's attributes: told by ``check``, and no model inputs unless the company names them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.catalogue import columns
from features.errors import UsageError
from models.dataset import feature_table
from pipelines.build.build import build
from pipelines.config.settings import Settings
from pipelines.ingest.check import check
from tests.pipelines.small import FEW, company

NUMBER = 200
SHOWN = {*FEW, "segment", "region"}
DAYS = {"mid": "2025-01-01", "late": "2025-12-01"}
"""The data goes from January 2024 to the end of 2025."""


def accounts(changed: int, on: str = DAYS["mid"], column: str = "segment") -> str:
    """Return accounts known from 2024 on, ``changed`` of them with a second version."""
    lines = ["account_id,name,created_on,known_at,segment,region"]
    for number in range(NUMBER):
        lines.append(f"a{number},Account {number},2024-01-01,2024-01-01,smb,DE")
        if number < changed:
            values = "enterprise,DE" if column == "segment" else "smb,FR"
            lines.append(f"a{number},Account {number},2024-01-01,{on},{values}")
    return "\n".join(lines) + "\n"


def written(folder: Path, rows: str, toml: str = "", **tables: str) -> Settings:
    lines = ["subscription_id,account_id,product_id,starts_on,quantity,unit_price,currency,"
             "signed_on,known_at"]  # fmt: skip
    lines += [f"s{n},a{n},core,2024-01-01,1,10,EUR,2024-01-01,2024-01-01" for n in range(NUMBER)]
    usage = (
        "account_id,product_id,feature,day,events,active_users,known_at\n"
        "a0,core,search,2025-12-31,1,1,2025-12-31\n"
    )
    return company(
        folder,
        toml,
        accounts=rows,
        subscriptions="\n".join(lines) + "\n",
        usage_daily=usage,
        **tables,
    )


def few() -> str:
    """Return settings that leave out all columns but ``SHOWN``; all of them take seconds."""
    names = ", ".join(f'"{column.name}"' for column in columns() if column.name not in SHOWN)
    return f"[features]\nleave_out = [{names}]\n"


def left_out(settings: Settings) -> set[str]:
    return set(check(settings).left_out)


def test_one_version_each_is_todays_value(tmp_path: Path) -> None:
    settings = written(tmp_path, accounts(0))
    assert check(settings).left_out == {"region": "accounts.region", "segment": "accounts.segment"}


@pytest.mark.parametrize(("changed", "is_left_out"), [(1, True), (2, False), (80, False)])
def test_nearly_every_account_with_one_value_is_the_same(
    tmp_path: Path, changed: int, is_left_out: bool
) -> None:
    found = left_out(written(tmp_path, accounts(changed)))
    assert ("segment" in found) is is_left_out


def test_versions_of_one_attribute_do_not_vouch_for_another(tmp_path: Path) -> None:
    settings = written(tmp_path, accounts(120, column="region"))
    assert left_out(settings) == {"segment"}


def test_versions_that_begin_late_say_nothing_about_the_years_before(tmp_path: Path) -> None:
    settings = written(tmp_path, accounts(120, on=DAYS["late"]))
    assert "segment" in left_out(settings)
    figures = {hint.place: hint.figure for hint in check(settings).hints}
    assert figures["accounts.segment"].startswith("Changes are kept from 2025-12-01 on only; ")


def test_users_and_departments_have_attributes_too(tmp_path: Path) -> None:
    users = (
        "user_id,account_id,user_group,activated_on,known_at\nu1,a1,expert,2024-01-03,2024-01-03\n"
    )
    units = (
        "account_id,org_unit,headcount,status,changed_on,known_at\n"
        "a1,sales,5,red,2024-01-03,2024-01-03\na1,sales,5,green,2024-09-03,2024-09-03\n"
    )
    settings = written(tmp_path, accounts(0), users=users, org_units=units)
    assert check(settings).left_out == {
        "region": "accounts.region",
        "segment": "accounts.segment",
        "usage_active_experts_28d": "users.user_group",
        "usage_active_consumers_28d": "users.user_group",
        "departments_people_ahead": "org_units.headcount",
    }


def test_what_is_left_out_stays_beside_the_inputs_and_comes_back_by_name(tmp_path: Path) -> None:
    settings = written(tmp_path, accounts(0))
    result = build(settings)
    table = feature_table.read(settings.feature_table)
    assert result.left_out == {"region": "accounts.region", "segment": "accounts.segment"}
    assert not {"segment", "region"} & set(table.inputs)
    assert set(table.frame["segment"]) == {"smb"}
    assert table.todays == {"accounts.region", "accounts.segment"}
    settings = written(tmp_path, accounts(0), '[features]\nkeep = ["accounts.segment"]\n')
    again = build(settings)
    assert again.taken_over == again.as_ofs, "which columns are inputs changes no value"
    table = feature_table.read(settings.feature_table)
    assert {"segment", "region"} & set(table.inputs) == {"segment"}


def test_what_an_account_becomes_changes_no_model_input(tmp_path: Path) -> None:
    """Today's class of those that grew, and today's status of those that left, and so on."""
    before = written(tmp_path, accounts(0), few())
    build(before)
    table = feature_table.read(before.feature_table)
    inputs, first = table.inputs, table.frame
    grown = accounts(0).replace("smb,DE", "enterprise,FR", NUMBER // 2)
    after = written(tmp_path, grown, few())
    build(after)
    later = feature_table.read(after.feature_table)
    assert later.inputs == inputs
    pd.testing.assert_frame_equal(later.frame[inputs], first[inputs])
    assert not later.frame["segment"].equals(first["segment"])


def test_check_says_what_to_do(tmp_path: Path) -> None:
    report = check(written(tmp_path, accounts(1)))
    hint = next(hint for hint in report.hints if hint.name == "todays_attribute")
    assert hint.place == "accounts.region, segment"
    assert hint.figure == (
        "199 of 200 have one value, taken as never changed. No model inputs: region, segment."
    )
    assert '[features] keep = ["region", "segment"]' in hint.do
    assert "[tables.accounts] versions = true" in hint.do
    kept = check(written(tmp_path, accounts(1), '[features]\nkeep = ["region", "segment"]\n'))
    assert "todays_attribute" not in {hint.name for hint in kept.hints}


def test_an_unknown_name_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"features\.keep: there is no 'regoin'; did you mean 'region'\?"
    ):
        company(tmp_path, '[features]\nkeep = ["regoin"]\n')
    with pytest.raises(UsageError, match=r"did you mean 'users\.user_group'\?"):
        company(tmp_path, '[features]\nkeep = ["users.user_groups"]\n')
