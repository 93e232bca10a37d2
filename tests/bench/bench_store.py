"""What the store costs: CPU and wall time, on SQLite and, given its address, on MySQL or MariaDB.

    python -m tests.bench.bench_store [mysql://USER:PASSWORD@HOST:PORT/EMPTY_DATABASE] [--rows 1000000]

CPU is this process's, threads included, not the database server's. Each figure is
CPU / wall in milliseconds.
"""

import argparse
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from itertools import count
from typing import TypeVar
from zoneinfo import ZoneInfo

import uvloop
from rich.console import Console
from rich.table import Table

from uncall_ari.store import Store
from uncall_ari.store.records import Claim, NewTask, Outcome, Settlement, TaskStatus

T = TypeVar("T")

TASK = NewTask("bench", "ivr", "bench", "sip/test/", "127000", 100)
ROUNDS = {1: 500, 10: 300, 50: 100}
UIDS = (f"{int(time.time())}.{i:07}" for i in count(1))


class Cost:
    """CPU and wall milliseconds of a thing, each time that it was done. Shown is what one in ten stays below: other
    programs on the machine disturb that least."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def __add__(self, other: "Cost") -> "Cost":
        both = Cost()
        both.cpu = [a + b for a, b in zip(self.cpu, other.cpu, strict=True)]
        both.wall = [a + b for a, b in zip(self.wall, other.wall, strict=True)]
        return both

    async def of(self, things: int, work: Awaitable[T]) -> T:
        """Await the work, which does so many things, and add what one took."""
        cpu, wall = time.process_time(), time.perf_counter()
        result = await work
        self.cpu.append(1000 * (time.process_time() - cpu) / things)
        self.wall.append(1000 * (time.perf_counter() - wall) / things)
        return result

    def __str__(self) -> str:
        cpu, wall = sorted(self.cpu), sorted(self.wall)
        return f"{cpu[len(cpu) // 10]:.3f} / {wall[len(wall) // 10]:.3f}"


async def fill(store: Store, rows: int) -> int:
    """Return a task with so many numbers."""
    task_id = await store.add_task(TASK)
    for first in range(0, rows, 2000):
        await store.add_numbers(task_id, [f"1{i:010}" for i in range(first, min(rows, first + 2000))])
    await store.update_task(task_id, status=TaskStatus.RUN)
    return task_id


async def claim(store: Store, task_id: int, size: int, cost: Cost) -> list[Claim]:
    """Claim a batch; all of it must come."""
    uids = [next(UIDS) for _ in range(size)]
    claims = await cost.of(size, store.claim(task_id, uids, trunk="sip/test/", now=datetime.now(UTC)))
    if len(claims) != size:
        raise RuntimeError(f"{len(claims)} of {size} numbers claimed")
    return claims


async def calls(store: Store, table: Table) -> None:
    """Claim, answer, settle, in batches of each size; a third of the calls is to be tried again."""
    task_id = await fill(store, 10_000)
    for size, rounds in ROUNDS.items():
        claimed, answered, settled = Cost(), Cost(), Cost()
        for turn in range(rounds + 10):
            if turn == 10:  # warm
                claimed, answered, settled = Cost(), Cost(), Cost()
            claims = await claim(store, task_id, size, claimed)
            now = datetime.now(UTC)
            await answered.of(size, store.settle([], [(c.uid, now) for c in claims]))
            ends = [
                Settlement(task_id, c.number_id, c.uid, Outcome.SUCCESS, "answered", now, 16, 200, now, 30, "801")
                for c in claims
            ]
            await settled.of(size, store.settle(ends))
        figures = [str(each) for each in (claimed, answered, settled, claimed + answered + settled)]
        table.add_row(f"a number in a batch of {size}", *figures)


async def sizes(store: Store, rows: int, table: Table) -> None:
    """The same claims in a small and in a large table, at its beginning and, all but the last called, at its end."""
    added = Cost()
    task_id = await fill(store, 1000)
    await added.of(1, store.add_numbers(task_id, [f"1{i:010}" for i in range(2000)]))
    table.add_row("add_numbers of 2000", str(added))
    for size in (1000, rows):
        task_id = await fill(store, size)
        cost = Cost()
        for _ in range(50):
            await claim(store, task_id, 10, cost)
        table.add_row(f"claim of 10 among {size:,}, a number", str(cost))
        counted = Cost()
        await counted.of(1, store.recount(task_id))
        table.add_row(f"recount of {size:,}", str(counted))
    empty = Cost()
    for _ in range(100):
        await empty.of(1, store.running())
    table.add_row("running(), a poll", str(empty))


async def bench(url: str, rows: int, console: Console) -> None:
    """Print the tables of one database."""
    name = url.split(":")[0]
    async with await Store.open(url, timezone=ZoneInfo("Asia/Shanghai")) as store:
        table = Table("", "claim", "answered", "settle", "together", title=f"{name}: CPU / wall ms")
        await calls(store, table)
        console.print(table)
        table = Table("", "CPU / wall ms", title=name)
        await sizes(store, rows, table)
        console.print(table)


async def main() -> None:
    """Run it on SQLite, and on the database that was named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mysql", nargs="?", default="")
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        await bench(f"sqlite:///{folder}/bench.db", arguments.rows, console)
    if arguments.mysql:
        await bench(arguments.mysql, arguments.rows, console)


if __name__ == "__main__":
    uvloop.run(main())
