"""Who has signed in to the pages: a signed cookie that names a key, never the key itself.

Every worker reads the same secret, and the key is looked up with each request: a revoked key ends
its sessions in seconds, and nothing has to be kept of them.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from itsdangerous import BadSignature, Signer, TimestampSigner

from features.errors import EnvironmentFailure, UsageError
from models.common.clock import stored_now
from models.store.api_keys import ApiKey
from serving.auth.key_cache import KeyCache

COOKIE = "expansion_session"
SECONDS = 8 * 3600
"""A working day."""


class Sessions:
    """Signs cookies and form tokens, and knows whose they are.

    Parameters
    ----------
    key_cache
        The keys that sessions stand for.
    folder
        Where the secret lies, which all workers share; made when it is first needed.
    secret
        The secret, for several machines; then nothing is written. Empty: that of the folder.

    Raises
    ------
    UsageError
        When the secret is nothing but spaces.
    """

    def __init__(self, key_cache: KeyCache, folder: Path, secret: str = "") -> None:
        if secret and not secret.strip():
            raise UsageError("EXPANSION_APP_SECRET is blank: name a long random text")
        self._key_cache, self._folder, self._configured = key_cache, folder, secret

    def open(self, key: ApiKey) -> str:
        """Return the cookie of a new session."""
        return self._cookie_signer(key).sign(key.key_id).decode()

    def key_of(self, cookie: str) -> ApiKey | None:
        """Return the key that a cookie stands for, while both are valid."""
        key = (self._key_cache.keys or {}).get(cookie.partition(".")[0])
        if key is None or key.state(stored_now()) != "active":
            return None
        try:
            self._cookie_signer(key).unsign(cookie, max_age=SECONDS)
        except BadSignature:
            return None
        return key

    def token(self, bound_to: str) -> str:
        """Return what a form must bring back, for the cookie or user it was made for."""
        return self._form_signer.get_signature(bound_to).decode()

    def is_token(self, token: str, bound_to: str) -> bool:
        """Say whether a form brought back its token."""
        return self._form_signer.verify_signature(bound_to, token)

    def _cookie_signer(self, key: ApiKey) -> TimestampSigner:
        """Return what signs the sessions of a key: another key with the same id has others."""
        salt = f"session {key.hash}"
        return TimestampSigner(self._secret, salt, key_derivation="hmac", digest_method=sha256)

    @cached_property
    def _form_signer(self) -> Signer:
        return Signer(self._secret, "form", key_derivation="hmac", digest_method=sha256)

    @cached_property
    def _secret(self) -> bytes:
        return self._configured.encode() or _shared_secret(self._folder)


def _shared_secret(folder: Path) -> bytes:
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
    secret = path.read_bytes()
    if not secret.strip():
        # Anybody could sign with an empty secret.
        raise EnvironmentFailure(
            f"{path} is empty; remove it, and the next sign-in makes a new one"
        )
    return secret
