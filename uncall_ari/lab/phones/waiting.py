"""Waiting for something to become true, with a limit and a failure that tells what was seen; tasks with an owner."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .errors import NotSeen

T = TypeVar("T")
LOOK = 0.1  # seconds: how often a condition is looked at that no event tells of, such as a level


class Watch:
    """Wakes those who wait whenever something changed; a call's watch also wakes that of its phone or carrier."""

    def __init__(self, parent: "Watch | None" = None) -> None:
        self._parent = parent
        self._waiting: set[asyncio.Event] = set()

    def changed(self) -> None:
        """Let everybody who waits look again."""
        for event in self._waiting:
            event.set()
        if self._parent is not None:
            self._parent.changed()

    async def until(self, look: Callable[[], T], timeout: float, what: str, seen: Callable[[], str]) -> T:  # noqa: ASYNC109
        """The first true value of `look()`. NotSeen after `timeout` seconds, with `what` and `seen()` in its text."""
        deadline = time.monotonic() + timeout
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            while not (value := look()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise NotSeen(f"waited {timeout:g} s for {what}, but saw: {seen()}")
                event.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, LOOK)):
                        await event.wait()
            return value
        finally:
            self._waiting.discard(event)


class Tasks:
    """Owns background tasks: they end with it, and what went wrong in one of them comes out then."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.failures: list[BaseException] = []  # what went wrong in the background

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failures.append(error)

    async def settle(self, limit: float) -> None:
        """Wait until all tasks have ended, also those that they begin; at most `limit` seconds."""
        deadline = time.monotonic() + limit
        while self._tasks and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left)

    async def close(self) -> None:
        """Cancel what still runs; raise the first failure of all tasks."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.failures:
            raise self.failures[0]
