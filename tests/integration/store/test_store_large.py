"""A claim costs the same among very many rows as among few, whatever state they are in."""

import asyncio
from statistics import median

import pytest

from tests.integration.store.conftest import Outside, claim, running_task
from uncall_ari.lab.waits import until
from uncall_ari.store import Store

ROWS = 200_000

# state of the rows: call_status and del, by their position seq
LAYOUTS = {
    "all open": ("0", "0"),
    "called, but the last": (f"CASE WHEN seq > {ROWS - 100} THEN 0 ELSE 3 END", "0"),
    "deleted, but the last": ("0", f"CASE WHEN seq > {ROWS - 100} THEN 0 ELSE 1 END"),
    "one here and there": ("CASE WHEN seq % 1000 = 0 THEN 0 ELSE 1 END", "0"),
    "no status at all": ("NULL", "NULL"),
}


def fill(outside: Outside, task_id: int, status: str, deleted: str) -> None:
    """Write very many rows as a third party would."""
    columns = f"INSERT INTO o_task_run_{task_id} (mobile, call_status, del)"
    values = f"SELECT 13000000000 + seq, {status}, {deleted} FROM"
    if outside.mysql:
        outside.sql(f"{columns} {values} seq_1_to_{ROWS}")
    else:
        numbers = f"WITH RECURSIVE s(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s WHERE seq < {ROWS})"
        outside.sql(f"{columns} {numbers} {values} s")


async def seconds_of(store: Store, task_id: int, claims: int) -> float:
    """The median time of a claim of ten."""
    loop = asyncio.get_running_loop()
    times = []
    for _ in range(claims):
        began = loop.time()
        await claim(store, task_id, 10)
        times.append(loop.time() - began)
    return median(times)


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_claims_stay_quick(store: Store, outside: Outside, layout: str) -> None:
    small = await running_task(store, *(str(i) for i in range(60)))
    quick = await seconds_of(store, small, 5)
    large = await running_task(store)
    fill(outside, large, *LAYOUTS[layout])
    assert await until(lambda: claim(store, large, 10), "the first numbers")  # the way there is gone once
    assert await seconds_of(store, large, 5) < 5 * quick + 0.02
    assert not await store.finish_task(large)


async def test_an_empty_claim_among_deleted_rows_is_quick_the_second_time(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    fill(outside, task_id, "0", "1")
    assert await claim(store, task_id, 10) == []
    assert await seconds_of(store, task_id, 5) < 0.05
    outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile) VALUES ('9')")
    assert [c.number for c in await claim(store, task_id, 10)] == ["9"]  # at the end: found at once
    assert await store.recount(task_id) < 10
    (task,) = await store.tasks(task_id)
    assert task.numbers == 1
