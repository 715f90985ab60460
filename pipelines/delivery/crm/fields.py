"""What of a score goes into a CRM, and under which name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

from features.errors import UsageError
from pipelines.config.error_messages import nearest

if TYPE_CHECKING:
    from models.plays.prioritisation import Decision
    from models.store.scores import StoredScore
    from pipelines.config.sections import Export

Format = Literal["salesforce-bulk", "hubspot-batch", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)
Value = str | float | int | date | datetime | None
Row = tuple[str, tuple[Value, ...]]
"""An account's id, and its values in the order of the exported fields."""


def _chance(target: str) -> Callable[[StoredScore], Value]:
    return lambda one: one.probabilities.get(target)


def _reason(target: str) -> Callable[[StoredScore], Value]:
    """Return what gives the text of the weightiest reason for an outcome."""

    def first(one: StoredScore) -> Value:
        reasons = one.reasons.get(target)
        return reasons.up[0].text if reasons and reasons.up else None

    return first


def _decided(get: Callable[[Decision], Value]) -> Callable[[StoredScore], Value]:
    return lambda one: get(one.decision) if one.decision else None


Reader = Callable[["StoredScore"], Value]
"""Reads a field off a score."""
_MONEY_AND_PLAY: Mapping[str, Reader] = {
    "expected_expansion_arr": lambda one: one.expected_expansion_arr,
    "arr_at_risk": lambda one: one.arr_at_risk,
    "net_expected_arr": lambda one: one.net_expected_arr,
    "play": _decided(lambda told: told.play),
    "play_text": _decided(lambda told: told.text),
    "play_why": _decided(lambda told: told.why),
    "second_play": _decided(lambda told: told.second),
    "at_stake": _decided(lambda told: told.at_stake),
    "standing": _decided(lambda told: told.standing),
    "place": _decided(lambda told: told.place),
}
_SCORING: Mapping[str, Reader] = {
    "as_of": lambda one: one.scoring.as_of,
    "scored_at": lambda one: one.scoring.created_at.replace(tzinfo=UTC),
    "rank": lambda one: one.rank,
    "arr": lambda one: one.arr,
    "currency": lambda one: one.scoring.currency,
    "csm_id": lambda one: one.csm_id,
    "segment": lambda one: one.segment,
    "scoring_id": lambda one: one.scoring.scoring_id,
}


def fields_of(targets: Iterable[str]) -> dict[str, Reader]:
    """Return every field that can be exported, with how it is read off a score."""
    names = tuple(targets)
    return {
        **{f"p_{name}": _chance(name) for name in names},
        **_MONEY_AND_PLAY,
        **{f"{name}_reason": _reason(name) for name in names},
        **_SCORING,
    }


def exported(export: Export, targets: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of ``[export]``; without the key, the company's own targets are added."""
    if "fields" in export.model_fields_set:
        return export.fields
    missing = [f"p_{name}" for name in targets if f"p_{name}" not in export.fields]
    return (*export.fields, *missing)


PASSING = frozenset({"as_of", "scored_at", "scoring_id", "rank", "place"})
"""Fields that are new in each scoring: for themselves they are no reason to write a row again."""
ALLOWED = {
    "salesforce-bulk": re.compile(r"[A-Za-z][A-Za-z0-9]*(__?[A-Za-z0-9]+)*"),
    "hubspot-batch": re.compile(r"[a-z][a-z0-9_]{0,99}"),
}


def known_format(name: str) -> Format:
    """Return the format of this name; ``UsageError`` when there is none."""
    for form in FORMATS:
        if name == form:
            return form
    raise UsageError(f"--format: there is no {name!r}{nearest(name, FORMATS)}")


def row(score: StoredScore, readers: Iterable[Reader]) -> Row:
    """Return what is exported of an account; an empty text is no value."""
    values = (read(score) for read in readers)
    return score.account_id, tuple(None if value == "" else value for value in values)


def names(export: Export, form: Format, targets: Iterable[str]) -> tuple[str, ...]:
    """Return the CRM's names of the account id and of each exported field.

    Raises
    ------
    UsageError
        When a field is not known, or a name is none that the CRM has, or stands twice.
    """
    targets = tuple(targets)
    known, fields = fields_of(targets), exported(export, targets)
    if unknown := [name for name in (*fields, *_own(export, form)) if name not in known]:
        listed = ", ".join(known)
        raise UsageError(
            [f"[export]: there is no field {name!r}; known are {listed}" for name in unknown]
        )
    chosen = (_id(export, form), *(_name(export, form, name) for name in fields))
    _refuse_impossible(chosen, form)
    return chosen


def text(value: Value) -> str:
    """Return a value as CRMs read it: ISO dates, UTC, numbers without an exponent."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return "" if value is None else str(value)


def _id(export: Export, form: Format) -> str:
    known = {"salesforce-bulk": export.salesforce_id, "hubspot-batch": export.hubspot_id}
    return known.get(form, "account_id")


def _own(export: Export, form: Format) -> Mapping[str, str]:
    known = {"salesforce-bulk": export.salesforce, "hubspot-batch": export.hubspot}
    return known.get(form, {})


def _name(export: Export, form: Format, field: str) -> str:
    if own := _own(export, form).get(field):
        return own
    if form == "salesforce-bulk":
        return f"Expansion_{field.title()}__c"
    return f"expansion_{field}" if form == "hubspot-batch" else field


def _refuse_impossible(chosen: tuple[str, ...], form: Format) -> None:
    allowed = ALLOWED.get(form)
    lower = [one.lower() for one in chosen]
    problems = [
        f"[export]: {one!r} is no name of a field in {form}"
        for one in chosen
        if allowed and not allowed.fullmatch(one)
    ]
    twice = sorted({one for one in chosen if lower.count(one.lower()) > 1})
    problems += [f"[export]: {one!r} is the name of two fields" for one in twice]
    if problems:
        raise UsageError(problems)
