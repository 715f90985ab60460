"""A service that is shown spoiled releases; ``python -m tests.drills.fuzz`` is the long form."""

from __future__ import annotations

import pytest

from models.release import bundle
from tests.drills import fuzz

KINDS = (
    "an index for another as long", "a pipe for a file", "the pointer", "a file of 64 GB",
    "JSON without end",
)  # fmt: skip


def test_a_service_outlives_spoiled_releases_and_never_serves_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The server tries out what it loads in a child of its own; once is enough.
    monkeypatch.setattr(bundle, "check_in_child", lambda _path: None)
    tally = fuzz.run(10, seed=4, kinds=KINDS)
    assert (tally.crashes, tally.wrong) == ([], [])
    assert tally.refused.total() == 10
    assert {guard for _, guard in tally.refused} <= set(fuzz.GUARDS)
    assert len({guard for _, guard in tally.refused}) >= 3
