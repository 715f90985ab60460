"""How API keys read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.security.api_keys import MadeKey
    from pipelines.security.erase import Erasure


def created(result: MadeKey) -> None:
    """Print a new key, once."""
    one = result.stored
    line(result.key, "bold")
    line(
        f"{one.name!r} may {', '.join(one.scopes)} until {one.expires_at:%Y-%m-%d}. Keep the key "
        "now: only its hash is stored, and it is never shown again."
    )
    line(f"curl -H 'authorization: Bearer exp_{one.key_id}_…' …")
    line(f"→ expansion keys revoke {one.key_id}")


def listed(result: list[dict[str, Any]]) -> None:
    """Print every key without what is secret of it."""
    if not result:
        line("There is no key yet; `expansion keys create --name NAME` makes one.")
        return
    header = ("key", "name", "scopes", "made", "until", "state", "a minute", "most bytes")
    table("", header, [_row(one) for one in result])


def revoked(result: dict[str, Any]) -> None:
    """Print that a key is no longer valid."""
    line(f"{result['key_id']} ({result['name']!r}) is revoked; servers refuse it within seconds.")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    limits = (one["per_minute"], one["most_body_bytes"])
    return (
        one["key_id"],
        one["name"],
        ", ".join(one["scopes"]),
        one["created_at"][:10],
        one["expires_at"][:10],
        one["state"],
        *("" if limit is None else str(limit) for limit in limits),
    )


def erased(result: Erasure) -> None:
    """Print the proof: every place that was looked at, what went, and what is left."""
    rows = [(one.place, f"{one.removed:,}", f"{one.found:,}") for one in result.places]
    table("", ("place", "removed", "found afterwards"), rows)
    line()
    total = sum(one.removed for one in result.places)
    if result.ok:
        line(
            f"The {result.kind} {result.identifier!r} is erased: {total:,} rows removed or made "
            f"nameless, and nothing of ours in {len(result.places)} places names it any more.",
            "green",
        )
    else:
        line(
            f"The {result.kind} {result.identifier!r} is still named; see above. A server that was "
            "writing hands over within seconds: run it again.",
            "red",
        )
    for place in result.unsearched:
        line(f"{place} could not be searched; nothing of ours writes ids there.", "yellow")
    line(f"The sources in {result.sources} are yours: remove it there, too. Until then they are")
    line("read without it.")


def audited(result: list[dict[str, Any]]) -> None:
    """Print who asked for which account, the newest first."""
    if not result:
        line("Nobody asked.")
        return
    header = ("when (UTC)", "account", "key", "from", "asked", "status", "request")
    rows = [
        (
            one["at"][:19].replace("T", " "),
            one["account_id"],
            one["key_id"] or "none needed",
            one["address"],
            one["asked"],
            one["status"],
            one["request_id"],
        )
        for one in result
    ]
    table("", header, rows)
