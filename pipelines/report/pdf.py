"""The page as PDF, by WeasyPrint where it is installed (extra ``pdf``): no browser is needed.

What is folded on the page is left out, so that a few pages remain. The same page is the same bytes.
"""

from __future__ import annotations

import logging
from pathlib import Path

from models.common.files import atomic_file

FILE = "report.pdf"
CHARTS = Path(__file__).parent / "templates" / "charts.css"


def missing() -> str:
    """Return why no PDF can be made here, or an empty text."""
    try:
        import weasyprint  # noqa: F401
    except ImportError:
        return "a PDF needs WeasyPrint: install the extra pdf"
    except OSError as error:
        return f"a PDF needs the library pango: {str(error).splitlines()[0]}"
    return ""


def written(page: str, folder: Path) -> Path:
    """Write a page as ``report.pdf`` into a folder, in one step; ``missing`` says whether it can.

    Links to files beside the page are left as they are; nothing is loaded from anywhere.
    """
    import weasyprint
    from weasyprint.urls import URLFetcher

    # It warns of the rules for narrow screens, which paper does not need.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    style = f"<style>{CHARTS.read_text('utf-8')}</style>"
    drawn = page.replace("</svg>", f"{style}</svg>")
    path = folder / FILE
    asking = URLFetcher(allowed_protocols=())
    with atomic_file(path) as other:
        weasyprint.HTML(string=drawn, base_url=str(folder), url_fetcher=asking).write_pdf(other)
    return path
