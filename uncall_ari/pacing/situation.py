"""What pacing is told, and what it answers: the modes, a moment's situation, a past call, a reason."""

import enum
from dataclasses import dataclass


class Mode(enum.StrEnum):
    """How a task is paced, in the words of its row (contract section 3)."""

    PLAIN = "g"  # task_override calls for each free agent
    SMART = "i"  # agents who are about to be free count as well, and calls that will not be answered do not
    ADVANCED = "ai"  # smart, and the abandon rate stays under task_loss_ceiling


@dataclass(frozen=True, slots=True)
class Situation:
    """A task's queue and calls at a moment. All durations are seconds."""

    now: float  # of a clock that only goes forward
    free: int = 0  # agents who could take one call more at once, after the waiting calls
    talking: tuple[float, ...] = ()  # how long each busy agent has talked; 0 for one who is being rung
    wrapping: tuple[float, ...] = ()  # until each agent in wrap-up or at rest is free
    waiting: int = 0  # calls that no agent is reserved for yet
    ringing: tuple[float, ...] = ()  # ages of the calls that are dialled and have not joined the queue
    others: tuple[float, float] = (0.0, 0.0)  # mean and variance of the answers that other tasks' calls will bring
    rivals: int = 0  # those calls
    room: int = 0  # calls that call_max and the trunk still allow

    @property
    def staffed(self) -> int:
        """Agents who work."""
        return self.free + len(self.talking) + len(self.wrapping)


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call of this task that is over, to learn from after a restart."""

    hour: int  # of the day, 0 to 23, local time
    answered: bool  # by a customer who needed an agent
    ring_seconds: float | None = None  # from dialling to joining the queue, or to the end without an answer
    talk_seconds: float | None = None  # with an agent; None when there was no talk
    wrap_up_seconds: float | None = None


class Why(enum.StrEnum):
    """Why no more calls are started now."""

    CALLS = "calls are started"
    NO_AGENTS = "no agent of the queue works"
    NO_ROOM = "call_max or the trunk allows no more calls"
    LEARNING = "too few calls are known yet: one call for each free agent"
    AGENTS_BUSY = "no agent is free, or will be when a call could be answered"
    IN_FLIGHT = "the calls in flight are enough for the agents who are free or about to be"
    BUDGET_DAY = "the abandon budget of the day is spent: only calls that an agent waits for"
    BUDGET_30_DAYS = "the abandon budget of 30 days is spent: only calls that an agent waits for"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not more, and the figures behind it."""

    why: Why
    calls: int = 0  # to start now
    answers: float = 0.0  # expected of the calls in flight
    agents: float = 0.0  # expected free within the ring time, those who are free included
    risk: float = 0.0  # that a call started now would find no agent, 0 to 1
    allowed: float = 0.0  # the greatest such risk that is taken now

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.why.value} ({self.answers:.1f} answers to come, {self.agents:.1f} agents for them, "
            f"risk {self.risk:.1%} of {self.allowed:.1%})"
        )
