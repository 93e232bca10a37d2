"""A conversation: two parties in a bridge, what is ordered of them, and their end.

Commands come through the talk (`Talk.order`) and are carried out here, one after another, so that no two of them and
no hang-up ever change the same call at once.
"""

import asyncio
from datetime import UTC, datetime

import structlog

from uncall_ari.ari import Bridge, HungUp, RequestFailed
from uncall_ari.calls.talk import Order, Party, Talk, What
from uncall_ari.errors import ConnectionFailed, WhyNot
from uncall_ari.flows.hold import hold, stay_held
from uncall_ari.flows.means import Means
from uncall_ari.flows.recording import recorded
from uncall_ari.flows.survey import survey
from uncall_ari.flows.transfer import transfer
from uncall_ari.flows.waits import first_of, hang_up_ordered

log = structlog.get_logger(__name__)

TALK_SECONDS = 4 * 3600.0  # no conversation is longer


async def converse(means: Means, talk: Talk, bridge: Bridge) -> None:
    """Let the two in `bridge` speak with each other until it is over; both are hung up then."""
    talk.answered_at = talk.answered_at or datetime.now(UTC)
    structlog.contextvars.bind_contextvars(uid=talk.uid)
    try:
        with means.board.listing(talk):
            async with talk.legs, asyncio.timeout(TALK_SECONDS), recorded(means, talk):
                await _go_on(means, talk, bridge)
    except HungUp:
        pass
    except (RequestFailed, ConnectionFailed, TimeoutError) as error:
        log.error("a conversation was ended: it could not go on", uid=talk.uid, reason=str(error) or "too long")
    finally:
        for party in () if means.ari.leaving else talk.parties:
            await party.let_go(bridge)


async def _go_on(means: Means, talk: Talk, bridge: Bridge) -> None:
    if talk.held is not None and not await stay_held(means, talk, bridge, talk.held):  # taken over so
        return
    while True:
        one, two = talk.parties
        came = await first_of(one=one.leg.ended(TALK_SECONDS), two=two.leg.ended(TALK_SECONDS), order=talk.ordered())
        if came & {"one", "two"}:
            await _part(means, talk, bridge, gone=one if "one" in came else two)
            return
        order = talk.take()
        if order is not None and not await _carry_out(means, talk, bridge, order):
            return


async def _carry_out(means: Means, talk: Talk, bridge: Bridge, order: Order) -> bool:
    """Carry out a command; whether two parties speak with each other after it."""
    agent = talk.party(order.by)
    other = talk.other(agent) if agent is not None else None
    if agent is None or other is None:
        order.refuse(WhyNot.NO_CALL)
        return True
    match order.what:
        case What.HANG_UP:
            talk.survey_after = ""
            order.done()
            return False
        case What.HOLD:
            return await hold(means, talk, bridge, agent, other, order)
        case What.TRANSFER:
            return await transfer(means, talk, bridge, agent, other, order)
        case What.RESTORE:
            order.refuse(WhyNot.NO_SUCH_CHANNEL)
    return True


async def _part(means: Means, talk: Talk, bridge: Bridge, gone: Party) -> None:
    """One is gone: the other is asked how it was, when that was ordered."""
    left = talk.other(gone)
    talk.parties.remove(gone)
    if left is not None and left.leg.live and gone.is_extension and talk.survey_after == gone.number:
        await bridge.remove(left.leg)
        await first_of(asked=survey(means, talk, left, gone.number), hung_up=hang_up_ordered(talk))
