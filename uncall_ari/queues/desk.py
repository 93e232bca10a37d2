"""The desk: agents and waiting calls of all queues, and who gets whom.

An agent has one call at a time, whatever queues he works in, and a call one agent: both are so because each change
goes through here, in one thread, and an offer reserves both sides before anybody's phone is asked.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from uncall_ari.queues.agents import Agent, State
from uncall_ari.queues.choice import Chooser
from uncall_ari.queues.rules import Member, Rules

BUSY = (State.OFFERED, State.TALKING)


@dataclass(frozen=True, slots=True)
class Offer:
    """A call and the agents whose phones are to ring for it."""

    call: str
    queue: str
    extensions: tuple[str, ...]


@dataclass(slots=True)
class Waiting:
    """A call that waits for an agent."""

    call: str
    queue: str
    priority: int
    skill: str
    since: float
    rung: set[str] = field(default_factory=set)  # the agents that it is offered to

    @property
    def order(self) -> tuple[int, float]:
        """Whose turn it is: a higher priority first, then who has waited longer."""
        return -self.priority, self.since


class Desk:
    """All queues of one engine. `now` is in seconds, of a clock that only goes forward."""

    def __init__(self, rules: Mapping[str, Rules], seed: int | None = None) -> None:
        """`seed` makes the random strategy repeatable."""
        self._random = random.Random(seed)  # noqa: S311 - who gets a call is no secret
        self._rules: Mapping[str, Rules] = {}
        self._agents: dict[str, Agent] = {}
        self._calls: dict[str, Waiting] = {}
        self._choosers: dict[str, Chooser] = {}
        self.change(rules)

    def change(self, rules: Mapping[str, Rules]) -> None:
        """Go on with changed rules. Who has a call keeps it."""
        self._rules = rules
        for each in rules.values():
            for member in each.members:
                self._agents.setdefault(member.extension, Agent(member.extension))
        for queue in rules:
            self._choosers.setdefault(queue, Chooser(self._random))

    # --- agents ----------------------------------------------------------------------------------------

    def agent(self, extension: str, *, signed_in: bool, available: bool, now: float, there: bool | None = None) -> None:
        """What is known of an agent: whether he has signed in, and whether his phone can be rung; `there`: could be,
        but for a call that it is in."""
        agent = self._agents.get(extension)
        if agent is None:
            return
        agent.known(signed_in=signed_in, there=available if there is None else there, available=available, now=now)

    def state(self, extension: str, now: float) -> State:
        """What an agent does; OUT for one that no queue has."""
        agent = self._agents.get(extension)
        return State.OUT if agent is None else agent.state(now)

    def seen(self, extension: str) -> Agent | None:
        """The agent, to be looked at and not to be changed."""
        return self._agents.get(extension)

    # --- calls -----------------------------------------------------------------------------------------

    def join(self, call: str, queue: str, now: float, *, priority: int = 0, skill: str = "") -> None:
        """A call waits from now on. KeyError for an unknown queue."""
        rules = self._rules[queue]
        self._calls[call] = Waiting(call, queue, rules.priority + priority, skill, now)

    def leave(self, call: str, now: float) -> None:
        """A call does not wait any more: it is gone, or somewhere else. Agents that it rings are free again."""
        waiting = self._calls.pop(call, None)
        for extension in waiting.rung if waiting else ():
            self._let_go(extension, call, now, 0.0, rests=False)

    def offers(self, now: float) -> list[Offer]:
        """Match calls and agents, in the order of the calls. Both sides are taken until they are given back."""
        made = []
        for waiting in sorted(self._calls.values(), key=lambda each: each.order):
            free = [] if waiting.rung else self._free_for(waiting, now)
            if not free:
                continue
            rules = self._rules[waiting.queue]
            chosen = self._choosers[waiting.queue].choose(rules.strategy, free, rules.members)
            for agent in chosen:
                agent.offered(waiting.call, waiting.queue, now)
            waiting.rung = {agent.extension for agent in chosen}
            made.append(Offer(waiting.call, waiting.queue, tuple(agent.extension for agent in chosen)))
        return made

    def answered(self, call: str, extension: str, now: float) -> bool:
        """The agent has the call; others that it rang are free again. False when it is his no more: do not connect."""
        waiting = self._calls.get(call)
        if waiting is None or extension not in waiting.rung:
            return False
        del self._calls[call]
        for other in waiting.rung - {extension}:
            self._let_go(other, call, now, 0.0, rests=False)
        self._agents[extension].answered(now)
        return True

    def unanswered(self, call: str, extension: str, now: float, *, rests: bool = True) -> None:
        """The agent did not take the call: he rests, and it waits again at its old place once nobody is rung for it."""
        waiting = self._calls.get(call)
        if waiting is not None:
            waiting.rung.discard(extension)
        agent = self._agents.get(extension)
        rules = self._rules.get(agent.queue) if agent else None
        self._let_go(extension, call, now, rules.rest_seconds if rules and rests else 0.0, rests=rests)

    def ended(self, extension: str, call: str, now: float) -> bool:
        """The agent's talk is over: his wrap-up begins, after which his phone is taken to be free until something
        else is known of it. False when he had this call no more."""
        agent = self._agents.get(extension)
        if agent is None or agent.call != call:
            return False
        rules = self._rules.get(agent.queue)
        agent.let_go(now, rules.wrap_up_seconds if rules else 0.0, rests=False)
        agent.available = True
        return True

    def next_change(self, now: float) -> float | None:
        """The next moment when a wrap-up or a rest ends; None: no such moment is known."""
        moments = (each.busy_until for each in self._agents.values() if each.busy_until > now and not each.call)
        return min(moments, default=None)

    # --- what is asked ---------------------------------------------------------------------------------

    def free(self, queue: str, now: float) -> int:
        """Members who could take one call more at once, after those that wait."""
        able = sum(state is State.FREE for state in self._states(queue, now))
        return max(0, able - sum(1 for each in self._calls.values() if each.queue == queue and not each.rung))

    def talking(self, queue: str, now: float) -> list[float]:
        """How long each busy member has talked, in seconds; 0 for one whom a call rings."""
        busy = (self._agents[m.extension] for m in self._members(queue))
        return [now - agent.since if agent.talks else 0.0 for agent in busy if agent.call]

    def wrapping(self, queue: str, now: float) -> list[float]:
        """Seconds until the wrap-up or the rest of each member who is in one ends."""
        agents = (self._agents[m.extension] for m in self._members(queue))
        return [a.busy_until - now for a in agents if a.state(now) in (State.WRAP_UP, State.RESTING) and a.available]

    def waiting(self, queue: str) -> int:
        """Calls that have no agent yet."""
        return sum(1 for each in self._calls.values() if each.queue == queue)

    def queue_of(self, call: str) -> str:
        """The queue that a call waits in, "" when it does not wait."""
        waiting = self._calls.get(call)
        return waiting.queue if waiting else ""

    def who_has(self, call: str) -> list[str]:
        """The agents who have this call, or are offered it."""
        return [each.extension for each in self._agents.values() if each.call == call]

    def has(self, queue: str) -> bool:
        """Whether there is such a queue."""
        return queue in self._rules

    def manned(self, queue: str) -> bool:
        """Whether it is worth waiting: a member has signed in and is there, whatever he does."""
        agents = (self._agents[member.extension] for member in self._members(queue))
        return any(agent.call or (agent.signed_in and agent.there) for agent in agents)

    def take(self, call: str, extension: str, now: float) -> bool:
        """The agent has a call that no queue gives him; False when he has one already, or is none."""
        agent = self._agents.get(extension)
        if agent is None or agent.call:
            return False
        agent.offered(call, agent.queue, now)
        agent.answered(now)
        return True

    def longest_wait(self, queue: str, now: float) -> float:
        """Seconds that the call has waited which has waited longest; 0 when none does."""
        return max((now - each.since for each in self._calls.values() if each.queue == queue), default=0.0)

    def unserved(self, queue: str) -> int:
        """Calls that no agent is reserved for."""
        return sum(1 for each in self._calls.values() if each.queue == queue and not each.rung)

    def wrap_up(self, queue: str) -> float:
        """Seconds of wrap-up after a talk."""
        rules = self._rules.get(queue)
        return rules.wrap_up_seconds if rules else 0.0

    def place(self, call: str) -> int:
        """The place of a waiting call in its queue, from 1; 0 when it does not wait."""
        mine = self._calls.get(call)
        if mine is None:
            return 0
        return 1 + sum(1 for each in self._calls.values() if each.queue == mine.queue and each.order < mine.order)

    def staffed(self, queue: str, now: float) -> int:
        """Members who work: signed in, and able to take a call or in one of ours."""
        return sum(state not in (State.OUT, State.AWAY) for state in self._states(queue, now))

    # --- inside ----------------------------------------------------------------------------------------

    def _members(self, queue: str) -> tuple[Member, ...]:
        rules = self._rules.get(queue)
        return rules.members if rules else ()

    def _states(self, queue: str, now: float) -> list[State]:
        return [self._agents[member.extension].state(now) for member in self._members(queue)]

    def _free_for(self, waiting: Waiting, now: float) -> list[tuple[Member, Agent]]:
        """The free members who may take the call."""
        members = ((m, self._agents[m.extension]) for m in self._members(waiting.queue) if m.can(waiting.skill))
        return [(member, agent) for member, agent in members if agent.state(now) is State.FREE]

    def _let_go(self, extension: str, call: str, now: float, seconds: float, *, rests: bool) -> None:
        agent = self._agents.get(extension)
        if agent is not None and agent.call == call:
            agent.let_go(now, seconds, rests=rests)
