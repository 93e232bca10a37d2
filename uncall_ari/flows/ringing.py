"""Ring an extension: dial its phone and wait for the answer."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from uncall_ari.ari import End, EndedBy, HungUp, Leg, RequestFailed
from uncall_ari.ari.connection import path
from uncall_ari.calls.records import ExtensionStatus
from uncall_ari.errors import CommandRefused, ConnectionFailed, WhyNot
from uncall_ari.flows.means import AGENT, CALL, Means

log = structlog.get_logger(__name__)

ANSWER_GRACE = 5.0  # seconds beyond the ringing time, for Asterisk's own end of it to arrive


async def ring(
    means: Means,
    leg: Leg,
    extension: str,
    *,
    caller_id: str,
    seconds: int | None = None,
    on_ringing: Callable[[], None] = lambda: None,
) -> bool:
    """Ring `extension`, which sees `caller_id`, as `leg`; whether it answered. `on_ringing` is told when it rings.

    It rings for `seconds`, else as long as an extension may. Nobody else rings it meanwhile. The leg is hung up when
    the wait is given up.
    """
    seconds = seconds or means.extension_ring_seconds
    asked = False
    try:
        with means.board.ringing(extension, leg.id):
            await require_idle(means, extension)
            asked = True
            await means.ari.originate(
                leg,
                means.phone(extension),
                seconds=seconds,
                caller_id=caller_id,
                variables={CALL: f"{AGENT}{extension}"},
            )
            await still_wanted(means, leg)
            await leg.rings(seconds + ANSWER_GRACE)
            on_ringing()
            await leg.answered(seconds + ANSWER_GRACE)
    except (HungUp, RequestFailed, ConnectionFailed, CommandRefused, TimeoutError) as error:
        log.info("the extension did not answer", extension=extension, reason=str(error))
        if isinstance(error, RequestFailed | CommandRefused):  # there was no call: nobody will tell of its end
            leg.finish(End(EndedBy.US, datetime.now(UTC)))
        return False
    except asyncio.CancelledError:
        if not asked:
            leg.finish(End(EndedBy.US, datetime.now(UTC)))
        await leg.hang_up()
        raise
    return True


async def require_idle(means: Means, extension: str) -> None:
    """Raise CommandRefused for an extension that is in a call, wants no call, or is not there (contract section 2)."""
    if await means.extensions.status(extension) is not ExtensionStatus.IDLE:
        raise CommandRefused(WhyNot.UNAVAILABLE)


async def still_wanted(means: Means, leg: Leg) -> None:
    """End the channel that was just made for a leg which is over already. Raises HungUp then.

    That happens when the event socket is lost between the making of a leg and the request for its channel: the look at
    what is live takes the leg for gone, and nobody would ever end the channel.
    """
    if leg.end is not None:
        with contextlib.suppress(RequestFailed):
            await means.ari.request("DELETE", path("channels", leg.id))
        raise HungUp(leg.id, leg.end)
