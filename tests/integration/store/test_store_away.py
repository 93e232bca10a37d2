"""The database is away, hangs, is locked, or the engine is killed: bounded waits, nothing lost, nothing twice."""

import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.integration.store.conftest import (
    NOON,
    TASK,
    ZONE,
    Outside,
    claim,
    counters,
    ended,
    number_rows,
    running_task,
    uids,
)
from uncall_ari.errors import StoreUnavailable
from uncall_ari.lab import Lab
from uncall_ari.lab.waits import until
from uncall_ari.store import Store, migrating
from uncall_ari.store.mysql import MysqlDatabase
from uncall_ari.store.records import Outcome, TaskStatus
from uncall_ari.store.url import parse_url

LIMIT = 5.0  # what the store promises
MARGIN = 3.0  # for a busy machine

LabMaker = Callable[..., Lab]


@pytest.fixture
def lab(fresh_lab: LabMaker) -> Lab:
    """A MariaDB of this test's own, to be broken."""
    return fresh_lab(asterisk=False, mariadb=True)


async def refused(work: Awaitable[object]) -> float:
    """The work must raise StoreUnavailable; the seconds that it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(StoreUnavailable):
        await work
    return loop.time() - began


async def test_a_cancel_is_heard_while_the_server_refuses_connections(lab: Lab) -> None:
    """The driver's own failure, at the same moment, used to be told instead: whoever cancelled waited for ever."""
    store = await Store.open(lab.mariadb.url, timezone=ZONE)
    try:
        await asyncio.to_thread(lab.mariadb.stop)
        for turns in range(150):  # of the loop, before the cancel: one of them is the moment
            asked = asyncio.create_task(store.tasks())
            for _ in range(turns % 30):
                await asyncio.sleep(0)
            if asked.cancel():
                with pytest.raises(asyncio.CancelledError):
                    await asked
            else:
                assert isinstance(asked.exception(), StoreUnavailable)
    finally:
        await store.close()


async def back(store: Store) -> None:
    """Wait until the store answers again."""

    async def answers() -> bool:
        try:
            await store.tasks()
        except StoreUnavailable:
            return False
        return True

    await until(answers, "the store to answer again", limit=20.0)


def everything(store: Store, task_id: int) -> list[Awaitable[object]]:
    """A call of each kind."""
    return [
        store.claim(task_id, uids(3), trunk="t", now=NOON),
        store.add_task(TASK),
        store.add_numbers(task_id, ["1"]),
        store.update_task(task_id, status=TaskStatus.STOP),
        store.delete_task(task_id),
        store.tasks(),
        store.running(),
        store.finish_task(task_id),
        store.settle([], [("1.1", NOON)]),
        store.unsettled(),
        store.recount(task_id),
        store.dnc_matches(["1"]),
        store.start(),
    ]


async def test_killed_and_started_again(lab: Lab) -> None:
    async with await Store.open(lab.mariadb.url, timezone=ZONE) as store:
        task_id = await running_task(store, *"123456")
        claims = await claim(store, task_id, 3)
        await store.settle([ended(claims[0])])
        lab.mariadb.kill()
        waits = await asyncio.gather(*(refused(work) for work in everything(store, task_id)))
        assert max(waits) < LIMIT + MARGIN
        assert await refused(store.settle([ended(claims[1])])) < LIMIT + MARGIN
        await asyncio.to_thread(lab.mariadb.start)
        await back(store)
        assert [each.claim for each in await store.unsettled()] == claims[1:]
        await store.settle([ended(claims[1], Outcome.FAILED), ended(claims[2], Outcome.FAILED)])
        (task,) = await store.tasks()
        assert (task.numbers, task.called, task.success, task.failed) == (6, 3, 1, 2)
        assert [c.number for c in await claim(store, task_id, 9)] == ["4", "5", "6"]


async def test_a_restart_between_two_calls_is_not_noticed(lab: Lab) -> None:
    async with await Store.open(lab.mariadb.url, timezone=ZONE) as store:
        task_id = await running_task(store, *"123")
        await asyncio.gather(*(store.tasks() for _ in range(5)))  # connections that will be stale
        await asyncio.to_thread(lab.mariadb.restart)
        assert len(await claim(store, task_id, 2)) == 2
        assert len(await store.tasks()) == 1


async def test_a_server_that_hangs(lab: Lab) -> None:
    async with await Store.open(lab.mariadb.url, timezone=ZONE) as store:
        task_id = await running_task(store, *"123456")
        await claim(store, task_id, 1)
        process = lab.mariadb.process
        assert process
        process.signal(signal.SIGSTOP)
        try:
            waits = await asyncio.gather(*(refused(work) for work in everything(store, task_id)))
            assert max(waits) < LIMIT + MARGIN
        finally:
            process.signal(signal.SIGCONT)
        await back(store)
        # What hung is done or not done; what was claimed without an answer is told by `unsettled`.
        claimed = await store.unsettled()
        with closing(Outside(lab.mariadb.url)) as outside:
            rows = number_rows(outside, task_id)
            assert {uid for _, status, uid in rows if status == 4} == {each.claim.uid for each in claimed}
        # No connection was lost to the pool: more work at once than it has connections.
        await asyncio.gather(*(store.add_task(TASK) for _ in range(20)), *(store.tasks() for _ in range(20)))


async def test_opening_while_it_is_away(lab: Lab) -> None:
    lab.mariadb.kill()
    assert await refused(Store.open(lab.mariadb.url, timezone=ZONE)) < LIMIT + MARGIN


async def test_connections_that_the_server_ends_are_replaced(mariadb_database: str) -> None:
    async with await Store.open(mariadb_database, timezone=ZONE) as store:
        task_id = await running_task(store, *"123456789")
        with closing(Outside(mariadb_database)) as outside:
            for _ in range(3):
                name = mariadb_database.rsplit("/", 1)[1]
                for (connection_id,) in outside.sql(
                    "SELECT id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()", name
                ):
                    outside.sql(f"KILL {connection_id}")
                assert len(await claim(store, task_id, 3)) == 3
                assert len(await store.tasks()) == 1


@pytest.mark.parametrize(("moment", "runs"), [("before the last statement", 2), ("before the commit", 1)])
async def test_a_commit_without_an_answer_is_never_done_again(mariadb_database: str, moment: str, runs: int) -> None:
    """What was lost before the commit is surely undone and done again; what was lost in it may have been done."""
    database = MysqlDatabase(parse_url(mariadb_database))
    try:
        await database.write(lambda connection: migrating.upgrade(connection, migrating.TASKS))
        with closing(Outside(mariadb_database)) as outside:
            ran = []

            def work(connection: Connection) -> None:
                ran.append(moment)
                own = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
                if len(ran) == 1 and moment == "before the last statement":
                    outside.sql(f"KILL {own}")
                connection.exec_driver_sql("INSERT INTO uncall_dnc VALUES ('1', '', NOW())")
                if len(ran) == 1 and moment == "before the commit":
                    outside.sql(f"KILL {own}")

            if runs == 1:
                with pytest.raises(StoreUnavailable, match="commit"):
                    await database.write(work)
            else:
                await database.write(work)
            assert len(ran) == runs
            assert outside.sql("SELECT COUNT(*) FROM uncall_dnc") == [(runs - 1,)]
    finally:
        await database.close()


async def test_a_lock_that_somebody_holds_is_waited_for_and_no_longer(mariadb_database: str) -> None:
    async with await Store.open(mariadb_database, timezone=ZONE) as store:
        task_id = await running_task(store, "1", "2")
        claims = await claim(store, task_id, 2)
        with closing(Outside(mariadb_database)) as outside:
            outside.sql("BEGIN")
            outside.sql(f"UPDATE o_task_run_{task_id} SET remark = 'mine' WHERE id = 2")
            assert await refused(store.settle([ended(c) for c in claims])) < LIMIT + MARGIN
            record = await store.call(claims[0].uid)
            assert record is not None
            assert record.ended_at is None  # all or nothing
            outside.sql("COMMIT")
            await store.settle([ended(c) for c in claims])
            assert counters(outside, task_id) == (2, 2, 2, 0, 0)


async def test_a_deadlock_with_a_third_party_is_tried_again(mariadb_database: str) -> None:
    async with await Store.open(mariadb_database, timezone=ZONE) as store:
        task_id = await running_task(store, "1", "2")
        claims = await claim(store, task_id, 2)
        with closing(Outside(mariadb_database)) as outside, closing(Outside(mariadb_database)) as watch:

            def engine_waits() -> bool:
                shown = watch.sql("SELECT info FROM information_schema.processlist WHERE db = DATABASE()")
                return any((info or "").startswith("UPDATE o_uncall_task") for (info,) in shown)

            def deadlocks() -> int:
                ((_, many),) = watch.sql("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
                return int(many)

            before = deadlocks()
            outside.sql("BEGIN")
            outside.sql("UPDATE o_uncall_task SET task_mark = 'mine'")
            for number in range(200):  # who has written more rows wins: the engine must give way
                outside.sql("INSERT INTO uncall_dnc VALUES (?, '', NOW())", str(number))
            settling = asyncio.create_task(store.settle([ended(c) for c in claims]))
            await until(engine_waits, "the engine to wait for the task's row")
            await asyncio.to_thread(outside.sql, f"UPDATE o_task_run_{task_id} SET remark = 'mine'")
            outside.sql("COMMIT")
            await settling
            assert counters(outside, task_id) == (2, 2, 2, 0, 0)
            assert deadlocks() > before


async def test_sqlite_locked_by_another_program(tmp_path: Path) -> None:
    async with await Store.open(f"sqlite:///{tmp_path}/x.db", timezone=ZONE) as store:
        task_id = await running_task(store, "1", "2")
        with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE o_uncall_task SET task_mark = 'mine'")
            assert await refused(claim(store, task_id, 1)) < LIMIT + MARGIN
            (task,) = await store.tasks()  # reading goes on
            assert task.status == "run"
            waiting = asyncio.create_task(claim(store, task_id, 1))
            other.execute("COMMIT")
            assert len(await waiting) == 1


async def test_work_that_is_cancelled_loses_no_number(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *(str(i) for i in range(200)))
    got = []
    for turn in range(40):
        work = asyncio.create_task(claim(store, task_id, 5))
        for _ in range(turn):  # each time a little later
            await asyncio.sleep(0)
        work.cancel()
        for result in await asyncio.gather(work, return_exceptions=True):
            got += [] if isinstance(result, BaseException) else result
    claimed = {each.claim.uid for each in await store.unsettled()}
    assert {c.uid for c in got} <= claimed
    assert {uid for _, status, uid in number_rows(outside, task_id) if status == 4} == claimed
    assert len(await claim(store, task_id, 200)) == 200 - len(claimed)


ENGINE = """
import asyncio, sys
from tests.integration.store.conftest import NOON, ZONE, ended
from uncall_ari.store import Store, schema
from uncall_ari.store.mysql import MysqlDatabase
from uncall_ari.store.records import Outcome

async def main(url, task_id, start):
    store = await Store.open(url, timezone=ZONE)
    for turn in range(10_000):
        uids = [f"18{start:08}.{turn * 5 + i:07}" for i in range(5)]
        claims = await store.claim(task_id, uids, trunk="t", now=NOON)
        print("claimed", *(c.uid for c in claims), flush=True)
        ends = [ended(c, Outcome(1 + c.number_id % 3), retry_at=NOON if c.number_id % 4 == 0 else None) for c in claims]
        await store.settle(ends)
        print("settled", *(c.uid for c in claims), flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


@asynccontextmanager
async def engine(url: str, task_id: int, start: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """An engine in a process of its own, which claims and settles; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ENGINE, url, str(task_id), str(start), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_an_engine_that_is_killed_anywhere(database: str, store: Store, outside: Outside) -> None:
    numbers = 2000
    task_id = await running_task(store, *(f"1{i:010}" for i in range(numbers)))
    said: dict[str, set[str]] = {"claimed": set(), "settled": set()}
    for start in range(4):
        async with engine(database, task_id, start) as process, asyncio.timeout(60):
            assert process.stdout is not None
            for _ in range(17 + 2 * start):  # lines
                word, *ids = (await process.stdout.readline()).decode().split()
                said[word].update(ids)
            process.kill()
            for line in (await process.stdout.read()).decode().splitlines():
                word, *ids = line.split()
                said[word].update(ids)
        left = await store.unsettled()
        open_uids = {each.claim.uid for each in left}
        assert said["claimed"] - said["settled"] >= open_uids & said["claimed"]
        assert not open_uids & said["settled"]
        assert {uid for _, status, uid in number_rows(outside, task_id) if status == 4} == open_uids
        assert await store.stranded(task_id) == []
        await store.release([each.claim for each in left])
    called = outside.sql("SELECT number_id, attempt, COUNT(*) FROM uncall_call GROUP BY number_id, attempt")
    assert all(many == 1 for _, _, many in called)  # no number twice for one attempt
    before = counters(outside, task_id)
    await store.recount(task_id)
    assert counters(outside, task_id) == before  # they were right all the time
    rows = outside.sql(f"SELECT call_status, COUNT(*) FROM o_task_run_{task_id} GROUP BY call_status")
    assert sum(many for _, many in rows) == numbers


async def test_closing_twice(store: Store) -> None:
    await store.close()
    await store.close()
