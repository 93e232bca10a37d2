"""The bound: what a dialler that knows the future could reach."""

import heapq
import random

from uncall_ari.simulate.day import Piece, Result, fate, talk_seconds
from uncall_ari.simulate.scenario import Scenario, Stream, shifts


def bound(scenario: Scenario, agents: int, hours: float, seed: str) -> Result:
    """Return the day on which each agent, the moment he is free, has the next customer who would answer.

    Nobody waits, nobody is lost, and no trunk is too small: no rule can do better on the same calls.
    """
    seconds = hours * 3600.0
    stream = Stream(scenario, seed)
    curve = scenario.answer(random.Random(f"curve {seed}"))  # noqa: S311 - made-up customers
    total = Piece()
    number = 0
    heap = [
        (begin, name, end)
        for name, periods in enumerate(shifts(scenario, agents, seconds, seed))
        for begin, end in periods
    ]
    heapq.heapify(heap)
    total.staffed = sum(end - begin for begin, _, end in heap)
    while heap:
        now, name, end = heapq.heappop(heap)
        if now >= end:
            continue
        while fate(scenario, stream[number], curve(now))[0] != "answers":
            number += 1
        talk = talk_seconds(scenario, stream[number])
        number += 1
        total.answers += 1
        total.connected += 1
        total.talk += min(talk, seconds - now)
        total.staffed += max(0.0, min(now + talk, seconds) - end)
        heapq.heappush(heap, (now + talk + scenario.wrap_up, name, end))
    return Result(total)
