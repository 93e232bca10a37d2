"""Looking at a task's numbers: what is counted, how one stands, and that claims come in the order that is told."""

import random
from datetime import timedelta

import pytest

from tests.integration.store.conftest import NOON, Open, Outside, claim, ended, running_task
from uncall_ari.errors import NoSuchTask
from uncall_ari.store import Store, looking
from uncall_ari.store.records import Outcome, Standing, Supply

LATER = NOON + timedelta(minutes=5)
NUMBERS = [f"1380013800{n}" for n in range(8)]


async def standing(store: Store, task: int, number: str, plain: str = "") -> Standing:
    """How a number stands that is there."""
    found = await store.standing(task, number, plain or number, NOON)
    assert found
    return found


async def test_supply_counts_what_may_be_claimed(store: Store, outside: Outside) -> None:
    task = await running_task(store, *NUMBERS)
    assert await store.supply(task, NOON) == Supply(8, 0, 0, None, 0)
    called, busy, soon, rests = await claim(store, task, 4)
    await store.settle(
        [
            ended(called),
            ended(busy, Outcome.FAILED, cause="busy", retry_at=NOON),
            ended(soon, Outcome.FAILED, cause="busy", retry_at=LATER),
        ]
    )
    await store.postpone([(rests, LATER + timedelta(hours=1))])
    outside.sql(f"UPDATE o_task_run_{task} SET call_status = NULL, del = NULL WHERE mobile = ?", NUMBERS[4])
    outside.sql(f"UPDATE o_task_run_{task} SET del = 1 WHERE mobile = ?", NUMBERS[5])
    outside.sql(f"UPDATE o_task_run_{task} SET call_status = 4 WHERE mobile = ?", NUMBERS[6])
    assert await store.supply(task, NOON) == Supply(open=2, due=1, later=2, next_due=LATER, calling=1)
    outside.sql(f"UPDATE o_task_run_{task} SET call_status = 1 WHERE mobile = ?", busy.number)  # no retry any more
    assert await store.supply(task, NOON) == Supply(open=2, due=0, later=2, next_due=LATER, calling=1)
    outside.sql(f"UPDATE o_task_run_{task} SET call_uniqueid = 'other' WHERE mobile = ?", soon.number)  # nor here
    assert await store.supply(task, NOON) == Supply(2, 0, 1, LATER + timedelta(hours=1), 1)


async def test_a_task_without_a_table_is_none(store: Store) -> None:
    with pytest.raises(NoSuchTask):
        await store.supply(7, NOON)
    with pytest.raises(NoSuchTask):
        await store.standing(7, NUMBERS[0], NUMBERS[0], NOON)


async def test_how_a_number_stands(store: Store, outside: Outside) -> None:
    task = await running_task(store, *NUMBERS)
    (first,) = await claim(store, task, 1)
    assert await store.standing(task, "13900139000", "13900139000", NOON) is None
    under_way = await standing(store, task, NUMBERS[0])
    assert (under_way.number_id, under_way.status, under_way.in_call) == (first.number_id, Outcome.CALLING, True)
    await store.settle([ended(first, Outcome.FAILED, cause="busy", retry_at=LATER)])
    waits = await standing(store, task, NUMBERS[0])
    assert waits == Standing(first.number_id, NUMBERS[0], Outcome.FAILED, False, False, LATER, 0, "busy", NOON)
    outside.sql(f"UPDATE o_task_run_{task} SET call_uniqueid = 'other' WHERE mobile = ?", NUMBERS[0])
    assert (await standing(store, task, NUMBERS[0])).due_at is None  # a third party has changed it since
    outside.sql(f"UPDATE o_task_run_{task} SET call_status = 4 WHERE mobile = ?", NUMBERS[1])
    stranded = await standing(store, task, NUMBERS[1])
    assert (stranded.status, stranded.in_call, stranded.cause, stranded.ended_at) == (Outcome.CALLING, False, "", None)
    outside.sql(f"UPDATE o_task_run_{task} SET del = 1, mobile = '138-0013-8009' WHERE mobile = ?", NUMBERS[2])
    deleted = await standing(store, task, "138-0013-8009", "13800138009")
    assert (deleted.number, deleted.deleted, deleted.before) == ("138-0013-8009", True, 0)


async def test_a_postponed_number_is_open_and_due_later(store: Store) -> None:
    task = await running_task(store, *NUMBERS)
    (rests,) = await claim(store, task, 1)
    await store.postpone([(rests, LATER)])
    found = await standing(store, task, rests.number)
    assert (found.status, found.due_at, found.before) == (Outcome.OPEN, LATER, 0)


async def test_of_several_rows_the_one_that_is_dialled_next(store: Store, outside: Outside) -> None:
    task = await running_task(store, NUMBERS[0], NUMBERS[0], NUMBERS[0])
    (first,) = await claim(store, task, 1)
    assert (await standing(store, task, NUMBERS[0])).number_id == first.number_id  # in a call
    await store.settle([ended(first)])
    assert (await standing(store, task, NUMBERS[0])).number_id == first.number_id + 1  # open
    outside.sql(f"UPDATE o_task_run_{task} SET call_status = 4 WHERE id = ?", first.number_id + 2)
    assert (await standing(store, task, NUMBERS[0])).number_id == first.number_id + 2  # said to be in a call
    outside.sql(f"UPDATE o_task_run_{task} SET call_status = 0 WHERE id = ?", first.number_id + 2)
    outside.sql(f"UPDATE o_task_run_{task} SET del = 1 WHERE id = ?", first.number_id + 1)
    assert (await standing(store, task, NUMBERS[0])).number_id == first.number_id + 2


async def test_numbers_are_claimed_in_the_order_that_is_told(store: Store, outside: Outside) -> None:
    """Open ones, some opened again further up, due and postponed ones, some marked as deleted."""
    numbers = [f"13800138{n:03}" for n in range(40)]
    task = await running_task(store, *numbers)
    dice = random.Random(5)
    *taken, rests, rests_too = await claim(store, task, 22)
    retries = dice.sample(taken, 8)
    due = dict(zip(retries, dice.sample(range(1, 500), 8), strict=True))  # no two at the same moment
    await store.settle(
        [
            ended(each, Outcome.FAILED, cause="busy", retry_at=NOON - timedelta(seconds=due[each]))
            if each in retries
            else ended(each)
            for each in taken
        ]
    )
    await store.postpone([(rests, NOON - timedelta(seconds=250.5)), (rests_too, LATER)])
    for each in dice.sample([each for each in taken if each not in retries], 5):
        outside.sql(f"UPDATE o_task_run_{task} SET call_status = 0 WHERE id = ?", each.number_id)
    outside.sql(f"UPDATE o_task_run_{task} SET del = 1 WHERE mobile IN (?, ?)", numbers[25], numbers[26])
    told = {number: await standing(store, task, number) for number in numbers if number != rests_too.number}
    waiting = {n: s.before for n, s in told.items() if not s.deleted and (s.status == Outcome.OPEN or s.due_at)}
    supply = await store.supply(task, NOON)
    assert (supply.open, supply.due, supply.later) == (16 + 5, 8 + 1, 1)
    assert len(waiting) == supply.open + supply.due
    claimed: list[str] = []
    while len(claimed) < len(waiting):
        more = await claim(store, task, 3)
        assert more, (claimed, waiting)
        claimed += [each.number for each in more]
    assert {number: place for place, number in enumerate(claimed)} == waiting


async def test_counting_stops(store: Store, open_store: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST", 3)
    task = await running_task(store, *NUMBERS)
    assert (await store.supply(task, NOON)).open == 3
    assert (await standing(store, task, NUMBERS[-1])).before == 3
    assert (await standing(store, task, NUMBERS[1])).before == 1
