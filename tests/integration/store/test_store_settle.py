"""Settling: once, all or nothing, and never over what third parties wrote meanwhile."""

import asyncio
from datetime import timedelta

import pytest

from tests.integration.store.conftest import (
    NOON,
    Outside,
    claim,
    counters,
    ended,
    number_rows,
    running_task,
)
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome, Settlement


async def test_every_outcome_in_one_batch(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *"12345")
    claims = await claim(store, task_id, 5)
    outcomes = [Outcome.SUCCESS, Outcome.CALL_BACK, Outcome.FAILED, Outcome.IGNORED, Outcome.OPEN]
    await store.settle([ended(c, outcome) for c, outcome in zip(claims, outcomes, strict=True)])
    assert [row[1] for row in number_rows(outside, task_id)] == [1, 2, 3, 5, 0]
    assert counters(outside, task_id) == (5, 3, 1, 1, 1)
    assert await store.unsettled() == []


async def test_everything_that_is_known_is_kept(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "13800000001")
    (c,) = await claim(store, task_id, 1)
    answered, end = NOON + timedelta(seconds=7.25), NOON + timedelta(seconds=40.5)
    settlement = ended(
        c,
        Outcome.SUCCESS,
        cause="answered",
        ended_at=end,
        q850=16,
        sip=200,
        answered_at=answered,
        billsec=33,
        extension="801",
        keys="12*#",
        amd="HUMAN",
    )
    await store.settle([settlement])
    record = await store.call(c.uid)
    assert record is not None
    assert (record.claimed_at, record.answered_at, record.ended_at) == (NOON, answered, end)
    assert (record.outcome, record.cause, record.q850, record.sip) == (Outcome.SUCCESS, "answered", 16, 200)
    assert (record.billsec, record.extension, record.keys, record.amd) == (33, "801", "12*#", "HUMAN")
    row = outside.sql(f"SELECT call_status, call_billsec, extension, call_uniqueid FROM o_task_run_{task_id}")
    assert row == [(1, 33, 801, c.uid)]
    assert [r.uid for r in await store.calls(task_id, since=NOON, until=end + timedelta(seconds=1))] == [c.uid]
    assert await store.calls(task_id, since=NOON, until=end) == []
    assert await store.calls(task_id, number_id=2) == []


async def test_settling_twice_changes_nothing(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2")
    claims = await claim(store, task_id, 2)
    batch = [ended(claims[0]), ended(claims[1], Outcome.FAILED, retry_at=NOON + timedelta(hours=1))]
    await store.settle([batch[0], *batch, batch[1]])  # the same twice in one batch, too
    after = number_rows(outside, task_id), counters(outside, task_id), outside.sql("SELECT * FROM uncall_retry")
    records = await store.calls(task_id, since=NOON)
    await store.settle(batch)
    later = [ended(c, Outcome.CALL_BACK, cause="other", ended_at=NOON + timedelta(1)) for c in claims]
    await store.settle(later)
    assert counters(outside, task_id) == (2, 2, 1, 0, 1)
    again = number_rows(outside, task_id), counters(outside, task_id), outside.sql("SELECT * FROM uncall_retry")
    assert again == after
    assert await store.calls(task_id, since=NOON) == records


async def test_the_first_answer_stays(store: Store) -> None:
    task_id = await running_task(store, "1", "2")
    first, second = await claim(store, task_id, 2)
    await store.settle([], [(first.uid, NOON), ("unknown", NOON)])
    await store.settle([], [(first.uid, NOON + timedelta(seconds=9)), (second.uid, NOON)])
    await store.settle([], [])
    assert [(each.claim, each.trunk, each.answered_at) for each in await store.unsettled()] == [
        (first, "sip/test/", NOON),
        (second, "sip/test/", NOON),
    ]
    await store.settle([ended(first)])  # a settlement that does not know it
    record = await store.call(first.uid)
    assert record is not None
    assert record.answered_at == NOON


@pytest.mark.parametrize(
    ("edit", "status", "uid"),
    [
        ("call_status = 0", 0, "ours"),
        ("call_status = 5", 5, "ours"),
        ("call_status = NULL", None, "ours"),
        ("call_uniqueid = 'theirs'", 4, "theirs"),
        ("call_uniqueid = NULL", 4, None),
    ],
)
async def test_what_others_changed_meanwhile_stays(
    store: Store, outside: Outside, edit: str, status: int | None, uid: str | None
) -> None:
    task_id = await running_task(store, "1", "2")
    first, second = await claim(store, task_id, 2)
    outside.sql(f"UPDATE o_task_run_{task_id} SET {edit} WHERE id = 1")
    await store.settle([ended(first, retry_at=NOON), ended(second)])
    ours = first.uid if uid == "ours" else uid
    assert number_rows(outside, task_id) == [(1, status, ours), (2, 1, second.uid)]
    assert counters(outside, task_id) == (2, 1, 1, 0, 0)
    assert outside.sql("SELECT * FROM uncall_retry") == []
    record = await store.call(first.uid)
    assert record is not None
    assert record.outcome is Outcome.SUCCESS


async def test_a_deleted_number_is_settled_and_not_counted(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2", "3")
    marked, gone, kept = await claim(store, task_id, 3)
    outside.sql(f"UPDATE o_task_run_{task_id} SET del = 1 WHERE id = 1")
    outside.sql(f"DELETE FROM o_task_run_{task_id} WHERE id = 2")
    await store.settle([ended(marked), ended(gone), ended(kept)])
    assert number_rows(outside, task_id) == [(1, 1, marked.uid), (3, 1, kept.uid)]
    assert counters(outside, task_id)[1:] == (1, 1, 0, 0)
    assert await store.unsettled() == []


async def test_one_batch_for_many_tasks(store: Store, outside: Outside) -> None:
    tasks = [await running_task(store, "1", "2") for _ in range(3)]
    claims = [c for task_id in tasks for c in await claim(store, task_id, 2)]
    outside.sql(f"DROP TABLE o_task_run_{tasks[1]}")
    outside.sql("DELETE FROM o_uncall_task WHERE id = ?", tasks[1])
    await store.settle([ended(c) for c in reversed(claims)])
    assert await store.unsettled() == []
    for task_id in (tasks[0], tasks[2]):
        assert counters(outside, task_id) == (2, 2, 2, 0, 0)


async def test_texts_that_are_too_long_are_cut(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    (c,) = await claim(store, task_id, 1)
    await store.settle([ended(c, cause="x" * 99, keys="1" * 99, amd="y" * 99, extension="8" * 99)])
    record = await store.call(c.uid)
    assert record is not None
    assert (len(record.cause), len(record.keys), len(record.amd), len(record.extension)) == (32, 64, 32, 32)
    assert outside.sql(f"SELECT extension FROM o_task_run_{task_id}") == [(None,)]


async def test_an_extension_that_others_assigned_stays_when_nobody_talked(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    outside.sql(f"UPDATE o_task_run_{task_id} SET extension = 805")
    (c,) = await claim(store, task_id, 1)
    await store.settle([ended(c, Outcome.FAILED)])
    assert outside.sql(f"SELECT extension FROM o_task_run_{task_id}") == [(805,)]


async def test_calling_is_no_outcome(store: Store) -> None:
    task_id = await running_task(store, "1")
    (c,) = await claim(store, task_id, 1)
    with pytest.raises(ValueError, match="CALLING"):
        await store.settle([ended(c, Outcome.CALLING)])
    await store.settle([])
    assert len(await store.unsettled()) == 1


async def test_a_settlement_of_nothing_known_changes_nothing(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    (c,) = await claim(store, task_id, 1)
    await store.settle([Settlement(task_id, 1, "9.9", Outcome.SUCCESS, "x", NOON)])
    await store.settle([Settlement(task_id, 99, c.uid, Outcome.SUCCESS, "x", NOON)])  # not its number
    assert number_rows(outside, task_id) == [(1, 4, c.uid)]
    assert counters(outside, task_id) == (1, 0, 0, 0, 0)


async def test_stranded_numbers_are_found_and_can_be_settled(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *"12345")
    going, over, lost = await claim(store, task_id, 3)
    await store.settle([ended(over)])
    outside.sql("DELETE FROM uncall_call WHERE uid = ?", lost.uid)
    outside.sql(f"UPDATE o_task_run_{task_id} SET call_status = 4 WHERE id IN (2, 4)")
    found = await store.stranded(task_id)
    assert [(s.number_id, s.number, s.uid, s.called_at) for s in found] == [
        (2, "2", over.uid, NOON),
        (3, "3", lost.uid, NOON),
        (4, "4", "", None),
    ]
    await store.settle([Settlement(task_id, s.number_id, s.uid, Outcome.OPEN, "stranded", NOON) for s in found])
    assert await store.stranded(task_id) == []
    assert [row[1] for row in number_rows(outside, task_id)] == [4, 0, 0, 0, 0]
    assert [each.claim for each in await store.unsettled()] == [going]


async def test_stranded_in_a_table_of_another_character_set(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2")
    if outside.mysql:  # tables as they come from an old server
        outside.sql(f"ALTER TABLE o_task_run_{task_id} CONVERT TO CHARACTER SET latin1 COLLATE latin1_swedish_ci")
    claims = await claim(store, task_id, 2)
    assert await store.stranded(task_id) == []
    await store.settle([ended(claims[0], Outcome.FAILED, retry_at=NOON), ended(claims[1])])
    assert not await store.finish_task(task_id)
    assert [c.attempt for c in await claim(store, task_id, 1)] == [2]
    assert counters(outside, task_id) == (2, 1, 1, 0, 0)


async def test_recount_after_others_changed_numbers(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *(str(i) for i in range(20)))
    table = f"o_task_run_{task_id}"
    claims = await claim(store, task_id, 8)
    await store.settle([ended(c, Outcome(1 + i % 3)) for i, c in enumerate(claims)])
    outside.sql(f"UPDATE {table} SET call_status = 1 WHERE id = 15")
    outside.sql(f"UPDATE {table} SET del = 1 WHERE id IN (1, 16)")
    outside.sql(f"DELETE FROM {table} WHERE id IN (2, 17)")
    outside.sql(f"INSERT INTO {table} (mobile, call_status, del) VALUES ('x', NULL, NULL), ('y', 2, 0), ('z', 9, 0)")
    outside.sql("UPDATE o_uncall_task SET task_success = 999, task_fail = NULL")
    assert 0 < await store.recount(task_id) < 5
    assert counters(outside, task_id) == (19, 8, 3, 3, 2)
    assert outside.sql(f"SELECT COUNT(*) FROM {table} WHERE call_status IS NULL") == [(0,)]
    await store.recount(task_id)
    assert counters(outside, task_id) == (19, 8, 3, 3, 2)


async def test_recount_of_an_empty_task(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    outside.sql("UPDATE o_uncall_task SET task_num = 5, task_called = 4")
    await store.recount(task_id)
    assert counters(outside, task_id) == (0, 0, 0, 0, 0)


async def test_recount_while_calls_go_on_loses_none(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *(str(i) for i in range(200)))
    outside.sql("UPDATE o_uncall_task SET task_called = 50, task_num = 7")

    async def dial() -> None:
        settled = 0
        while settled < 200:  # a claim may come back empty while the recount holds rows
            claims = await claim(store, task_id, 5)
            await store.settle([ended(c) for c in claims])
            settled += len(claims)

    async def count() -> None:
        for _ in range(20):
            await store.recount(task_id)

    await asyncio.gather(dial(), count(), count())
    assert counters(outside, task_id) == (200, 200, 200, 0, 0)
