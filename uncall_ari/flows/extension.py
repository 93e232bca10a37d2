"""Connect a customer, who is on the line, with an extension: ring it, let the two talk, stay until it is over."""

from datetime import UTC, datetime

from uncall_ari.ari import Leg
from uncall_ari.calls.records import Direction, Pop
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.errors import StoreUnavailable
from uncall_ari.flows.conversation import converse
from uncall_ari.flows.means import AGENT, CALL, Means
from uncall_ari.flows.ringing import ring
from uncall_ari.flows.story import Story


async def connect(means: Means, customer: Leg, story: Story, extension: str, caller_id: str) -> bool:
    """Ring `extension` (it sees `caller_id`), let the two talk, return when it is over.

    Returns False, with the customer still there, when the extension did not answer. Raises HungUp when the
    customer left before.
    """
    story.waits_for_agent = True
    pop = Pop(extension, caller_id, extension, customer.id, Direction.IN, datetime.now(UTC))
    async with means.ari.leg(means.new_id()) as agent:
        await customer.ring()
        answered = await customer.attend(
            ring(means, agent, extension, caller_id=caller_id, on_ringing=lambda: means.board.show(pop))
        )
        await customer.stop_ringing()
        if not answered:
            return False
        talk = _talk(customer, caller_id, agent, extension)
        async with means.ari.bridge(means.new_id()) as bridge:
            await bridge.add(customer, agent)
            story.extension, story.waits_for_agent = extension, False
            await converse(means, talk, bridge)
    return True


async def rejoin(means: Means, customer: Leg, story: Story) -> bool:
    """For a call taken over from a killed engine: when `customer` talks with an extension, stay until one is gone.

    Returns False when it does not.
    """
    for bridge in await means.ari.bridges():
        others = [channel for channel in bridge.channels if channel != customer.id]
        if len(others) != len(bridge.channels) - 1 or not others:
            continue
        channel = await means.ari.channel(others[0])
        if channel is None:
            continue
        async with means.ari.leg(channel.id) as agent, means.ari.bridge(bridge.id) as joined:
            await means.ari.adopt(agent)
            story.began, story.extension = True, channel.channelvars.get(CALL, "").removeprefix(AGENT)
            await converse(means, await _begun(means, customer, agent, story.extension), joined)
        return True
    return False


async def _begun(means: Means, customer: Leg, agent: Leg, extension: str) -> Talk:
    """The talk that an earlier engine has begun, with what it has noted of it."""
    try:
        noted = next((log for log in await means.scribe.open_talks() if log.uid == customer.id), None)
    except StoreUnavailable:
        noted = None
    talk = _talk(customer, noted.caller if noted else "", agent, extension)
    if noted is not None:
        talk.resume(noted)
    return talk


def _talk(customer: Leg, number: str, agent: Leg, extension: str) -> Talk:
    return Talk(
        customer.id,
        Party(number, customer, is_extension=False),
        Party(extension, agent, is_extension=True),
        direction=Direction.IN,
        context="menu",
    )
