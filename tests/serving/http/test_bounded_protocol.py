"""Heads of requests that have no end, or take their time, are cut off; others are answered."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import uvicorn

from serving.http import bounded_protocol
from serving.http.bounded_protocol import BoundedProtocol


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A server with little patience that answers everything alike."""
    monkeypatch.setattr(bounded_protocol, "MOST_BYTES", 5000)
    monkeypatch.setattr(bounded_protocol, "SECONDS", 0.3)

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=BoundedProtocol, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join(20)


def answer(address: tuple[str, int], *parts: bytes) -> bytes:
    """Send each part, and return what comes back until the end, or nothing more is sent."""
    with socket.create_connection(address, timeout=10) as connection:
        got = b""
        try:
            for part in parts:
                connection.sendall(part)
            while b"\r\n\r\n" not in got and (more := connection.recv(65536)):
                got += more
        except ConnectionError:
            pass
    return got.split(b"\r\n")[0]


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


def test_a_head_of_usual_size_and_a_body_of_any_are_answered(address: tuple[str, int]) -> None:
    length = b"Content-Length: 100000\r\n\r\n"
    assert answer(address, HEAD, length, b" " * 100_000) == b"HTTP/1.1 204 No Content"


@pytest.mark.parametrize("part", [b"a" * 65536, b"b: c\r\n" * 9000])
def test_a_head_without_end_is_cut_off(address: tuple[str, int], part: bytes) -> None:
    found = answer(address, HEAD + b"X: ", *[part] * 200)
    assert found in (b"", b"HTTP/1.1 400 Bad Request")


@pytest.mark.parametrize("sent", [b"", b"POST / HT", HEAD])
def test_who_does_not_finish_the_head_is_not_waited_for(
    address: tuple[str, int], sent: bytes
) -> None:
    assert answer(address, sent) == b""


def test_a_body_may_take_longer_than_a_head(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{")
        time.sleep(0.5)
        connection.sendall(b"}")
        assert connection.recv(100).startswith(b"HTTP/1.1 204")
