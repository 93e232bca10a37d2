"""An agent, as the desk knows him: one state for all the queues that he works in."""

import enum
from dataclasses import dataclass


class State(enum.StrEnum):
    """What an agent does at a moment."""

    OUT = "out"  # signed out
    AWAY = "away"  # signed in, and his phone is in another call, not there, or not to be disturbed
    FREE = "free"
    OFFERED = "offered"  # a call of a queue rings his phone, or is just being connected
    TALKING = "talking"
    WRAP_UP = "wrap-up"
    RESTING = "resting"  # did not answer the last call


@dataclass(slots=True)
class Agent:
    """An agent's day so far. Moments are the clock of whoever asks, in seconds."""

    extension: str
    signed_in: bool = False
    there: bool = False  # his phone is registered, and not to be left in peace
    available: bool = False  # it can be rung: there, and in no call
    call: str = ""  # the queue's call that he has or is offered
    queue: str = ""  # where that call, or the last one, came from
    talks: bool = False  # has answered it
    since: float = 0.0  # of the talk, or of the last end of one
    busy_until: float = 0.0  # wrap-up or rest
    rests: bool = False  # `busy_until` ends a rest, not a wrap-up
    calls: int = 0  # talks so far
    changed: float = 0.0  # when the state of now began, but for the end of a wrap-up or rest; 0: never seen

    def known(self, *, signed_in: bool, there: bool, available: bool, now: float) -> None:
        """What is known of his phone now."""
        before = self.state(now) if self.changed else None
        comes = signed_in and available and not (self.signed_in and self.available)
        self.signed_in, self.there, self.available = signed_in, there, available
        if comes and not self.call:
            self.since = now  # his idle time begins
        if self.state(now) is not before:
            self.changed = now

    def seconds(self, now: float) -> float:
        """How long he has done what he does now."""
        began = max(self.changed, self.busy_until) if self.busy_until <= now else self.changed
        return max(0.0, now - began) if self.changed else 0.0

    def state(self, now: float) -> State:
        """What the agent does now."""
        if self.call:
            return State.TALKING if self.talks else State.OFFERED
        if not self.signed_in:
            return State.OUT
        if now < self.busy_until:
            return State.RESTING if self.rests else State.WRAP_UP
        return State.FREE if self.available else State.AWAY

    def offered(self, call: str, queue: str, now: float) -> None:
        """A call is for this agent now, and no other one is."""
        self.call, self.queue, self.talks, self.changed = call, queue, False, now

    def answered(self, now: float) -> None:
        """He talks."""
        self.talks, self.since, self.changed = True, now, now
        self.calls += 1

    def let_go(self, now: float, busy_seconds: float, *, rests: bool) -> None:
        """He has no call any more, and gets none for so many seconds."""
        if self.talks:
            self.since = now
        self.call, self.talks, self.changed = "", False, now
        self.busy_until, self.rests = now + busy_seconds, rests
