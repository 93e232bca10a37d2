"""Waiting for something to become true, with a limit, and with words for what never came."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

PAUSE = 0.01  # s between two looks


class NotInTime(AssertionError):
    """What was waited for has not come; the message says what, how long, and what was seen last."""


def wait_until(look: Callable[[], T], what: str, limit: float = 5.0) -> T:
    """The first truthy value that `look()` returns. Raises NotInTime after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() >= end:
            raise NotInTime(f"waited {limit:g} s for {what}; seen last: {seen!r}")
        time.sleep(PAUSE)


@overload
async def until(look: Callable[[], Awaitable[T]], what: str, limit: float = 5.0) -> T: ...
@overload
async def until(look: Callable[[], T], what: str, limit: float = 5.0) -> T: ...
async def until(look: Callable[[], Any], what: str, limit: float = 5.0) -> Any:
    """The same for asyncio: `look` may be a coroutine function, and others run meanwhile."""
    end = time.monotonic() + limit
    while True:
        seen = look()
        value = await seen if inspect.isawaitable(seen) else seen
        if value:
            return value
        if time.monotonic() >= end:
            raise NotInTime(f"waited {limit:g} s for {what}; seen last: {value!r}")
        await asyncio.sleep(PAUSE)
