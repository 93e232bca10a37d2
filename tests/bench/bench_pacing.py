"""What a question to the pacer costs: µs for each `calls`, by size of the team, with twice as many calls in flight.

.venv/bin/python -m tests.bench.bench_pacing
"""

import argparse
import random
import time

from uncall_ari.pacing import Mode, Pacer, PastCall, Situation

TEAMS = (5, 10, 30, 100, 200)


def experienced() -> Pacer:
    """A pacer with 2,000 calls behind it."""
    chance = random.Random(1)
    pacer = Pacer(Mode.ADVANCED)
    pacer.learn(
        PastCall(9, True, chance.uniform(4.0, 20.0), chance.lognormvariate(4.2, 0.8), 10.0)
        if chance.random() < 0.3
        else PastCall(9, False, 25.0)
        for _ in range(2000)
    )
    return pacer


def situations(agents: int, asked: int, chance: random.Random) -> list[Situation]:
    """As an engine would ask, ten times a second."""
    free, wrapping = max(1, agents // 20), agents // 10
    return [
        Situation(
            now=1000.0 + number / 10.0,
            free=free,
            talking=tuple(chance.uniform(0.0, 200.0) for _ in range(agents - free - wrapping)),
            wrapping=tuple(chance.uniform(0.0, 10.0) for _ in range(wrapping)),
            ringing=tuple(chance.uniform(0.0, 25.0) for _ in range(2 * agents)),
            room=100,
        )
        for number in range(asked)
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=2000, help="questions for each team")
    asked = parser.parse_args().asked
    for agents in TEAMS:
        pacer, asking = experienced(), situations(agents, asked, random.Random(2))
        begun = time.process_time()
        for each in asking:
            pacer.calls(each)
        print(
            f"{agents:4} agents, {2 * agents:4} calls in flight: {(time.process_time() - begun) / asked * 1e6:5.0f} µs"
        )


if __name__ == "__main__":
    main()
