"""Ours: a whole campaign of the engine, with its dialler and its database, on SQLite."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import uvloop

from tests.bench.sides.place import Orders, measured, number_of, orders
from uncall_ari.config import load_settings
from uncall_ari.engine import Engine
from uncall_ari.logs import log_to_stderr
from uncall_ari.store.records import NewTask, TaskStatus

LOOK_SECONDS = 0.5  # between two looks at whether all calls are over


async def campaign(engine: Engine, told: Orders, count: int) -> int:
    """Dial so many numbers; returns how many ended as a success."""
    places = int(told.rate * 10)
    task = NewTask(
        "bench", "ivr", "801", "bench", "127000", places, "0", "0:00", "24:00", recording=f"{told.sound}.wav"
    )
    task_id = await engine.add_task(task)
    for start in range(0, count, 2000):
        await engine.add_numbers(task_id, [number_of(each) for each in range(start, min(count, start + 2000))])
    await engine.update_task(task_id, TaskStatus.RUN, None, None)
    claimed = engine.dialer.claims.values
    before = claimed[("numbers",)]
    while claimed[("numbers",)] - before < count or len(engine.dialer.calls):  # noqa: ASYNC110 - the engine is left as it is
        await asyncio.sleep(LOOK_SECONDS)
    await engine.dialer.calls.settler.drain(10)
    (ended,) = await engine.tasks(task_id)
    return ended.success


async def main(
    told: Orders, begin: Callable[[], None] = lambda: None, more: Callable[[], dict[str, float]] = dict
) -> None:
    """Be the side. `begin` is called before each lot of calls, `more` after the last one, for further figures."""
    settings = load_settings(
        None,
        {
            "asterisk": {
                "url": told.url,
                "user": told.user,
                "password": told.password,
                "app": told.app,
                "ami_port": told.ami_port,
            },
            "database": {"url": f"sqlite:///{Path(told.folder) / 'bench.db'}"},
            "media": {"recordings": told.recordings},
            "trunk": [
                {
                    "value": "bench",
                    "endpoint": told.trunk,
                    "channels": int(told.rate * 10),
                    "calls_per_second": told.rate,
                    "allow": ["1[3-9]XXXXXXXXX"],
                }
            ],
            "ivr": {"127000": {"step": {"main": {}}}},
        },
    )
    async with Engine.running(settings, farewell_seconds=0) as engine:
        await engine.ari.connection.wait_up(10)

        async def calls(count: int) -> int:
            begin()
            return await campaign(engine, told, count)

        await measured(told, calls, more)


if __name__ == "__main__":
    log_to_stderr("warning")
    uvloop.run(main(orders()))
