"""Who carries the topic."""

from __future__ import annotations

from tests.oracle.known import Account, Row, least, most, share


def drawn(one: Account) -> Row:
    names = ("champions_count", "champions_on_leave", "champions_going", "contacts_departments")
    more = ("champions_departments", "champions_lost_364d", "sponsors_count", "has_blocker")
    row: Row = dict.fromkeys((*names, *more), 0.0 if one.has("contacts") else None)
    row |= dict.fromkeys(
        (
            "champions_tenure_longest_days",
            "champions_tenure_newest_days",
            "champions_days_since_lost",
            "has_champion_successor",
            "champions_usage_share_91d",
        )
    )
    if one.has("contacts"):
        stints = [stint(one, r) for r in one.rows("contacts")]
        still = [s for s in stints if not s["gone"]]
        sponsors = [s for s in still if s["role"] == "sponsor" and not s["away"]]
        row["sponsors_count"] = _different(sponsors)
        row["contacts_departments"] = float(len({s["org_unit"] for s in still} - {None}))
        row["has_blocker"] = float(any(s["role"] == "blocker" for s in still))
        row |= _carriers(one, [s for s in stints if s["role"] == "champion"])
        row["champions_usage_share_91d"] = _near(one, stints)
    return row


def stint(one: Account, row: Row) -> Row:
    gone = row["left_on"] is not None and row["left_on"] <= one.as_of
    back = row["leave_to"] is not None and row["leave_to"] <= one.as_of
    planned = row["leave_from"] is not None and not back
    away = planned and row["leave_from"] <= one.as_of
    going = (
        row["left_on"] is not None or (planned and not away) or row["looking_known_on"] is not None
    )
    return row | {"gone": gone, "away": away, "going": going}


def _near(one: Account, stints: list[Row]) -> float | None:
    places = {
        s["org_unit"] for s in stints if s["role"] == "champion" and not s["gone"] and not s["away"]
    } - {None}
    if not places or not one.has("users"):
        return None
    rows = [r for r in one.rows("usage_daily") if r["events"] > 0 and one.ago(r["day"]) <= 91]
    home = {r["user_id"]: r["org_unit"] for r in one.rows("users")}
    days = {(r["user_id"], r["day"]) for r in rows if home.get(r["user_id"]) is not None}
    return share(len([1 for person, _ in days if home[person] in places]), len(days))


def _carriers(one: Account, stints: list[Row]) -> Row:
    here = [s for s in stints if not s["gone"]]
    tenures = [one.ago(s["from_on"]) for s in here]
    losses = [s["left_on"] for s in stints if s["gone"]]
    after = [s for s in here if losses and not s["away"] and s["from_on"] >= max(losses)]
    lost = [s for s in stints if s["gone"] and one.ago(s["left_on"]) <= 364]
    in_place = [s for s in here if not s["away"]]
    return {
        "champions_count": _different(in_place),
        "champions_departments": float(len({s["org_unit"] for s in in_place} - {None})),
        "champions_lost_364d": _different(lost),
        "champions_tenure_longest_days": most(tenures),
        "champions_tenure_newest_days": least(tenures),
        "champions_days_since_lost": least([one.ago(day) for day in losses]),
        "champions_on_leave": _different([s for s in here if s["away"]]),
        "champions_going": _different([s for s in here if s["going"]]),
        "has_champion_successor": float(bool(after)) if losses else None,
    }


def _different(rows: list[Row]) -> float:
    return float(len({row["contact_id"] for row in rows}))
