"""The server's document names every setting and every route."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.app import create_app
from serving.settings import PREFIX, ServingSettings

TEXT = (Path(__file__).parents[2] / "docs" / "serving.md").read_text("utf-8")


@pytest.mark.parametrize("field", sorted(ServingSettings.model_fields))
def test_every_setting_is_in_the_document_with_its_default(field: str) -> None:
    [line] = [one for one in TEXT.splitlines() if one.startswith(f"| `{PREFIX}{field.upper()}` |")]
    default = ServingSettings.model_fields[field].default
    if isinstance(default, int | float):
        assert f"| {default:g} |" in line or f"| {default} |" in line


def test_every_route_is_in_the_document(tmp_path: Path) -> None:
    app = create_app(ServingSettings(store_url="sqlite://", release_folder=tmp_path))
    told = [
        f"`{method.upper()} {path.replace('account_id', 'id')}`"
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    ]
    assert told
    assert not [one for one in told if one not in TEXT]
