"""A call that comes in from a trunk or is dialled by an extension: handed back to the dialplan, which connects it."""

import contextlib

import structlog

from uncall_ari.ari import Ari, RequestFailed
from uncall_ari.ari.connection import path
from uncall_ari.ari.events import Channel
from uncall_ari.errors import ConnectionFailed
from uncall_ari.flows.means import AGENT, CALL

log = structlog.get_logger(__name__)


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
