"""A wait that ends at a moment: a future and a timer, at a tenth of the cost of `asyncio.timeout`."""

import asyncio
from typing import Any, TypeVar

T = TypeVar("T")
Waiter = asyncio.Future[T]


def expire(waiter: asyncio.Future[Any]) -> None:
    """End a wait with TimeoutError, unless it has ended; for `loop.call_at`."""
    if not waiter.done():
        waiter.set_exception(TimeoutError())
