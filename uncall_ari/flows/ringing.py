"""Ring an extension: dial its phone and wait for the answer."""

import asyncio
from collections.abc import Callable

import structlog

from uncall_ari.ari import HungUp, Leg, RequestFailed
from uncall_ari.errors import CommandRefused, ConnectionFailed
from uncall_ari.flows.means import AGENT, CALL, Means

log = structlog.get_logger(__name__)

ANSWER_GRACE = 5.0  # seconds beyond the ringing time, for Asterisk's own end of it to arrive


async def ring(
    means: Means,
    leg: Leg,
    extension: str,
    *,
    caller_id: str,
    on_ringing: Callable[[], None] = lambda: None,
) -> bool:
    """Ring `extension`, which sees `caller_id`, as `leg`; whether it answered. `on_ringing` is told when it rings.

    Nobody else rings it meanwhile. The leg is hung up when the wait is given up.
    """
    seconds = means.extension_ring_seconds
    try:
        with means.board.ringing(extension, leg.id):
            await means.ari.originate(
                leg,
                means.phone(extension),
                seconds=seconds,
                caller_id=caller_id,
                variables={CALL: f"{AGENT}{extension}"},
            )
            await leg.rings(seconds + ANSWER_GRACE)
            on_ringing()
            await leg.answered(seconds + ANSWER_GRACE)
    except (HungUp, RequestFailed, ConnectionFailed, CommandRefused, TimeoutError) as error:
        log.info("the extension did not answer", extension=extension, reason=str(error))
        return False
    except asyncio.CancelledError:
        await leg.hang_up()
        raise
    return True
