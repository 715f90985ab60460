"""The portfolio with its totals and NRR forecast, and the seat forecast of an account."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from features.labels.targets import TARGETS
from models.inference.expected_arr import left_out
from serving.auth.scopes import requires
from serving.http.problems import RESPONSES
from serving.http.strict_json import StrictRoute
from serving.routes.scores import Current, Id
from serving.schemas.portfolio import AccountSeats, Group, Portfolio, SeatsIn, Sums
from serving.snapshot.forecast import ForecastWatcher

router = APIRouter(prefix="/v1", tags=["portfolio"], responses=RESPONSES, route_class=StrictRoute)


@router.get("/portfolio", operation_id="getPortfolio")
@requires("read")
def get_portfolio(request: Request, current: Current) -> Portfolio:
    """Return the totals of the newest scoring and the NRR forecast."""
    snapshot = current.snapshot
    watch: ForecastWatcher = request.app.state.forecasts
    return Portfolio(
        as_of=snapshot.scoring.as_of,
        currency=snapshot.scoring.currency,
        leaves_out=list(left_out(snapshot.scoring.models, TARGETS)),
        total=Sums.model_validate(snapshot.sums()[0]),
        by_play=[Group.model_validate(group) for group in snapshot.sums("play")],
        by_csm=[Group.model_validate(group) for group in snapshot.sums("csm_id")],
        by_segment=[Group.model_validate(group) for group in snapshot.sums("segment")],
        forecast=watch.newest,
        scoring_id=snapshot.scoring.scoring_id,
        age_days=current.age_days,
        stale=current.stale,
    )


@router.get("/accounts/{account_id:path}/seats", operation_id="getAccountSeats")
@requires("read")
def get_account_seats(account_id: Id, request: Request) -> AccountSeats:
    """Return the licensed seats of an account and their forecast; this queries the score store."""
    watch: ForecastWatcher = request.app.state.forecasts
    demand = watch.seats(account_id)
    if demand is None:
        raise HTTPException(
            404,
            f"No seat forecast for account {account_id!r}: the id is unknown, the account had no "
            "licensed seats (only what is priced by seats has them), or the history was too short "
            "for `expansion forecast`.",
        )
    return AccountSeats(
        account_id=account_id,
        as_of=demand.as_of,
        seats_licensed=demand.forecasts[0].seats,
        ahead=[
            SeatsIn.model_validate(forecast, from_attributes=True) for forecast in demand.forecasts
        ],
    )
