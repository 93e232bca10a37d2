"""What is known of extensions and their calls, as plain values."""

import enum
from dataclasses import dataclass
from datetime import datetime


class ExtensionStatus(enum.IntEnum):
    """The state of an extension, in the numbers of getExtenStatus (contract section 2, version 4.0)."""

    IDLE = 0
    IN_CALL = 1
    OFFLINE = 4
    RINGING = 8
    DO_NOT_DISTURB = 11


class Direction(enum.StrEnum):
    """Which way a call goes, as an extension sees it (`status` of popEvent)."""

    IN = "callin"
    OUT = "callout"


@dataclass(frozen=True, slots=True)
class Pop:
    """A call of an extension, for its agent's screen."""

    extension: str
    caller: str
    callee: str
    uid: str  # of the channel that the call's records and recording are found by
    direction: Direction
    at: datetime


@dataclass(frozen=True, slots=True)
class CallLog:
    """A call that is over: what is kept of it, one row in `cdr`."""

    uid: str
    action_id: str  # of the click that ordered it, "" for none
    caller: str
    callee: str
    extension: str  # the agent's, "" when none was reached
    direction: Direction
    outbound: bool  # whether it left through a trunk
    context: str  # of the dialplan: from-trunk, internal, or click
    channel: str  # the name of the first leg's channel, PJSIP/801-00000001
    other_channel: str  # of the second leg's, "" when there was none
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    disposition: str  # ANSWERED, NO ANSWER, BUSY, FAILED
    recording: str = ""  # the file's name without `audio:`, "" for none


@dataclass(frozen=True, slots=True)
class SurveyScore:
    """A customer's answer to the satisfaction survey."""

    uid: str
    extension: str
    score: str  # the key, "" when there was none
    at: datetime
