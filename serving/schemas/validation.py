"""What is wrong with a value, as a caller reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def messages(errors: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return Pydantic's errors as lines, each the place and what is wrong there.

    >>> messages([{"loc": ("body", "limit"), "msg": "Input should be a valid integer"}])
    ['body.limit: Input should be a valid integer']
    """
    return [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors]
