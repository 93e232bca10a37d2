"""Numbers in, claims out: each number to one call, whoever else is at work."""

import asyncio
from datetime import timedelta

import pytest

from tests.integration.store.conftest import (
    NOON,
    Open,
    Outside,
    claim,
    counters,
    ended,
    number_rows,
    running_task,
    uids,
)
from uncall_ari.lab.waits import until
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome
from uncall_ari.store.tables import number_table_name


async def test_numbers_are_stored_as_given(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    given = ["13800000001", "", "+8613800000002", "1" * 16, "1" * 17, "13800000001"]
    assert await store.add_numbers(task_id, given) == 4
    rows = outside.sql(
        "SELECT mobile, call_status, del, date_from_type, date_from_code, task_id, addtime IS NULL "
        f"FROM o_task_run_{task_id} ORDER BY id"
    )
    assert rows == [
        ("13800000001", 0, 0, "csv", "1", task_id, 0),
        ("+8613800000002", 0, 0, "csv", "3", task_id, 0),
        ("1" * 16, 0, 0, "csv", "4", task_id, 0),
        ("13800000001", 0, 0, "csv", "6", task_id, 0),
    ]
    assert counters(outside, task_id) == (4, 0, 0, 0, 0)


async def test_2000_numbers_at_once(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await store.add_numbers(task_id, [f"1{i:010}" for i in range(2000)]) == 2000
    assert loop.time() - began < 2.0  # 0.03 s on SQLite, 0.1 s on MariaDB; the margin is for a busy machine
    assert outside.sql(f"SELECT COUNT(*) FROM o_task_run_{task_id}") == [(2000,)]


async def test_a_claim_is_in_the_tables_when_it_returns(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2", "3")
    ids = uids(2)
    claims = await store.claim(task_id, ids, trunk="sip/test/", now=NOON)
    assert [(c.number_id, c.number, c.uid, c.attempt, c.claimed_at) for c in claims] == [
        (1, "1", ids[0], 1, NOON),
        (2, "2", ids[1], 1, NOON),
    ]
    rows = outside.sql(f"SELECT call_status, call_uniqueid, action_id, call_time FROM o_task_run_{task_id} ORDER BY id")
    assert [(status, uid, action, str(time)) for status, uid, action, time in rows] == [
        (4, ids[0], ids[0], "2026-03-04 12:00:00"),  # local time
        (4, ids[1], ids[1], "2026-03-04 12:00:00"),
        (0, None, None, "None"),
    ]
    record = await store.call(ids[0])
    assert record is not None
    assert (record.task_id, record.number_id, record.number, record.trunk) == (task_id, 1, "1", "sip/test/")
    assert (record.claimed_at, record.answered_at, record.ended_at, record.outcome) == (NOON, None, None, None)
    assert counters(outside, task_id) == (3, 0, 0, 0, 0)


async def test_numbers_come_in_order_and_no_more_than_there_are(store: Store) -> None:
    task_id = await running_task(store, *"12345")
    got = [[c.number for c in await claim(store, task_id, 2)] for _ in range(4)]
    assert got == [["1", "2"], ["3", "4"], ["5"], []]


async def test_claiming_nothing(store: Store) -> None:
    task_id = await running_task(store, "1")
    assert await store.claim(task_id, [], trunk="t", now=NOON) == []


async def test_broken_rows_come_as_they_are(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile) VALUES (NULL), (''), ('no phone 中文')")
    claims = await claim(store, task_id, 5)
    assert [c.number for c in claims] == ["", "", "no phone 中文"]
    await store.settle([ended(c, Outcome.IGNORED, cause="no number") for c in claims])
    assert [row[1] for row in number_rows(outside, task_id)] == [5, 5, 5]
    assert counters(outside, task_id)[1:] == (0, 0, 0, 0)


async def test_only_open_rows_are_claimed(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    outside.sql(
        f"INSERT INTO o_task_run_{task_id} (mobile, call_status, del) VALUES ('1', 1, 0), ('2', 2, 0), ('3', 3, 0), "
        "('4', 4, 0), ('5', 5, 0), ('6', 7, 0), ('7', 0, 1), ('8', NULL, 1), ('9', 0, 0)"
    )
    assert [c.number for c in await claim(store, task_id, 20)] == ["9"]
    assert await claim(store, task_id, 20) == []


async def test_null_counts_as_nought(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile, call_status, del) VALUES ('2', NULL, 0), ('3', 0, NULL)")
    outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile, call_status, del) VALUES ('4', NULL, NULL)")
    found = [c.number for c in await claim(store, task_id, 10)]
    found += [c.number for c in await until(lambda: claim(store, task_id, 10), "the rows without a status")]
    assert sorted(found) == ["1", "2", "3", "4"]


async def test_rows_that_others_open_again_are_found(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *"123456")
    claims = await claim(store, task_id, 6)
    await store.settle([ended(c, Outcome.FAILED) for c in claims])
    assert await claim(store, task_id, 6) == []
    outside.sql(f"UPDATE o_task_run_{task_id} SET call_status = 0 WHERE id IN (2, 5)")
    outside.sql(f"UPDATE o_task_run_{task_id} SET del = 1 WHERE id = 5")
    again = await until(lambda: claim(store, task_id, 6), "the row that was opened again")
    assert [(c.number_id, c.attempt) for c in again] == [(2, 1)]
    outside.sql(f"UPDATE o_task_run_{task_id} SET del = 0 WHERE id = 5")
    again = await until(lambda: claim(store, task_id, 6), "the row that is no longer deleted")
    assert [c.number_id for c in again] == [5]


async def test_two_engines_never_get_the_same_number(open_store: Open, outside: Outside) -> None:
    first, second = await open_store(), await open_store()
    task_id = await running_task(first, *(f"1{i:010}" for i in range(600)))

    def open_rows() -> int:
        return int(outside.sql(f"SELECT COUNT(*) FROM o_task_run_{task_id} WHERE call_status = 0")[0][0])

    async def worker(store: Store) -> list[tuple[int, str]]:
        got: list[tuple[int, str]] = []
        while open_rows():  # rows that the others hold are passed over: ask again
            got += [(c.number_id, c.uid) for c in await claim(store, task_id, 7)]
        return got

    parts = await asyncio.gather(*(worker(store) for store in (first, second, first, second)))
    got = [each for part in parts for each in part]
    assert sorted(number_id for number_id, _ in got) == list(range(1, 601))
    assert [(row[0], row[2]) for row in number_rows(outside, task_id)] == sorted(got)
    assert len(await first.unsettled()) == 600


async def test_claims_among_third_parties_at_work(open_store: Open, outside: Outside) -> None:
    first, second = await open_store(), await open_store()
    task_id = await running_task(first, *(f"1{i:010}" for i in range(300)))
    table = number_table_name(task_id)

    async def worker(store: Store) -> list[int]:
        got = []
        while claims := await claim(store, task_id, 5):
            got += [c.number_id for c in claims]
            await store.settle([ended(c, Outcome(1 + c.number_id % 3)) for c in claims])
        return got

    def meddle() -> None:
        for i in range(1, 301, 10):
            outside.sql(f"UPDATE {table} SET del = 1 WHERE id = ? AND call_status = 0", i)
            outside.sql(f"DELETE FROM {table} WHERE id = ? AND call_status = 0", i + 1)
            outside.sql(f"UPDATE {table} SET call_status = 5 WHERE id = ? AND call_status = 0", i + 2)
            outside.sql(f"INSERT INTO {table} (mobile) VALUES ('9')")
            outside.sql(f"UPDATE {table} SET remark = 'seen' WHERE id BETWEEN ? AND ?", i, i + 9)

    if not outside.mysql:
        outside.sql("PRAGMA busy_timeout = 5000")
    parts = await asyncio.gather(worker(first), worker(second), asyncio.to_thread(meddle))
    got = parts[0] + parts[1]
    rest = f"SELECT COUNT(*) FROM {table} WHERE call_status = 0 AND del = 0"
    while outside.sql(rest) != [(0,)]:  # what was inserted last
        got += await worker(first)
    assert len(got) == len(set(got))
    statuses = {row[0]: row[1] for row in outside.sql(f"SELECT id, call_status FROM {table} WHERE del = 0")}
    assert {number_id for number_id, status in statuses.items() if status in (1, 2, 3)} <= set(got)
    assert not {number_id for number_id, status in statuses.items() if status in (0, 4)}
    await first.recount(task_id)
    assert counters(outside, task_id) == (
        len(statuses),
        *(sum(status in wanted for status in statuses.values()) for wanted in ((1, 2, 3), (1,), (2,), (3,))),
    )


async def test_a_number_id_that_is_too_long_is_refused(store: Store) -> None:
    task_id = await running_task(store, "1")
    with pytest.raises(ValueError, match="no channel id"):
        await store.claim(task_id, ["1" * 21], trunk="t", now=NOON)
    with pytest.raises(ValueError, match="time zone"):
        await store.claim(task_id, uids(1), trunk="t", now=NOON.replace(tzinfo=None))
    assert len(await claim(store, task_id, 1)) == 1


async def test_a_channel_id_is_used_once(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2")
    (claimed,) = await claim(store, task_id, 1)
    with pytest.raises(ValueError, match="refuses"):
        await store.claim(task_id, [claimed.uid], trunk="t", now=NOON)
    assert [row[1] for row in number_rows(outside, task_id)] == [4, 0]


async def test_release_opens_the_number_again(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2", "3")
    claims = await claim(store, task_id, 3)
    outside.sql(f"UPDATE o_task_run_{task_id} SET call_status = 5 WHERE id = 2")
    await store.settle([ended(claims[2])])
    assert await store.release(claims) == 1
    assert await store.release(claims) == 0
    assert number_rows(outside, task_id) == [(1, 0, None), (2, 5, claims[1].uid), (3, 1, claims[2].uid)]
    assert await store.unsettled() == []
    assert await store.call(claims[0].uid) is None
    assert counters(outside, task_id) == (3, 1, 1, 0, 0)
    assert [c.number_id for c in await claim(store, task_id, 3)] == [1]


async def test_retries_come_when_they_are_due_and_first(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *"1234")
    early, late = (await claim(store, task_id, 2))[:2]
    await store.settle(
        [
            ended(early, Outcome.FAILED, retry_at=NOON + timedelta(minutes=5)),
            ended(late, Outcome.CALL_BACK, retry_at=NOON + timedelta(minutes=10)),
        ]
    )
    assert counters(outside, task_id) == (4, 2, 0, 1, 1)
    assert [c.number_id for c in await claim(store, task_id, 1)] == [3]
    now = NOON + timedelta(minutes=5)
    claims = await claim(store, task_id, 3, now)
    assert [(c.number_id, c.attempt) for c in claims] == [(1, 2), (4, 1)]
    assert counters(outside, task_id) == (4, 1, 0, 1, 0)  # it is being called again
    await store.settle([ended(claims[0], Outcome.FAILED, retry_at=now)])
    again = await claim(store, task_id, 3, NOON + timedelta(minutes=10))
    assert [(c.number_id, c.attempt) for c in again] == [(1, 3), (2, 2)]
    await store.settle([ended(c) for c in again])
    assert await claim(store, task_id, 3, NOON + timedelta(days=1)) == []
    history = await store.calls(task_id, number_id=1)
    assert [(r.attempt, r.outcome) for r in history] == [(1, Outcome.FAILED), (2, Outcome.FAILED), (3, Outcome.SUCCESS)]


@pytest.mark.parametrize(
    "edit",
    ["call_status = 5", "call_status = 1", "del = 1", "call_uniqueid = 'x'", "call_uniqueid = NULL"],
)
async def test_a_retry_of_a_number_that_others_changed_is_dropped(store: Store, outside: Outside, edit: str) -> None:
    task_id = await running_task(store, "1")
    (claimed,) = await claim(store, task_id, 1)
    await store.settle([ended(claimed, Outcome.FAILED, retry_at=NOON)])
    outside.sql(f"UPDATE o_task_run_{task_id} SET {edit}")
    assert await claim(store, task_id, 1) == []
    assert outside.sql("SELECT * FROM uncall_retry") == []


async def test_a_retry_of_a_number_that_others_deleted_is_dropped(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2")
    claims = await claim(store, task_id, 2)
    await store.settle([ended(c, Outcome.FAILED, retry_at=NOON) for c in claims])
    outside.sql(f"DELETE FROM o_task_run_{task_id} WHERE id = 1")
    assert [(c.number_id, c.attempt) for c in await claim(store, task_id, 2)] == [(2, 2)]


async def test_a_retry_of_a_number_that_others_opened_starts_anew(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    (claimed,) = await claim(store, task_id, 1)
    await store.settle([ended(claimed, Outcome.FAILED, retry_at=NOON + timedelta(hours=1))])
    outside.sql(f"UPDATE o_task_run_{task_id} SET call_status = 0")
    (fresh,) = await claim(store, task_id, 1)
    assert fresh.attempt == 1
    await store.settle([ended(fresh)])
    assert await claim(store, task_id, 1, NOON + timedelta(hours=2)) == []


async def test_a_released_retry_is_due_again(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    (first,) = await claim(store, task_id, 1)
    await store.settle([ended(first, Outcome.CALL_BACK, retry_at=NOON)])
    before = number_rows(outside, task_id), counters(outside, task_id)
    second = await claim(store, task_id, 1)
    assert [c.attempt for c in second] == [2]
    assert await store.release(second) == 1
    assert (number_rows(outside, task_id), counters(outside, task_id)) == before
    assert [(c.number_id, c.attempt) for c in await claim(store, task_id, 1)] == [(1, 2)]


async def test_retries_that_another_engine_wrote_are_found(open_store: Open) -> None:
    first, second = await open_store(), await open_store()
    task_id = await running_task(first, "1")
    (claimed,) = await claim(first, task_id, 1)
    assert await claim(second, task_id, 1) == []
    await first.settle([ended(claimed, Outcome.FAILED, retry_at=NOON)])
    found = await until(lambda: claim(second, task_id, 1), "the other engine's retry")
    assert [c.attempt for c in found] == [2]


async def test_retries_that_two_engines_see_are_claimed_once(open_store: Open) -> None:
    first, second = await open_store(), await open_store()
    task_id = await running_task(first, *(f"{i}" for i in range(100)))
    claims = await claim(first, task_id, 100)
    await first.settle([ended(c, Outcome.FAILED, retry_at=NOON) for c in claims])
    parts = await asyncio.gather(*(claim(store, task_id, 10) for store in [first, second] * 8))
    got = [c.number_id for part in parts for c in part]
    while more := await claim(first, task_id, 100):
        got += [c.number_id for c in more]
    assert sorted(got) == list(range(1, 101))


async def test_do_not_call(store: Store) -> None:
    assert await store.dnc_matches([]) == set()
    await store.dnc_add(["1", "2", "3"], "asked for it")
    await store.dnc_add(["3"], "again")
    many = [str(i) for i in range(2000)]
    assert await store.dnc_matches(many) == {"1", "2", "3"}
    assert await store.dnc_matches(["１", "1 ", "01"]) == set()
    assert await store.dnc_remove(["2", "77"]) == 1
    assert await store.dnc_matches(many) == {"1", "3"}
    with pytest.raises(ValueError, match="do-not-call"):
        await store.dnc_add([""], "empty")
