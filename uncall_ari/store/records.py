"""What the store's tables hold, as plain values. The rest of the engine speaks in these."""

import enum
from dataclasses import dataclass
from datetime import date, datetime


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
    action_id: str = ""  # the client's own, when he had put one into the row; else the uid
    forbidden: bool = False  # on the do-not-call list, in either spelling
    rests_until: datetime | None = None  # left in peace until then


@dataclass(frozen=True, slots=True)
class PreviewNumber:
    """A number of a click task, as its agent sees it before he dials."""

    task_id: int
    number_id: int
    number: str
    contact: str
    remark: str
    address: str
    customer_id: int | None


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
    queue: str = ""  # the queue that the customer waited in
    waited: float | None = None  # seconds from joining it to the agent, or to the end; None: never in a queue
    abandoned: bool = False  # a person answered, and no agent was there within the limit
    talked: float | None = None  # seconds with an agent; None: with none
    rest_until: datetime | None = None  # set: this telephone number is left in peace until then, in all tasks
    dialled: str = ""  # the number without what people put between the digits; "": as it stands in the row


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
class Supply:
    """What a task has to dial at a moment. Each is counted up to 10,000."""

    open: int  # numbers that were never called
    due: int  # attempts that are planned, and whose time has come
    later: int  # attempts whose time is to come
    next_due: datetime | None  # the first of those
    calling: int  # numbers in status 4


@dataclass(frozen=True, slots=True)
class Standing:
    """How one number of a task stands at a moment."""

    number_id: int
    number: str  # as stored: `mobile`
    status: int  # call_status; NULL counts as 0
    deleted: bool
    in_call: bool  # an attempt of ours at it has no end yet
    due_at: datetime | None  # of the next attempt that is planned; None: there is none
    before: int  # numbers that are claimed before it, up to 10,000; 0 for one that is not to be claimed now
    cause: str  # of its last attempt that is over; "" for none
    ended_at: datetime | None


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
    queue: str = ""
    waited: float | None = None  # seconds
    abandoned: bool = False
    talked: float | None = None  # seconds
    action_id: str = ""

    @property
    def rang(self) -> float | None:
        """Seconds from dialling to the answer, or to the end of a call that was not answered; None while it
        rings."""
        until = self.answered_at or self.ended_at
        return None if until is None else max(0.0, (until - self.claimed_at).total_seconds())


@dataclass(frozen=True, slots=True)
class WholeCall:
    """All that is kept of one attempt, wherever it stands."""

    record: CallRecord
    contact: str  # of the number's row; "" when that is gone
    customer_id: int | None
    recording: str  # the file's name without `audio:`, "" for none
    score: str | None  # the key pressed in the survey, "" for none; None: not asked


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """What pacing learns from an attempt that is over."""

    claimed_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    cause: str
    waited: float | None  # seconds, as in Settlement
    talked: float | None
    amd: str


@dataclass(frozen=True, slots=True)
class ComplianceDay:
    """A task's calls of one local day, and the 30 days that end with it. A call belongs to the day on which it was
    dialled. Only calls that waited in a queue can be abandoned, so only those are live answers."""

    task_id: int
    day: date
    dialled: int
    answered: int
    machines: int  # of the answered
    live_answers: int  # of the answered: a person, and for a queue
    abandoned: int  # of the live answers
    live_30: int
    abandoned_30: int

    @property
    def rate(self) -> float | None:
        """Abandoned calls for each live answer, 0 to 1; None without live answers."""
        return self.abandoned / self.live_answers if self.live_answers else None

    @property
    def rate_30(self) -> float | None:
        """`rate` over the 30 days."""
        return self.abandoned_30 / self.live_30 if self.live_30 else None
