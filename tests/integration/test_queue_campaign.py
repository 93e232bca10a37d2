"""Campaigns of agents, as the carrier, the agents' phones and the tables see them: three tasks of the three modes on
one queue with ten agents on open lines. `QUEUE_NUMBERS` numbers for each task, 60 where it is not set."""

import itertools
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.campaigns import finished, settings_for, start_task, third_party, until
from tests.integration.conftest import carrier_of
from tests.integration.queueing import (
    LOUD,
    PLAIN,
    QUEUE,
    SECOND,
    desk,
    open_line,
    queues,
    talking,
    until_queue,
    until_states,
)
from tests.integration.talking import CUSTOMER, World
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import (
    HEARD,
    TONES,
    UNHEARD,
    Behaviour,
    Call,
    Carrier,
    IncomingCall,
    NotSeen,
    Phone,
    answers,
    busy,
    congested,
    declined,
    no_answer,
    unknown,
)
from uncall_ari.pacing import Why
from uncall_ari.queues import State
from uncall_ari.store import Store
from uncall_ari.store.records import CallRecord, Outcome

NUMBERS = int(os.environ.get("QUEUE_NUMBERS", "60"))  # of each task
AGENTS = [str(number) for number in range(801, 811)]
MODES: dict[str, dict[str, Any]] = {"g": {"override": 2.0}, "i": {}, "ai": {"loss_ceiling": "3"}}
SAMPLES = 5  # talks that are listened to while they go on
PATIENCE = 2.0  # seconds: the engine's own setting
SLACK = 1.5  # seconds between two views of the same moment, where several tests share the host
CLEAR = -25.0  # dBFS: a voice, with gaps where the host was busy
REFUSALS: list[tuple[Behaviour, str]] = [
    (busy(), "busy"),
    (declined(0.2), "rejected"),
    (unknown(), "unallocated"),
    (congested(), "congestion"),
]
FRESH = "13700137000"
QUEUE_TASK: dict[str, Any] = {"type": "queue", "target": QUEUE, "recording": "0"}


def conduct(number: str) -> tuple[Behaviour, str]:
    """What a customer does, and the cause word of a call without an answer; "" for one who answers. Always the same for
    a number: 40 % answer, and stay longer than the engine may let them wait."""
    chance = random.Random(number)
    if chance.random() < 0.4:
        return answers(chance.uniform(0.3, 1.0), hang_up_after=PATIENCE + chance.uniform(0.3, 1.0)), ""
    if chance.random() < 0.02:
        return no_answer(), "no-answer"
    return chance.choice(REFUSALS)


@pytest.fixture(params=["sqlite", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/uncall.db"
    else:
        yield request.getfixturevalue("mariadb_database")


@pytest.fixture
def big_lab(fresh_lab: Callable[..., Lab]) -> Lab:
    """A lab with ten extensions."""
    return fresh_lab(extensions=tuple((each, f"secret-{each}") for each in AGENTS))


@pytest.mark.timeout(120 + 2 * NUMBERS)
async def test_each_customer_of_three_tasks_has_one_agent_or_is_told_so(big_lab: Lab, database: str) -> None:
    settings = settings_for(big_lab, database, **queues(*AGENTS, strategy="longest-idle"), trunk=[{"channels": 60}])
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(carrier_of(big_lab))
        carrier.behaviour = lambda number: conduct(number)[0]
        engine = await stack.enter_async_context(Engine.running(settings, farewell_seconds=0.0))
        await engine.ari.connection.wait_up(10)
        lines: dict[str, Call] = {}
        for number in AGENTS:
            phone = Phone(number, f"secret-{number}", big_lab.asterisk.sip_port, keep=60 + NUMBERS)
            await stack.enter_async_context(phone)
            lines[number] = await open_line(engine, phone)
        tasks = []
        for place, (mode, details) in enumerate(MODES.items()):
            dialled = [f"138{place}{each:07d}" for each in range(NUMBERS)]
            tasks.append(await start_task(engine, dialled, control=mode, **QUEUE_TASK, **details))
        samples = await heard_by_agents(carrier, lines)
        rows = [await finished(engine, task, 60 + 2.0 * NUMBERS) for task in tasks]
        assert all(line.live for line in lines.values())
        async with await Store.open(database, timezone=ZoneInfo("Asia/Shanghai")) as store:
            records = [each for task in tasks for each in await store.calls(task, most=NUMBERS + 1)]
        calls = {call.number: call for call in carrier.calls}
        assert samples == SAMPLES
        assert set(carrier.dialled.values()) == {1}
        assert len(calls) == len(records) == 3 * NUMBERS
        assert_as_the_carrier_saw_it(records, calls)
        assert_one_call_for_each_agent(records, calls)
        assert_heard_alone(records, calls, lines)
        assert_abandoned_ones_rest(records, database)
        for row, task in zip(rows, tasks, strict=True):
            counted = Counter(each.outcome for each in records if each.task_id == task)
            assert (row.called, row.success, row.call_back, row.failed) == (
                NUMBERS,
                counted[Outcome.SUCCESS],
                counted[Outcome.CALL_BACK],
                counted[Outcome.FAILED],
            )
        print(report(records, tasks))


async def heard_by_agents(carrier: Carrier, lines: dict[str, Call]) -> int:
    """Listen to some hand-overs while they go on, until five were good; how many were. A customer who is gone before
    half a second was heard is no sample."""

    def just_connected(carrier: Carrier) -> tuple[IncomingCall, str] | None:
        for customer in carrier.live:
            if 0.6 <= customer.talk_seconds <= 1.2:
                for agent, line in lines.items():
                    if line.levels([customer.tone])[customer.tone] >= HEARD:
                        return customer, agent
        return None

    good = 0
    for _ in range(20):
        found = await carrier.wait_for(just_connected, 20, "a customer whom an agent hears")
        assert found
        customer, agent = found
        try:
            await talking(customer, lines[agent])
        except NotSeen as error:
            if customer.live:
                raise AssertionError(f"{customer} and {agent} do not hear each other: {error}") from error
        else:
            good += 1
        if good == SAMPLES:
            break
    return good


def assert_as_the_carrier_saw_it(records: list[CallRecord], calls: dict[str, IncomingCall]) -> None:
    """Each number's outcome, cause and times are what happened at the carrier."""
    for record in records:
        call, (_, cause) = calls[record.number], conduct(record.number)
        if cause:
            told = (record.outcome, record.cause, record.extension, record.abandoned, record.talked)
            assert told == (Outcome.FAILED, cause, "", False, None), f"{call}: {record}"
            continue
        assert record.queue == QUEUE, f"{call}: {record}"
        assert record.waited is not None, f"{call}: {record}"
        assert record.abandoned is (record.waited >= PATIENCE), f"{call}: {record}"
        if record.extension:
            assert (record.outcome, record.cause) == (Outcome.SUCCESS, "answered"), f"{call}: {record}"
            assert record.extension in AGENTS
            assert record.talked is not None
            assert abs(record.waited + record.talked - call.talk_seconds) <= SLACK, f"{call}: {record}"
        else:
            ending = (record.outcome, record.cause, record.talked, record.abandoned)
            assert ending == (Outcome.CALL_BACK, "abandoned", None, True), f"{call}: {record}"


def talks(records: list[CallRecord], calls: dict[str, IncomingCall]) -> dict[str, list[tuple[float, float, str]]]:
    """When each agent talked with whom: from and until (monotonic), the number. Ends are the carrier's."""
    found: dict[str, list[tuple[float, float, str]]] = {agent: [] for agent in AGENTS}
    for record in records:
        if record.extension:
            call = calls[record.number]
            assert call.answered_at, f"{call}: {record}"
            assert call.ended_at, f"{call}: {record}"
            found[record.extension].append((call.answered_at + (record.waited or 0.0), call.ended_at, record.number))
    return {agent: sorted(spans) for agent, spans in found.items()}


def assert_one_call_for_each_agent(records: list[CallRecord], calls: dict[str, IncomingCall]) -> None:
    """No agent's talks overlap."""
    for agent, spans in talks(records, calls).items():
        assert spans, f"{agent} had no call"
        for one, two in itertools.pairwise(spans):
            assert one[1] <= two[0] + SLACK, f"{agent} had two calls at once: {one} and {two}"


def assert_heard_alone(records: list[CallRecord], calls: dict[str, IncomingCall], lines: dict[str, Call]) -> None:
    """In each talk the agent's phone heard that customer, and nobody else."""
    for agent, spans in talks(records, calls).items():
        for start, end, number in spans:
            if end - start < 0.9:
                continue  # too short to listen to: he had waited
            levels = lines[agent].meter.levels(TONES, end - 0.7, end - 0.1)
            tone = calls[number].tone
            others = {hz: round(level) for hz, level in levels.items() if hz != tone and level > UNHEARD}
            assert levels[tone] >= CLEAR, f"{agent} does not hear {number} ({tone} Hz): {levels}"
            assert not others, f"{agent} hears others beside {number} ({tone} Hz): {others}"


def assert_abandoned_ones_rest(records: list[CallRecord], database: str) -> None:
    """Those who were abandoned, and nobody else, are left in peace."""
    resting = {row["number"] for row in third_party(database, "SELECT number FROM uncall_rest")}
    assert resting == {record.number for record in records if record.abandoned}


def report(records: list[CallRecord], tasks: list[int]) -> str:
    """What the modes did, for people (`pytest -s`)."""
    lines = []
    for mode, task in zip(MODES, tasks, strict=True):
        mine = [each for each in records if each.task_id == task]
        waits = sorted(each.waited for each in mine if each.waited is not None)
        served, lost = sum(bool(each.extension) for each in mine), sum(each.abandoned for each in mine)
        last = max(each.ended_at for each in mine if each.ended_at)
        lines.append(
            f"{mode}: {len(waits)} of {len(mine)} answered, {served} with an agent, {lost} abandoned "
            f"({100 * lost / len(waits):.1f} %), waited {1000 * waits[len(waits) // 2]:.0f} ms (median), "
            f"in {(last - min(each.claimed_at for each in mine)).total_seconds():.0f} s"
        )
    return "\n" + "\n".join(lines)


@pytest.fixture
async def scene(lab: Lab, carrier: Carrier, tmp_path: Path) -> AsyncIterator[World]:
    """One queue with one agent, who must sign in."""
    sections: dict[str, Any] = {"queue": {QUEUE: PLAIN | {"members": ["801"]}}, "agents": {"sign_in": True}}
    async with desk(lab, carrier, tmp_path, **sections) as made:
        await until_states(made.engine, {"801": State.OUT})
        yield made


async def test_an_abandoned_customer_is_told_counted_and_left_in_peace(scene: World, tmp_path: Path) -> None:
    scene.carrier.behaviour = lambda number: answers(after=1.0)
    line = await open_line(scene.engine, scene.phones["801"])
    task = await start_task(scene.engine, [CUSTOMER, SECOND], override=2, **QUEUE_TASK)
    await until_queue(scene.engine, "one to wait and one to talk", lambda view: view.waiting == view.talking == 1)
    lost = await scene.carrier.wait_for(
        lambda carrier: next((call for call in carrier.calls if call.ended_at), None), 30, "a customer to be hung up"
    )
    assert lost
    (lucky,) = scene.carrier.live
    assert lost.ended_by == "asterisk"
    assert lost.talk_seconds > PATIENCE
    assert lost.ended_at
    assert lost.meter.rms(lost.ended_at - 1.5, lost.ended_at - 0.3) > LOUD  # the message
    await talking(lucky, line)
    lucky.hang_up()
    row = await finished(scene.engine, task)
    assert (row.called, row.success, row.call_back) == (2, 1, 1)
    database = f"sqlite:///{tmp_path / 'uncall.db'}"
    (left,) = third_party(database, f"SELECT call_status FROM o_task_run_{task} WHERE mobile = '{lost.number}'")
    assert left["call_status"] == Outcome.CALL_BACK

    other = await start_task(scene.engine, [lost.number, FRESH], **QUEUE_TASK)
    fresh = await scene.carrier.called(FRESH)
    await talking(fresh, line)
    fresh.hang_up()

    async def settled() -> int:
        (task_row,) = await scene.engine.tasks(other)
        return task_row.called

    assert await until(settled, "the fresh number to be settled") == 1
    assert scene.carrier.dialled == {CUSTOMER: 1, SECOND: 1, FRESH: 1}


async def test_without_agents_nobody_is_dialled_and_the_reason_is_told(scene: World) -> None:
    scene.carrier.behaviour = lambda number: answers(after=0.2)
    task = await start_task(scene.engine, [CUSTOMER], control="ai", loss_ceiling="3", **QUEUE_TASK)

    async def why() -> Why | None:
        plan = scene.engine.dialer.plans.get(task)
        reason = scene.engine.dialer.paces.reason(plan, 30) if plan else None
        return reason.why if reason else None

    assert await until(why, "the pacer to be asked") is Why.NO_AGENTS
    assert not scene.carrier.calls
    line = await open_line(scene.engine, scene.phones["801"])
    customer = await scene.carrier.called(CUSTOMER)
    await talking(customer, line)


async def standing(scene: World, tasks: list[int]) -> str:
    """What the engine says of agents, queue and tasks, for a failure's text."""
    engine = scene.engine
    why = {task: [str(each.code) for each in await engine.obstacles(task, None)] for task in tasks}
    return f"{engine.agents()}; {engine.queue_views()}; {why}; {scene.carrier.report()}"


@pytest.mark.parametrize("mode", ["g", "i", "ai"])
async def test_two_tasks_do_not_count_on_the_same_agent(scene: World, mode: str) -> None:
    scene.carrier.behaviour = lambda number: answers(after=0.5, hang_up_after=0.8)
    await open_line(scene.engine, scene.phones["801"])
    tasks = [
        await start_task(
            scene.engine, [f"1380013{each}{number:03d}" for number in range(4)], control=mode, **QUEUE_TASK
        )
        for each in range(2)
    ]
    for task in tasks:
        try:
            row = await finished(scene.engine, task)
        except AssertionError as late:
            raise AssertionError(f"{late}; {await standing(scene, tasks)}") from None
        assert (row.called, row.success) == (4, 4), scene.carrier.report()
    assert scene.carrier.most_at_once() == 1, scene.carrier.report()
    assert set(scene.carrier.dialled.values()) == {1}
