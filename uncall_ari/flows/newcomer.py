"""A call that comes in from a trunk or is dialled by an extension: led to where it belongs, or back to the dialplan."""

import contextlib

import structlog

from uncall_ari.ari import Ari, HungUp, RequestFailed
from uncall_ari.ari.connection import path
from uncall_ari.ari.events import Channel, StasisStart
from uncall_ari.calls.ongoing import Call, Kind
from uncall_ari.errors import ConnectionFailed
from uncall_ari.flows.internal import ANSWER_SECONDS, call_extension
from uncall_ari.flows.means import AGENT, CALL, Means, Target
from uncall_ari.flows.menu import follow
from uncall_ari.flows.open_line import stay_connected
from uncall_ari.flows.outward import call_outside
from uncall_ari.flows.story import Story
from uncall_ari.ivr.action import CallExtension

log = structlog.get_logger(__name__)

OPEN_LINE = "*24"  # what an agent dials who wants to stay connected; the dialplan itself has *22 and *23
FROM_TRUNK, INTERNAL = "trunk", "internal"  # the dialplan's argument: where the call came from


async def receive(means: Means, event: StasisStart, *, again: bool = False) -> None:
    """Lead a call that entered the application to an extension, a menu or the outside.

    What we know no way for goes back to the dialplan; see `send_back`. `again`: an earlier engine had begun with it.
    """
    channel = event.channel
    structlog.contextvars.bind_contextvars(uid=channel.id)
    noted = channel.channelvars.get(CALL, "")
    if (noted and not again) or not event.args or event.args[0] not in (FROM_TRUNK, INTERNAL):
        await send_back(means.ari, channel)
        return
    try:
        if event.args[0] == FROM_TRUNK:
            known = await _from_trunk(means, channel)
        else:
            known = await _from_extension(means, channel)
        if not known:
            await send_back(means.ari, channel)
    except HungUp:
        pass
    except (RequestFailed, ConnectionFailed, TimeoutError) as error:
        log.error("a call could not go on", channel=channel.id, reason=str(error) or "Asterisk fell silent")


async def _from_trunk(means: Means, channel: Channel) -> bool:
    """Lead a call from outside where `[inbound]` says, else to the extension that was dialled; False: nowhere."""
    dialled = channel.dialplan.exten
    way = means.inbound(dialled)
    if way is None and await means.extensions.exists(dialled):
        way = CallExtension(dialled)
    if way is None:
        return False
    rung = way.extension if isinstance(way, CallExtension) else ""
    call = Call(channel.id, Kind.INBOUND, channel.caller.number, rung, trunk=means.trunk_of(channel.name))
    async with await means.ari.take_in(channel) as caller:
        with means.board.ongoing.call(call):
            if isinstance(way, CallExtension):
                await call_extension(means, caller, channel.caller.number, way.extension, from_trunk=True)
            else:
                await caller.answer()
                await caller.answered(ANSWER_SECONDS)
                means.board.ongoing.answered(channel.id)
                await follow(means, caller, Story(), way, channel.caller.number)
    return True


async def _from_extension(means: Means, channel: Channel) -> bool:
    """Connect what an extension dials; False for what is neither an extension nor a number of a trunk."""
    extension = means.extensions.number_of_channel(channel.name)
    if channel.dialplan.exten == OPEN_LINE:
        async with await means.ari.take_in(channel) as agent:
            if is_agent(means, extension):
                await stay_connected(means, agent, extension)
            else:
                await agent.hang_up("unallocated")
        return True
    target = await means.target(channel.dialplan.exten) if extension else None
    if not isinstance(target, Target):
        return False
    call = Call(channel.id, Kind.INTERNAL, target.number, extension)
    async with await means.ari.take_in(channel) as caller:
        with means.board.ongoing.call(call):
            if target.is_extension:
                await call_extension(means, caller, extension, target.number, from_trunk=False)
            else:
                await call_outside(means, caller, extension, target)
    return True


def is_agent(means: Means, extension: str) -> bool:
    """Whether this extension is a member of a queue."""
    return any(queue.has(extension) for queue in means.settings.queue.values())


async def send_back(ari: Ari, channel: Channel) -> None:
    """Let the dialplan go on with `channel` at the priority that is labelled `fallback`; without one, hang up.

    A leg of ours that nobody waits for any more (its engine was killed) is hung up, unless it is a campaign's:
    those are taken up by the dialler.
    """
    ours = channel.channelvars.get(CALL, "")
    with contextlib.suppress(RequestFailed, ConnectionFailed):
        if ours.startswith(AGENT):
            log.warning("an agent's phone was called by an earlier engine: hung up", channel=channel.id)
            await ari.request("DELETE", path("channels", channel.id))
        elif not ours:
            await _go_on(ari, channel)


async def _go_on(ari: Ari, channel: Channel) -> None:
    try:
        await ari.request("POST", path("channels", channel.id, "continue"), {"label": "fallback"})
    except RequestFailed as error:
        log.error("the dialplan has no label fallback for a call: hung up", channel=channel.id, reason=error.reason)
        await ari.request("DELETE", path("channels", channel.id), {"reason": "congestion"})
