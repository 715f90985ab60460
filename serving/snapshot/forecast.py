"""The newest forecast of the base, kept in memory: it is small, and the store may be gone."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from features.errors import EnvironmentFailure
from models.store.forecasts import ForecastStore, SeatsAhead
from serving.schemas.portfolio import Forecast

log = logging.getLogger(__name__)


class ForecastWatcher:
    """The newest forecast that could be read, and what is wrong with a newer one."""

    def __init__(self, store: ForecastStore) -> None:
        self._store = store
        self.newest: Forecast | None = None
        self.problems: tuple[str, ...] = ()

    def refresh(self) -> None:
        """Read the newest forecast; one that cannot be read leaves the one before."""
        try:
            forecast = self._store.newest()
            self.newest = Forecast.model_validate(forecast.document) if forecast else None
        except EnvironmentFailure as error:
            self.problems = error.problems
        except ValidationError as error:
            self.problems = (f"the newest forecast cannot be read: {error.errors()[0]['msg']}",)
            log.warning("forecast refused: %s", error)
        else:
            self.problems = ()

    def seats(self, account_id: str) -> SeatsAhead | None:
        """Return the newest seat demand of an account; this asks the store.

        Raises
        ------
        EnvironmentFailure
            When the store is gone.
        """
        return self._store.seats(account_id)

    def close(self) -> None:
        """Close the connections to the store."""
        self._store.close()
