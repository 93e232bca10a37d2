"""Commands, hang-ups and lost sockets at the same moment, in any order: every command is answered, nothing is left."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.integration.campaigns import until
from tests.integration.racing import EXTENSIONS, Race, Step, race_track
from tests.integration.talking import CUSTOMER, until_status
from uncall_ari.calls.records import ExtensionStatus
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, answers, busy, no_answer

SILENCE_RMS = -45.0  # dBFS
SEED = int(os.environ.get("RACES_SEED", "1"))
EXAMPLES = int(os.environ.get("RACES", "25"))
CUSTOMERS = {"answers": answers(after=0.05), "is busy": busy(), "lets it ring": no_answer()}

extensions = st.sampled_from(EXTENSIONS)
agents = st.sampled_from(("801", "801", "802"))
acts = st.one_of(
    st.tuples(st.sampled_from(["hold", "restore", "ask", "hang_up", "answer", "bye"]), agents),
    st.tuples(st.sampled_from(["answer", "reject", "bye", "restore"]), extensions),
    st.tuples(st.just("transfer"), agents, st.sampled_from(("802", "803"))),
    st.tuples(st.sampled_from(["listen", "whisper"]), st.just("803"), agents),
    st.tuples(st.sampled_from(["busy", "idle"]), extensions),
    st.tuples(st.just("click"), agents, st.sampled_from((CUSTOMER, "802"))),
    st.tuples(st.just("dial"), extensions, st.sampled_from((*EXTENSIONS, CUSTOMER))),
    st.sampled_from([("inbound",), ("lose",), ("customer",), ("press", "5")]),
)
steps = st.lists(st.lists(acts, min_size=1, max_size=3), min_size=2, max_size=8)
beginnings = st.sampled_from(["clicked", "clicked", "came_in", "internal", "on_hold", ""])


@pytest.fixture
async def race(lab: Lab, carrier: Carrier, tmp_path: Path) -> AsyncIterator[Race]:
    async with race_track(lab, carrier, tmp_path) as made:
        yield made


@pytest.mark.timeout(240)
@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # a race is not had again by shrinking
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
@given(beginning=beginnings, customer=st.sampled_from(sorted(CUSTOMERS)), taken=steps)
async def test_anybody_may_do_anything_at_any_moment(
    race: Race, beginning: str, customer: str, taken: list[Step]
) -> None:
    if race.failed:  # hypothesis asks again what has failed: a race need not come out the same
        pytest.fail(race.failed, pytrace=False)
    race.begin()
    race.done.append(f"seed {SEED}; {beginning or 'nothing'} first; a customer who {customer}")
    race.scene.carrier.behaviour = lambda number: answers(after=0.05)
    if beginning:
        await getattr(race, beginning)()
    race.scene.carrier.behaviour = lambda number: CUSTOMERS[customer]
    for step in taken:
        await race.step(step)
    await race.calm()
    print("\n".join(race.done))


# --- the same command twice -----------------------------------------------------------------------------


async def both(race: Race, *acts: tuple[str, ...]) -> list[str]:
    """Do these at the same moment; what came of each."""
    return [each.partition(": ")[2] for each in await asyncio.gather(*map(race.act, acts))]


async def test_two_holds(race: Race) -> None:
    await race.clicked()
    one, two = await both(race, ("hold", "801"), ("hold", "801"))
    assert one.startswith("= PJSIP/carrier-")
    assert two == "refused (NO_CALL)" or two == "refused (NOT_IN_BRIDGE)"


async def test_two_transfers(race: Race) -> None:
    await race.clicked()
    results = await both(race, ("transfer", "801", "802"), ("transfer", "801", "803"))
    assert results == ["done", "refused (NOT_IN_BRIDGE)"]
    (await race.scene.phones["802"].ringing()).answer()
    assert not race.scene.phones["803"].incoming


async def test_two_calls_are_transferred_to_one_target(race: Race) -> None:
    await race.clicked("801")
    await race.clicked("802")
    began = asyncio.get_running_loop().time()
    results = await both(race, ("transfer", "801", "803"), ("transfer", "802", "803"))
    assert sorted(results) == ["done", "refused (TARGET_NOT_IDLE)"]
    assert asyncio.get_running_loop().time() - began < 2
    (await race.scene.phones["803"].ringing()).answer()


async def test_a_prompt_does_not_cover_a_call_that_is_given_back(race: Race) -> None:
    """The target refuses while the agent still hears that he is transferring."""
    agent, customer = await race.clicked()
    customer.tone = 0
    race.scene.phones["802"].behaviour = busy()
    assert await race.act(("transfer", "801", "802")) == "transfer 801 802: refused (TARGET_NOT_IDLE)"

    async def silence() -> bool:
        return agent.meter.rms() < SILENCE_RMS

    await until(silence, "the agent to hear the customer's silence and nothing else", 1.2)


async def test_two_agents_restore_one_call(race: Race) -> None:
    await race.on_hold()
    results = await both(race, ("restore", "801"), ("restore", "802"))
    assert results == ["done", "refused (NO_SUCH_CHANNEL)"]
    (await race.scene.phones["801"].ringing()).answer()
    assert not race.scene.phones["802"].incoming


async def test_two_clicks_on_one_agent(race: Race) -> None:
    one, two = await both(race, ("click", "801", CUSTOMER), ("click", "801", "13900139000"))
    assert one.startswith("= ")
    assert two == "refused (RINGING)"


async def test_one_supervisor_listens_twice(race: Race) -> None:
    await race.clicked()
    assert await both(race, ("listen", "803", "801"), ("listen", "803", "801")) == ["done", "refused (CANNOT_LISTEN)"]
    (await race.scene.phones["803"].ringing()).answer()


async def test_a_supervisor_is_free_at_once_when_the_call_ends(race: Race) -> None:
    agent, _ = await race.clicked()
    assert await race.act(("listen", "803", "801")) == "listen 803 801: done"
    ear = await race.scene.phones["803"].ringing()
    ear.answer()
    await snooped(race)
    agent.hang_up()
    await ear.until_ended(2)


async def snooped(race: Race) -> None:
    """Wait until a supervisor is connected."""

    async def look() -> bool:
        bridges = await race.scene.engine.ari.bridges()
        return len(bridges) == 2 and all(len(bridge.channels) == 2 for bridge in bridges)

    await until(look, "the supervisor to listen", 5)


# --- somebody leaves at the same moment -------------------------------------------------------------------


async def test_the_customer_leaves_as_the_target_answers(race: Race) -> None:
    _, customer = await race.clicked()
    await race.scene.engine.transfer("801", "802")
    target = await race.scene.phones["802"].ringing()
    target.answer()
    customer.hang_up()
    await target.until_ended()


@pytest.mark.parametrize("command", [("hold", "801"), ("transfer", "801", "802"), ("hang_up", "801")])
@pytest.mark.parametrize("who", [0, 1], ids=["the agent", "the customer"])
async def test_a_party_leaves_as_a_command_is_given(race: Race, command: tuple[str, ...], who: int) -> None:
    parties = await race.clicked()

    async def leave() -> None:
        parties[who].hang_up()

    await asyncio.gather(race.step([command]), leave())


async def test_the_held_customer_leaves_as_the_call_is_restored(race: Race) -> None:
    await race.on_hold()
    await race.step([("restore", "802"), ("customer",)])


async def test_a_call_that_is_being_restored_is_hung_up(race: Race) -> None:
    """802 is held by 801, who gets the call back; the order to hang 802 up does not wait for 801's answer."""
    await race.internal()
    await race.step([("hold", "801")])
    await race.scene.phones["801"].calls[-1].until_ended()
    assert await race.told(race.scene.engine.restore("801", race.held[-1])) == "done"
    ringing = await race.scene.phones["801"].ringing()
    assert await race.told(race.scene.engine.hang_up("802")) == "done"
    await ringing.until_ended(2)


async def test_hang_up_during_a_survey(race: Race) -> None:
    """An extension that is asked can be hung up like any other."""
    await race.internal()
    await race.scene.engine.ask_feedback("801")
    asked = race.scene.phones["802"].calls[-1]
    race.scene.phones["801"].calls[-1].hang_up()
    await until_asked(race)
    assert await race.told(race.scene.engine.hang_up("802")) == "done"
    await asked.until_ended(2)


async def test_hang_up_while_a_transfer_is_said_to_have_failed(race: Race) -> None:
    await race.internal()
    assert await race.told(race.scene.engine.transfer("801", "803")) == "done"
    target = await race.scene.phones["803"].ringing()
    race.scene.phones["801"].calls[-1].hang_up()
    await until_status(race.scene.engine, "801", ExtensionStatus.IDLE)
    target.reject(486)
    left = race.scene.phones["802"].calls[-1]
    await until(lambda: prompted(race), "the prompt", 5)
    assert await race.told(race.scene.engine.hang_up("802")) == "done"
    await left.until_ended(2)


async def prompted(race: Race) -> bool:
    """Whether a prompt is played to anybody."""
    return any(talk.parties[1].leg.playing() for talk in race.scene.engine._board.talks)


async def test_hang_up_as_the_survey_begins(race: Race) -> None:
    agent, _ = await race.clicked()
    await race.scene.engine.ask_feedback("801")
    agent.hang_up()
    await race.step([("hang_up", "801"), ("hold", "801"), ("transfer", "801", "802")])


async def until_asked(race: Race) -> None:
    """Wait until one party of the talk is alone."""

    async def look() -> bool:
        return any(len(talk.parties) == 1 for talk in race.scene.engine._board.talks)

    await until(look, "the survey", 5)


# --- the event socket is lost -----------------------------------------------------------------------------


async def test_the_socket_is_lost_in_a_hold(race: Race) -> None:
    agent, customer = await race.clicked()
    await race.step([("hold", "801"), ("lose",)])
    assert race.held
    await agent.until_ended()
    assert customer.live
    assert await race.told(race.scene.engine.restore("802", race.held[-1])) == "done"
    (await race.scene.phones["802"].ringing()).answer()


async def test_the_socket_is_lost_in_a_transfer(race: Race) -> None:
    _, customer = await race.clicked()
    await race.step([("transfer", "801", "802"), ("lose",)])
    assert customer.live
    await race.step([("answer", "802")])


async def test_the_socket_is_lost_in_a_restore(race: Race) -> None:
    await race.on_hold()
    await race.step([("restore", "802"), ("lose",)])


async def test_the_socket_is_lost_as_the_agent_answers(race: Race) -> None:
    """The customer's leg, not made yet, is neither taken for one that is gone nor left in Asterisk for ever."""
    await race.scene.engine.click_to_call("801", CUSTOMER, "")
    agent = await race.scene.phones["801"].ringing()
    agent.answer()
    await race.step([("lose",)])
