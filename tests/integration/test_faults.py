"""Faults in the middle of a campaign: killed engines, a restarted Asterisk, lost sockets, a database that goes away.

Whatever happens, no number is dialled twice, none is lost, and what the tables say agrees with the carrier.
"""

import asyncio
import contextlib
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.campaigns import (
    calls_by_number,
    finished,
    new_task,
    plain_settings,
    settings_for,
    start_task,
    third_party,
    until,
)
from tests.integration.conftest import carrier_of, write_tone
from tests.integration.served import START_SECONDS, Served
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Behaviour, Carrier, Phone, answers, busy, declined, no_answer, presses, unknown
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome, TaskStatus

NUMBERS = [f"1380013{number:04d}" for number in range(80)]
CONDUCT = [
    answers(after=0.5),
    answers(after=1.5, hang_up_after=1.5),
    busy(),
    declined(),
    no_answer(),
    presses("1"),
    unknown(),
]
ROUNDS = 6  # kills in a campaign


def conduct_of(number: str) -> Behaviour:
    return CONDUCT[int(number[-2:]) % len(CONDUCT)]


async def has_calls(carrier: Carrier, count: int, seconds: float = 20.0) -> None:
    """Wait until the carrier has seen so many calls."""
    await carrier.wait_for(lambda it: len(it.calls) >= count, seconds, f"{count} calls")


async def agrees(store: Store, task_id: int, carrier: Carrier, numbers: list[str], *, lost: bool = False) -> None:
    """Check the tables against the carrier's books; with `lost`, calls that nobody saw end may be told as lost."""
    calls = await calls_by_number(store, task_id)
    wrong: list[str] = []
    for number in numbers:
        seen = next(iter(carrier.calls_to(number)), None)
        ended = [each for each in calls.get(number, []) if each.ended_at is not None]
        if len(ended) != 1:
            wrong.append(f"{number}: {len(ended)} settled attempts {calls.get(number)}")
            continue
        (record,) = ended
        if seen is None:
            allowed = record.cause == "lost" and lost
        elif seen.answered_at is not None:
            allowed = record.outcome in (Outcome.SUCCESS, Outcome.CALL_BACK)
        else:
            allowed = record.outcome is Outcome.FAILED
        if not allowed:
            wrong.append(f"{number}: {record} but the carrier saw {seen}")
    assert not wrong, "\n".join([*wrong, carrier.report()])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
async def test_an_engine_killed_at_random_dials_no_number_twice_and_loses_none(
    lab: Lab,
    carrier: Carrier,
    tone_wav: Path,
    tmp_path: Path,
    served: Callable[[dict[str, Any]], Served],
    request: pytest.FixtureRequest,
    kind: str,
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    database = f"sqlite:///{tmp_path}/u.db" if kind == "sqlite" else request.getfixturevalue("mariadb_database")
    carrier.behaviour = conduct_of
    settings = plain_settings(lab, database, web={"port": 0}, trunk=[{"calls_per_second": 20}])
    service = served(settings)
    async with await Store.open(database, timezone=ZoneInfo("Asia/Shanghai")) as store:
        task_id = await store.add_task(new_task(call_max=15))
        await store.add_numbers(task_id, NUMBERS)
        await store.update_task(task_id, status=TaskStatus.RUN, call_max=None, override=None)
        for _ in range(ROUNDS):
            await service.start()
            seen = len(carrier.calls)
            more = min(seen + chance.randint(1, 10), len(NUMBERS))
            await has_calls(carrier, more, START_SECONDS)
            with contextlib.suppress(TimeoutError):  # at any moment of the calls that are under way
                async with asyncio.timeout(chance.random()):
                    await asyncio.Event().wait()
            await service.end(signal.SIGKILL)
        await service.start()
        try:
            await finished(store, task_id, 60)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}\n{service.log}") from None
        assert await service.end(signal.SIGTERM) == 0, service.log
        assert carrier.dialled == dict.fromkeys(NUMBERS, 1), f"seed {seed}: {carrier.dialled.most_common(3)}"
        await agrees(store, task_id, carrier, NUMBERS)
        rows = third_party(
            database, f"SELECT call_status, COUNT(*) AS n FROM o_task_run_{task_id} GROUP BY call_status"
        )
        assert {row["call_status"] for row in rows} <= {1, 2, 3}, f"seed {seed}: {rows}"


async def test_a_killed_engine_finds_its_live_calls_again(
    lab: Lab, carrier: Carrier, tone_wav: Path, tmp_path: Path, served: Callable[[dict[str, Any]], Served]
) -> None:
    """A customer who talks with an extension goes on talking, and is settled when they end."""
    carrier.behaviour = lambda number: presses("0", after=4.0)
    database = f"sqlite:///{tmp_path}/u.db"
    service = served(plain_settings(lab, database, web={"port": 0}))
    async with (
        await Store.open(database, timezone=ZoneInfo("Asia/Shanghai")) as store,
        Phone("801", "secret-801", lab.asterisk.sip_port) as phone,
    ):
        await service.start()
        task_id = await store.add_task(new_task())
        await store.add_numbers(task_id, NUMBERS[:1])
        await store.update_task(task_id, status=TaskStatus.RUN, call_max=None, override=None)
        customer = await carrier.called(NUMBERS[0], START_SECONDS)
        agent = await phone.ringing(15)
        agent.answer()
        await customer.hears(agent.tone)
        await service.end(signal.SIGKILL)
        await customer.hears(agent.tone)
        await service.start()

        await service.says("calls were left open")
        await customer.hears(agent.tone)
        await agent.hears(customer.tone)
        agent.hang_up()
        await customer.until_ended()
        await finished(store, task_id)
        (call,) = await store.calls(task_id)
    assert (call.outcome, call.extension) == (Outcome.SUCCESS, "801")


@pytest.mark.timeout(120)
async def test_an_asterisk_that_restarts_costs_its_calls_and_no_more(
    fresh_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    lab = fresh_lab()
    write_tone(lab.recordings / "tone.wav", 900, 3.0)
    async with carrier_of(lab) as carrier, Engine.running(settings_for(lab, f"sqlite:///{tmp_path}/u.db")) as engine:
        carrier.behaviour = conduct_of
        task_id = await start_task(engine, NUMBERS[:40], call_max=10)
        await has_calls(carrier, 15)
        await asyncio.to_thread(lab.asterisk.kill)
        await asyncio.to_thread(lab.asterisk.start)
        await finished(engine, task_id, 60)
        assert max(carrier.dialled.values()) == 1, carrier.report()
        calls = await calls_by_number(engine._store, task_id)
        assert {number: len(each) for number, each in calls.items()} == dict.fromkeys(NUMBERS[:40], 1)
        never = [number for number in NUMBERS[:40] if not carrier.calls_to(number)]
        assert all(calls[number][0].cause == "lost" for number in never)
        lost = [each[0] for each in calls.values() if each[0].cause == "lost"]
        assert len(lost) <= 10, f"at most the calls under way are lost: {lost}"


@pytest.mark.timeout(120)
async def test_lost_sockets_cost_nothing(lab: Lab, carrier: Carrier, tone_wav: Path, tmp_path: Path) -> None:
    carrier.behaviour = conduct_of
    numbers = NUMBERS[:40]
    async with Engine.running(settings_for(lab, f"sqlite:///{tmp_path}/u.db")) as engine:
        task_id = await start_task(engine, numbers, call_max=10)
        for count in (5, 12, 20, 30):
            await has_calls(carrier, count)
            await engine.ari.connection.drop()
        await finished(engine, task_id, 60)
        assert carrier.dialled == dict.fromkeys(numbers, 1), carrier.report()
        await agrees(engine._store, task_id, carrier, numbers)


@pytest.mark.timeout(120)
async def test_a_database_that_goes_away_loses_no_result(
    fresh_lab: Callable[..., Lab], lab: Lab, carrier: Carrier, tone_wav: Path
) -> None:
    carrier.behaviour = conduct_of
    numbers = NUMBERS[:40]
    mariadb = fresh_lab(asterisk=False, mariadb=True).mariadb
    async with Engine.running(settings_for(lab, mariadb.url)) as engine:
        task_id = await start_task(engine, numbers, call_max=10)
        await has_calls(carrier, 10)
        await asyncio.to_thread(mariadb.kill)

        async def quiet() -> bool:
            return not len(engine.dialer.calls)

        await until(quiet, "the calls under way to end without a database")
        without = len(carrier.calls)
        assert engine.dialer.calls.settler.waiting
        await asyncio.to_thread(mariadb.start)
        await carrier.wait_for(lambda it: len(it.calls) > without, 20, "dialling to go on")
        await finished(engine, task_id, 60)
        assert carrier.dialled == dict.fromkeys(numbers, 1), carrier.report()
        await agrees(engine._store, task_id, carrier, numbers)


async def test_an_engine_that_is_told_to_end_leaves_nothing_open(
    lab: Lab, carrier: Carrier, tone_wav: Path, tmp_path: Path
) -> None:
    carrier.behaviour = lambda number: answers(hang_up_after=1.0)
    database = f"sqlite:///{tmp_path}/u.db"
    async with Engine.running(settings_for(lab, database)) as engine:
        task_id = await start_task(engine, NUMBERS, call_max=5)
        await has_calls(carrier, 5)
    rows = third_party(database, f"SELECT COUNT(*) AS n FROM o_task_run_{task_id} WHERE call_status = 4")
    assert rows == [{"n": 0}]
    assert third_party(database, "SELECT COUNT(*) AS n FROM uncall_call WHERE ended_at IS NULL") == [{"n": 0}]
