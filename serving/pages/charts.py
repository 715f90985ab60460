"""Small pictures for the pages, drawn as SVG without a style of their own."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH, HEIGHT, EDGE = 320, 72, 6


def line(values: Sequence[float | None], title: str) -> Markup:
    """Return a line through values in the order of time; gaps are left out. Empty below two."""
    points = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(points) < 2:
        return Markup()
    low, high = min(value for _, value in points), max(value for _, value in points)
    drawn_at = [(_across(place, len(values)), _down(value, low, high)) for place, value in points]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn_at)
    x, y = drawn_at[-1]
    drawn = f'<polyline class="line" points="{corners}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    return _picture(drawn, title, HEIGHT)


def bars(parts: Sequence[tuple[str, float]], title: str) -> Markup:
    """Return shares (0 to 1) side by side, each with the class it is given."""
    drawn, x = "", 0.0
    for name, share in parts:
        drawn += f'<rect class="{name}" x="{x:.1f}" y="0" width="{share * WIDTH:.1f}" height="16"/>'
        x += share * WIDTH
    return _picture(drawn, title, 16)


def _picture(drawn: str, title: str, height: int) -> Markup:
    return Markup(  # noqa: S704
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none">'
        f"<title>{escape(title)}</title>{drawn}</svg>"
    )


def _across(place: int, count: int) -> float:
    return EDGE + place * (WIDTH - 2 * EDGE) / (count - 1)


def _down(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE)
