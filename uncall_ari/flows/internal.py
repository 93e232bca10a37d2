"""A call to an extension, from another one or from a trunk: ring it, let the two talk, or say why not."""

from datetime import UTC, datetime

from uncall_ari.ari import Leg
from uncall_ari.calls.records import Direction, ExtensionStatus, Pop
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.flows.conversation import converse
from uncall_ari.flows.means import CALL, Means
from uncall_ari.flows.ringing import ring

SAID = {  # what a caller hears, and the reason that his phone or carrier gets
    ExtensionStatus.DO_NOT_DISTURB: ("agent-busy", "busy"),
    ExtensionStatus.IN_CALL: ("number-busy", "busy"),
    ExtensionStatus.RINGING: ("number-busy", "busy"),
    ExtensionStatus.OFFLINE: ("not-reachable", "unallocated"),
    ExtensionStatus.IDLE: ("no-answer", "no_answer"),
}


async def call_extension(means: Means, caller: Leg, number: str, extension: str, *, from_trunk: bool) -> None:
    """Connect `caller`, whose number is `number`, with `extension`. Raises HungUp.

    Both phones show the call at the callee's ringing. A caller who cannot be connected hears why, unanswered (so it
    costs nothing), and gets the reason in SIP.
    """
    status = await means.extensions.status(extension)
    if status is ExtensionStatus.IDLE:
        await caller.set_variable(CALL, f"call {caller.id}")
        async with means.ari.leg(means.new_id()) as callee:
            if await _connect(means, caller, callee, number, extension, from_trunk=from_trunk):
                return
            status = await means.extensions.status(extension)
    prompt, reason = SAID[status]
    await caller.stop_ringing()
    await caller.play(*means.sounds([prompt]))
    await caller.hang_up(reason)


async def _connect(means: Means, caller: Leg, callee: Leg, number: str, extension: str, *, from_trunk: bool) -> bool:
    """Ring, answer, talk; False when the extension does not answer."""

    def rings() -> None:
        now = datetime.now(UTC)
        means.board.show(Pop(extension, number, extension, caller.id, Direction.IN, now))
        if not from_trunk:
            means.board.show(Pop(number, number, extension, caller.id, Direction.OUT, now))

    await caller.ring()
    talk = Talk(
        caller.id,
        Party(number, caller, is_extension=not from_trunk),
        Party(extension, callee, is_extension=True),
        direction=Direction.IN,
        context="from-trunk" if from_trunk else "internal",
    )
    if from_trunk:
        talk.agent = extension
    answered = await caller.attend(ring(means, callee, extension, caller_id=number, on_ringing=rings))
    talk.channels = (caller.name, callee.name)
    if not answered:
        means.scribe.unanswered(talk, callee.end)
        return False
    await caller.answer()
    await caller.answered(ANSWER_SECONDS)
    async with means.ari.bridge(means.new_id()) as bridge:
        await bridge.add(caller, callee)
        await converse(means, talk, bridge)
    return True


ANSWER_SECONDS = 10.0  # for an answer of ours to reach a caller's phone
