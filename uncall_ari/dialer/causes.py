"""The words for how an attempt ended, and the two code lists of the telephone world that lead to them."""

import enum
from typing import Final


class Cause(enum.StrEnum):
    """Why an attempt ended as it did, in one word: `Settlement.cause`."""

    ANSWERED = "answered"  # and the recording, the IVR or the agent began
    CALL_BACK = "call-back"  # answered, and the customer asked to be called back
    ABANDONED = "abandoned"  # answered, but gone before the recording, the IVR or the agent began
    MACHINE = "machine"  # an answering machine answered
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    REJECTED = "rejected"  # the called party, or the network for him, refused the call
    UNALLOCATED = "unallocated"  # there is no such number (any more)
    CONGESTION = "congestion"  # the network had no room, or failed for a moment
    UNAVAILABLE = "unavailable"  # switched off, out of reach, out of order, or not served
    TRUNK_DOWN = "trunk-down"  # the trunk is not registered, or does not take us
    CANCELLED = "cancelled"  # we gave up before an answer: the task was stopped or deleted, or the engine ended
    LOST = "lost"  # the engine or Asterisk restarted meanwhile: nobody knows how it ended
    NOT_ALLOWED = "not-allowed"  # no pattern of the trunk allows the number
    DO_NOT_CALL = "do-not-call"
    BAD_NUMBER = "bad-number"  # no dialable number


# The causes after which the same number may be dialled again by itself.
RETRIABLE: Final = frozenset(
    {
        Cause.ABANDONED,
        Cause.MACHINE,
        Cause.BUSY,
        Cause.NO_ANSWER,
        Cause.REJECTED,
        Cause.UNALLOCATED,
        Cause.CONGESTION,
        Cause.UNAVAILABLE,
        Cause.TRUNK_DOWN,
        Cause.CANCELLED,
        Cause.LOST,
    }
)

# ITU-T Q.850 (05/98 and amendments), table 1: every code that it defines, with its name; and the three
# (45, 52, 54) that Asterisk's causes.h has besides.
Q850: Final[dict[int, tuple[Cause, str]]] = {
    1: (Cause.UNALLOCATED, "unallocated (unassigned) number"),
    2: (Cause.UNAVAILABLE, "no route to specified transit network"),
    3: (Cause.UNAVAILABLE, "no route to destination"),
    4: (Cause.UNALLOCATED, "send special information tone"),
    5: (Cause.UNALLOCATED, "misdialled trunk prefix"),
    6: (Cause.CONGESTION, "channel unacceptable"),
    7: (Cause.UNAVAILABLE, "call awarded and being delivered in an established channel"),
    8: (Cause.CONGESTION, "preemption"),
    9: (Cause.CONGESTION, "preemption, circuit reserved for reuse"),
    14: (Cause.UNAVAILABLE, "query on release: ported number"),
    16: (Cause.NO_ANSWER, "normal call clearing"),
    17: (Cause.BUSY, "user busy"),
    18: (Cause.NO_ANSWER, "no user responding"),
    19: (Cause.NO_ANSWER, "no answer from user (user alerted)"),
    20: (Cause.UNAVAILABLE, "subscriber absent"),
    21: (Cause.REJECTED, "call rejected"),
    22: (Cause.UNALLOCATED, "number changed"),
    23: (Cause.UNAVAILABLE, "redirection to new destination"),
    24: (Cause.REJECTED, "call rejected due to feature at the destination"),
    25: (Cause.CONGESTION, "exchange routing error"),
    26: (Cause.NO_ANSWER, "non-selected user clearing"),
    27: (Cause.UNAVAILABLE, "destination out of order"),
    28: (Cause.UNALLOCATED, "invalid number format (address incomplete)"),
    29: (Cause.UNAVAILABLE, "facility rejected"),
    30: (Cause.UNAVAILABLE, "response to status enquiry"),
    31: (Cause.UNAVAILABLE, "normal, unspecified"),
    34: (Cause.CONGESTION, "no circuit or channel available"),
    38: (Cause.CONGESTION, "network out of order"),
    39: (Cause.CONGESTION, "permanent frame mode connection out of service"),
    40: (Cause.CONGESTION, "permanent frame mode connection operational"),
    41: (Cause.CONGESTION, "temporary failure"),
    42: (Cause.CONGESTION, "switching equipment congestion"),
    43: (Cause.CONGESTION, "access information discarded"),
    44: (Cause.CONGESTION, "requested circuit or channel not available"),
    45: (Cause.CONGESTION, "pre-empted"),
    46: (Cause.CONGESTION, "precedence call blocked"),
    47: (Cause.CONGESTION, "resource unavailable, unspecified"),
    49: (Cause.UNAVAILABLE, "quality of service not available"),
    50: (Cause.UNAVAILABLE, "requested facility not subscribed"),
    52: (Cause.REJECTED, "outgoing call barred"),
    53: (Cause.REJECTED, "outgoing calls barred within closed user group"),
    54: (Cause.REJECTED, "incoming call barred"),
    55: (Cause.REJECTED, "incoming calls barred within closed user group"),
    57: (Cause.REJECTED, "bearer capability not authorized"),
    58: (Cause.UNAVAILABLE, "bearer capability not presently available"),
    62: (Cause.UNAVAILABLE, "inconsistency in access information and subscriber class"),
    63: (Cause.UNAVAILABLE, "service or option not available, unspecified"),
    65: (Cause.UNAVAILABLE, "bearer capability not implemented"),
    66: (Cause.UNAVAILABLE, "channel type not implemented"),
    69: (Cause.UNAVAILABLE, "requested facility not implemented"),
    70: (Cause.UNAVAILABLE, "only restricted digital information bearer capability is available"),
    79: (Cause.UNAVAILABLE, "service or option not implemented, unspecified"),
    81: (Cause.CONGESTION, "invalid call reference value"),
    82: (Cause.CONGESTION, "identified channel does not exist"),
    83: (Cause.CONGESTION, "a suspended call exists, but this call identity does not"),
    84: (Cause.CONGESTION, "call identity in use"),
    85: (Cause.CONGESTION, "no call suspended"),
    86: (Cause.CONGESTION, "call having the requested call identity has been cleared"),
    87: (Cause.REJECTED, "user not member of closed user group"),
    88: (Cause.UNAVAILABLE, "incompatible destination"),
    90: (Cause.REJECTED, "non-existent closed user group"),
    91: (Cause.UNAVAILABLE, "invalid transit network selection"),
    95: (Cause.CONGESTION, "invalid message, unspecified"),
    96: (Cause.CONGESTION, "mandatory information element is missing"),
    97: (Cause.CONGESTION, "message type non-existent or not implemented"),
    98: (Cause.CONGESTION, "message not compatible with call state, or type not implemented"),
    99: (Cause.CONGESTION, "information element or parameter not implemented"),
    100: (Cause.CONGESTION, "invalid information element contents"),
    101: (Cause.CONGESTION, "message not compatible with call state"),
    102: (Cause.CONGESTION, "recovery on timer expiry"),
    103: (Cause.CONGESTION, "parameter non-existent or not implemented, passed on"),
    110: (Cause.CONGESTION, "message with unrecognized parameter, discarded"),
    111: (Cause.CONGESTION, "protocol error, unspecified"),
    127: (Cause.UNAVAILABLE, "interworking, unspecified"),
}

# Final responses to an INVITE (RFC 3261 section 21, RFC 3398 section 8.2.6.1, RFC 8197, RFC 8688).
SIP: Final[dict[int, Cause]] = {
    401: Cause.TRUNK_DOWN,
    402: Cause.TRUNK_DOWN,
    403: Cause.REJECTED,
    404: Cause.UNALLOCATED,
    408: Cause.NO_ANSWER,
    410: Cause.UNALLOCATED,
    407: Cause.TRUNK_DOWN,
    480: Cause.NO_ANSWER,  # RFC 3398 gives it to Q.850's 19 as well as to 18, 20 and 31
    484: Cause.UNALLOCATED,
    486: Cause.BUSY,
    487: Cause.NO_ANSWER,
    600: Cause.BUSY,
    603: Cause.REJECTED,
    604: Cause.UNALLOCATED,
    606: Cause.UNAVAILABLE,
    607: Cause.REJECTED,
    608: Cause.REJECTED,
}
