"""Call control on real calls: who hears whom before, during and after each command, and each of its failures."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.campaigns import third_party, until
from tests.integration.talking import CALLER_ID, CUSTOMER, DID, World, until_status, world
from uncall_ari.calls.records import Direction, ExtensionStatus, Pop
from uncall_ari.errors import CommandRefused, WhyNot
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Behaviour, Carrier, answers, busy, hearing, no_answer

PROMPT_RMS = -40.0  # dBFS: a prompt or music is louder than that, silence is not


@pytest.fixture
async def scene(lab: Lab, carrier: Carrier, tmp_path: Path) -> AsyncIterator[World]:
    async with world(lab, carrier, tmp_path) as made:
        yield made


async def refused(command: object, why: WhyNot) -> None:
    with pytest.raises(CommandRefused) as caught:
        await command  # type: ignore[misc]
    assert caught.value.why is why


async def popped(scene: World, extension: str) -> Pop:
    """Wait for the extension's next pop."""
    pop = await until(lambda: scene.engine.pop(extension), f"a pop of {extension}", 5)
    assert pop is not None
    return pop


# --- click to call --------------------------------------------------------------------------------------


async def test_click_to_call_rings_the_agent_then_the_customer(scene: World) -> None:
    carrier, engine = scene.carrier, scene.engine
    carrier.behaviour = lambda number: answers(after=1.0)
    assert await engine.extension_status("801") is ExtensionStatus.IDLE
    assert await engine.click_to_call("801", CUSTOMER, "action-7") == "action-7"
    agent = await scene.phones["801"].ringing()
    assert agent.caller_id == CUSTOMER
    assert await engine.extension_status("801") is ExtensionStatus.RINGING
    pop = await popped(scene, "801")
    assert (pop.caller, pop.callee, pop.direction) == ("801", CUSTOMER, Direction.OUT)
    assert await engine.pop("801") is None
    assert not carrier.calls
    agent.answer()
    customer = await carrier.called(CUSTOMER)
    assert customer.caller_id == CALLER_ID
    await customer.until_answered()
    await hearing({"801": agent, "customer": customer}, {"801": ["customer"], "customer": ["801"]})
    assert await engine.extension_status("801") is ExtensionStatus.IN_CALL
    customer.hang_up()
    await agent.until_ended()
    await until_status(engine, "801", ExtensionStatus.IDLE)

    async def recorded() -> str | None:
        return await engine.call_recording(pop.uid)

    name = await until(recorded, "the recording to be complete")
    assert name is not None
    assert name.startswith(f"801-{CUSTOMER}-")
    assert name.endswith(f"-{pop.uid}.WAV")
    log = await engine.call_log("action-7")
    assert log is not None
    assert (log.uid, log.disposition, log.outbound, log.recording) == (pop.uid, "ANSWERED", True, name)


async def test_a_click_is_refused_where_the_agent_cannot_take_it(scene: World) -> None:
    engine = scene.engine
    await refused(engine.click_to_call("899", CUSTOMER, ""), WhyNot.UNAVAILABLE)
    await refused(engine.click_to_call("801", "110", ""), WhyNot.UNAVAILABLE)
    await engine.click_to_call("801", CUSTOMER, "")
    await refused(engine.click_to_call("801", CUSTOMER, ""), WhyNot.RINGING)
    agent = await scene.phones["801"].ringing()
    await refused(engine.click_to_call("801", CUSTOMER, ""), WhyNot.RINGING)
    agent.answer()
    await scene.carrier.called(CUSTOMER)
    await refused(engine.click_to_call("801", CUSTOMER, ""), WhyNot.UNAVAILABLE)
    await engine.hang_up("801")
    await agent.until_ended()


async def test_the_agent_hears_the_carriers_early_media(scene: World) -> None:
    early = 1350
    scene.carrier.behaviour = lambda number: Behaviour(early_media=early, answer_after=None)
    await scene.engine.click_to_call("801", CUSTOMER, "")
    agent = await scene.phones["801"].ringing()
    agent.answer()
    await agent.hears(early)
    agent.hang_up()
    await (await scene.carrier.called(CUSTOMER)).until_ended()


async def test_a_busy_customer_ends_the_click(scene: World) -> None:
    scene.carrier.behaviour = lambda number: busy()
    await scene.engine.click_to_call("801", CUSTOMER, "busy-1")
    agent = await scene.phones["801"].ringing()
    agent.answer()
    await agent.until_ended()

    async def logged() -> bool:
        log = await scene.engine.call_log("busy-1")
        return log is not None and log.disposition == "BUSY"

    await until(logged, "the record of the call")


async def test_a_click_that_the_agent_does_not_answer_is_kept_too(scene: World) -> None:
    scene.phones["801"].behaviour = busy()
    await scene.engine.click_to_call("801", CUSTOMER, "nobody-1")

    async def logged() -> bool:
        log = await scene.engine.call_log("nobody-1")
        return log is not None and (log.disposition, log.callee) == ("BUSY", CUSTOMER)

    await until(logged, "the record of the call")
    assert not scene.carrier.calls


async def test_nobody_rings_an_extension_that_is_not_to_be_disturbed(scene: World) -> None:
    engine = scene.engine
    await engine.set_busy("801")
    await engine.click_to_call("802", "801", "")  # as the second party
    agent = await scene.phones["802"].ringing()
    agent.answer()
    await agent.until_ended()
    customer = scene.carrier.call("4008002", CUSTOMER)  # through the menu
    await customer.until_answered()
    customer.press("0")
    await customer.until_ended(20)
    assert not scene.phones["801"].incoming
    await engine.set_idle("801")


async def test_two_calls_at_once_do_not_hear_each_other(scene: World) -> None:
    one, first = await scene.clicked("801", CUSTOMER)
    two, second = await scene.clicked("802", "13900139000")
    await hearing(
        {"801": one, "first": first, "802": two, "second": second},
        {"801": ["first"], "first": ["801"], "802": ["second"], "second": ["802"]},
    )
    await scene.engine.hang_up("801")
    await first.until_ended()
    await hearing({"802": two, "second": second}, {"802": ["second"], "second": ["802"]})


async def test_two_outside_numbers_are_bridged(scene: World) -> None:
    await scene.engine.click_to_bridge(CUSTOMER, "13900139000", "")
    one = await scene.carrier.called(CUSTOMER)
    two = await scene.carrier.called("13900139000")
    await two.until_answered()
    await hearing({"one": one, "two": two}, {"one": ["two"], "two": ["one"]})


# --- calls that come in ---------------------------------------------------------------------------------


async def test_an_inbound_call_rings_its_extension(scene: World) -> None:
    call = scene.carrier.call(DID, CUSTOMER)
    agent = await scene.phones["801"].ringing()
    assert agent.caller_id == CUSTOMER
    pop = await popped(scene, "801")
    assert (pop.caller, pop.callee, pop.direction) == (CUSTOMER, "801", Direction.IN)
    agent.answer()
    await call.until_answered()
    await hearing({"801": agent, "customer": call}, {"801": ["customer"], "customer": ["801"]})
    await scene.engine.hang_up("801")
    await call.until_ended()
    await agent.until_ended()


async def test_a_pop_is_pushed_at_the_ringing(scene: World) -> None:
    with scene.engine.pops() as pushed:
        scene.carrier.call(DID, CUSTOMER)
        agent = await scene.phones["801"].ringing()
        pop = await asyncio.wait_for(pushed.get(), 5)
    assert pop is not None
    assert (pop.extension, pop.caller) == ("801", CUSTOMER)
    late = pop.at.timestamp() - agent.wall(agent.ringing_at or 0).timestamp()
    print(f"the pop came {late * 1000:.0f} ms after the ringing")
    assert await scene.engine.pop("801") == pop  # who polls gets it as well


async def test_a_pop_may_repeat_while_the_call_lives(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with world(lab, carrier, tmp_path, extensions={"pop_repeat": True}) as scene:
        engine = scene.engine
        call = carrier.call(DID, CUSTOMER)
        agent = await scene.phones["801"].ringing()
        pop = await popped(scene, "801")
        assert await engine.pop("801") == pop  # it rings
        agent.answer()
        await hearing({"801": agent, "customer": call}, {"801": ["customer"], "customer": ["801"]})
        assert await engine.pop("801") == pop
        await engine.transfer("801", "802")
        target = await scene.phones["802"].ringing()
        target.answer()
        await agent.until_ended()
        assert (await popped(scene, "802")).uid == pop.uid
        assert await engine.pop("801") is None  # it is not his any more
        call.hang_up()
        await scene.nothing_left()
        assert await engine.pop("802") is None


async def test_an_inbound_call_reaches_an_extension_through_a_menu(scene: World) -> None:
    call = scene.carrier.call("4008002", CUSTOMER)
    await call.until_answered()
    call.press("0")
    agent = await scene.phones["801"].ringing()
    agent.answer()
    await hearing({"801": agent, "customer": call}, {"801": ["customer"], "customer": ["801"]})
    call.hang_up()
    await agent.until_ended()


async def test_extensions_call_each_other_and_the_outside(scene: World) -> None:
    caller = scene.phones["801"].dial("802")
    callee = await scene.phones["802"].ringing()
    assert callee.caller_id == "801"
    callee.answer()
    await caller.until_answered()
    await hearing({"801": caller, "802": callee}, {"801": ["802"], "802": ["801"]})
    caller.hang_up()
    await callee.until_ended()
    out = scene.phones["801"].dial(CUSTOMER)
    customer = await scene.carrier.called(CUSTOMER)
    assert customer.caller_id == CALLER_ID
    await out.until_answered()
    await hearing({"801": out, "customer": customer}, {"801": ["customer"], "customer": ["801"]})
    customer.hang_up()
    await out.until_ended()


async def test_a_busy_extension_is_told_so_and_not_rung(scene: World) -> None:
    engine = scene.engine
    await engine.set_busy("802")
    assert await engine.extension_status("802") is ExtensionStatus.DO_NOT_DISTURB
    assert ("802", ExtensionStatus.DO_NOT_DISTURB) in await engine.extension_statuses()
    await refused(engine.click_to_call("802", CUSTOMER, ""), WhyNot.UNAVAILABLE)
    call = scene.phones["801"].dial("802")
    await call.until_ended()
    assert call.status == 486
    assert not scene.phones["802"].incoming
    assert call.ended_at is not None
    assert call.meter.rms(call.ended_at - 1.0, call.ended_at) > PROMPT_RMS  # the prompt, before any answer
    await engine.set_idle("802")
    assert await engine.extension_status("802") is ExtensionStatus.IDLE
    await refused(engine.set_idle("802"), WhyNot.NOT_CHANGED)


async def test_feature_codes_and_hints_agree_with_the_methods(scene: World, lab: Lab) -> None:
    code = scene.phones["801"].dial("*78")
    await code.until_ended()
    await until_status(scene.engine, "801", ExtensionStatus.DO_NOT_DISTURB)
    code = scene.phones["801"].dial("*79")
    await code.until_ended()
    await until_status(scene.engine, "801", ExtensionStatus.IDLE)

    async def hint_is(state: str) -> None:
        seen = ""

        async def look() -> bool:
            nonlocal seen
            seen = await asyncio.to_thread(lab.asterisk.cli, "core show hint 801")
            return f"State:{state}" in seen.replace(" ", "")

        try:
            await until(look, f"the hint to be {state}", 10)
        except AssertionError as error:
            raise AssertionError(f"{error}; {seen}") from None

    await hint_is("Idle")
    agent, _ = await scene.clicked()
    await hint_is("InUse")
    agent.hang_up()


# --- hold and restore -----------------------------------------------------------------------------------


async def test_hold_lets_the_customer_hear_music_and_restore_gives_him_back(scene: World) -> None:
    engine = scene.engine
    agent, customer = await scene.clicked()
    channel = await engine.hold("801")
    assert channel.startswith("PJSIP/carrier-")
    await agent.until_ended()
    await customer.misses(agent.tone)
    assert customer.meter.rms() > PROMPT_RMS
    await until_status(engine, "801", ExtensionStatus.IDLE)
    await refused(engine.hold("801"), WhyNot.NO_CALL)
    await refused(engine.restore("801", "PJSIP/carrier-ffffffff"), WhyNot.NO_SUCH_CHANNEL)
    await engine.restore("801", channel)
    again = await scene.phones["801"].ringing()
    again.answer()
    await hearing({"801": again, "customer": customer}, {"801": ["customer"], "customer": ["801"]})


async def test_the_customer_may_leave_while_held(scene: World) -> None:
    agent, customer = await scene.clicked()
    channel = await scene.engine.hold("801")
    await agent.until_ended()
    customer.hang_up()
    await scene.nothing_left()
    await refused(scene.engine.restore("801", channel), WhyNot.NO_SUCH_CHANNEL)


# --- transfer -------------------------------------------------------------------------------------------


async def test_transfer_gives_the_customer_to_the_target(scene: World) -> None:
    agent, customer = await scene.clicked()
    await scene.engine.transfer("801", "802")
    target = await scene.phones["802"].ringing()
    assert target.caller_id == CUSTOMER
    pop = await popped(scene, "802")
    assert (pop.caller, pop.callee, pop.direction) == (CUSTOMER, "802", Direction.IN)
    await customer.misses(agent.tone)
    assert customer.meter.rms() > PROMPT_RMS
    assert agent.meter.rms() > PROMPT_RMS
    assert agent.live
    target.answer()
    await agent.until_ended()
    await hearing({"802": target, "customer": customer}, {"802": ["customer"], "customer": ["802"]})
    assert await scene.engine.extension_status("802") is ExtensionStatus.IN_CALL
    channel = await scene.engine.hold("802")  # the call goes on to be controllable
    assert channel.startswith("PJSIP/carrier-")


@pytest.mark.parametrize("behaviour", [busy(), no_answer()], ids=["refuses", "does not answer"])
async def test_a_failed_transfer_gives_the_call_back(scene: World, behaviour: Behaviour) -> None:
    agent, customer = await scene.clicked()
    scene.phones["802"].behaviour = behaviour
    command = scene.engine.transfer("801", "802")
    if behaviour.reject:
        await refused(command, WhyNot.TARGET_NOT_IDLE)
    else:
        await command
        await customer.misses(agent.tone)
    await hearing({"801": agent, "customer": customer}, {"801": ["customer"], "customer": ["801"]}, timeout=15)


async def test_a_transfer_is_refused_where_it_cannot_be(scene: World) -> None:
    engine = scene.engine
    await refused(engine.transfer("801", "802"), WhyNot.NO_CALL)
    agent, customer = await scene.clicked()
    await refused(engine.transfer("801", "801"), WhyNot.TARGET_NOT_IDLE)
    await refused(engine.transfer("801", "899"), WhyNot.TARGET_NOT_IDLE)
    await engine.set_busy("802")
    await refused(engine.transfer("801", "802"), WhyNot.TARGET_NOT_IDLE)
    await engine.set_idle("802")
    await engine.transfer("801", "802")
    await refused(engine.transfer("801", "803"), WhyNot.NOT_IN_BRIDGE)  # the same command twice
    await scene.phones["802"].ringing()
    customer.hang_up()
    await agent.until_ended()


async def test_an_agent_may_let_go_while_transferring(scene: World) -> None:
    agent, customer = await scene.clicked()
    await scene.engine.transfer("801", "802")
    target = await scene.phones["802"].ringing()
    agent.hang_up()
    target.answer()
    await hearing({"802": target, "customer": customer}, {"802": ["customer"], "customer": ["802"]})


# --- listen and whisper ---------------------------------------------------------------------------------


async def test_a_supervisor_listens_and_is_not_heard(scene: World) -> None:
    agent, customer = await scene.clicked()
    await scene.engine.listen("803", "801")
    ear = await scene.phones["803"].ringing()
    ear.answer()
    calls = {"801": agent, "customer": customer, "803": ear}
    heard = {"801": ["customer"], "customer": ["801"], "803": ["801", "customer"]}
    await hearing(calls, heard)
    await refused(scene.engine.listen("803", "801"), WhyNot.CANNOT_LISTEN)
    await refused(scene.engine.listen("802", "802"), WhyNot.NO_CALL)
    ear.hang_up()
    await hearing({"801": agent, "customer": customer}, {"801": ["customer"], "customer": ["801"]})


async def test_two_supervisors_may_listen(scene: World) -> None:
    agent, customer = await scene.clicked()
    calls = {"801": agent, "customer": customer}
    for supervisor in ("802", "803"):
        await scene.engine.listen(supervisor, "801")
        calls[supervisor] = await scene.phones[supervisor].ringing()
        calls[supervisor].answer()  # type: ignore[attr-defined]
    everybody = ["801", "customer"]
    heard = {"801": ["customer"], "customer": ["801"], "802": everybody, "803": everybody}
    await hearing(calls, heard)
    customer.hang_up()
    for each in calls.values():
        await each.until_ended()


async def test_a_whisper_is_heard_by_the_agent_alone(scene: World) -> None:
    caller = scene.phones["801"].dial("802")
    agent = await scene.phones["802"].ringing()
    agent.answer()
    await caller.until_answered()
    await scene.engine.whisper("803", "802")
    mouth = await scene.phones["803"].ringing()
    mouth.answer()
    calls = {"801": caller, "802": agent, "803": mouth}
    await hearing(calls, {"801": ["802"], "802": ["801", "803"], "803": ["801", "802"]})
    caller.hang_up()
    await agent.until_ended()
    await mouth.until_ended()


# --- survey, force hang-up ------------------------------------------------------------------------------


async def test_the_survey_asks_the_customer_after_the_agent(scene: World, tmp_path: Path) -> None:
    await refused(scene.engine.ask_feedback("801"), WhyNot.NO_CALL)
    agent, customer = await scene.clicked()
    await scene.engine.ask_feedback("801")
    agent.hang_up()
    await customer.misses(agent.tone)
    assert customer.meter.rms() > PROMPT_RMS
    customer.press("4")
    await customer.until_ended(20)

    async def scores() -> list[dict[str, object]]:
        return third_party(f"sqlite:///{tmp_path / 'uncall.db'}", "SELECT extension, score FROM uncall_survey")

    assert await until(scores, "the score") == [{"extension": "801", "score": "4"}]


async def test_a_survey_may_stay_unanswered(scene: World, tmp_path: Path) -> None:
    agent, customer = await scene.clicked()
    await scene.engine.ask_feedback("801")
    agent.hang_up()
    await customer.until_ended(30)

    async def scores() -> list[dict[str, object]]:
        return third_party(f"sqlite:///{tmp_path / 'uncall.db'}", "SELECT extension, score FROM uncall_survey")

    assert await until(scores, "the score") == [{"extension": "801", "score": ""}]


async def test_hang_up_ends_both_sides(scene: World) -> None:
    await refused(scene.engine.hang_up("801"), WhyNot.NO_CALL)
    agent, customer = await scene.clicked()
    await scene.engine.hang_up("801")
    await agent.until_ended()
    await customer.until_ended()
    assert agent.ended_by == customer.ended_by == "asterisk"


async def test_hang_up_ends_a_call_that_still_rings(scene: World) -> None:
    scene.carrier.behaviour = lambda number: no_answer()
    await scene.engine.click_to_call("801", CUSTOMER, "")
    agent = await scene.phones["801"].ringing()
    agent.answer()
    customer = await scene.carrier.called(CUSTOMER)
    await scene.engine.hang_up("801")
    await agent.until_ended()
    await customer.until_ended()
