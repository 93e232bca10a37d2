"""Click tasks: an agent gets a number to look at, asks for its call, and what comes of it is settled."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.campaigns import start_task, third_party, until
from tests.integration.talking import CALLER_ID, CUSTOMER, World, world
from uncall_ari.errors import CommandRefused, NoSuchTask, WhyNot
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, answers, busy, hearing, no_answer
from uncall_ari.store.records import Task, TaskStatus

OTHER = "13800138001"


@pytest.fixture
async def scene(lab: Lab, carrier: Carrier, tmp_path: Path) -> AsyncIterator[World]:
    async with world(lab, carrier, tmp_path) as made:
        yield made


async def click_task(scene: World, *numbers: str) -> int:
    """A running click task that the dialler has seen."""
    task = await start_task(scene.engine, list(numbers), type="click", target="", recording="0")
    await until(lambda: _there(scene, task), "the task to be seen")
    return task


async def _there(scene: World, task: int) -> bool:
    return task in scene.engine.dialer.plans


async def until_row(scene: World, task: int, **wanted: int) -> Task:
    """Wait until the task's counters are these."""
    seen: list[Task] = []

    async def look() -> bool:
        seen[:] = await scene.engine.tasks(task)
        return all(getattr(seen[0], name) == value for name, value in wanted.items())

    await until(look, f"the task to have {wanted}, it has {seen}", 10)
    return seen[0]


async def test_an_agent_looks_at_his_number_and_talks(scene: World) -> None:
    scene.carrier.behaviour = lambda number: answers(after=0.5)
    task = await click_task(scene, CUSTOMER, OTHER)
    first = await scene.engine.preview_next(task, "801")
    assert first is not None
    assert first.number == CUSTOMER
    assert await scene.engine.preview_next(task, "801") == first  # his, until it is dialled
    second = await scene.engine.preview_next(task, "802")
    assert second is not None
    assert second.number == OTHER
    assert await scene.engine.preview_next(task, "803") is None
    assert not scene.carrier.calls
    uid = await scene.engine.preview_dial(task, first.number_id, "801")
    agent = await scene.phones["801"].ringing()
    assert agent.caller_id == CUSTOMER
    pop = await until(lambda: scene.engine.pop("801"), "a pop", 5)
    assert pop is not None
    assert (pop.callee, pop.uid) == (CUSTOMER, uid)
    agent.answer()
    customer = await scene.carrier.called(CUSTOMER)
    assert customer.caller_id == CALLER_ID
    await hearing({"801": agent, "customer": customer}, {"801": ["customer"], "customer": ["801"]})
    customer.hang_up()
    await agent.until_ended()
    await until_row(scene, task, called=1, success=1)
    assert await scene.engine.preview_next(task, "801") is None


async def test_what_comes_of_a_call_is_settled(scene: World) -> None:
    scene.carrier.behaviour = lambda number: busy() if number == CUSTOMER else no_answer()
    task = await click_task(scene, CUSTOMER, OTHER)
    for expected in (1, 2):
        number = await scene.engine.preview_next(task, "801")
        assert number is not None
        await scene.engine.preview_dial(task, number.number_id, "801")
        (await scene.phones["801"].ringing()).answer()
        await until_row(scene, task, failed=expected)
    assert await scene.engine.preview_next(task, "801") is None


async def test_an_agent_who_does_not_answer_leaves_the_number_open(scene: World) -> None:
    task = await click_task(scene, CUSTOMER)
    number = await scene.engine.preview_next(task, "801")
    assert number is not None
    await scene.engine.preview_dial(task, number.number_id, "801")
    with pytest.raises(CommandRefused) as refused:
        await scene.engine.preview_dial(task, number.number_id, "801")
    assert refused.value.why is WhyNot.RINGING
    with pytest.raises(CommandRefused) as refused:
        await scene.engine.preview_dial(task, number.number_id, "802")
    assert refused.value.why is WhyNot.NOT_HIS
    ringing = await scene.phones["801"].ringing()
    await ringing.until_ended()
    again = await until(lambda: scene.engine.preview_next(task, "801"), "the number to be open again")
    assert again == number
    assert not scene.carrier.calls
    await until_row(scene, task, called=0)


async def test_an_agent_who_gives_up_ends_the_customers_call(scene: World) -> None:
    scene.carrier.behaviour = lambda number: no_answer()
    task = await click_task(scene, CUSTOMER)
    number = await scene.engine.preview_next(task, "801")
    assert number is not None
    await scene.engine.preview_dial(task, number.number_id, "801")
    agent = await scene.phones["801"].ringing()
    agent.answer()
    customer = await scene.carrier.called(CUSTOMER)
    agent.hang_up()
    await customer.until_ended()
    await until_row(scene, task, failed=1)


async def test_only_a_running_click_task_has_previews(scene: World, tmp_path: Path) -> None:
    menus = await start_task(scene.engine, [CUSTOMER], day_start="00:00", day_end="00:01")
    for task in (menus, 4711):
        with pytest.raises(NoSuchTask):
            await scene.engine.preview_next(task, "801")
    clicks = await click_task(scene, CUSTOMER)
    forbidden = f"INSERT INTO uncall_dnc (number, added_at) VALUES ('{CUSTOMER}', '2026-01-01')"
    third_party(f"sqlite:///{tmp_path / 'uncall.db'}", forbidden)
    number = await scene.engine.preview_next(clicks, "801")
    assert number is not None
    with pytest.raises(CommandRefused) as refused:
        await scene.engine.preview_dial(clicks, number.number_id, "801")
    assert refused.value.why is WhyNot.NOT_DIALABLE
    await scene.engine.update_task(clicks, TaskStatus.STOP, None, None)
    with pytest.raises(NoSuchTask):
        await scene.engine.preview_next(clicks, "801")


async def test_who_is_no_extension_gets_no_number_and_takes_none_away(scene: World) -> None:
    task = await click_task(scene, CUSTOMER)
    for made_up in ("899", "9" * 20):
        with pytest.raises(CommandRefused) as refused:
            await scene.engine.preview_next(task, made_up)
        assert refused.value.why is WhyNot.NO_AGENT
        with pytest.raises(CommandRefused) as refused:
            await scene.engine.preview_dial(task, 1, made_up)
        assert refused.value.why is WhyNot.UNAVAILABLE
    number = await scene.engine.preview_next(task, "801")
    assert number is not None
    assert number.number == CUSTOMER
