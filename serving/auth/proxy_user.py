"""Users that a reverse proxy vouches for: its header counts only when it comes from the proxy."""

from __future__ import annotations

from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import UsageError
from models.common.clock import stored_now
from models.store.api_keys import ApiKey
from models.store.api_keys import Scope as KeyScope

USER = "expansion.user"
"""Where a request's scope tells the user; no client can write it there."""


class ProxyUserMiddleware:
    """Takes the user from a header of requests that reach this machine from a trusted proxy.

    It has to stand outside of what replaces the client's address by a forwarded one.

    Raises
    ------
    UsageError
        When what is trusted is no address or network, or nothing is.
    """

    def __init__(self, app: ASGIApp, header: str, trusted: str) -> None:
        self.app, self._header = app, header
        self._networks = _networks(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http":
            user = Headers(scope=scope).get(self._header, "").strip()[:200]
            if user and self._trusts((scope.get("client") or ("",))[0]):
                scope[USER] = user
        await self.app(scope, receive, send)

    def _trusts(self, address: str) -> bool:
        try:
            peer = ip_address(address)
        except ValueError:
            return False
        return any(peer in network for network in self._networks)


def proxy_user_key(user: str, scopes: tuple[KeyScope, ...]) -> ApiKey:
    """Return a user as a key's holder; in logs stands a digest and not the name."""
    key_id = f"u{sha256(user.encode()).hexdigest()[:11]}"
    now = stored_now()
    return ApiKey(key_id, key_id, "", scopes, created_at=now, expires_at=now)


def _networks(trusted: str) -> list[IPv4Network | IPv6Network]:
    networks = [network.strip() for network in trusted.split(",") if network.strip()]
    if not networks:
        raise UsageError(
            "EXPANSION_PROXY_USER_HEADER needs EXPANSION_TRUSTED_PROXIES: without it, anybody "
            "could send the header"
        )
    try:
        return [ip_network(network, strict=False) for network in networks]
    except ValueError as error:
        raise UsageError(f"EXPANSION_TRUSTED_PROXIES: {error}") from None
