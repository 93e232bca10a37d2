"""Callers in queues on real calls: they wait with music, in order, until an agent or the end of their time."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.campaigns import MENU, finished, start_task
from tests.integration.queueing import (
    DID,
    MENU_DID,
    OTHER,
    OTHER_DID,
    PLAIN,
    QUEUE,
    SECOND,
    agent_of,
    desk,
    queues,
    taken,
    talking,
    until_loud,
    until_queue,
    until_spoken_to,
    until_states,
    waiting_caller,
)
from tests.integration.talking import CUSTOMER, World
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, no_answer
from uncall_ari.queues import State


@pytest.fixture
async def scene(lab: Lab, carrier: Carrier, tmp_path: Path) -> AsyncIterator[World]:
    """Two agents, who get calls in the order of their numbers."""
    async with desk(lab, carrier, tmp_path, "801", "802", **queues("801", "802")) as made:
        yield made


async def test_a_caller_talks_with_the_first_free_agent(scene: World) -> None:
    caller = scene.carrier.call(DID, CUSTOMER)
    agent = await scene.phones["801"].ringing()
    assert agent.caller_id == CUSTOMER
    await until_states(scene.engine, {"801": State.OFFERED, "802": State.FREE})
    agent.answer()
    await talking(caller, agent)
    await until_states(scene.engine, {"801": State.TALKING, "802": State.FREE})
    agent.hang_up()
    await caller.until_ended()
    await until_states(scene.engine, {"801": State.FREE})


async def test_music_is_heard_until_an_agent_is_there(scene: World) -> None:
    caller = scene.carrier.call(DID, CUSTOMER)
    agent = await scene.phones["801"].ringing()
    await until_loud(caller)
    agent.tone = 0  # a silent agent: whatever is heard now is none of his
    agent.answer()
    await agent.hears(caller.tone)
    await until_loud(caller, loud=False)
    assert agent.live
    assert caller.live


async def test_who_does_not_answer_rests_and_the_next_one_is_rung(scene: World) -> None:
    caller = scene.carrier.call(DID, CUSTOMER)
    await scene.phones["801"].ringing()
    agent = await scene.phones["802"].ringing(15)
    agent.answer()
    await talking(caller, agent)
    await until_states(scene.engine, {"801": State.RESTING, "802": State.TALKING})
    caller.hang_up()
    await agent.until_ended()


async def test_who_declines_rests_too(scene: World) -> None:
    caller = scene.carrier.call(DID, CUSTOMER)
    (await scene.phones["801"].ringing()).reject(603)
    await taken(scene, "802", caller)
    await until_states(scene.engine, {"801": State.RESTING, "802": State.TALKING})


async def test_a_caller_who_leaves_while_an_agent_rings_leaves_him_free(scene: World) -> None:
    caller = scene.carrier.call(DID, CUSTOMER)
    rung = await scene.phones["801"].ringing()
    caller.hang_up()
    await rung.until_ended()
    assert rung.ended_by == "cancel"
    await until_states(scene.engine, {"801": State.FREE})
    await taken(scene, "801", scene.carrier.call(DID, CUSTOMER))
    assert not scene.phones["802"].incoming


async def test_ring_all_rings_all_and_the_first_one_has_the_call(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with desk(lab, carrier, tmp_path, "801", "802", **queues("801", "802", strategy="ring-all")) as scene:
        caller = scene.carrier.call(DID, CUSTOMER)
        one, two = await scene.phones["801"].ringing(), await scene.phones["802"].ringing()
        two.answer()
        await talking(caller, two)
        await one.until_ended()
        assert one.ended_by == "cancel"
        await until_states(scene.engine, {"801": State.FREE, "802": State.TALKING})


async def test_of_two_who_answer_at_once_one_has_the_call_and_the_other_is_let_go(
    lab: Lab, carrier: Carrier, tmp_path: Path
) -> None:
    async with desk(lab, carrier, tmp_path, "801", "802", **queues("801", "802", strategy="ring-all")) as scene:
        caller = scene.carrier.call(DID, CUSTOMER)
        rung = {number: await scene.phones[number].ringing() for number in ("801", "802")}
        for call in rung.values():
            call.answer()
        await until_queue(scene.engine, "one to talk", lambda view: view.talking == 1)
        (winner,) = [number for number in rung if agent_of(scene.engine, number).state is State.TALKING]
        loser = "802" if winner == "801" else "801"
        await talking(caller, rung[winner])
        await rung[loser].until_ended()
        await until_states(scene.engine, {winner: State.TALKING, loser: State.FREE})


async def test_callers_get_the_one_agent_in_the_order_of_their_coming(
    lab: Lab, carrier: Carrier, tmp_path: Path
) -> None:
    async with desk(lab, carrier, tmp_path, "801", **queues("801")) as scene:
        busy = scene.carrier.call(DID, "13600136000")
        agent = await taken(scene, "801", busy)
        first = await waiting_caller(scene, CUSTOMER)
        second = await waiting_caller(scene, SECOND, waiting=2)
        agent.hang_up()
        agent = await taken(scene, "801", first)
        agent.hang_up()
        await taken(scene, "801", second)


async def test_the_queue_with_the_higher_priority_goes_first(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "queue": {QUEUE: PLAIN | {"members": ["801"]}, OTHER: PLAIN | {"members": ["801"], "priority": 5}}
    }
    async with desk(lab, carrier, tmp_path, "801", **sections) as scene:
        agent = await taken(scene, "801", scene.carrier.call(DID, "13600136000"))
        plain = await waiting_caller(scene, CUSTOMER)
        urgent = await waiting_caller(scene, SECOND, OTHER_DID)
        agent.hang_up()
        agent = await taken(scene, "801", urgent)
        agent.hang_up()
        await taken(scene, "801", plain)


async def test_a_campaigns_customer_goes_before_those_who_wait_anyway(
    lab: Lab, carrier: Carrier, tmp_path: Path
) -> None:
    carrier.behaviour = lambda number: no_answer()  # it is answered by hand
    dialer = {"ring_seconds": 20, "answer_wait_seconds": 30}
    async with desk(lab, carrier, tmp_path, "801", **queues("801"), dialer=dialer) as scene:
        task = await start_task(scene.engine, [SECOND], type="queue", target=QUEUE, recording="0")
        customer = await scene.carrier.called(SECOND)
        agent = await taken(scene, "801", scene.carrier.call(DID, "13600136000"))  # who was quicker
        caller = await waiting_caller(scene, CUSTOMER)
        customer.answer()
        await until_queue(scene.engine, "both to wait", lambda view: view.waiting == 2)
        agent.hang_up()
        agent = await taken(scene, "801", customer)
        agent.hang_up()
        agent = await taken(scene, "801", caller)
        agent.hang_up()
        row = await finished(scene.engine, task)
        assert (row.called, row.success) == (1, 1)


async def test_wrap_up_keeps_the_next_caller_waiting(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with desk(lab, carrier, tmp_path, "801", **queues("801", wrap_up_seconds=2)) as scene:
        agent = await taken(scene, "801", scene.carrier.call(DID, CUSTOMER))
        agent.hang_up()
        await agent.until_ended()
        await until_states(scene.engine, {"801": State.WRAP_UP})
        caller = await waiting_caller(scene, SECOND)
        assert agent_of(scene.engine, "801").state is State.WRAP_UP
        after = await taken(scene, "801", caller)
        assert agent.ended_at
        assert after.invited_at - agent.ended_at >= 1.9


async def test_a_place_in_the_line_is_told(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    details = queues("801", wait="ringing", announce_seconds=1)
    async with desk(lab, carrier, tmp_path, "801", **details) as scene:
        caller = scene.carrier.call(DID, CUSTOMER)
        agent = await scene.phones["801"].ringing()
        await until_spoken_to(caller)
        agent.answer()
        await talking(caller, agent)


async def test_who_waits_too_long_goes_where_the_queue_says(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "queue": {
            QUEUE: PLAIN | {"members": ["801"], "max_wait_seconds": 5, "then": f"queue {OTHER}"},
            OTHER: PLAIN | {"members": ["802"]},
        }
    }
    async with desk(lab, carrier, tmp_path, "801", "802", **sections) as scene:
        await taken(scene, "801", scene.carrier.call(DID, CUSTOMER))
        caller = await waiting_caller(scene, SECOND)
        agent = await scene.phones["802"].ringing(15)
        agent.answer()
        await talking(caller, agent)


async def test_a_queue_that_nobody_staffs_is_left_at_once_for_a_menu(
    lab: Lab, carrier: Carrier, tmp_path: Path
) -> None:
    menu = {"keys": {"1": f"queue {OTHER}"}, "play": ["demo-menu"], "retries": 0}
    sections: dict[str, Any] = {
        "queue": {
            QUEUE: PLAIN | {"members": ["801"], "then": f"menu {MENU}"},
            OTHER: PLAIN | {"members": ["802"]},
        },
        "ivr": {MENU: {"step": {"main": menu}}},
    }
    async with desk(lab, carrier, tmp_path, "801", "802", **sections) as scene:
        await scene.engine.sign_out("801")
        caller = scene.carrier.call(DID, CUSTOMER)
        await caller.until_answered()
        await until_loud(caller)  # the menu
        caller.press("1")
        await taken(scene, "802", caller)
        assert not scene.phones["801"].incoming


async def test_without_a_place_to_go_the_caller_hears_why_and_is_hung_up(scene: World) -> None:
    await scene.engine.sign_out("801")
    await scene.engine.sign_out("802")
    caller = scene.carrier.call(DID, CUSTOMER)
    await caller.until_answered()
    await until_loud(caller)
    await caller.until_ended()
    assert caller.ended_by == "asterisk"
    assert not scene.phones["801"].incoming
    assert not scene.phones["802"].incoming


async def test_a_menu_leads_into_the_queue(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    menu = {"keys": {"1": f"queue {QUEUE}"}, "play": ["demo-menu"], "retries": 0}
    sections = queues("801", "802") | {"ivr": {MENU: {"step": {"main": menu}}}}
    async with desk(lab, carrier, tmp_path, "801", "802", **sections) as scene:
        caller = scene.carrier.call(MENU_DID, CUSTOMER)
        await caller.until_answered()
        await until_loud(caller)
        caller.press("1")
        await taken(scene, "801", caller)


async def test_ringing_is_heard_where_the_queue_says_so(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with desk(lab, carrier, tmp_path, "801", **queues("801", wait="ringing")) as scene:
        caller = scene.carrier.call(DID, CUSTOMER)
        agent = await scene.phones["801"].ringing()
        await until_loud(caller)
        agent.answer()
        await talking(caller, agent)
