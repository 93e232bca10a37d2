"""Hold and restore: the other party hears music, the agent is free, and somebody gets the call back."""

from uncall_ari.ari import Bridge
from uncall_ari.calls.talk import Order, Party, Talk, What
from uncall_ari.errors import WhyNot
from uncall_ari.flows.means import Means
from uncall_ari.flows.ringing import ring
from uncall_ari.flows.waits import first_of, hang_up_ordered

HOLD_SECONDS = 3600.0  # after an hour of music the call is ended


async def hold(means: Means, talk: Talk, bridge: Bridge, agent: Party, other: Party, order: Order) -> bool:
    """Take `other` out of the bridge to the music, let `agent` go, wait until somebody restores the call.

    Whether two parties speak with each other again. The command is answered with the held channel's name.
    """
    await bridge.remove(other.leg)
    await other.leg.music()
    talk.parties, talk.held = [other], other
    order.done(other.leg.name)
    await agent.let_go(bridge)
    return await stay_held(means, talk, bridge, other)


async def stay_held(means: Means, talk: Talk, bridge: Bridge, held: Party) -> bool:
    """Wait until somebody restores the call; whether two parties speak with each other then."""
    try:
        return await _until_restored(means, talk, bridge, held)
    finally:
        talk.held = None


async def _until_restored(means: Means, talk: Talk, bridge: Bridge, held: Party) -> bool:
    while True:
        came = await first_of(gone=held.leg.ended(HOLD_SECONDS), order=talk.ordered())
        if "gone" in came:
            return False
        order = talk.take()
        if order is None:
            continue
        if order.what is What.HANG_UP:
            order.done()
            return False
        if order.what is not What.RESTORE:
            order.refuse(WhyNot.NOT_IN_BRIDGE)
        elif await _restore(means, talk, bridge, held, order):
            return True


async def _restore(means: Means, talk: Talk, bridge: Bridge, held: Party, order: Order) -> bool:
    """Give the call to the agent who wants it, by his open line or by ringing him."""
    agent = means.hall.take_line(talk.uid, order.target)
    if agent is not None:
        order.done()
    else:
        agent = await _rung(means, talk, held, order)
    if agent is None:
        return False
    await held.leg.stop_music()
    await bridge.add(held.leg, agent.leg)
    talk.parties = [held, agent]
    return True


async def _rung(means: Means, talk: Talk, held: Party, order: Order) -> Party | None:
    """Ring the agent; when he does not answer, the music goes on. Who wants the call too is refused."""
    answered = False
    leg = await talk.legs.enter_async_context(means.ari.leg(means.new_id()))

    async def ring_agent() -> None:
        nonlocal answered
        answered = await ring(means, leg, order.target, caller_id=held.number, on_ringing=order.done)

    came = await first_of(rung=ring_agent(), gone=held.leg.ended(HOLD_SECONDS), hung_up=hang_up_ordered(talk))
    if "hung_up" in came:
        await held.leg.hang_up()
        await held.leg.ended(HOLD_SECONDS)
    if not answered or not held.leg.live:
        await leg.hang_up()
        order.refuse(WhyNot.UNAVAILABLE if held.leg.live else WhyNot.NO_SUCH_CHANNEL)
        return None
    return Party(order.target, leg, is_extension=True)
