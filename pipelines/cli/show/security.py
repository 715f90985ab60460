"""How API keys read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.cli.console import line, next_step, table

if TYPE_CHECKING:
    from pipelines.security.api_keys import MadeKey
    from pipelines.security.erase import Erasure


def created(result: MadeKey) -> None:
    """Print a new key, once."""
    stored = result.stored
    line(result.key, "bold")
    line(
        f"Key {stored.name!r}, scope {', '.join(stored.scopes)}, valid until "
        f"{stored.expires_at:%Y-%m-%d}. Copy it now: only its hash is stored, and it is not shown "
        "again."
    )
    line(f"curl -H 'authorization: Bearer exp_{stored.key_id}_…' …")
    next_step(f"keys revoke {stored.key_id} - once it is needed no longer")


def listed(result: list[dict[str, Any]]) -> None:
    """Print every key without its secret."""
    if not result:
        line("No keys yet.")
        next_step("keys create --name NAME")
        return
    header = (
        "key",
        "name",
        "scopes",
        "created",
        "expires",
        "state",
        "requests/minute",
        "max. bytes",
    )
    table("", header, [_row(key) for key in result])
    next_step("keys revoke KEY - one that is needed no longer")


def revoked(result: dict[str, Any]) -> None:
    """Print that a key is no longer valid."""
    line(f"Key {result['key_id']} ({result['name']!r}) revoked: servers refuse it in seconds.")
    next_step("keys create --name NAME - another one")


def _row(key: dict[str, Any]) -> tuple[str, ...]:
    limits = (key["per_minute"], key["most_body_bytes"])
    return (
        key["key_id"],
        key["name"],
        ", ".join(key["scopes"]),
        key["created_at"][:10],
        key["expires_at"][:10],
        key["state"],
        *("" if limit is None else str(limit) for limit in limits),
    )


def erased(result: Erasure) -> None:
    """Print the proof: every location searched, rows erased there, and rows remaining."""
    rows = [(place.place, f"{place.removed:,}", f"{place.remaining:,}") for place in result.places]
    table("", ("location", "rows erased", "rows remaining"), rows)
    line()
    total = sum(place.removed for place in result.places)
    if result.ok:
        line(
            f"{result.kind.capitalize()} {result.identifier!r} erased: {total:,} rows deleted or "
            f"anonymised, none remaining in {len(result.places)} locations.",
            "green",
        )
    else:
        line(
            f"{result.kind.capitalize()} {result.identifier!r} not fully erased: see the rows "
            "remaining above. A running server may still have been writing; run the command again.",
            "red",
        )
    for location in result.unsearched:
        line(f"{location} could not be searched; expansion stores no ids there.", "yellow")
    line(f"Your source data in {result.sources} is unchanged: delete the {result.kind} there, too.")
    line("Until then it is ignored when the sources are read.")
    next_step("build - once the sources are without it")


def audited(result: list[dict[str, Any]]) -> None:
    """Print who asked for which account, the newest first."""
    if not result:
        line("No requests.")
        next_step("audit --since DATE - another time")
        return
    header = ("time (UTC)", "account", "key", "address", "endpoint", "status", "request id")
    rows = [
        (
            entry["at"][:19].replace("T", " "),
            entry["account_id"],
            entry["key_id"] or "no key required",
            entry["address"],
            entry["asked"],
            entry["status"],
            entry["request_id"],
        )
        for entry in result
    ]
    table("", header, rows)
    next_step("keys list - which key is whose")
