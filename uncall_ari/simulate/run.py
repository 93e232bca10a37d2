"""All the days that are asked for, one after another, and what comes out of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from uncall_ari.pacing import DEFAULT_CEILING
from uncall_ari.simulate.bound import bound
from uncall_ari.simulate.day import SLICE, Day, Result
from uncall_ari.simulate.rules import RULES
from uncall_ari.simulate.scenario import SCENARIOS


@dataclass(frozen=True, slots=True)
class Options:
    """What to simulate. Names are those of SCENARIOS and RULES."""

    teams: Sequence[int] = (5, 10, 30, 100, 200)
    scenarios: Sequence[str] = tuple(SCENARIOS)
    rules: Sequence[str] = tuple(RULES)
    hours: float = 10.0
    days: int = 1
    ceiling: float = DEFAULT_CEILING
    seed: int = 1

    @property
    def total(self) -> int:
        """Simulated days in all."""
        return len(self.teams) * len(self.scenarios) * (len(self.rules) + 1) * self.days


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one rule did with one team in one scenario, over all its days. Shares are 0 to 1, waits seconds."""

    scenario: str
    agents: int
    rule: str
    occupancy: float
    of_bound: float  # talk time as a share of what the bound reaches
    abandon_rate: float  # over all days
    worst_day: float
    days_kept: float  # share of the days at or under the ceiling
    waited: float  # on average, of those who got an agent
    waited_90: float  # nine of ten waited no longer
    dialled: int
    answers: int
    course: tuple[dict[str, float], ...] = ()  # of the first day, in pieces


def simulate(options: Options, tell: Callable[[str], None] = lambda _: None) -> list[Outcome]:
    """Return the outcomes, those of the bound included. `tell` is called after each simulated day, with its name."""
    outcomes = []
    for scenario in options.scenarios:
        for agents in options.teams:
            seeds = [f"{options.seed} {scenario} {day}" for day in range(options.days)]
            bounds = []
            for seed in seeds:
                bounds.append(bound(SCENARIOS[scenario], agents, options.hours, seed))
                tell(f"{scenario}, {agents} agents, bound")
            outcomes.append(_outcome(scenario, agents, "bound", bounds, bounds, options.ceiling))
            for rule in options.rules:
                results = []
                for seed in seeds:
                    day = Day(SCENARIOS[scenario], agents, options.hours, seed, RULES[rule](options.ceiling))
                    results.append(day.run())
                    tell(f"{scenario}, {agents} agents, {rule}")
                outcomes.append(_outcome(scenario, agents, rule, results, bounds, options.ceiling))
    return outcomes


def _outcome(
    scenario: str, agents: int, rule: str, results: Sequence[Result], bounds: Sequence[Result], ceiling: float
) -> Outcome:
    days = [each.total for each in results]
    answers, abandoned = sum(day.answers for day in days), sum(day.abandoned for day in days)
    waits = sorted(wait for each in results for wait in each.waits)
    occupancy = sum(day.talk for day in days) / max(1.0, sum(day.staffed for day in days))
    most = sum(each.total.talk for each in bounds) / max(1.0, sum(each.total.staffed for each in bounds))
    return Outcome(
        scenario,
        agents,
        rule,
        occupancy,
        occupancy / most if most else 0.0,
        abandoned / answers if answers else 0.0,
        max(day.abandon_rate for day in days),
        sum(day.abandon_rate <= ceiling for day in days) / len(days),
        sum(waits) / len(waits) if waits else 0.0,
        waits[int(0.9 * len(waits))] if waits else 0.0,
        sum(day.dialled for day in days),
        answers,
        tuple(_course(results[0])),
    )


def _course(result: Result) -> list[dict[str, float]]:
    return [
        {
            "second": SLICE * number,
            "occupancy": piece.occupancy,
            "answers": piece.answers,
            "abandoned": piece.abandoned,
            "waited": piece.waited / piece.connected if piece.connected else 0.0,
        }
        for number, piece in enumerate(result.course)
    ]
