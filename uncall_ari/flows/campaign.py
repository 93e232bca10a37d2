"""A call of an IVR campaign: ring the customer, play the recording, lead through the menu."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from uncall_ari.ari import Leg
from uncall_ari.flows.extension import rejoin
from uncall_ari.flows.means import Means
from uncall_ari.flows.menu import run_menu
from uncall_ari.flows.story import Story

log = structlog.get_logger(__name__)

ANSWER_GRACE = 5.0  # seconds beyond the ringing time, for Asterisk's own end of it to arrive
AMD_CONTEXT = "{app}-amd"  # in the dialplan: runs AMD() and hands the call back
AMD_SECONDS = 20.0  # the detector decides within 5 s
MACHINE = "MACHINE"
MENU_SECONDS = 4 * 3600.0  # for somebody who never stops pressing keys; a talk with an extension is part of it


@dataclass(frozen=True, slots=True)
class Script:
    """What is to happen in a call: everything that its task, its trunk and its number say."""

    number: str  # the customer's, as stored
    endpoint: str  # what Asterisk dials
    ring_seconds: int
    caller_id: str  # "": the trunk's own
    recording: str  # media URI, "" for none
    menu: str  # "": none, the call is ended
    amd: bool
    amd_options: str  # the arguments of AMD()


async def place(means: Means, script: Script, leg: Leg, variables: dict[str, str]) -> None:
    """Have Asterisk dial the customer. Raises RequestFailed when it cannot, ConnectionLost when nobody knows."""
    await means.ari.originate(
        leg, script.endpoint, seconds=script.ring_seconds, caller_id=script.caller_id, variables=variables
    )


async def converse(
    means: Means, script: Script, leg: Leg, story: Story, on_answer: Callable[[], None], *, taken_over: bool = False
) -> None:
    """Wait for the answer, play the recording and lead through the menu.

    A leg that was `taken_over` from an earlier process begins with the recording again, if that had not begun,
    else with the menu (after what still plays), or stays with the extension that it talks with.

    Raises HungUp when the customer is gone, TimeoutError when Asterisk never said how the call went.
    """
    await leg.answered(script.ring_seconds + ANSWER_GRACE)
    story.answered_at = story.answered_at or leg.answered_at
    on_answer()
    if taken_over and await rejoin(means, leg, story):
        return
    if script.amd and await _is_machine(means, script, leg, story):
        return
    if script.recording and not story.began:
        playing = await leg.start_playing(script.recording)
        story.began = True
        if not await playing.finished():
            log.error("Asterisk could not play the recording", leg=leg.id, recording=script.recording)
    if script.menu:
        async with asyncio.timeout(MENU_SECONDS):
            await run_menu(means, leg, story, script.menu, script.number)


async def _is_machine(means: Means, script: Script, leg: Leg, story: Story) -> bool:
    await leg.set_variable("UNCALL_AMD", script.amd_options)
    _, story.amd, *_ = [*await leg.visit(AMD_CONTEXT.format(app=means.ari.app), AMD_SECONDS), "", ""]
    return story.amd == MACHINE
