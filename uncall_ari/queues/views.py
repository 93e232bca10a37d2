"""What people see of queues and agents."""

from dataclasses import dataclass

from uncall_ari.queues.agents import State


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent at this moment."""

    extension: str
    state: State
    seconds: float  # how long he has done that
    queues: tuple[str, ...]
    call: str  # uid of the call that he has or is offered, "" for none
    calls: int  # talks since the engine began
    open_line: bool  # his phone is connected all the time
    signed_in: bool  # False with a call: he has none after it


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue at this moment."""

    value: str
    description: str
    members: int
    staffed: int  # who work: free, in a call of ours, in wrap-up or resting
    free: int
    talking: int
    waiting: int
    longest_wait: float  # seconds that the first in the line has waited
