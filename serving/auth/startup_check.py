"""Whether the server may start without asking for keys."""

from __future__ import annotations

import logging
from contextlib import closing

from features.errors import EnvironmentFailure, UsageError
from models.common.network import is_loopback
from models.store.api_keys import KeyStore
from serving.settings import KEYS, ServingSettings

log = logging.getLogger(__name__)


def decide_keys(settings: ServingSettings, host: str, *, chosen: bool) -> ServingSettings:
    """Return the settings with the need for keys decided.

    Where nobody has chosen, no key has been made yet and only this machine can ask, keys are off:
    the first try needs none.

    Raises
    ------
    UsageError
        When keys are off and others than this machine could ask.
    """
    if settings.keys == "off" and not is_loopback(host):
        raise UsageError(
            f"{KEYS}=off would answer everybody who reaches {host}; make a key with "
            "`expansion keys create` and leave the variable away, or listen on 127.0.0.1"
        )
    if chosen or not is_loopback(host) or not _without_keys(settings.store_url):
        return settings
    log.warning(
        "no key has been made yet: everybody on this machine is answered; make one with "
        "`expansion keys create` and start again, or set %s=required",
        KEYS,
    )
    return settings.model_copy(update={"keys": "off"})


def _without_keys(store_url: str) -> bool:
    with closing(KeyStore(store_url, upgrades=False)) as store:
        try:
            return not store.all()
        except EnvironmentFailure:
            return False
