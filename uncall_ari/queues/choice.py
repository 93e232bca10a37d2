"""The strategies: which of the free members get the next call."""

import random
from collections.abc import Sequence

from uncall_ari.queues.agents import Agent
from uncall_ari.queues.rules import Member, Strategy


class Chooser:
    """Chooses for one queue. Round robin remembers who was last."""

    def __init__(self, random_: random.Random) -> None:
        self._random = random_
        self._last = ""

    def choose(self, strategy: Strategy, free: Sequence[tuple[Member, Agent]], order: Sequence[Member]) -> list[Agent]:
        """Return whom the call is offered to, at least one of `free` (which must not be empty).

        `order` are all members, in the order of the settings.
        """
        least = min(member.penalty for member, _ in free)
        agents = [agent for member, agent in free if member.penalty == least]
        match strategy:
            case Strategy.RING_ALL:
                return agents
            case Strategy.LINEAR:
                chosen = agents[0]
            case Strategy.RANDOM:
                chosen = self._random.choice(agents)
            case Strategy.FEWEST_CALLS:
                chosen = min(agents, key=lambda agent: (agent.calls, agent.since))
            case Strategy.ROUND_ROBIN:
                chosen = self._next(agents, order)
            case Strategy.LONGEST_IDLE:
                chosen = min(agents, key=lambda agent: agent.since)
        self._last = chosen.extension
        return [chosen]

    def _next(self, agents: list[Agent], order: Sequence[Member]) -> Agent:
        places = {member.extension: place for place, member in enumerate(order)}
        last = places.get(self._last, -1)
        return min(agents, key=lambda agent: (places[agent.extension] - last - 1) % len(places))
