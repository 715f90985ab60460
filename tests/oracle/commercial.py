"""What it pays, holds and has signed, and how content it is."""

from __future__ import annotations

from tests.oracle.changes import change_ahead, product_log, ran_before
from tests.oracle.known import Account, Row, arr, least, mean, most, quantity, share


def drawn(one: Account) -> Row:
    lines = one.running()
    listed = [p for p in lines if p["list_price"] is not None]
    full = sum(p["quantity"] * p["list_price"] for p in listed)
    paid = share(arr(listed), full)
    terms = [p for p in lines if p["term_ends_on"] is not None]
    held = {p["product_id"] for p in lines}
    ahead = [p for p in one.paid() if p["starts_on"] > one.as_of]
    growth = share(arr(lines), arr(ran_before(one, one.paid(), 364)))
    row: Row = {
        "arr": arr(lines),
        "arr_growth_364d": None if growth is None else growth - 1,
        "arr_contracted_ahead": change_ahead(one, one.paid(), arr),
        "products_held": float(len(held)),
        "renewal_days": least([-one.ago(p["term_ends_on"]) for p in terms]),
        "term_days": most([(p["term_ends_on"] - p["starts_on"]).days for p in terms]),
        "discount": None if paid is None else 1 - paid,
        "plan": most([p["plan"] for p in lines]),
        "unit_price": share(arr(lines), quantity(lines)),
        "has_signed_ahead": float(bool(ahead)),
        "products_whitespace": None,
    }
    if one.has("products") and one.products():
        row["products_whitespace"] = float(len({p["product_id"] for p in one.products()} - held))
    return row | _past(one) | _master_data(one) | _tickets(one)


def _past(one: Account) -> Row:
    begun_by_now = [p for p in one.paid() if p["starts_on"] <= one.as_of]
    log = [d for d in product_log(begun_by_now) if d["day"] < one.as_of]
    year = [d for d in log if one.ago(d["day"]) <= 364]
    begun = min((d["day"] for d in log), default=None)
    new = [d for d in log if d["kind"] == "start" and d["day"] != begun]
    less = [d for d in log if d["kind"] in ("down", "stop")]
    gains = [d["arr"] for d in year if d["kind"] == "up" or d in new]
    return {
        "arr_gained_364d": float(sum(gain for gain in gains if gain > 0)),
        "downsell_days_since": least([one.ago(d["day"]) for d in less]),
        "upsells_364d": float(sum(d["kind"] == "up" for d in year)),
        "downsells_364d": float(sum(d in less for d in year)),
        "upsell_days_since": least([one.ago(d["day"]) for d in log if d["kind"] == "up"]),
        "cross_sell_days_since": least([one.ago(d["day"]) for d in new]),
    }


def _master_data(one: Account) -> Row:
    versions = sorted(one.rows("accounts"), key=lambda row: row["known_at"])
    newest = versions[-1] if versions else {}
    return {name: newest.get(name) for name in ("employees", "segment", "region", "industry")}


def _tickets(one: Account) -> Row:
    names = ("opened_91d", "escalated_91d", "open", "open_escalated", "csat_364d")
    if not one.has("tickets"):
        return {f"tickets_{name}": None for name in names}
    tickets = one.rows("tickets")
    still = [t for t in tickets if t["closed_on"] is None]
    recent = [t for t in tickets if one.ago(t["opened_on"]) <= 91]
    return {
        "tickets_opened_91d": float(len(recent)),
        "tickets_escalated_91d": float(sum(t["escalated_on"] is not None for t in recent)),
        "tickets_open": float(len(still)),
        "tickets_open_escalated": float(sum(t["escalated_on"] is not None for t in still)),
        "tickets_csat_364d": mean([t["csat"] for t in tickets if one.ago(t["opened_on"]) <= 364]),
    }


def derived(row: Row) -> Row:
    seats, people = row["seats_licensed"], row["employees"]
    free = None if people is None or seats is None else max(people - seats, 0.0)
    return {"seats_whitespace_share": share(free, people)}
