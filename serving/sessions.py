"""Who has signed in to the pages: a signed cookie that names a key, never the key itself.

Every worker reads the same secret, and the key is looked up with each request: a revoked key ends
its sessions in seconds, and nothing has to be kept of them.
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from hashlib import sha256
from hmac import compare_digest
from hmac import new as keyed
from pathlib import Path

from models.keys import ApiKey, utc_now
from serving.keyring import Keyring

COOKIE = "expansion_session"
SECONDS = 8 * 3600
"""A working day."""


class Sessions:
    """Signs cookies and form tokens, and knows whose they are."""

    def __init__(self, secret: bytes, keyring: Keyring) -> None:
        self._secret, self._keyring = secret, keyring

    def opened(self, key: ApiKey) -> str:
        """Return the cookie of a new session."""
        told = f"{key.key_id}.{int(time.time()) + SECONDS}"
        return f"{told}.{self._signed('session', told, key.hash)}"

    def holder(self, cookie: str) -> ApiKey | None:
        """Return the key that a cookie stands for, while both are valid."""
        key_id, _, rest = cookie.partition(".")
        ends, _, signature = rest.partition(".")
        key = (self._keyring.keys or {}).get(key_id)
        if key is None or not ends.isdecimal() or key.state(utc_now()) != "active":
            return None
        signed = self._signed("session", f"{key_id}.{ends}", key.hash)
        is_ours = compare_digest(signed.encode(), signature.encode())
        return key if is_ours and len(ends) < 12 and int(ends) > time.time() else None

    def token(self, bound: str) -> str:
        """Return what a form must bring back, for the cookie or user it was made for."""
        return self._signed("form", bound)

    def is_token(self, given: str, bound: str) -> bool:
        """Say whether a form brought back its token."""
        return compare_digest(given.encode(), self.token(bound).encode())

    def _signed(self, *parts: str) -> str:
        return keyed(self._secret, "\n".join(parts).encode(), sha256).hexdigest()


def secret(folder: Path, given: str = "") -> bytes:
    """Return the secret given, or the one in a folder that all workers share, made if need be."""
    if given:
        return given.encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "session.secret"
    if not path.exists():
        aside = folder / f".session.secret.{os.getpid()}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        # Whoever links first wins; the others read what it wrote.
        with suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
    return path.read_bytes()
