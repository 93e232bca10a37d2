"""Agents of queues on real calls: who gets calls and who does not, signing in and out, open lines, a killed engine."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from signal import Signals
from typing import Any

import pytest

from tests.integration.campaigns import finished, start_task, until
from tests.integration.queueing import (
    DID,
    QUEUE,
    SECOND,
    agent_of,
    desk,
    open_line,
    queue_settings,
    queues,
    taken,
    talking,
    until_loud,
    until_states,
    waiting_caller,
)
from tests.integration.served import Served
from tests.integration.talking import CUSTOMER, World
from uncall_ari.errors import CommandRefused
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, IncomingCall, OutgoingCall, Phone, answers, hearing
from uncall_ari.queues import State

SIGNING_IN: dict[str, Any] = {"agents": {"sign_in": True}}


@pytest.fixture
async def scene(lab: Lab, carrier: Carrier, tmp_path: Path) -> AsyncIterator[World]:
    """Two agents, who get calls in the order of their numbers."""
    async with desk(lab, carrier, tmp_path, "801", "802", **queues("801", "802")) as made:
        yield made


@pytest.fixture
async def office(lab: Lab, carrier: Carrier, tmp_path: Path) -> AsyncIterator[World]:
    """Two agents who get calls only after they have signed in."""
    async with desk(lab, carrier, tmp_path, **queues("801", "802"), **SIGNING_IN) as made:
        await until_states(made.engine, {"801": State.OUT, "802": State.OUT})
        yield made


async def test_who_is_not_to_be_disturbed_gets_no_call(scene: World) -> None:
    await scene.engine.set_busy("801")
    caller = scene.carrier.call(DID, CUSTOMER)  # at once: the engine has not looked at the phones since
    agent = await taken(scene, "802", caller)
    await until_states(scene.engine, {"801": State.AWAY, "802": State.TALKING})
    caller.hang_up()
    await agent.until_ended()
    caller = scene.carrier.call(DID, CUSTOMER)
    agent = await taken(scene, "802", caller)
    assert not scene.phones["801"].incoming
    caller.hang_up()
    await scene.engine.set_idle("801")
    await until_states(scene.engine, {"801": State.FREE})
    await taken(scene, "801", scene.carrier.call(DID, CUSTOMER))


async def test_who_is_in_another_call_gets_none_of_the_queue(scene: World) -> None:
    await scene.clicked("801", SECOND)
    caller = scene.carrier.call(DID, CUSTOMER)
    await taken(scene, "802", caller)
    await until_states(scene.engine, {"801": State.AWAY, "802": State.TALKING})
    assert len(scene.phones["801"].incoming) == 1


async def test_a_caller_waits_for_an_agent_who_is_in_another_call(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with desk(lab, carrier, tmp_path, "801", **queues("801")) as scene:
        agent, _ = await scene.clicked("801", SECOND)
        await until_states(scene.engine, {"801": State.AWAY})
        caller = await waiting_caller(scene)
        agent.hang_up()
        await taken(scene, "801", caller)


async def test_agents_sign_in_and_out_by_phone(office: World) -> None:
    assert (await office.phones["802"].call("*22")).live
    await until_states(office.engine, {"801": State.OUT, "802": State.FREE})
    agent = await taken(office, "802", office.carrier.call(DID, CUSTOMER))
    agent.hang_up()
    await office.phones["801"].call("*22")
    await office.phones["802"].call("*23")
    await until_states(office.engine, {"801": State.FREE, "802": State.OUT})
    await taken(office, "801", office.carrier.call(DID, CUSTOMER))


async def test_a_sign_in_outlives_the_engine(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    sections = queues("801", "802") | SIGNING_IN
    async with desk(lab, carrier, tmp_path, remember=True, **sections) as before:
        await before.engine.sign_in("802")
        await until_states(before.engine, {"801": State.OUT, "802": State.FREE})
    async with desk(lab, carrier, tmp_path, "802", **sections) as after:
        await taken(after, "802", after.carrier.call(DID, CUSTOMER))
        await until_states(after.engine, {"801": State.OUT, "802": State.TALKING})


async def test_who_signs_out_in_a_talk_keeps_it_and_gets_no_other(scene: World) -> None:
    caller = scene.carrier.call(DID, CUSTOMER)
    agent = await taken(scene, "801", caller)
    await scene.engine.sign_out("801")
    await talking(caller, agent)
    agent.hang_up()
    await until_states(scene.engine, {"801": State.OUT})
    await taken(scene, "802", scene.carrier.call(DID, SECOND))


async def test_a_held_call_frees_its_agent_and_comes_back_to_him(scene: World) -> None:
    caller = scene.carrier.call(DID, CUSTOMER)
    agent = await taken(scene, "801", caller)
    channel = await scene.engine.hold("801")
    await agent.until_ended()
    await until_states(scene.engine, {"801": State.FREE})
    await until_loud(caller)
    await scene.engine.restore("801", channel)
    again = await taken(scene, "801", caller)
    await until_states(scene.engine, {"801": State.AWAY})
    again.hang_up()
    await caller.until_ended()
    await until_states(scene.engine, {"801": State.FREE})


async def test_a_transferred_call_frees_its_agent(scene: World) -> None:
    caller = scene.carrier.call(DID, CUSTOMER)
    agent = await taken(scene, "801", caller)
    await scene.engine.transfer("801", "803")
    await taken(scene, "803", caller)
    await agent.until_ended()
    await until_states(scene.engine, {"801": State.FREE})
    await taken(scene, "801", scene.carrier.call(DID, SECOND))


async def test_wrap_up_follows_a_held_call_too(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with desk(lab, carrier, tmp_path, "801", **queues("801", wrap_up_seconds=60)) as scene:
        await taken(scene, "801", scene.carrier.call(DID, CUSTOMER))
        await scene.engine.hold("801")
        await until_states(scene.engine, {"801": State.WRAP_UP})


async def test_an_open_line_gets_a_campaigns_customer_at_once(office: World) -> None:
    office.carrier.behaviour = lambda number: answers(after=0.2)
    line = await open_line(office.engine, office.phones["801"])
    task = await start_task(office.engine, [CUSTOMER], type="queue", target=QUEUE, recording="0", control="g")
    customer = await office.carrier.called(CUSTOMER)
    await talking(customer, line)
    await until_states(office.engine, {"801": State.TALKING})
    customer.hang_up()
    await until_states(office.engine, {"801": State.FREE})
    row = await finished(office.engine, task)
    assert (row.called, row.success) == (1, 1)
    await talking_again(office, line)
    line.hang_up()
    await until_states(office.engine, {"801": State.OUT})
    assert not office.phones["801"].incoming


async def talking_again(scene: World, line: Any) -> None:
    """The line takes a second call, and is rid of it again."""
    caller = scene.carrier.call(DID, SECOND)
    await caller.until_answered()
    await talking(caller, line)
    caller.hang_up()
    await until_states(scene.engine, {"801": State.FREE})
    assert line.live


async def test_hold_frees_an_open_line(office: World) -> None:
    line = await open_line(office.engine, office.phones["801"])
    held = office.carrier.call(DID, CUSTOMER)
    await held.until_answered()
    await talking(held, line)
    channel = await office.engine.hold("801")
    await until_states(office.engine, {"801": State.FREE})
    await until_loud(held)
    await until_loud(line, loud=False)
    await talking_again(office, line)
    await office.engine.restore("802", channel)
    await taken(office, "802", held)


async def test_an_open_lines_call_is_transferred(office: World) -> None:
    line = await open_line(office.engine, office.phones["801"])
    caller = office.carrier.call(DID, CUSTOMER)
    await caller.until_answered()
    await talking(caller, line)
    await office.engine.transfer("801", "803")
    target = await taken(office, "803", caller)
    await until_states(office.engine, {"801": State.FREE})
    other = office.carrier.call(DID, SECOND)
    await other.until_answered()
    parties = {"caller": caller, "803": target, "other": other, "801": line}
    await hearing(parties, {"caller": ["803"], "803": ["caller"], "other": ["801"], "801": ["other"]})


async def test_a_transfer_that_fails_gives_the_call_back_to_the_open_line(office: World) -> None:
    line = await open_line(office.engine, office.phones["801"])
    caller = office.carrier.call(DID, CUSTOMER)
    await caller.until_answered()
    await talking(caller, line)
    await office.engine.transfer("801", "803")
    (await office.phones["803"].ringing()).reject(486)
    await talking(caller, line)
    assert agent_of(office.engine, "801").state is State.TALKING


async def test_hanging_up_a_call_leaves_the_open_line(office: World) -> None:
    line = await open_line(office.engine, office.phones["801"])
    caller = office.carrier.call(DID, CUSTOMER)
    await caller.until_answered()
    await talking(caller, line)
    await office.engine.hang_up("801")
    await caller.until_ended()
    await until_states(office.engine, {"801": State.FREE})
    await talking_again(office, line)


async def test_signing_out_hangs_up_an_idle_open_line(office: World) -> None:
    line = await open_line(office.engine, office.phones["801"])
    await office.engine.sign_out("801")
    await line.until_ended()
    assert line.ended_by == "asterisk"
    await until_states(office.engine, {"801": State.OUT})


async def test_who_signs_out_on_a_busy_open_line_gets_no_further_call(office: World) -> None:
    line = await open_line(office.engine, office.phones["801"])
    caller = office.carrier.call(DID, CUSTOMER)
    await caller.until_answered()
    await talking(caller, line)
    await office.engine.sign_out("801")
    await talking(caller, line)
    caller.hang_up()
    await until_states(office.engine, {"801": State.OUT})
    await line.until_ended()


async def test_only_members_have_open_lines(office: World) -> None:
    call = office.phones["803"].dial("*24")
    await call.until_ended()
    assert call.answered_at is None
    with pytest.raises(CommandRefused):
        await office.engine.sign_in("803")


@pytest.mark.parametrize("signal", [Signals.SIGKILL, Signals.SIGTERM])
async def test_a_waiting_caller_outlives_the_engine(
    lab: Lab, carrier: Carrier, tmp_path: Path, served: Callable[[dict[str, Any]], Served], signal: Signals
) -> None:
    settings = queue_settings(lab, f"sqlite:///{tmp_path / 'killed.db'}", web={"port": 0}, **queues("801", "802"))
    first, second = served(settings), served(settings)
    await first.start()
    await first.says("connected to AMI")
    async with (
        Phone("801", "secret-801", lab.asterisk.sip_port) as one,
        Phone("802", "secret-802", lab.asterisk.sip_port) as two,
    ):
        callers: list[OutgoingCall] = []

        async def rung() -> bool:
            if not callers or callers[-1].ended_at is not None:  # the engine did not know yet that there are agents
                callers.append(carrier.call(DID, CUSTOMER))
            return bool(one.incoming or two.incoming)

        await until(rung, "an agent to be rung", 20)
        before = [*one.incoming, *two.incoming]
        await first.end(signal)
        await second.start()

        async def rung_again() -> IncomingCall | None:
            fresh = [call for call in [*one.incoming, *two.incoming] if call not in before]
            return next((call for call in fresh if call.ringing_at and not call.ended_at), None)

        agent = await until(rung_again, f"an agent to be rung again\n{second.log}", 20)
        assert agent
        agent.answer()
        await talking(callers[-1], agent)
        callers[-1].hang_up()
        await agent.until_ended()
