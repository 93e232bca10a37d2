"""A call from an extension to the outside, through the first trunk that may dial the number."""

from datetime import UTC, datetime

from uncall_ari.ari import Leg
from uncall_ari.calls.records import Direction, Pop
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.flows.click import ENTER_SECONDS
from uncall_ari.flows.conversation import converse
from uncall_ari.flows.means import CALL, Means, Target
from uncall_ari.flows.ringing import ANSWER_GRACE, still_wanted
from uncall_ari.flows.waits import first_of

ANSWER_SECONDS = 10.0  # for an answer of ours to reach a caller's phone


async def call_outside(means: Means, caller: Leg, extension: str, target: Target) -> None:
    """Dial `target` for `extension`; when it answers, let the two talk. Raises HungUp."""
    await caller.set_variable("CALLERID(num)", target.caller_id or extension)
    async with means.ari.bridge(means.new_id()) as bridge, means.ari.leg(means.new_id()) as customer:
        await means.ari.create(
            customer, target.endpoint, originator=caller.id, variables={CALL: f"call {caller.id} {target.number}"}
        )
        await still_wanted(means, customer)
        await customer.entered(ENTER_SECONDS)
        await caller.ring()
        await customer.dial(caller.id, target.ring_seconds)
        now = datetime.now(UTC)
        means.board.show(Pop(extension, extension, target.number, caller.id, Direction.OUT, now))
        talk = Talk(
            caller.id,
            Party(extension, caller, is_extension=True),
            Party(target.number, customer, is_extension=False),
            direction=Direction.OUT,
            context="internal",
        )
        limit = target.ring_seconds + ANSWER_GRACE
        await first_of(answer=customer.answered(limit), left=caller.ended(limit))
        if not (customer.live and caller.live):
            means.scribe.unanswered(talk, customer.end)
            await caller.hang_up("busy" if customer.end and customer.end.q850 == 17 else "no_answer")
            return
        await caller.answer()
        await caller.answered(ANSWER_SECONDS)
        await bridge.add(caller, customer)
        await converse(means, talk, bridge)
