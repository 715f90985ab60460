"""The page that Prometheus reads."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from serving.auth.scopes import METRICS
from serving.routes.metrics import Metrics

metrics = APIRouter()


@metrics.get(METRICS, include_in_schema=False)
def tell(request: Request) -> Response:
    """Tell what happened in this process, and how it stands; in a thread, as it reads files."""
    told: Metrics = request.app.state.metrics
    return Response(told.text(), media_type=CONTENT_TYPE_LATEST)
