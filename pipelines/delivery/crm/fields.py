"""What of a score goes into a CRM, and under which name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

from features.errors import UsageError
from features.labels.targets import TARGETS
from models.inference.expected_arr import left_out
from pipelines.config.error_messages import nearest

if TYPE_CHECKING:
    from models.inference.contracted import Contracted
    from models.plays.prioritisation import Decision
    from models.store.scores import StoredScore
    from pipelines.config.sections import Export

Format = Literal["salesforce-bulk", "hubspot-batch", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)
Value = str | float | int | bool | date | datetime | None
Row = tuple[str, tuple[Value, ...]]
"""An account's id, and its values in the order of the exported fields."""


def _probability(target: str) -> Callable[[StoredScore], Value]:
    return lambda score: score.probabilities.get(target)


def _reason(target: str) -> Callable[[StoredScore], Value]:
    """Return what gives the text of the weightiest reason for an outcome."""

    def first(score: StoredScore) -> Value:
        reasons = score.reasons.get(target)
        return reasons.up[0].text if reasons and reasons.up else None

    return first


def _decided(get: Callable[[Decision], Value]) -> Callable[[StoredScore], Value]:
    return lambda score: get(score.decision) if score.decision else None


def _contracted(get: Callable[[Contracted], Value]) -> Callable[[StoredScore], Value]:
    return lambda score: get(score.contracted) if score.contracted else None


def _leaves_out(score: StoredScore) -> Value:
    """Return the outcomes that no model says anything of; nothing is open where it is decided."""
    return "" if score.is_decided else ", ".join(left_out(score.scoring.models, TARGETS))


Reader = Callable[["StoredScore"], Value]
"""Reads a field off a score."""
_MONEY_AND_PLAY: Mapping[str, Reader] = {
    "expected_expansion_arr": lambda score: score.expected_expansion_arr,
    "arr_at_risk": lambda score: score.arr_at_risk,
    "arr_lost_by_notice": _contracted(lambda contracted: contracted.loss),
    "arr_contracted_gain": _contracted(lambda contracted: contracted.gain),
    "arr_contracted": _contracted(lambda contracted: contracted.arr),
    "contracted_on": _contracted(lambda contracted: contracted.effective_on),
    "is_decided": _contracted(lambda contracted: contracted.is_decided),
    "net_expected_arr": lambda score: score.net_expected_arr,
    "leaves_out": _leaves_out,
    "play": _decided(lambda decision: decision.play),
    "play_text": _decided(lambda decision: decision.text),
    "play_why": _decided(lambda decision: decision.why),
    "second_play": _decided(lambda decision: decision.second),
    "at_stake": _decided(lambda decision: decision.at_stake),
    "standing": _decided(lambda decision: decision.standing),
    "place": _decided(lambda decision: decision.place),
}
_SCORING: Mapping[str, Reader] = {
    "as_of": lambda score: score.scoring.as_of,
    "scored_at": lambda score: score.scoring.created_at.replace(tzinfo=UTC),
    "rank": lambda score: score.rank,
    "arr": lambda score: score.arr,
    "currency": lambda score: score.scoring.currency,
    "csm_id": lambda score: score.csm_id,
    "segment": lambda score: score.segment,
    "scoring_id": lambda score: score.scoring.scoring_id,
}


def available_fields(targets: Iterable[str]) -> dict[str, Reader]:
    """Return every field that can be exported, with how it is read off a score."""
    names = tuple(targets)
    return {
        **{f"p_{name}": _probability(name) for name in names},
        **_MONEY_AND_PLAY,
        **{f"{name}_reason": _reason(name) for name in names},
        **_SCORING,
    }


def exported_fields(export: Export, targets: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of ``[export]``; without the key, the company's own targets are added."""
    if "fields" in export.model_fields_set:
        return export.fields
    missing = [f"p_{name}" for name in targets if f"p_{name}" not in export.fields]
    return (*export.fields, *missing)


VOLATILE = frozenset({"as_of", "scored_at", "scoring_id", "rank", "place"})
"""Fields that are new in each scoring: for themselves they are no reason to write a row again."""
ALLOWED = {
    "salesforce-bulk": re.compile(r"[A-Za-z][A-Za-z0-9]*(__?[A-Za-z0-9]+)*"),
    "hubspot-batch": re.compile(r"[a-z][a-z0-9_]{0,99}"),
}


def parse_format(name: str) -> Format:
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
    available, fields = available_fields(targets), exported_fields(export, targets)
    if unknown := [name for name in (*fields, *_renamed(export, form)) if name not in available]:
        listed = ", ".join(available)
        raise UsageError(
            [f"[export]: there is no field {name!r}; known are {listed}" for name in unknown]
        )
    chosen = (_id(export, form), *(_name(export, form, name) for name in fields))
    _refuse_impossible(chosen, form)
    return chosen


def text(value: Value) -> str:
    """Return a value as CRMs read it: ISO dates, UTC, true, numbers without an exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return "" if value is None else str(value)


def _id(export: Export, form: Format) -> str:
    ids = {"salesforce-bulk": export.salesforce_id, "hubspot-batch": export.hubspot_id}
    return ids.get(form, "account_id")


def _renamed(export: Export, form: Format) -> Mapping[str, str]:
    renamed = {"salesforce-bulk": export.salesforce, "hubspot-batch": export.hubspot}
    return renamed.get(form, {})


def _name(export: Export, form: Format, field: str) -> str:
    if name := _renamed(export, form).get(field):
        return name
    if form == "salesforce-bulk":
        return f"Expansion_{field.title()}__c"
    return f"expansion_{field}" if form == "hubspot-batch" else field


def _refuse_impossible(chosen: tuple[str, ...], form: Format) -> None:
    allowed = ALLOWED.get(form)
    lower = [name.lower() for name in chosen]
    problems = [
        f"[export]: {name!r} is no name of a field in {form}"
        for name in chosen
        if allowed and not allowed.fullmatch(name)
    ]
    twice = sorted({name for name in chosen if lower.count(name.lower()) > 1})
    problems += [f"[export]: {name!r} is the name of two fields" for name in twice]
    if problems:
        raise UsageError(problems)
