"""Campaigns on a real Asterisk and a carrier that keeps its own books, on SQLite and on MariaDB."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.campaigns import (
    calls_by_number,
    finished,
    new_task,
    settings_for,
    start_task,
    third_party,
    until,
)
from tests.integration.conftest import TONE
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import (
    Behaviour,
    Carrier,
    Phone,
    answers,
    busy,
    congested,
    declined,
    early_hangup,
    machine,
    no_answer,
    person,
    presses,
    unknown,
)
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome, TaskStatus

pytestmark = pytest.mark.usefixtures("tone_wav")

CONDUCT: dict[str, tuple[Behaviour, Outcome, str]] = {
    "13800138000": (answers(), Outcome.SUCCESS, "answered"),
    "13800138001": (busy(), Outcome.FAILED, "busy"),
    "13800138002": (declined(), Outcome.FAILED, "rejected"),
    "13800138003": (unknown(), Outcome.FAILED, "unallocated"),
    "13800138004": (congested(), Outcome.FAILED, "congestion"),
    "13800138005": (no_answer(), Outcome.FAILED, "no-answer"),
    "13800138006": (early_hangup(1.0), Outcome.SUCCESS, "answered"),
    "13800138007": (presses("1", after=4.0), Outcome.SUCCESS, "answered"),
    "13800138008": (presses("9", after=4.0), Outcome.CALL_BACK, "call-back"),
}


@pytest.fixture(params=["sqlite", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/uncall.db"
    else:
        yield request.getfixturevalue("mariadb_database")


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The URL of an empty SQLite database."""
    return f"sqlite:///{tmp_path}/uncall.db"


def engine_on(lab: Lab, database: str, **sections: Any) -> AbstractAsyncContextManager[Engine]:
    return Engine.running(settings_for(lab, database, **sections), farewell_seconds=0.0)


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    """The database as a third party sees it."""
    from zoneinfo import ZoneInfo

    async with await Store.open(database, timezone=ZoneInfo("Asia/Shanghai")) as store:
        yield store


async def test_every_number_is_settled_as_the_carrier_saw_it(
    lab: Lab, carrier: Carrier, database: str, store: Store
) -> None:
    carrier.behaviour = lambda number: CONDUCT[number][0]
    async with engine_on(lab, database) as engine:
        task_id = await start_task(engine, list(CONDUCT), caller_id="02088880000")
        heard = await carrier.called("13800138000")
        await heard.hears(TONE)
        task = await finished(engine, task_id)
    assert set(carrier.dialled.values()) == {1}, carrier.report()
    assert {call.caller_id for call in carrier.calls} == {"02088880000"}
    calls = await calls_by_number(store, task_id)
    told = {number: [(call.outcome, call.cause) for call in calls[number]] for number in CONDUCT}
    assert told == {number: [(outcome, cause)] for number, (_, outcome, cause) in CONDUCT.items()}
    assert calls["13800138007"][0].keys == "1"
    for call in carrier.calls:
        (record,) = calls[call.number]
        assert abs(record.billsec - call.talk_seconds) <= 0.7, f"{call}: {record}"
    assert (task.numbers, task.called, task.success, task.call_back, task.failed) == (9, 9, 3, 1, 5)


async def test_the_number_table_tells_it_too(lab: Lab, carrier: Carrier, database: str, store: Store) -> None:
    carrier.behaviour = lambda number: early_hangup(1.0)
    async with engine_on(lab, database) as engine:
        task_id = await start_task(engine, ["13800138000"])
        await finished(engine, task_id)
    (row,) = third_party(database, f"SELECT * FROM o_task_run_{task_id}")
    assert row["call_status"] == 1
    assert row["call_billsec"] in (0, 1)
    assert row["call_uniqueid"] == (await store.calls(task_id))[0].uid
    assert row["call_time"] is not None


async def test_a_task_pauses_resumes_and_stops(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    carrier.behaviour = lambda number: early_hangup(0.3)
    numbers = [f"1380013{number:04d}" for number in range(60)]
    async with engine_on(lab, sqlite, trunk=[{"calls_per_second": 10}]) as engine:
        task_id = await start_task(engine, numbers)
        await carrier.wait_for(lambda it: len(it.calls) >= 5, 10, "five calls")
        await engine.update_task(task_id, TaskStatus.PAUSE, None, None)
        await until_quiet(engine)
        paused_at = len(carrier.calls)
        assert paused_at < len(numbers)
        (task,) = await engine.tasks(task_id)
        assert task.status == "push"
        await engine.update_task(task_id, TaskStatus.RUN, None, None)
        await carrier.wait_for(lambda it: len(it.calls) > paused_at, 10, "a call after the pause")
        await finished(engine, task_id)
    assert carrier.dialled == dict.fromkeys(numbers, 1)


async def until_quiet(engine: Engine) -> None:
    async def quiet() -> bool:
        return not len(engine.dialer.calls)

    await until(quiet, "the calls under way to end")


async def test_limits_hold(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    carrier.behaviour = lambda number: answers(hang_up_after=0.5)
    limits = [
        {"value": "sip/a/", "channels": 4, "calls_per_second": 20},
    ]
    async with engine_on(lab, sqlite, trunk=limits) as engine:
        first = await start_task(engine, [f"1380013{n:04d}" for n in range(10)], trunk="sip/a/", call_max=30)
        second = await start_task(engine, [f"1390013{n:04d}" for n in range(10)], trunk="sip/a/", call_max=2)
        await finished(engine, first)
        await finished(engine, second)
    assert carrier.most_at_once() <= 4, "the trunk's channels"
    narrow = sorted(call.invited_at for call in carrier.calls if call.number.startswith("139"))
    assert len(narrow) == 10
    starts = sorted(call.invited_at for call in carrier.calls)
    assert max(sum(1 for other in starts if start <= other < start + 1) for start in starts) <= 24, "the rate"


async def test_third_parties_write_the_tables(lab: Lab, carrier: Carrier, database: str) -> None:
    carrier.behaviour = lambda number: early_hangup(0.3)
    async with engine_on(lab, database, dialer={"finish_after": 3600}) as engine:
        task_id = await start_task(engine, ["13800138000"])
        await carrier.called("13800138000")
        third_party(database, f"INSERT INTO o_task_run_{task_id} (mobile) VALUES ('13800138001')")
        await carrier.called("13800138001", 3)
        third_party(database, f"UPDATE o_uncall_task SET task_status='push' WHERE id={task_id}")
        await sees_the_pause(engine)
        third_party(database, f"INSERT INTO o_task_run_{task_id} (mobile) VALUES ('13800138002')")
        third_party(database, f"INSERT INTO o_task_run_{task_id} (mobile, del) VALUES ('13800138003', 1)")
        third_party(database, f"INSERT INTO o_task_run_{task_id} (mobile) VALUES (NULL)")
        assert "13800138002" not in carrier.dialled
        third_party(database, f"UPDATE o_uncall_task SET task_status='run' WHERE id={task_id}")
        await carrier.called("13800138002", 3)

        async def counted() -> bool:
            (task,) = await engine.tasks(task_id)
            return (task.numbers, task.called, task.success) == (4, 3, 3)

        await until(counted, "the counters to say what the table holds", 6)
        rows = third_party(database, f"SELECT mobile, call_status FROM o_task_run_{task_id} ORDER BY id")
        assert [row["call_status"] for row in rows] == [1, 1, 1, 0, 5], rows
    assert set(carrier.dialled.values()) == {1}


async def sees_the_pause(engine: Engine) -> None:
    """Wait until the engine has looked at the tables and runs nothing: contract, within 2 s."""

    async def looked() -> bool:
        return not engine.dialer.plans

    await until(looked, "the engine to see that the task is paused", 2.0)


async def test_a_row_that_cannot_be_dialled_is_told(lab: Lab, carrier: Carrier, database: str) -> None:
    async with engine_on(lab, database) as engine:
        task_id = await start_task(engine, ["13800138000"], trunk="sip/nowhere/")

        async def told() -> str:
            return engine.dialer.problems.get(task_id, "")

        assert "sip/nowhere/" in await until(told, "the problem to be told", 5)
        assert not carrier.calls
        third_party(database, f"UPDATE o_uncall_task SET task_out_line='sip/test/' WHERE id={task_id}")
        await carrier.called("13800138000", 5)


async def test_the_window_is_kept(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    closed = {"day_start": f"{now + timedelta(hours=2):%H:%M}", "day_end": f"{now + timedelta(hours=3):%H:%M}"}
    async with engine_on(lab, sqlite) as engine:
        shut = await start_task(engine, ["13800138001"], **closed)
        await start_task(
            engine, ["13800138002"], day_start=f"{now - timedelta(hours=1):%H:%M}", day_end=closed["day_end"]
        )
        await carrier.called("13800138002")
        assert "13800138001" not in carrier.dialled
        (task,) = await engine.tasks(shut)
        assert task.status == "run", "a task whose window is closed waits, it is not finished"


async def test_numbers_that_must_not_be_dialled_are_ignored(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    async with engine_on(lab, sqlite) as engine:
        await engine._store.dnc_add(["13800138001"], "asked for it")
        task_id = await start_task(engine, ["13800138001", "110"])
        await finished(engine, task_id)
        calls = {number: each[0] for number, each in (await calls_by_number(engine._store, task_id)).items()}
    assert not carrier.calls
    assert (calls["13800138001"].outcome, calls["13800138001"].cause) == (5, "do-not-call")
    assert (calls["110"].outcome, calls["110"].cause) == (5, "not-allowed")


async def test_a_prefix_is_dialled(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    async with engine_on(lab, sqlite, trunk=[{"prefix": "9"}]) as engine:
        await start_task(engine, ["13800138001"])
        await carrier.called("913800138001")


async def test_retries_share_one_budget(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    conduct = iter([congested(), declined(), busy(), busy()])
    carrier.behaviour = lambda number: next(conduct)
    retry = {"budget": 2, "causes": {"congestion": 1, "rejected": 60}}
    dialer = {"retry": retry, "finish_after": 1, "poll_seconds": 0.5}
    async with engine_on(lab, sqlite, dialer=dialer) as engine:
        task_id = await start_task(engine, ["13800138001"])
        await carrier.called("13800138001", times=2)

        async def told() -> bool:
            return len(await engine._store.calls(task_id)) == 2 and not len(engine.dialer.calls)

        await until(told, "the second attempt to be settled")
        (task,) = await engine.tasks(task_id)
        assert task.status == "run", "a number waits for its third attempt"
        assert [each.cause for each in (await calls_by_number(engine._store, task_id))["13800138001"]] == [
            "congestion",
            "rejected",
        ]


@pytest.mark.parametrize(
    ("conduct", "outcome", "cause", "verdict"),
    [(person(), 1, "answered", "HUMAN"), (machine(), 3, "machine", "MACHINE")],
    ids=["a person", "a machine"],
)
async def test_a_machine_is_told_from_a_person(
    lab: Lab, carrier: Carrier, sqlite: str, conduct: Behaviour, outcome: int, cause: str, verdict: str
) -> None:
    carrier.behaviour = lambda number: conduct
    async with engine_on(lab, sqlite, trunk=[{"amd": True}]) as engine:
        task_id = await start_task(engine, ["13800138001"])
        await finished(engine, task_id)
        (call,) = await engine._store.calls(task_id)
    assert (call.outcome, call.cause, call.amd) == (outcome, cause, verdict)


async def test_a_paused_task_places_no_call_once_the_pause_is_answered(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    carrier.behaviour = lambda number: early_hangup(0.3)
    async with engine_on(lab, sqlite, dialer={"finish_after": 3600}) as engine:
        task_id = await start_task(engine, [f"1380013{number:04d}" for number in range(100)])
        for more in (5, 20, 40):
            await engine.update_task(task_id, TaskStatus.RUN, None, None)
            await carrier.wait_for(lambda it, more=more: len(it.calls) >= more, 10, f"{more} calls")  # type: ignore[misc]
            await engine.update_task(task_id, TaskStatus.PAUSE, None, None)
            paused = asyncio.get_running_loop().time()
            await until_quiet(engine)
            late = [call for call in carrier.calls if call.invited_at > paused + 0.05]
            assert not late, f"placed after the pause: {late}"


async def test_a_menu_leads_to_an_extension(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    carrier.behaviour = lambda number: presses("0", after=4.0)
    async with (
        Phone("801", "secret-801", lab.asterisk.sip_port) as phone,
        engine_on(lab, sqlite) as engine,
    ):
        task_id = await start_task(engine, ["13800138001"])
        customer = await carrier.called("13800138001")
        agent = await phone.ringing(15)
        agent.answer()
        await customer.hears(agent.tone)
        await agent.hears(customer.tone)
        agent.hang_up()
        await customer.until_ended()
        await finished(engine, task_id)
        (call,) = await engine._store.calls(task_id)
    assert (call.outcome, call.cause, call.extension) == (1, "answered", "801")


async def test_an_extension_that_does_not_answer_leaves_a_call_back(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    carrier.behaviour = lambda number: presses("0", after=4.0)
    async with engine_on(lab, sqlite) as engine:
        task_id = await start_task(engine, ["13800138001"])
        await finished(engine, task_id)
        (call,) = await engine._store.calls(task_id)
    assert (call.outcome, call.cause) == (2, "abandoned")


async def test_wakes_nobody_without_work(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    async with engine_on(lab, sqlite) as engine:
        task_id = await start_task(engine, [])
        async with asyncio.timeout(10):
            await finished(engine, task_id)
        assert await engine.add_numbers(task_id, ["13800138001"]) == 1
        await carrier.called("13800138001", 5)
    assert not carrier.malformed


async def test_a_trunk_that_is_down_keeps_its_numbers(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    """Nobody is dialled, so no number is used up; when the trunk is there again, they are dialled."""
    async with engine_on(lab, sqlite, trunk=[{"endpoint": "nobody"}]) as engine:
        task_id = await start_task(engine, ["13800138001", "13800138002"])

        async def tried() -> bool:
            return not len(engine.dialer.calls) and not third_party(
                sqlite, f"SELECT id FROM o_task_run_{task_id} WHERE call_status != 0"
            )

        await until(tried, "the numbers to be open again")
        assert not await engine._store.calls(task_id)
        engine.reload(settings_for(lab, sqlite))
        await carrier.called("13800138001")
        await carrier.called("13800138002")


async def test_a_task_that_is_deleted_under_way_stops_nothing_else(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    carrier.behaviour = lambda number: answers(hang_up_after=0.5)
    async with engine_on(lab, sqlite) as engine:
        deleted = [await start_task(engine, [f"13800130{n}{m}" for m in range(10, 90)]) for n in range(4)]
        await carrier.wait_for(lambda it: len(it.calls) >= 5, 10, "5 calls")
        await engine.delete_task(deleted[0])
        third_party(sqlite, f"DELETE FROM o_uncall_task WHERE id = {deleted[1]}")
        third_party(sqlite, f"DROP TABLE o_task_run_{deleted[2]}")
        for task_id in deleted[2:]:
            await engine.update_task(task_id, TaskStatus.STOP, None, None)
        await engine.delete_task(deleted[3])
        last = await start_task(engine, ["13900139000"])
        await carrier.called("13900139000")
        await finished(engine, last)


async def test_numbers_that_come_while_a_task_is_being_finished_do_not_stop_the_dialler(
    lab: Lab, carrier: Carrier, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has changed in the tables is told (`wake`) between the question whether a task is at its end and the answer:
    that used to end the dialler."""
    carrier.behaviour = lambda number: busy()
    finish = Store.finish_task
    async with engine_on(lab, sqlite) as engine:

        async def finish_meanwhile(store: Store, task_id: int) -> bool:
            done = await finish(store, task_id)
            engine.dialer.wake()
            return done

        monkeypatch.setattr(Store, "finish_task", finish_meanwhile)
        for _ in range(2):
            task = await start_task(engine, ["13800138001"], recording="0")
            assert (await finished(engine, task)).failed == 1


async def test_a_number_with_dashes_is_on_the_do_not_call_list_too(lab: Lab, carrier: Carrier, sqlite: str) -> None:
    """A third party writes numbers as people do; the list has the digits."""
    carrier.behaviour = lambda number: answers()
    async with engine_on(lab, sqlite) as engine:
        third_party(sqlite, "INSERT INTO uncall_dnc (number, added_at) VALUES ('13800138001', '2026-01-01')")
        task = await engine.add_task(new_task(recording="0"))
        await engine.update_task(task, TaskStatus.RUN, None, None)
        third_party(sqlite, f"INSERT INTO o_task_run_{task} (mobile) VALUES ('138-0013-8001')")
        seen: list[int] = []

        async def settled() -> bool:
            seen[:] = [row["call_status"] for row in third_party(sqlite, f"SELECT call_status FROM o_task_run_{task}")]
            return seen == [Outcome.IGNORED]

        await until(settled, f"the number to be ignored, it is {seen}")
    assert not carrier.calls
