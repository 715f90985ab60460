"""Who has signed in to the pages: a signed cookie that names a key, never the key itself.

Every worker reads the same secret, and the key is looked up with each request: a revoked key ends
its sessions in seconds, and nothing has to be kept of them.
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from hmac import new as keyed
from pathlib import Path

from models.common.clock import stored_now
from models.store.api_keys import ApiKey
from serving.auth.key_cache import Keyring

COOKIE = "expansion_session"
SECONDS = 8 * 3600
"""A working day."""


class Sessions:
    """Signs cookies and form tokens, and knows whose they are.

    Parameters
    ----------
    keyring
        The keys that sessions stand for.
    folder
        Where the secret lies, which all workers share; made when it is first needed.
    given
        The secret, for several machines; then nothing is written.
    """

    def __init__(self, keyring: Keyring, folder: Path, given: str = "") -> None:
        self._keyring, self._folder, self._given = keyring, folder, given

    def opened(self, key: ApiKey) -> str:
        """Return the cookie of a new session."""
        told = f"{key.key_id}.{int(time.time()) + SECONDS}"
        return f"{told}.{self._signed('session', told, key.hash)}"

    def holder(self, cookie: str) -> ApiKey | None:
        """Return the key that a cookie stands for, while both are valid."""
        key_id, _, rest = cookie.partition(".")
        ends, _, signature = rest.partition(".")
        key = (self._keyring.keys or {}).get(key_id)
        if key is None or not ends.isdecimal() or key.state(stored_now()) != "active":
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

    @cached_property
    def _secret(self) -> bytes:
        return self._given.encode() if self._given else _shared(self._folder)


def _shared(folder: Path) -> bytes:
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
