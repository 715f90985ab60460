"""The keys in memory: a check never waits for the store, a revoked key is refused in seconds."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from features.errors import EnvironmentFailure
from models.common.clock import stored_now
from models.store.api_keys import FORM, ApiKey, KeyStore

log = logging.getLogger(__name__)


class KeyRefused(Exception):
    """A key that is refused, and why, in words for its owner."""


class KeyCache:
    """A copy of all keys; while the store is gone, the last one counts.

    ``keys`` is ``None`` until they were read once: nobody can be let in before.
    """

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self.problems: tuple[str, ...] = ()
        self.keys: Mapping[str, ApiKey] | None = None

    def refresh(self) -> None:
        """Read the keys anew; they stay as they are while the store is gone."""
        try:
            self.keys = {key.key_id: key for key in self._store.all()}
        except EnvironmentFailure as error:
            self.problems = (f"the API keys could not be refreshed: {error}",)
            log.warning("%s", *self.problems)
        else:
            self.problems = ()

    def find(self, key: str) -> ApiKey:
        """Return the stored key that ``key`` is.

        Raises
        ------
        EnvironmentFailure
            When the keys were never read.
        KeyRefused
            When there is no such key, or it is no longer valid; which of the two is told only to
            who has the key.
        """
        stored = self._stored(key)
        if stored is None or not stored.fits(key):
            raise KeyRefused("Unknown API key.")
        state = stored.state(stored_now())
        if state != "active":
            raise KeyRefused(f"This API key is {state}. Request a new one.")
        return stored

    def _stored(self, key: str) -> ApiKey | None:
        if self.keys is None:
            raise EnvironmentFailure("the API keys have not been loaded yet")
        form = FORM.fullmatch(key)
        return self.keys.get(form[1]) if form else None
