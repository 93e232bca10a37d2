"""The carrier's books, read number by number: phones call each other over loopback, and their deeds are told."""

import pytest

from uncall_ari.demo.evidence import KEEP, deeds
from uncall_ari.demo.judge import HEARD, Deed
from uncall_ari.lab.phones import Behaviour, Carrier, busy, early_hangup, presses

CUSTOMER, SHY, BUSY, NOBODY, STRANGER = "13800138001", "13800138007", "13800138002", "13800138008", "110"
RECORDING_HZ, AGENT_HZ = 900, 1650
CONDUCTS = {CUSTOMER: presses("51", after=0.2), SHY: early_hangup(0.6), BUSY: busy(), STRANGER: busy()}


@pytest.fixture
async def told() -> dict[str, Deed]:
    """What is told of a customer who hears the recording and then talks with an agent, and of four others."""
    async with (
        Carrier(behaviour=CONDUCTS.__getitem__, keep=KEEP) as carrier,
        Carrier(keep=KEEP) as agent,
        Carrier(peer=("127.0.0.1", carrier.port)) as caller,
        Carrier(peer=("127.0.0.1", agent.port)) as bridge,
    ):
        call = caller.call(CUSTOMER, behaviour=Behaviour(tone=RECORDING_HZ))
        await (customer := await carrier.called(CUSTOMER)).hears(RECORDING_HZ)
        call.tone = AGENT_HZ  # the menu connects him with the agent, who hears him
        talk = bridge.call("801", caller_id=CUSTOMER, behaviour=Behaviour(tone=customer.tone))
        await (await agent.called("801")).hears(customer.tone)
        await customer.hears(AGENT_HZ)
        call.hang_up()
        talk.hang_up()
        for number in (SHY, BUSY, BUSY, STRANGER):
            caller.call(number, behaviour=Behaviour(tone=0))
        await carrier.wait_for(lambda each: len(each.calls) == 5 and not each.pending, 10, "the end of five calls")
        await agent.wait_for(lambda each: not each.pending, 10, "the end of the agent's call")
        return deeds([CUSTOMER, SHY, BUSY, NOBODY], carrier.calls, agent.calls, RECORDING_HZ, AGENT_HZ)


async def test_what_happened_is_told(told: dict[str, Deed]) -> None:
    customer = told[CUSTOMER]
    assert (customer.times, customer.status, customer.keys, customer.hung_up) == (1, 200, "51", False)
    assert min(customer.recording, customer.agent, customer.heard_by_agent) >= HEARD
    assert customer.seconds >= 1.0
    assert customer.sound == pytest.approx(customer.seconds, abs=0.5)

    shy = told[SHY]
    assert (shy.times, shy.status, shy.keys, shy.hung_up) == (1, 200, "", True)
    assert shy.seconds == pytest.approx(0.6, abs=0.3)
    assert (shy.recording, shy.sound, shy.listened) == (-99.0, 0.0, False)  # there was only silence to hear

    assert (told[BUSY].times, told[BUSY].status, told[BUSY].seconds) == (2, 486, 0.0)
    assert told[NOBODY] == Deed(NOBODY)
    assert told[STRANGER].times == 1
