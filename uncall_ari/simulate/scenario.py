"""What a simulated day is like: customers, agents, trunk. Everything random comes from one seed."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Curve = Callable[[float], float]  # of the second of the day


@dataclass(frozen=True, slots=True)
class Call:
    """What would become of a call, whoever dials it: rules are compared on the same calls."""

    luck: float  # 0..1: answered when it is below the answer probability at the moment of dialling
    kind: float  # 0..1: who answers, machine or person, and whether the detector errs
    ring: float  # 0..1: where in the ring time
    talk: float  # seconds, should there be a talk


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of day. Probabilities are 0 to 1, durations seconds."""

    name: str
    summary: str
    answer: Callable[[random.Random], Curve]  # makes the day's curve of the answer probability
    talk: Callable[[random.Random], float]  # draws a talk time
    ring: tuple[float, float] = (4.0, 20.0)  # of an answered call, uniform
    give_up: float = 25.0
    refused: float = 0.0  # of the calls that are not answered: ended within 1 to 5 s
    machines: float = 0.0  # of the calls that are answered
    missed: float = 0.1  # of the machines: taken for a person, who keeps an agent 8 s
    mistaken: float = 0.03  # of the persons: taken for a machine, and dropped
    detection: float = 1.5  # until the detector knows
    wrap_up: float = 10.0
    breaks: bool = False  # agents come and go
    channels: float = 5.0  # of the trunk, for each agent


def _log_normal(mean: float, sigma: float) -> Callable[[random.Random], float]:
    middle = math.log(mean) - sigma * sigma / 2
    return lambda chance: min(7200.0, chance.lognormvariate(middle, sigma))


def _long_tailed(chance: random.Random) -> float:
    """A third say no within seconds; of the rest some talk very long: 90 s on average."""
    if chance.random() < 0.35:
        return chance.uniform(4.0, 15.0)
    return min(3600.0, chance.lognormvariate(math.log(133.0) - 1.1**2 / 2, 1.1))


def _steady(p: float) -> Callable[[random.Random], Curve]:
    return lambda _: lambda second: p


def _drifting(chance: random.Random) -> Curve:
    phase = chance.uniform(0.0, 2 * math.pi)
    return lambda second: 0.3 + 0.15 * math.sin(phase + 2 * math.pi * second / 14400.0)


def _jumping(chance: random.Random) -> Curve:
    """Another level every 20 to 40 minutes, at once, as when the next list or another trunk is taken."""
    levels, ends, at = [], [], 0.0
    level = 0.3
    while at < 86400.0:
        at += chance.uniform(1200.0, 2400.0)
        levels.append(level)
        ends.append(at)
        level = chance.choice([each for each in (0.12, 0.2, 0.3, 0.45, 0.6) if each != level])

    def curve(second: float) -> float:
        return next((level for level, end in zip(levels, ends, strict=True) if second < end), level)

    return curve


_TALK = _log_normal(90.0, 0.8)

SCENARIOS: dict[str, Scenario] = {
    each.name: each
    for each in (
        Scenario("steady", "30 % answer, talks of 90 s, nothing changes", _steady(0.3), _TALK),
        Scenario("drifting", "15 to 45 % answer, up and down within four hours", _drifting, _TALK),
        Scenario("jumping", "12 to 60 % answer, another level at once every 20 to 40 minutes", _jumping, _TALK),
        Scenario("long-tailed", "a third of the talks end in seconds, some last an hour", _steady(0.3), _long_tailed),
        Scenario("breaks", "agents come late, take breaks and go to lunch together", _steady(0.3), _TALK, breaks=True),
        Scenario(
            "machines",
            "a third of the answers are machines, detected in 1.5 s with errors; a fifth refuse at once",
            _steady(0.45),
            _TALK,
            machines=0.35,
            refused=0.2,
        ),
        Scenario("refused", "half of the calls that fail are refused within 5 s", _steady(0.3), _TALK, refused=0.5),
        Scenario("narrow", "a trunk of 1.8 channels for each agent", _steady(0.3), _TALK, channels=1.8),
    )
}


@dataclass(slots=True)
class Stream:
    """The calls of a day, in the order of dialling; the same for every rule."""

    scenario: Scenario
    seed: str
    _made: list[Call] = field(default_factory=list)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"calls {self.seed}")  # noqa: S311 - made-up customers

    def __getitem__(self, number: int) -> Call:
        chance = self._chance
        while len(self._made) <= number:
            self._made.append(Call(chance.random(), chance.random(), chance.random(), self.scenario.talk(chance)))
        return self._made[number]


def shifts(scenario: Scenario, agents: int, seconds: float, seed: str) -> list[list[tuple[float, float]]]:
    """Return for each agent when he is there: (from, to) in seconds of the day."""
    if not scenario.breaks:
        return [[(0.0, seconds)] for _ in range(agents)]
    chance = random.Random(f"shifts {seed}")  # noqa: S311 - made-up customers
    return [list(_shift(chance, seconds)) for _ in range(agents)]


def _shift(chance: random.Random, seconds: float) -> Iterator[tuple[float, float]]:
    """Late by up to 15 minutes, a break of 8 to 15 minutes about every hour, and for a half of them lunch at 2/5."""
    at = chance.uniform(0.0, 900.0) * (chance.random() < 0.5)
    lunch = seconds * 0.4 + chance.uniform(0.0, 120.0) if chance.random() < 0.5 else math.inf
    while at < seconds:
        until = at + chance.uniform(2400.0, 4800.0)
        if at < lunch <= until:
            yield at, lunch
            at, lunch = lunch + 1800.0, math.inf
            continue
        yield at, min(until, seconds)
        at = until + chance.uniform(480.0, 900.0)
