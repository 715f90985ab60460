"""Cookies of the pages: no script reads them, no other site sends them along."""

from __future__ import annotations

from fastapi import Request, Response

from serving.http.paths import ROOT


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie for the pages; over HTTPS it never leaves HTTPS."""
    response.set_cookie(
        name, value, seconds, path=ROOT, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def delete_cookie(response: Response, name: str) -> None:
    """Remove a cookie of the pages."""
    response.delete_cookie(name, path=ROOT, httponly=True, samesite="strict")
