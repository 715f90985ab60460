"""How API keys read at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.cli.console import line, table

if TYPE_CHECKING:
    from pipelines.security.api_keys import MadeKey


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
