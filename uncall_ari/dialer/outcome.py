"""How a call ended, as the two things that are kept of it: the number's outcome and a cause word. Pure."""

import enum
from dataclasses import dataclass
from typing import Final, NamedTuple

from uncall_ari.dialer.causes import Q850, SIP, Cause
from uncall_ari.store.records import Outcome

# Codes that say only that it is over; a SIP status beside them tells more.
_VAGUE_Q850: Final = frozenset({0, 16, 31, 127})
# Asterisk tells these as 21, call rejected; but it is we who are not taken, whomever we dial.
_TRUNK_REFUSES_US: Final = frozenset({401, 402, 407})


class Refused(enum.Enum):
    """Why a number was not even sent out."""

    TRUNK_DOWN = Cause.TRUNK_DOWN  # Asterisk answered the originate with 500 Allocation failed
    NOT_ALLOWED = Cause.NOT_ALLOWED
    DO_NOT_CALL = Cause.DO_NOT_CALL
    BAD_NUMBER = Cause.BAD_NUMBER


class EndedBy(enum.Enum):
    """Who ended the call."""

    FAR_SIDE = "far side"  # the customer, or the network before he answered
    US = "us"
    NOBODY_KNOWS = "nobody knows"  # the engine or Asterisk restarted meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnd:
    """All that is known of an attempt when it is over."""

    refused: Refused | None = None
    answered: bool = False
    job_began: bool = False  # the recording or the IVR began, or an agent got the call
    call_back_asked: bool = False
    timed_out: bool = False  # our own limit for ringing ran out
    ended_by: EndedBy = EndedBy.FAR_SIDE
    q850: int = 0  # 0: none was given
    sip: int = 0  # 0: none was given
    amd: str = ""  # AMDSTATUS: HUMAN, MACHINE, NOTSURE or HANGUP; "": it did not listen


class Ending(NamedTuple):
    """What is kept of it: `call_status` of the number, and why."""

    outcome: Outcome
    cause: Cause


def ending(call: CallEnd) -> Ending:
    """The outcome and the cause word of an attempt.

    Success is an answered call that did its job; to be called back is one that was answered and did
    not, or whose customer asked for it; a machine counts as not answered, since nobody did; a number
    that may never be dialled is ignored (contract section 5, call_status).
    """
    if call.refused is not None:
        cause = call.refused.value
        return Ending(Outcome.FAILED if cause is Cause.TRUNK_DOWN else Outcome.IGNORED, cause)
    if call.answered:
        return _after_answer(call)
    return Ending(Outcome.FAILED, _without_answer(call))


def _after_answer(call: CallEnd) -> Ending:
    if call.call_back_asked:
        return Ending(Outcome.CALL_BACK, Cause.CALL_BACK)
    if call.job_began:
        return Ending(Outcome.SUCCESS, Cause.ANSWERED)
    if call.amd == "MACHINE":
        return Ending(Outcome.FAILED, Cause.MACHINE)
    if call.ended_by is EndedBy.NOBODY_KNOWS:
        return Ending(Outcome.CALL_BACK, Cause.LOST)
    return Ending(Outcome.CALL_BACK, Cause.ABANDONED)


def _without_answer(call: CallEnd) -> Cause:
    if call.ended_by is EndedBy.NOBODY_KNOWS:
        return Cause.LOST
    if call.timed_out:
        return Cause.NO_ANSWER
    if call.ended_by is EndedBy.US:
        return Cause.CANCELLED
    return cause_of(call.q850, call.sip)


def cause_of(q850: int, sip: int) -> Cause:
    """The word for an unanswered call's codes, 0 where there is none.

    Q.850 tells more than SIP, whose gateways fold several causes into one status, so it goes first
    unless it is vague. A code that no list knows counts as the class that it belongs to, and when
    nothing was said at all, nobody knows.
    """
    if sip in _TRUNK_REFUSES_US:
        return Cause.TRUNK_DOWN
    if sip >= 300 and q850 in _VAGUE_Q850:
        return SIP.get(sip) or _sip_class(sip)
    if q850 in Q850:
        return Q850[q850][0]
    return _q850_class(q850) if q850 else Cause.LOST


def _q850_class(q850: int) -> Cause:
    """Q.850 section 2.2.5: the code's upper three bits are its class; 2: resource unavailable."""
    return Cause.CONGESTION if 32 <= q850 <= 47 else Cause.UNAVAILABLE


def _sip_class(sip: int) -> Cause:
    """RFC 3261 section 21: 3xx and 4xx concern this request, 5xx the server, 6xx refuse everywhere."""
    if sip >= 600:
        return Cause.REJECTED
    return Cause.CONGESTION if sip >= 500 else Cause.UNAVAILABLE
