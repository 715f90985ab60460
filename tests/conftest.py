"""What tests of several packages share."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import release
from tests.models.releases import META, model


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one published release; copy it before you spoil it."""
    folder = tmp_path_factory.mktemp("release")
    release.publish(folder, {"upsell": model()}, META)
    return folder
