"""Connect the customer with an extension: ring it, bridge the two, stay until one is gone."""

import asyncio

import structlog

from uncall_ari.ari import HungUp, Leg, RequestFailed
from uncall_ari.errors import ConnectionFailed
from uncall_ari.flows.means import AGENT, CALL, Means
from uncall_ari.flows.story import Story

log = structlog.get_logger(__name__)

ANSWER_GRACE = 5.0  # seconds beyond the ringing time, for Asterisk's own end of it to arrive
TALK_SECONDS = 4 * 3600.0  # no conversation is longer


async def connect(means: Means, customer: Leg, story: Story, extension: str, caller_id: str) -> bool:
    """Ring `extension` (it sees `caller_id`), let the two talk, return when one of them is gone.

    Returns False, with the customer still there, when the extension did not answer. Raises HungUp when the
    customer left before.
    """
    story.waits_for_agent = True
    async with means.ari.leg(means.new_id()) as agent:
        await customer.ring()
        answered = await customer.attend(_ring(means, agent, extension, caller_id))
        await customer.stop_ringing()
        if not answered:
            return False
        async with means.ari.bridge(means.new_id()) as bridge:
            await bridge.add(customer, agent)
            story.extension, story.waits_for_agent = extension, False
            await _until_one_is_gone(customer, agent)
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
        async with means.ari.leg(channel.id) as agent, means.ari.bridge(bridge.id):
            await means.ari.adopt(agent)
            story.began, story.extension = True, channel.channelvars.get(CALL, "").removeprefix(AGENT)
            await _until_one_is_gone(customer, agent)
        return True
    return False


async def _ring(means: Means, agent: Leg, extension: str, caller_id: str) -> bool:
    seconds = means.extension_ring_seconds
    try:
        await means.ari.originate(
            agent,
            means.phone(extension),
            seconds=seconds,
            caller_id=caller_id,
            variables={CALL: f"{AGENT}{extension}"},
        )
        await agent.answered(seconds + ANSWER_GRACE)
    except (HungUp, RequestFailed, ConnectionFailed, TimeoutError) as error:
        log.info("the extension did not answer", extension=extension, reason=str(error))
        return False
    return True


async def _until_one_is_gone(*legs: Leg) -> None:
    waits = [asyncio.ensure_future(leg.ended(TALK_SECONDS)) for leg in legs]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
