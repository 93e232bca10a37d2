"""Many who ask the same at the same time get one answer.

It is read after the last of them has asked, so none is told less than there was when he asked; and as long as the rows
stay the same it is the same object, on which its renderings are kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence

from api.methods.declaration import Row
from api.outcome import Success

MOST_KEPT = 64  # answers

# Turns of the loop between an answer and the next read. Those who were answered may ask again meanwhile, and share that
# read; else two halves of them take turns, each with reads of its own. Longer than the loop's own work it never takes.
TURNS = 4

Rows = Callable[[], Awaitable[Sequence[Row]]]


class Together:
    """Answers of methods that only read, each made once for all who wait for it."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[Success]] = {}
        self._next: dict[Hashable, asyncio.Task[Success]] = {}
        self._last: dict[Hashable, Success] = {}

    async def answer(self, key: Hashable, rows: Rows) -> Success:
        """What `rows` returns or raises. It is called after this, once for all who ask for `key` until it begins; it
        must have a time limit of its own, since it goes on when those who asked have gone."""
        task = self._next.get(key)
        if task is None:
            task = self._next[key] = asyncio.create_task(self._after(key, self._under_way.get(key), rows))
            task.add_done_callback(_looked_at)
        return await asyncio.shield(task)

    async def _after(self, key: Hashable, before: "asyncio.Task[Success] | None", rows: Rows) -> Success:
        if before is not None:
            await asyncio.wait((before,))
            for _ in range(TURNS):
                await asyncio.sleep(0)
        task = self._under_way[key] = self._next.pop(key)
        try:
            return self._same(key, await rows())
        finally:
            if self._under_way.get(key) is task:
                del self._under_way[key]

    def _same(self, key: Hashable, rows: Sequence[Row]) -> Success:
        last = self._last.pop(key, None)
        if last is None or last.rows != rows:
            last = Success(rows)
        self._last[key] = last
        if len(self._last) > MOST_KEPT:
            del self._last[next(iter(self._last))]
        return last


def _looked_at(task: "asyncio.Task[Success]") -> None:
    """When all who asked have gone, nobody else looks at how it ended, and asyncio would complain."""
    if not task.cancelled():
        task.exception()
