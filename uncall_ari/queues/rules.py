"""What is set for a queue: its members, and in which order they get its calls."""

import enum
from dataclasses import dataclass


class Strategy(enum.StrEnum):
    """Which of the free members gets a call. A lower penalty always goes first."""

    LONGEST_IDLE = "longest-idle"
    FEWEST_CALLS = "fewest-calls"
    ROUND_ROBIN = "round-robin"
    RANDOM = "random"
    RING_ALL = "ring-all"
    LINEAR = "linear"  # always in the order of the settings


@dataclass(frozen=True, slots=True)
class Member:
    """An agent of a queue."""

    extension: str
    penalty: int = 0  # who has a higher one gets calls only while nobody with a lower one is free
    skills: frozenset[str] = frozenset()

    def can(self, skill: str) -> bool:
        """Whether a call that needs `skill` may go to this member; "" needs none."""
        return not skill or skill in self.skills


@dataclass(frozen=True, slots=True)
class Rules:
    """A queue, as far as it decides who gets whom."""

    members: tuple[Member, ...]
    strategy: Strategy = Strategy.LONGEST_IDLE
    wrap_up_seconds: float = 10.0  # after a talk, before the next call
    rest_seconds: float = 30.0  # after a call that the agent did not answer
    priority: int = 0  # calls of a queue with a higher one go first to agents of several queues
