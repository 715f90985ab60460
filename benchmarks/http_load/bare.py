"""The peer of a lookup: FastAPI with nothing around it, returning the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI, Response

BODY = Path(os.environ["BARE_BODY"]).read_bytes()
app = FastAPI()


@app.get("/v1/accounts/{account_id}/score")
async def score(account_id: str) -> Response:  # noqa: ARG001
    return Response(BODY, media_type="application/json")
