"""Click to call: ring the agent, then the customer, let them talk."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from uncall_ari.ari import Bridge, End, EndedBy, HungUp, Leg, RequestFailed
from uncall_ari.calls.records import Direction, Pop
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.errors import CommandRefused, ConnectionFailed
from uncall_ari.flows.conversation import converse
from uncall_ari.flows.means import CALL, Means, Target
from uncall_ari.flows.ringing import ANSWER_GRACE, require_idle, ring, still_wanted
from uncall_ari.flows.waits import first_of

log = structlog.get_logger(__name__)

BUSY = 17  # Q.850
ENTER_SECONDS = 5.0  # for a channel that is made to be there; it takes some ms


@dataclass(frozen=True, slots=True)
class Click:
    """What was clicked: who is rung first, who then."""

    uid: str  # of the first leg, and of the call
    first: Target
    second: Target
    action_id: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


async def click_to_call(means: Means, click: Click) -> None:
    """Ring the first party; when it answers, ring the second, and let the two talk."""
    try:
        async with means.ari.leg(click.uid) as agent:
            if not await _first_answers(means, click, agent):
                means.scribe.unanswered(_talk(click, agent, agent), agent.end)
                return
            shown = click.second.caller_id or click.first.number
            await agent.set_variable("CALLERID(num)", shown)  # whom the customer sees
            async with means.ari.bridge(means.new_id()) as bridge, means.ari.leg(means.new_id()) as customer:
                answered = await _second_answers(means, click, agent, customer, bridge)
                talk = _talk(click, agent, customer)
                if answered:
                    await converse(means, talk, bridge)
                else:
                    means.scribe.unanswered(talk, customer.end)
    except HungUp:
        pass
    except (RequestFailed, ConnectionFailed, TimeoutError) as error:
        log.error("a clicked call could not go on", uid=click.uid, reason=str(error))


def _talk(click: Click, first: Leg, second: Leg) -> Talk:
    talk = Talk(
        click.uid,
        Party(click.first.number, first, click.first.is_extension),
        Party(click.second.number, second, click.second.is_extension),
        direction=Direction.OUT,
        action_id=click.action_id,
        context="click",
    )
    talk.started_at = click.at
    return talk


async def _first_answers(means: Means, click: Click, leg: Leg) -> bool:
    first, second = click.first, click.second
    if first.is_extension:
        pop = Pop(first.number, first.number, second.number, click.uid, Direction.OUT, datetime.now(UTC))
        return await ring(means, leg, first.number, caller_id=second.number, on_ringing=lambda: means.board.show(pop))
    await means.ari.originate(
        leg,
        first.endpoint,
        seconds=first.ring_seconds,
        caller_id=first.caller_id or second.number,
        variables={CALL: f"click {click.uid} {first.number}"},
    )
    limit = first.ring_seconds + ANSWER_GRACE
    await first_of(answer=leg.answered(limit))
    return leg.live


async def _second_answers(means: Means, click: Click, agent: Leg, customer: Leg, bridge: Bridge) -> bool:
    """Ring the second party: the first hears ringing, or what the carrier plays. Whether both are there then."""
    second = click.second
    if not second.is_extension:
        return await _dial(means, click, agent, customer, bridge)
    try:
        with means.board.ringing(second.number, customer.id):
            await require_idle(means, second.number)
            return await _dial(means, click, agent, customer, bridge)
    except CommandRefused:
        means.ari.forget(customer.id)  # it was never made
        customer.finish(End(EndedBy.US, datetime.now(UTC), BUSY))
        await agent.play(*means.sounds(["agent-busy"]))
        return False


async def _dial(means: Means, click: Click, agent: Leg, customer: Leg, bridge: Bridge) -> bool:
    first, second = click.first, click.second
    await means.ari.create(
        customer, second.endpoint, originator=agent.id, variables={CALL: f"click {click.uid} {second.number}"}
    )
    await still_wanted(means, customer)
    await customer.entered(ENTER_SECONDS)
    await agent.ring()
    await bridge.add(agent, customer)
    await customer.dial(agent.id, second.ring_seconds)
    limit = second.ring_seconds + ANSWER_GRACE
    if second.is_extension:
        await first_of(rings=customer.rings(limit), left=agent.ended(limit))
        means.board.show(Pop(second.number, first.number, second.number, click.uid, Direction.IN, datetime.now(UTC)))
    await first_of(answer=customer.answered(limit), left=agent.ended(limit))
    return customer.live and agent.live
