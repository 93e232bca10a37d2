"""Answers that are made once for all who wait for them."""

import asyncio
from collections.abc import Sequence

import pytest

from api.methods.declaration import Row
from api.outcome import Success
from api.together import MOST_KEPT, Together
from uncall_ari.errors import StoreUnavailable


class Table:
    """What is read: each read waits until it is let through, and sees what stands there when it began."""

    def __init__(self) -> None:
        self.rows: list[Row] = [("1",)]
        self.reads = 0
        self.gates: list[asyncio.Event] = []
        self.failure: Exception | None = None
        self._begun = asyncio.Condition()

    async def read(self) -> Sequence[Row]:
        self.reads += 1
        seen, gate = list(self.rows), asyncio.Event()
        self.gates.append(gate)
        async with self._begun:
            self._begun.notify_all()
        async with asyncio.timeout(5):
            await gate.wait()
        if self.failure is not None:
            raise self.failure
        return seen

    async def begun(self, reads: int) -> None:
        async with asyncio.timeout(5), self._begun:
            await self._begun.wait_for(lambda: self.reads >= reads)

    def ask(self, together: Together) -> "asyncio.Task[Success]":
        return asyncio.create_task(together.answer("all", self.read))


async def test_who_asks_before_the_read_shares_it_and_who_asks_later_gets_the_next() -> None:
    table, together = Table(), Together()
    first = [table.ask(together) for _ in range(3)]
    await table.begun(1)
    table.rows.append(("2",))
    later = [table.ask(together) for _ in range(3)]
    table.gates[0].set()
    assert [(await each).rows for each in first] == [[("1",)]] * 3
    await table.begun(2)
    table.gates[1].set()
    assert [(await each).rows for each in later] == [[("1",), ("2",)]] * 3, "told less than there was when he asked"
    assert table.reads == 2


async def test_as_long_as_the_rows_are_the_same_the_answer_is_the_same_object() -> None:
    table, together = Table(), Together()

    async def answered() -> Success:
        asking = table.ask(together)
        await table.begun(table.reads + 1)
        table.gates[-1].set()
        return await asking

    one = await answered()
    assert await answered() is one
    table.rows.append(("2",))
    other = await answered()
    assert other is not one
    assert other.written == {}


async def test_a_failure_is_told_to_all_and_the_next_read_is_made() -> None:
    table, together = Table(), Together()
    table.failure = StoreUnavailable("away")
    asking = [table.ask(together) for _ in range(3)]
    await table.begun(1)
    table.gates[0].set()
    for each in asking:
        with pytest.raises(StoreUnavailable, match="away"):
            await each
    table.failure = None
    again = table.ask(together)
    await table.begun(2)
    table.gates[1].set()
    assert (await again).rows == [("1",)]


async def test_one_who_goes_takes_nothing_from_the_others() -> None:
    table, together = Table(), Together()
    stays, goes = table.ask(together), table.ask(together)
    await table.begun(1)
    goes.cancel()
    await asyncio.gather(goes, return_exceptions=True)
    table.gates[0].set()
    assert (await stays).rows == [("1",)]


async def test_not_more_answers_are_kept_than_so_many() -> None:
    together, rows = Together(), [("1",)]

    async def read() -> Sequence[Row]:
        return list(rows)

    first = await together.answer(0, read)
    assert await together.answer(0, read) is first
    for key in range(1, MOST_KEPT + 1):
        await together.answer(key, read)
    assert await together.answer(0, read) is not first
