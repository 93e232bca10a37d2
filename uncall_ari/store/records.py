"""What the store's tables hold, as plain values. The rest of the engine speaks in these."""

import enum
from dataclasses import dataclass
from datetime import datetime


class TaskStatus(enum.StrEnum):
    """`o_uncall_task.task_status` (contract section 5)."""

    READY = "ready"
    RUN = "run"
    STOP = "stop"
    PAUSE = "push"  # the contract's word for paused
    FINISH = "finish"


class Outcome(enum.IntEnum):
    """`o_task_run_N.call_status` (contract section 5)."""

    OPEN = 0  # not called yet
    SUCCESS = 1  # answered, and the recording or the IVR began, or an agent got the call
    CALL_BACK = 2  # answered, then lost before an agent; or the customer asked to be called back
    FAILED = 3  # not answered; the cause is kept in the call's record
    CALLING = 4  # claimed by a dialler
    IGNORED = 5  # never to be dialled: do-not-call, or no dialable number


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task as a client orders it, already checked."""

    name: str
    type: str  # "ivr", "queue" or "click"
    created_by: str
    trunk: str  # the trunk's value, e.g. "sip/test/"
    target: str  # the IVR's or queue's value
    call_max: int
    caller_id: str = "0"  # "0": none set
    day_start: str = "09:00"
    day_end: str = "18:00"
    recording: str = "0"  # "0": none
    control: str = "g"  # g, i or ai
    override: float = 1.0
    loss_ceiling: str = "0"
    target_name: str = "0"  # queue_name


@dataclass(frozen=True, slots=True)
class Task:
    """One row of `o_uncall_task`, as it stands: third parties write it too, so nothing here is sure
    to be usable before `dialer` has looked at it."""

    id: int
    name: str
    type: str
    created_at: datetime | None
    created_by: str
    trunk: str
    target: str
    status: str
    call_max: int
    day_start: str
    day_end: str
    number_table: str  # task_run_id; "" while it has none
    numbers: int  # task_num
    called: int
    success: int
    call_back: int  # task_visit
    failed: int
    control: str
    override: float
    loss_ceiling: str
    target_name: str  # queue_name
    caller_id: str
    is_run: int
    recording: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A number that is ours to dial now: the guarded UPDATE has succeeded and is committed."""

    task_id: int
    number_id: int  # the row's id in the task's number table
    number: str  # as stored: `mobile`
    uid: str  # the channel id that the call must get; stored as call_uniqueid
    attempt: int  # 1 for the first
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one claimed attempt ended. Written once; a second writing changes nothing."""

    task_id: int
    number_id: int
    uid: str
    outcome: Outcome
    cause: str  # a word: answered, busy, no-answer, rejected, ... (dialer/outcome.py)
    ended_at: datetime
    q850: int = 0  # the ISDN cause code, 0 when none was given
    sip: int = 0  # the SIP status, 0 when none was given
    answered_at: datetime | None = None
    billsec: int = 0  # whole seconds between answer and end
    extension: str = ""  # the extension that talked with the customer
    keys: str = ""  # key presses, in order
    amd: str = ""  # the answering-machine detector's verdict
    retry_at: datetime | None = None  # set: the number is dialled again, not before this moment


@dataclass(frozen=True, slots=True)
class OpenCall:
    """An attempt without an end in the records: it is going on, or a crash has left it."""

    claim: Claim
    trunk: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stranded:
    """A number that stands in status 4 (calling) with no open call behind it: somebody else left it so."""

    task_id: int
    number_id: int
    number: str
    uid: str  # call_uniqueid; "" when it has none
    called_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt, as `uncall_call` keeps it."""

    uid: str
    task_id: int
    number_id: int
    number: str
    trunk: str
    attempt: int
    claimed_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None  # None while the call is going on
    cause: str
    q850: int
    sip: int
    billsec: int
    extension: str
    keys: str
    amd: str
