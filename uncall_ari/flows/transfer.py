"""Transfer: the other party hears music, the agent that he is transferring, the target rings and gets the call."""

import asyncio
import contextlib
from datetime import UTC, datetime

from uncall_ari.ari import Bridge, HungUp, Leg, RequestFailed
from uncall_ari.calls.records import Direction, Pop
from uncall_ari.calls.talk import Order, Party, Talk
from uncall_ari.errors import WhyNot
from uncall_ari.flows.means import Means
from uncall_ari.flows.ringing import ring
from uncall_ari.flows.waits import first_of, hang_up_ordered

WAIT_SECONDS = 600.0  # longer than any phone rings


async def transfer(means: Means, talk: Talk, bridge: Bridge, agent: Party, other: Party, order: Order) -> bool:
    """Give `other` to the extension `order.target`, or back to `agent` when that does not answer.

    Whether two parties speak with each other after it. The command is answered when the target rings. An agent who
    hangs up meanwhile has let go: the target goes on ringing. When `other` leaves, all is over.
    """
    await bridge.remove(other.leg)
    with contextlib.suppress(RequestFailed):  # he lets go at this very moment
        await bridge.remove(agent.leg)
    await other.leg.music()
    leg = await talk.legs.enter_async_context(means.ari.leg(means.new_id()))
    target = Party(order.target, leg, is_extension=True)
    reached = await _reach(means, talk, agent, other, target, order)
    if not other.leg.live:
        return False
    await other.leg.stop_music()
    if reached:
        talk.parties = [other, target]
        await bridge.add(other.leg, target.leg)
        await agent.let_go(bridge)
        return True
    order.refuse(WhyNot.TARGET_NOT_IDLE)
    if agent.leg.live:
        await agent.leg.stop_music()
        await bridge.add(other.leg, agent.leg)
        return True
    await first_of(told=other.leg.play(*means.sounds(["transfer-failed"])), hung_up=hang_up_ordered(talk))
    return False


async def _reach(means: Means, talk: Talk, agent: Party, other: Party, target: Party, order: Order) -> bool:
    """Ring the target while the others wait; whether it answered and the other party is still there."""
    answered = False

    def rings() -> None:
        order.done()
        means.board.show(Pop(target.number, other.number, target.number, talk.uid, Direction.IN, datetime.now(UTC)))

    async def ring_target() -> None:
        nonlocal answered
        answered = await ring(means, target.leg, target.number, caller_id=other.number, on_ringing=rings)

    came = await first_of(
        rung=ring_target(),
        told=_tell(means, agent.leg),
        other=other.leg.ended(WAIT_SECONDS),
        hung_up=hang_up_ordered(talk),
    )
    if "hung_up" in came:
        await other.leg.hang_up()
        await other.leg.ended(WAIT_SECONDS)
    if "rung" not in came or not answered:
        await target.leg.hang_up()
    return answered and other.leg.live


async def _tell(means: Means, agent: Leg) -> None:
    """Let the agent hear that he is transferring, then music, until it is given up."""
    try:
        if media := means.sounds(["transferring"]):
            await agent.play(*media)
        await agent.music()
        await asyncio.Event().wait()
    except HungUp:  # he has let go of the call
        await asyncio.Event().wait()
    finally:
        for playback in agent.playing():  # in a bridge it would cover the voices
            await agent.stop_playback(playback)
