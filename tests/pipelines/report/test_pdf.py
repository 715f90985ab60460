"""The page on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.report import pdf

PAGE = """<!doctype html><html lang="en"><head><title>A page</title></head>
<body><h1>Numbers</h1><svg viewBox="0 0 9 9"><circle class="dot" r="3"/></svg></body></html>"""


@pytest.mark.skipif(bool(pdf.missing()), reason=pdf.missing() or "it is here")
def test_the_same_page_is_the_same_bytes_and_loads_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = pdf.written(PAGE, tmp_path).read_bytes()
    assert first.startswith(b"%PDF-")
    assert pdf.written(PAGE, tmp_path).read_bytes() == first
    other = pdf.written(PAGE.replace("</h1>", '</h1><img src="file:///etc/passwd">'), tmp_path)
    assert b"/Image" not in other.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]
    assert not [one for one in caplog.records if one.levelname == "CRITICAL"]


def test_what_is_missing_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    assert "install the extra pdf" in pdf.missing()
