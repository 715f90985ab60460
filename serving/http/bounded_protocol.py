"""HTTP as the server speaks it: the head of a request is bounded in size and in time.

Without a bound, one caller could fill the memory with a header without end, or hold a connection
by sending a byte now and then. Uvicorn bounds the size with h11, but not with the faster httptools.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 65_536
SECONDS = 20.0


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol on httptools, refusing heads that are too long or too slow."""

    _head_bytes = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the head of the first request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the parser, and count them as long as they belong to a head."""
        super().data_received(data)
        if self._patience is None or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_BYTES:
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Begin to wait for the head of another request."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Go on to the body, whose size and time are looked after elsewhere."""
        self._stop_waiting()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_bytes = 0
        self._patience = self.loop.call_later(SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        self.transport.close()
