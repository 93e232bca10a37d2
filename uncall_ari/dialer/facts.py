"""What decides at a moment whether a task, and a number of it, is dialled: values that `inquiry` collects. Pure."""

from dataclasses import dataclass
from datetime import datetime, time

from uncall_ari.dialer.outcome import Refused
from uncall_ari.pacing.situation import Reason
from uncall_ari.queues import State
from uncall_ari.store.records import Standing, Supply, Task


@dataclass(frozen=True, slots=True)
class TrunkFacts:
    """The trunk of the task."""

    value: str
    used: int  # calls of all tasks
    channels: int
    rests_until: datetime | None  # Asterisk could not dial through it
    calls_per_second: float
    wait: float  # seconds until the rate allows the next call
    allow: tuple[str, ...]  # dial patterns


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """The queue of a task with agents, and its abandoned calls."""

    queue: str
    states: tuple[State, ...]  # one for each member
    staffed: int
    reason: Reason | None  # what the pacer says; None: it has not been asked since the engine began
    ceiling: float = 0.03  # the highest share of abandoned calls, 0 to 1
    today: tuple[int, int] = (0, 0)  # live answers, and abandoned ones
    month: tuple[int, int] = (0, 0)  # the same of 30 days
    ringing: int = 0  # calls that nobody has answered yet


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """The number that is asked about."""

    asked: str
    standing: Standing | None  # None: the task does not have it
    refused: tuple[Refused, ...] = ()  # why it must not be dialled
    rests_until: datetime | None = None  # it was abandoned: no task dials it before


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. What is not known, because something before it is missing, has its default."""

    now: datetime  # with the time zone of the daily windows
    task_id: int
    database_away: bool = False
    asterisk_away: str = ""  # why Asterisk is not reached; "" when it is
    ending: bool = False  # the engine was told to end
    task: Task | None = None
    unusable: str = ""  # what is wrong with the task's row
    by_agents: bool = False  # a click task: nothing is dialled by itself
    window: tuple[time, time] | None = None
    calls: int = 0  # of the task, under way
    call_max: int = 0
    trunk: TrunkFacts | None = None
    agents: AgentFacts | None = None
    supply: Supply | None = None
    number: NumberFacts | None = None  # None: the question is about the task
