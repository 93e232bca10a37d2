"""Why not now, on real calls: what is told agrees with what the carrier sees, and goes away with its cause."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.campaigns import finished, plain_settings, settings_for, start_task, third_party, until
from tests.integration.served import Served
from uncall_ari.dialer.obstacle import Code, Obstacle
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, Phone, answers, busy
from uncall_ari.store.records import TaskStatus

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, SECOND, THIRD = "13800138001", "13800138002", "13800138003"
QUEUE = "600"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/uncall.db"


@asynccontextmanager
async def engine_on(lab: Lab, database: str, **sections: Any) -> AsyncIterator[Engine]:
    async with Engine.running(settings_for(lab, database, **sections), 0.0) as engine:
        await engine.ari.connection.wait_up(10)
        yield engine


async def codes(engine: Engine, task: int, number: str | None = None) -> list[Code]:
    return [each.code for each in await engine.obstacles(task, number)]


async def told(engine: Engine, wanted: list[Code], task: int, number: str | None = None) -> list[Obstacle]:
    """Wait until exactly these obstacles are told, and return them."""
    seen: list[Obstacle] = []

    async def look() -> bool:
        seen[:] = await engine.obstacles(task, number)
        return [each.code for each in seen] == wanted

    try:
        await until(look, f"the obstacles to be {wanted}", 15)
    except AssertionError as error:
        raise AssertionError(f"{error}; they are {seen}") from None
    return seen


async def test_a_closed_window(lab: Lab, carrier: Carrier, database: str) -> None:
    opens = (datetime.now(ZONE) + timedelta(hours=2)).replace(second=0, microsecond=0)
    window = {"day_start": f"{opens:%H:%M}", "day_end": f"{opens + timedelta(hours=1):%H:%M}"}
    async with engine_on(lab, database) as engine:
        task = await start_task(engine, [FIRST], recording="0", **window)
        (obstacle,) = await engine.obstacles(task, FIRST)
        assert obstacle.code is Code.WINDOW_CLOSED
        assert obstacle.until == opens
        assert f"{opens:%H:%M}" in obstacle.says[1]
        assert await codes(engine, task) == [Code.WINDOW_CLOSED]
        assert not carrier.calls
        third_party(
            database, f"UPDATE o_uncall_task SET task_day_start = '00:00', task_day_end = '24:00' WHERE id = {task}"
        )
        call = await carrier.called(FIRST)
        assert Code.WINDOW_CLOSED not in await codes(engine, task)
        call.hang_up()


async def test_a_paused_task_and_numbers_that_may_not_be_called(lab: Lab, carrier: Carrier, database: str) -> None:
    carrier.behaviour = lambda number: busy()
    async with engine_on(lab, database) as engine:
        task = await paused(engine, FIRST, SECOND, "999")
        third_party(
            database,
            f"INSERT INTO uncall_dnc (number, reason, added_at) VALUES ('{FIRST}', 'test', '2026-01-01 00:00:00')",
        )
        third_party(database, f"INSERT INTO o_task_run_{task} (mobile) VALUES ('nobody')")
        third_party(database, f"INSERT INTO o_task_run_{task} (mobile, del) VALUES ('{THIRD}', 1)")
        assert await codes(engine, task) == [Code.NOT_RUNNING]
        assert await codes(engine, task, FIRST) == [Code.NOT_RUNNING, Code.DO_NOT_CALL]
        assert await codes(engine, task, SECOND) == [Code.NOT_RUNNING, Code.WAITS_ITS_TURN]
        assert await codes(engine, task, "999") == [Code.NOT_RUNNING, Code.NOT_ALLOWED, Code.WAITS_ITS_TURN]
        assert await codes(engine, task, "nobody") == [Code.NOT_RUNNING, Code.BAD_NUMBER, Code.WAITS_ITS_TURN]
        assert await codes(engine, task, THIRD) == [Code.NOT_RUNNING, Code.NUMBER_DELETED]
        assert await codes(engine, task, "13900139000") == [Code.NOT_RUNNING, Code.NUMBER_UNKNOWN]
        assert await codes(engine, task + 1, FIRST) == [Code.NO_SUCH_TASK]
        await engine.update_task(task, TaskStatus.RUN, None, None)
        await finished(engine, task)
        assert set(carrier.dialled) == {SECOND}
        assert await codes(engine, task, FIRST) == [Code.NOT_RUNNING, Code.NUMBER_IGNORED, Code.DO_NOT_CALL]
        assert await codes(engine, task, "nobody") == [Code.NOT_RUNNING, Code.NUMBER_IGNORED, Code.BAD_NUMBER]
        _, done = await engine.obstacles(task, SECOND)
        assert done.code is Code.NUMBER_DONE
        assert "with the result busy" in done.says[1]
        assert await codes(engine, task) == [Code.NOT_RUNNING, Code.NO_NUMBERS]


async def paused(engine: Engine, *numbers: str) -> int:
    task = await start_task(engine, [], recording="0")
    await engine.update_task(task, TaskStatus.PAUSE, None, None)
    assert await engine.add_numbers(task, numbers) == len(numbers)
    return task


async def test_a_full_trunk_and_a_full_task(lab: Lab, carrier: Carrier, database: str) -> None:
    carrier.behaviour = lambda number: answers(after=0.1)
    async with engine_on(lab, database, trunk=[{"channels": 2}]) as engine:
        full = await start_task(engine, [FIRST, SECOND], recording="0", call_max=1, name="full")
        await carrier.called(FIRST)
        (obstacle,) = await told(engine, [Code.CALL_MAX], full)
        assert "1 of 1" in obstacle.says[1]
        assert await codes(engine, full, FIRST) == [Code.NUMBER_IN_CALL]
        assert await codes(engine, full, SECOND) == [Code.CALL_MAX]
        other = await start_task(engine, [THIRD, "13800138004"], recording="0", name="other")
        await carrier.called(THIRD)
        (obstacle,) = await told(engine, [Code.TRUNK_FULL], other)
        assert "2 of 2 channels" in obstacle.says[1]
        assert await codes(engine, full) == [Code.TRUNK_FULL, Code.CALL_MAX]
        for call in carrier.calls:
            call.hang_up()
        await carrier.called(SECOND)
        await carrier.called("13800138004")
        for call in carrier.calls:
            call.hang_up()
        await finished(engine, full)
        await finished(engine, other)


async def test_a_queue_without_agents(lab: Lab, carrier: Carrier, database: str) -> None:
    carrier.behaviour = lambda number: answers(after=0.1)
    sections: dict[str, Any] = {"queue": {QUEUE: {"members": ["801", "802"]}}, "agents": {"sign_in": True}}
    secrets = dict(lab.spec.extensions)
    async with engine_on(lab, database, **sections) as engine, Phone("801", secrets["801"], lab.asterisk.sip_port):
        task = await start_task(engine, [FIRST], type="queue", target=QUEUE, recording="0")
        (obstacle,) = await told(engine, [Code.NO_AGENTS], task)
        assert "2 members: 2 signed out" in obstacle.says[1]
        assert await codes(engine, task, FIRST) == [Code.NO_AGENTS]
        assert not carrier.calls
        await engine.sign_in("801")
        try:
            call = await carrier.called(FIRST)
            await told(engine, [Code.NUMBER_IN_CALL], task, FIRST)
            call.hang_up()
            await finished(engine, task)
        finally:
            await engine.sign_out("801")


async def test_numbers_that_are_called_later(lab: Lab, carrier: Carrier, database: str) -> None:
    carrier.behaviour = lambda number: busy()
    async with engine_on(lab, database, dialer={"retry": {"budget": 1, "causes": {"busy": 3600}}}) as engine:
        until_at = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
        third_party(
            database, f"INSERT INTO uncall_rest VALUES ('{SECOND}', '{until_at:%Y-%m-%d %H:%M:%S}.000', 'abandoned')"
        )
        task = await start_task(engine, [FIRST, SECOND], recording="0")
        (busy_one,) = await told(engine, [Code.RETRY_LATER], task, FIRST)
        assert "after busy" in busy_one.says[1]
        assert busy_one.until
        assert timedelta(minutes=58) < busy_one.until - datetime.now(UTC) < timedelta(minutes=61)
        (resting,) = await told(engine, [Code.ABANDONED_REST], task, SECOND)
        assert resting.until == until_at
        (first,) = await told(engine, [Code.RETRY_LATER], task)
        assert "(2)" in first.says[1]
        assert first.until == busy_one.until
        assert set(carrier.dialled) == {FIRST}


async def test_a_trunk_that_rests(lab: Lab, database: str) -> None:
    async with engine_on(lab, database, trunk=[{"endpoint": "nowhere"}]) as engine:
        task = await start_task(engine, [FIRST], recording="0")
        (obstacle,) = await told(engine, [Code.TRUNK_RESTING], task, FIRST)
        assert obstacle.until
        assert obstacle.until > datetime.now(UTC)


async def test_the_database_is_away(lab: Lab, fresh_lab: Callable[..., Lab]) -> None:
    mariadb = fresh_lab(asterisk=False, mariadb=True).mariadb
    async with engine_on(lab, mariadb.url) as engine:
        task = await start_task(engine, [FIRST], recording="0", trunk="none")
        await asyncio.to_thread(mariadb.kill)
        assert await codes(engine, task, FIRST) == [Code.DATABASE_AWAY]
        await asyncio.to_thread(mariadb.start)
        assert await codes(engine, task) == [Code.UNUSABLE]


async def test_asterisk_is_away(lab: Lab, database: str) -> None:
    away = settings_for(lab, database, asterisk={"url": "http://127.0.0.1:9"})
    async with Engine.running(away, 0.0) as engine:
        task = await start_task(engine, [FIRST], recording="0")
        (obstacle,) = await engine.obstacles(task, FIRST)
        assert obstacle.code is Code.ASTERISK_AWAY


async def test_the_command_asks_the_service(
    lab: Lab, tmp_path: Path, database: str, served: Callable[[dict[str, Any]], Served]
) -> None:
    service = served(plain_settings(lab, database, web={"port": 0, "networks": [], "api_keys": ["k-1"]}))
    await service.start()
    url = await service.url()
    third_party(
        database,
        "INSERT INTO o_uncall_task (task_name, task_type, task_out_line, task_queue, task_status, call_max) "
        "VALUES ('spring', 'ivr', 'sip/test/', '127000', 'push', 1)",
    )
    status, out, err = await why("o_task_run_1", "--url", url, "--config", str(tmp_path / "uncall0.toml"))
    assert (status, err) == (1, ""), out
    assert "task 1 is not dialled now" in out
    assert "not-running" in out
    status, out, err = await why("1", "--url", url)
    assert (status, out) == (2, "")
    assert "web.api_keys" in err


async def why(*arguments: str) -> tuple[int, str, str]:
    """Run the command in a process of its own."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uncall_ari", "why", *arguments, stdout=pipe, stderr=pipe
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
