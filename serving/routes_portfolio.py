"""The base as a whole: sums by play, CSM and segment, and the forecast of its retention."""

from __future__ import annotations

from fastapi import APIRouter, Request

from serving.forecasts import ForecastWatch
from serving.problems import RESPONSES
from serving.routes_scores import Now
from serving.schemas_portfolio import Group, Portfolio, Sums
from serving.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["portfolio"], responses=RESPONSES, route_class=StrictRoute)


@router.get("/portfolio", operation_id="getPortfolio")
def portfolio(request: Request, now: Now) -> Portfolio:
    """Return the newest scoring added up, and what the forecast says of its NRR."""
    edition = now.edition
    watch: ForecastWatch = request.app.state.forecasts
    return Portfolio(
        as_of=edition.scoring.as_of,
        currency=edition.scoring.currency,
        total=Sums.model_validate(edition.sums()[0]),
        by_play=[Group.model_validate(one) for one in edition.sums("play")],
        by_csm=[Group.model_validate(one) for one in edition.sums("csm_id")],
        by_segment=[Group.model_validate(one) for one in edition.sums("segment")],
        forecast=watch.newest,
        scoring_id=edition.scoring.scoring_id,
        age_days=now.age_days,
        stale=now.stale,
    )
