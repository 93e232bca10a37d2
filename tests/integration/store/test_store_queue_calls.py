"""Calls of queues: what is kept of them, the client's own ids, numbers that rest, and attempts that are postponed."""

from datetime import datetime, timedelta
from typing import Any

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
from uncall_ari.store.records import CallRecord, Claim, Outcome

LATER = NOON + timedelta(hours=72)
ABANDONED: dict[str, Any] = {
    "cause": "abandoned",
    "queue": "7001",
    "abandoned": True,
    "answered_at": NOON,
    "rest_until": LATER,
}


async def record_of(store: Store, uid: str) -> CallRecord:
    record = await store.call(uid)
    assert record is not None
    return record


def action_ids(outside: Outside, task_id: int) -> list[Any]:
    """Those of the number rows, in the order of their ids."""
    return [row[0] for row in outside.sql(f"SELECT action_id FROM o_task_run_{task_id} ORDER BY id")]


async def test_what_a_queue_made_of_a_call_is_kept(store: Store) -> None:
    task_id = await running_task(store, "1", "2", "3")
    talked, lost, plain = await claim(store, task_id, 3)
    answer = NOON + timedelta(seconds=7.25)
    values: dict[str, Any] = {"answered_at": answer, "ended_at": NOON + timedelta(seconds=60), "extension": "801"}
    await store.settle(
        [
            ended(talked, queue="7001", waited=0.4, talked=52.3456, **values),
            ended(lost, Outcome.CALL_BACK, queue="7001", waited=2.0, abandoned=True, ended_at=NOON),
            ended(plain, ended_at=NOON + timedelta(seconds=30)),
        ]
    )
    record = await record_of(store, talked.uid)
    assert (record.queue, record.waited, record.abandoned, record.talked) == ("7001", 0.4, False, 52.345)
    assert (record.action_id, record.rang) == (talked.uid, 7.25)
    record = await record_of(store, lost.uid)
    assert (record.queue, record.waited, record.abandoned, record.talked) == ("7001", 2.0, True, None)
    record = await record_of(store, plain.uid)
    assert (record.queue, record.waited, record.abandoned, record.talked, record.rang) == ("", None, False, None, 30)


@pytest.mark.parametrize("odd", [-0.001, 1e9, 0.0])
async def test_odd_times_are_kept_as_near_as_they_fit(store: Store, odd: float) -> None:
    task_id = await running_task(store, "1")
    (c,) = await claim(store, task_id, 1)
    await store.settle([ended(c, queue="q" * 80, waited=odd, talked=odd)])
    record = await record_of(store, c.uid)
    kept = min(max(odd, 0.0), 2147483.647)
    assert (record.queue, record.waited, record.talked) == ("q" * 50, kept, kept)


async def test_a_clients_action_id_goes_into_the_record(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    outside.sql(
        f"INSERT INTO o_task_run_{task_id} (mobile, action_id, call_uniqueid) VALUES ('1', 'CRM-77', NULL), "
        "('2', '1394616163.6', NULL), ('3', '', NULL), ('4', NULL, 'x'), ('5', 'x', 'x')"
    )
    claims = await claim(store, task_id, 5)
    expected = ["CRM-77", *(c.uid for c in claims[1:])]
    assert [c.action_id for c in claims] == expected
    assert [each.claim for each in await store.unsettled()] == claims
    assert action_ids(outside, task_id) == [c.uid for c in claims]  # the originate's id, as in the contract
    assert [(await record_of(store, c.uid)).action_id for c in claims] == expected


async def test_a_clients_action_id_stays_with_retries_and_what_is_given_back(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile, action_id) VALUES ('1', 'CRM-77'), ('2', NULL)")
    claims = await claim(store, task_id, 2)
    await store.release(claims)
    assert action_ids(outside, task_id) == ["CRM-77", None]
    claims = await until(lambda: claim(store, task_id, 2), "the numbers that were given back")
    await store.settle([ended(c, Outcome.FAILED, retry_at=NOON) for c in claims])
    assert [c.action_id for c in await claim(store, task_id, 2)][:1] == ["CRM-77"]
    left = [each.claim for each in await store.unsettled()]
    assert [(c.attempt, c.action_id) for c in left] == [(2, "CRM-77"), (2, left[1].uid)]
    await store.release(left)
    assert action_ids(outside, task_id) == [c.uid for c in claims]
    again = await claim(store, task_id, 2)
    assert [(c.attempt, c.action_id) for c in again] == [(2, "CRM-77"), (2, again[1].uid)]


async def test_an_abandoned_number_rests_in_all_tasks(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2", "3")
    first, second, third = await claim(store, task_id, 3)
    outside.sql(f"UPDATE o_task_run_{task_id} SET call_status = 1 WHERE id = 2")  # by hand: he was called all the same
    await store.settle([ended(first, **ABANDONED), ended(second, **ABANDONED), ended(third)])
    assert await store.resting(["1", "2", "3", "1 ", "x'"], NOON) == {"1": LATER, "2": LATER}
    assert await store.resting(["1"], LATER - timedelta(milliseconds=1)) == {"1": LATER}
    assert await store.resting(["1"], LATER) == {}
    assert await store.resting([], NOON) == {}
    assert outside.sql("SELECT number, reason FROM uncall_rest ORDER BY number") == [
        ("1", "abandoned"),
        ("2", "abandoned"),
    ]


@pytest.mark.parametrize(("waited", "kept"), [(1.9996, 1.999), (2.0, 2.0), (1.001, 1.001), (0.0004, 0.0)])
async def test_a_wait_just_below_the_limit_is_not_rounded_up_to_it(store: Store, waited: float, kept: float) -> None:
    task_id = await running_task(store, "1")
    (first,) = await claim(store, task_id, 1)
    await store.settle([ended(first, queue="7001", waited=waited, talked=waited)])
    record = await store.call(first.uid)
    assert record is not None
    assert (record.waited, record.talked) == (kept, kept)


async def test_a_claim_tells_what_the_lists_say_of_its_number_in_either_spelling(store: Store) -> None:
    other = await running_task(store, "1380", "139-0")
    await store.settle([ended(c, **ABANDONED) for c in await claim(store, other, 2)])
    await store.dnc_add(["1370", "136-0"], "asked for it")
    task_id = await running_task(store, "138-0", "139-0", "1 370", "136-0", "1350", "+1380")
    told = [(c.number, c.forbidden, c.rests_until) for c in await claim(store, task_id, 6)]
    assert told == [
        ("138-0", False, LATER),
        ("139-0", False, LATER),
        ("1 370", True, None),
        ("136-0", True, None),
        ("1350", False, None),
        ("+1380", False, None),
    ]


async def test_a_rest_is_made_longer_and_never_shorter(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "1", "1")
    first, second, third = await claim(store, task_id, 3)
    await store.settle([ended(first, **ABANDONED)])
    await store.settle([ended(second, **ABANDONED | {"rest_until": LATER - timedelta(days=1)})])
    assert await store.resting(["1"], NOON) == {"1": LATER}
    longer = LATER + timedelta(days=1)
    await store.settle([ended(third, **ABANDONED | {"rest_until": longer})])
    assert await store.resting(["1"], NOON) == {"1": longer}
    outside.sql("DELETE FROM uncall_rest")
    await store.settle([ended(first, **ABANDONED)])  # written before: changes nothing
    assert await store.resting(["1"], NOON) == {}


async def test_many_numbers_are_asked_at_once(store: Store) -> None:
    task_id = await running_task(store, *(str(i) for i in range(1200)))
    claims = await claim(store, task_id, 1200)
    await store.settle([ended(c, **ABANDONED) for c in claims[::2]])
    assert await store.resting([c.number for c in claims], NOON) == {c.number: LATER for c in claims[::2]}


async def test_rests_that_are_over_are_forgotten(open_store: Open, outside: Outside) -> None:
    store = await open_store()
    task_id = await running_task(store, "1", "2")
    first, second = await claim(store, task_id, 2)
    await store.settle([ended(first, **ABANDONED)])
    later: dict[str, Any] = {"ended_at": LATER + timedelta(hours=1), "rest_until": LATER + timedelta(days=3)}
    engine = await open_store()  # an engine looks for them after its start, and then once an hour
    await engine.settle([ended(second, **ABANDONED | later)])
    assert outside.sql("SELECT number FROM uncall_rest") == [("2",)]


async def postponed(store: Store, claims: list[Claim], due_at: datetime) -> int:
    return await store.postpone([(each, due_at) for each in claims])


async def test_a_first_attempt_that_is_postponed_waits_for_its_time(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *"12345")
    claims = await claim(store, task_id, 3)
    assert await postponed(store, claims[:2], LATER) == 2
    assert await postponed(store, claims[:2], LATER) == 0  # they are given back
    await store.release(claims[2:])
    assert number_rows(outside, task_id)[:3] == [(i, 0, None) for i in (1, 2, 3)]
    assert counters(outside, task_id) == (5, 0, 0, 0, 0)
    assert await store.call(claims[0].uid) is None
    found = [c.number for c in await claim(store, task_id, 9)]
    found += [c.number for c in await until(lambda: claim(store, task_id, 9), "the number that was given back")]
    assert found == ["4", "5", "3"]
    assert await claim(store, task_id, 9) == []
    assert not await store.finish_task(task_id)  # it has numbers yet
    again = await claim(store, task_id, 9, now=LATER)
    assert [(c.number, c.attempt) for c in again] == [("1", 1), ("2", 1)]
    await store.settle([ended(c) for c in again])
    assert counters(outside, task_id) == (5, 2, 2, 0, 0)
    assert outside.sql("SELECT * FROM uncall_retry") == []


async def test_a_retry_that_is_postponed_keeps_what_it_was(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    (first,) = await claim(store, task_id, 1)
    await store.settle([ended(first, Outcome.FAILED, retry_at=NOON)])
    before = number_rows(outside, task_id), counters(outside, task_id)
    second = await claim(store, task_id, 1)
    assert await postponed(store, second, LATER) == 1
    assert (number_rows(outside, task_id), counters(outside, task_id)) == before
    assert await claim(store, task_id, 1, now=LATER - timedelta(seconds=1)) == []
    (again,) = await claim(store, task_id, 1, now=LATER)
    assert (again.attempt, again.claimed_at) == (2, LATER)
    assert await postponed(store, [again], LATER + timedelta(hours=1)) == 1  # and once more
    assert [c.attempt for c in await claim(store, task_id, 1, now=LATER + timedelta(hours=1))] == [2]


@pytest.mark.parametrize("edit", ["call_status = 5", "call_status = 1", "call_uniqueid = 'theirs'", "del = 1"])
async def test_what_others_change_goes_before_a_postponed_attempt(store: Store, outside: Outside, edit: str) -> None:
    task_id = await running_task(store, "1", "2")
    claims = await claim(store, task_id, 2)
    outside.sql(f"UPDATE o_task_run_{task_id} SET {edit} WHERE id = 1")  # while it is claimed
    assert await postponed(store, claims, LATER) == (2 if edit == "del = 1" else 1)
    outside.sql(f"UPDATE o_task_run_{task_id} SET {edit} WHERE id = 2")  # while it is postponed
    found = await claim(store, task_id, 9, now=LATER)
    assert [c.number for c in found] == (["2"] if "uniqueid" in edit else [])  # still open: his own id is no order
    assert outside.sql("SELECT * FROM uncall_retry") == []


async def test_a_postponed_number_of_a_deleted_row_or_task_harms_nothing(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2")
    gone = await running_task(store, "1")
    claims, others = await claim(store, task_id, 2), await claim(store, gone, 1)
    outside.sql(f"DROP TABLE o_task_run_{gone}")
    outside.sql("DELETE FROM o_uncall_task WHERE id = ?", gone)
    assert await postponed(store, [*others, *claims], LATER) == 2
    outside.sql(f"DELETE FROM o_task_run_{task_id} WHERE id = 1")
    assert [c.number for c in await claim(store, task_id, 9, now=LATER)] == ["2"]


async def test_open_numbers_are_found_among_very_many_postponed_ones(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *(str(i) for i in range(3000)))
    outside.sql(
        "INSERT INTO uncall_retry (task_id, number_id, uid, attempts, due_at) "
        f"SELECT {task_id}, id, '1.1', 0, '2026-03-07 04:00:00.000' FROM o_task_run_{task_id} WHERE id < 2998"
    )
    found = await until(lambda: claim(store, task_id, 9), "the open numbers")
    assert [c.number_id for c in found] == [2998, 2999, 3000]
    assert await claim(store, task_id, 9) == []
    early = await claim(store, task_id, 9, now=LATER)
    assert len({c.number_id for c in early}) == 9


async def test_postponed_numbers_that_are_due_come_with_open_ones_and_none_twice(store: Store) -> None:
    task_id = await running_task(store, *(str(i) for i in range(20)))
    claims = await claim(store, task_id, 20)
    assert await postponed(store, claims[4:], LATER) == 16
    await store.add_numbers(task_id, [str(i) for i in range(20, 30)])
    found: list[Claim] = []
    while fresh := await store.claim(task_id, uids(7), trunk="t", now=LATER):
        found += fresh
    assert sorted(c.number_id for c in found) == list(range(5, 31))


async def test_open_numbers_far_behind_a_postponed_one_are_found(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    assert await postponed(store, await claim(store, task_id, 1), LATER) == 1
    outside.sql(f"INSERT INTO o_task_run_{task_id} (id, mobile) VALUES (50000, '2')")
    found = await until(lambda: claim(store, task_id, 9), "the number far behind", 5)
    assert [c.number for c in found] == ["2"]


async def test_another_engine_goes_on_behind_what_was_postponed(open_store: Open) -> None:
    first = await open_store()
    task_id = await running_task(first, *(str(i) for i in range(1, 11)))
    claims = await claim(first, task_id, 10)
    await first.release([c for c in claims if c.number_id != 9])
    assert await postponed(first, [c for c in claims if c.number_id == 9], LATER) == 1
    second = await open_store()
    assert [c.number_id for c in await claim(second, task_id, 2, now=LATER)] == [9, 1]
    assert [c.number_id for c in await claim(second, task_id, 2, now=LATER)] == [2, 3]
    again = await claim(second, task_id, 2, now=LATER)
    assert await postponed(second, again, LATER) == 2
    third = await open_store()
    assert [c.number_id for c in await claim(third, task_id, 4, now=LATER)] == [4, 5, 6, 7]


async def test_postponing_nothing(store: Store) -> None:
    assert await store.postpone([]) == 0
