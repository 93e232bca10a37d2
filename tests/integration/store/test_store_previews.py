"""Click tasks: whose a number is, and that only its agent has it dialled, once."""

import asyncio
from datetime import timedelta

import pytest

from tests.integration.store.conftest import NOON, Outside, claim, counters, ended, running_task, uids
from uncall_ari.errors import NoSuchTask
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome


async def click_task(store: Store, outside: Outside, *numbers: str) -> int:
    task_id = await running_task(store, *numbers)
    outside.sql(f"UPDATE o_uncall_task SET task_type = 'click' WHERE id = {task_id}")
    await store.recount(task_id)
    return task_id


def undistributed(outside: Outside, task_id: int) -> int:
    ((number,),) = outside.sql(f"SELECT task_undistribute FROM o_uncall_task WHERE id = {task_id}")
    return int(number)


async def test_each_agent_gets_his_own_numbers(store: Store, outside: Outside) -> None:
    task_id = await click_task(store, outside, "1", "2", "3")
    assert undistributed(outside, task_id) == 3
    outside.sql(f"UPDATE o_task_run_{task_id} SET extension = 802, contact = '李雷', customer_id = 7 WHERE id = 2")
    first, second = await store.pick(task_id, "801"), await store.pick(task_id, "802")
    assert first is not None
    assert second is not None
    assert (first.number, second.number, second.contact, second.customer_id) == ("1", "2", "李雷", 7)
    assert await store.pick(task_id, "801") == first
    await store.recount(task_id)
    assert undistributed(outside, task_id) == 1
    third = await store.pick(task_id, "803")
    assert third is not None
    assert third.number == "3"
    assert undistributed(outside, task_id) == 0
    assert await store.pick(task_id, "804") is None


async def test_two_agents_never_get_the_same_number(store: Store, outside: Outside) -> None:
    task_id = await click_task(store, outside, *(str(1000 + n) for n in range(20)))
    picked = await asyncio.gather(*(store.pick(task_id, str(801 + n)) for n in range(20)))
    assert len({each.number_id for each in picked if each}) == 20


async def test_a_number_is_claimed_by_its_agent_once(store: Store, outside: Outside) -> None:
    task_id = await click_task(store, outside, "1", "2")
    uid, other = uids(2)
    assert await store.pick(task_id, "801") is not None
    assert await store.claim_number(task_id, 1, "802", other, trunk="t", now=NOON) is None
    claimed = await store.claim_number(task_id, 1, "801", uid, trunk="t", now=NOON)
    assert claimed is not None
    assert (claimed.number, claimed.uid, claimed.attempt, claimed.claimed_at) == ("1", uid, 1, NOON)
    assert [each.claim.uid for each in await store.unsettled()] == [uid]
    assert await store.claim_number(task_id, 1, "801", other, trunk="t", now=NOON) is None
    assert await store.claim_number(task_id, 99, "801", other, trunk="t", now=NOON) is None
    await store.settle([ended(claimed, Outcome.FAILED, cause="busy")])
    assert counters(outside, task_id) == (2, 1, 0, 0, 1)
    again = await store.claim_number(task_id, 1, "801", other, trunk="t", now=NOON + timedelta(hours=1))
    assert again is not None
    assert again.attempt == 2
    assert counters(outside, task_id) == (2, 0, 0, 0, 0)
    await store.release([again])
    ((status, extension),) = outside.sql(f"SELECT call_status, extension FROM o_task_run_{task_id} WHERE id = 1")
    assert extension == 801
    assert status in (Outcome.OPEN, Outcome.FAILED)


async def test_a_number_without_a_status_and_a_deleted_one(store: Store, outside: Outside) -> None:
    task_id = await click_task(store, outside, "1", "2")
    outside.sql(f"UPDATE o_task_run_{task_id} SET del = 1 WHERE id = 1")
    outside.sql(f"UPDATE o_task_run_{task_id} SET call_status = NULL WHERE id = 2")
    (uid,) = uids(1)
    assert await store.claim_number(task_id, 1, "801", uid, trunk="t", now=NOON) is None
    picked = await store.pick(task_id, "801")
    assert picked is not None
    assert picked.number == "2"
    assert await store.claim_number(task_id, 2, "801", uid, trunk="t", now=NOON) is not None
    assert await claim(store, task_id, 1) == []


async def test_an_unknown_task_is_told(store: Store) -> None:
    with pytest.raises(NoSuchTask):
        await store.pick(4711, "801")
    with pytest.raises(NoSuchTask):
        await store.claim_number(4711, 1, "801", "1.1", trunk="t", now=NOON)
