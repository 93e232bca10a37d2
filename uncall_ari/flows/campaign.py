"""A call of a campaign: ring the customer, play the recording, lead to the menu or to an agent."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from uncall_ari.ari import Leg
from uncall_ari.calls.talk import Party
from uncall_ari.flows.extension import rejoin
from uncall_ari.flows.hall import Wish
from uncall_ari.flows.means import Means
from uncall_ari.flows.menu import follow
from uncall_ari.flows.preview import talk_when_answered
from uncall_ari.flows.queue import talk_with_agent
from uncall_ari.flows.story import Story
from uncall_ari.ivr import GoMenu

log = structlog.get_logger(__name__)

ANSWER_GRACE = 5.0  # seconds beyond the ringing time, for Asterisk's own end of it to arrive
AMD_CONTEXT = "{app}-amd"  # in the dialplan: runs AMD() and hands the call back
AMD_SECONDS = 20.0  # the detector decides within 5 s
MACHINE = "MACHINE"
CAMPAIGN_PRIORITY = 1  # before callers who wait anyway: who was called and waits for 2 s is lost
MENU_SECONDS = 4 * 3600.0  # for somebody who never stops pressing keys; a talk with an extension is part of it


@dataclass(frozen=True, slots=True)
class Script:
    """What is to happen in a call: everything that its task, its trunk and its number say."""

    number: str  # the customer's, as stored
    endpoint: str  # what Asterisk dials
    ring_seconds: int
    caller_id: str  # "": the trunk's own
    recording: str = ""  # media URI, "" for none
    menu: str = ""  # "": none
    queue: str = ""  # "": none
    patience: float = 2.0  # seconds within which an agent must have the call
    amd: bool = False
    amd_options: str = ""  # the arguments of AMD()
    agent: Party | None = None  # who has asked for the call, and is on the line already


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
    limit = script.ring_seconds + ANSWER_GRACE
    if script.agent is not None:
        await talk_when_answered(means, script.agent, leg, script.number, story, on_answer, limit)
        return
    await leg.answered(limit)
    story.answered_at = story.answered_at or leg.answered_at
    story.waits_for_agent = bool(script.queue)
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
    if script.queue:
        await _to_agent(means, script, leg, story)
    elif script.menu:
        async with asyncio.timeout(MENU_SECONDS):
            await follow(means, leg, story, GoMenu(script.menu), script.number)


async def _to_agent(means: Means, script: Script, leg: Leg, story: Story) -> None:
    """Connect the customer with an agent; when none has time, tell him so: he was called by nobody."""
    wish = Wish(script.queue, script.number, priority=CAMPAIGN_PRIORITY)
    if not await talk_with_agent(means, leg, story, wish, script.patience):
        await leg.play(*means.sounds(["sorry-for-the-call"]))


async def _is_machine(means: Means, script: Script, leg: Leg, story: Story) -> bool:
    await leg.set_variable("UNCALL_AMD", script.amd_options)
    _, story.amd, *_ = [*await leg.visit(AMD_CONTEXT.format(app=means.ari.app), AMD_SECONDS), "", ""]
    return story.amd == MACHINE
