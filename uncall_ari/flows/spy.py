"""Listen and whisper: a supervisor hears an extension's call and, whispering, speaks to the extension alone."""

from datetime import UTC, datetime

import structlog

from uncall_ari.ari import End, EndedBy, HungUp, Leg, RequestFailed
from uncall_ari.ari.events import Channel
from uncall_ari.errors import ConnectionFailed
from uncall_ari.flows.means import Means
from uncall_ari.flows.ringing import ring
from uncall_ari.flows.waits import first_of

log = structlog.get_logger(__name__)

SPY_SECONDS = 4 * 3600.0
ENTER_SECONDS = 5.0  # for the snoop channel; it takes some ms


async def spy(means: Means, uid: str, supervisor: str, extension: str, channel: Channel, *, whisper: bool) -> None:
    """Ring `supervisor` (as leg `uid`) and let it hear the channel `channel` of `extension`, until one is gone.

    Nobody hears the supervisor; with `whisper` the extension alone does. The call itself notices nothing.
    """
    try:
        async with means.ari.watching(channel) as spied, means.ari.leg(uid) as ear:
            if not await spied.attend(ring(means, ear, supervisor, caller_id=extension)):
                return
            async with means.ari.leg(means.new_id()) as tap, means.ari.bridge(means.new_id()) as bridge:
                await _tap(means, tap, channel.id, whisper=whisper)
                await tap.entered(ENTER_SECONDS)
                await bridge.add(ear, tap)
                await first_of(ear=ear.ended(SPY_SECONDS), tap=tap.ended(SPY_SECONDS), spied=spied.ended(SPY_SECONDS))
    except HungUp:
        pass
    except (RequestFailed, ConnectionFailed, TimeoutError) as error:
        log.error("a supervisor cannot listen", supervisor=supervisor, extension=extension, reason=str(error))


async def _tap(means: Means, tap: Leg, channel: str, *, whisper: bool) -> None:
    """Make `tap` and ask for its end: of a channel that snoops Asterisk tells it to nobody else."""
    try:
        await means.ari.snoop(tap, channel, whisper=whisper)
        await means.ari.request("POST", f"applications/{means.ari.app}/subscription?eventSource=channel:{tap.id}")
    except RequestFailed:  # it is not there, or not any more: nobody will tell of its end
        tap.finish(End(EndedBy.GAP, datetime.now(UTC)))
        raise
