"""Click to call: ring the agent, then the customer, let them talk."""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from uncall_ari.ari import Bridge, HungUp, Leg, RequestFailed
from uncall_ari.calls.records import Direction, Pop
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.errors import ConnectionFailed
from uncall_ari.flows.conversation import converse
from uncall_ari.flows.means import CALL, Means, Target
from uncall_ari.flows.ringing import ANSWER_GRACE, ring
from uncall_ari.flows.waits import first_of

log = structlog.get_logger(__name__)

ENTER_SECONDS = 5.0  # for a channel that is made to be there; it takes some ms


@dataclass(frozen=True, slots=True)
class Click:
    """What was clicked: who is rung first, who then."""

    uid: str  # of the first leg, and of the call
    first: Target
    second: Target
    action_id: str


async def click_to_call(means: Means, click: Click) -> None:
    """Ring the first party; when it answers, ring the second, and let the two talk."""
    try:
        async with means.ari.leg(click.uid) as agent:
            if await _first_answers(means, click, agent):
                async with means.ari.leg(means.new_id()) as customer, means.ari.bridge(means.new_id()) as bridge:
                    await _second(means, click, agent, customer, bridge)
    except HungUp:
        pass
    except (RequestFailed, ConnectionFailed, TimeoutError) as error:
        log.error("a clicked call could not go on", uid=click.uid, reason=str(error))


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
    await leg.answered(first.ring_seconds + ANSWER_GRACE)
    return True


async def _second(means: Means, click: Click, agent: Leg, customer: Leg, bridge: Bridge) -> None:
    """Ring the second party: the first hears ringing, or what the carrier plays, then the answer."""
    first, second = click.first, click.second
    await agent.set_variable("CALLERID(num)", second.caller_id or first.number)  # whom the customer sees
    await means.ari.create(
        customer, second.endpoint, originator=agent.id, variables={CALL: f"click {click.uid} {second.number}"}
    )
    await customer.entered(ENTER_SECONDS)
    await agent.ring()
    await bridge.add(agent, customer)
    await customer.dial(agent.id, second.ring_seconds)
    talk = Talk(
        click.uid,
        Party(first.number, agent, first.is_extension),
        Party(second.number, customer, second.is_extension),
        direction=Direction.OUT,
        action_id=click.action_id,
        context="click",
    )
    limit = second.ring_seconds + ANSWER_GRACE
    if second.is_extension:
        await agent.attend(customer.rings(limit))
        means.board.show(Pop(second.number, first.number, second.number, click.uid, Direction.IN, datetime.now(UTC)))
    await first_of(answer=customer.answered(limit), left=agent.ended(limit))
    if not (customer.live and agent.live):
        means.scribe.unanswered(talk, customer.end)
        return
    await converse(means, talk, bridge)
