"""A call that an agent has asked for: he is on the line already, and talks with the customer when that one answers."""

from collections.abc import Callable
from datetime import UTC, datetime

from uncall_ari.ari import Leg
from uncall_ari.calls.records import Direction, Pop
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.flows.conversation import converse
from uncall_ari.flows.means import Means
from uncall_ari.flows.ringing import ring
from uncall_ari.flows.story import Story
from uncall_ari.flows.waits import first_of

GONE_SECONDS = 5.0  # for the end of a customer's leg that we hang up


async def agent_answers(means: Means, agent: Leg, extension: str, number: str, uid: str) -> bool:
    """Ring the agent, who sees the number; whether he is on the line then. He hears ringing from there on."""
    pop = Pop(extension, extension, number, uid, Direction.OUT, datetime.now(UTC))
    if not await ring(means, agent, extension, caller_id=number, on_ringing=lambda: means.board.show(pop)):
        return False
    await agent.ring()
    return True


async def talk_when_answered(
    means: Means, agent: Party, customer: Leg, number: str, story: Story, on_answer: Callable[[], None], seconds: float
) -> None:
    """Wait up to `seconds` for the customer's answer, and let the two talk. An agent who leaves ends the call.

    Raises HungUp when the customer does not answer, TimeoutError when nobody says how the call went.
    """
    await first_of(answer=customer.answered(seconds), left=agent.leg.ended(seconds))
    if not agent.leg.live:
        await customer.hang_up()
        await customer.ended(GONE_SECONDS)
    await customer.answered(0.0)
    story.answered_at = customer.answered_at
    on_answer()
    await agent.leg.stop_ringing()
    talk = Talk(
        customer.id,
        agent,
        Party(number, customer, is_extension=False),
        direction=Direction.OUT,
        context="click",
    )
    story.began, story.extension = True, agent.number
    async with means.ari.bridge(means.new_id()) as bridge:
        await bridge.add(agent.leg, customer)
        await converse(means, talk, bridge)
