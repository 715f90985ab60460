"""Which hosts are this machine."""

from __future__ import annotations

import pytest

from models.common.network import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", ""])  # noqa: S104
def test_another_machine_or_all_of_them(host: str) -> None:
    assert not is_loopback(host)
