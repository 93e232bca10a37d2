"""The simulated day: nothing is lost or counted twice, and the same seed makes the same day."""

import pytest

from uncall_ari.pacing import Situation
from uncall_ari.simulate.bound import bound
from uncall_ari.simulate.day import QUEUE, Day, Piece
from uncall_ari.simulate.rules import RULES, Ours, Ratio, Rule, Silent
from uncall_ari.simulate.scenario import SCENARIOS, Stream, shifts


def day(scenario: str = "steady", agents: int = 8, hours: float = 0.1, seed: str = "1", rule: str = "ai") -> Day:
    return Day(SCENARIOS[scenario], agents, hours, seed, RULES[rule](0.03))


def test_the_same_seed_makes_the_same_day() -> None:
    one, same, other = (day(seed=seed).run() for seed in ("1", "1", "2"))
    assert one == same
    assert one.total != other.total


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_every_call_has_one_end_and_every_answer_an_agent_or_none(scenario: str) -> None:
    simulated = day(scenario, agents=10, hours=0.25)
    total = simulated.run().total
    assert total.answers == total.connected + total.abandoned + len(simulated._joined)
    assert total.connected > 20
    assert len(simulated.result.waits) == total.connected
    assert max(simulated.result.waits) <= 2.0
    assert 0.0 < total.talk < total.staffed <= 10 * 3600.0 + 1e-6
    assert sum(piece.answers for piece in simulated.result.course) == total.answers


@pytest.mark.parametrize("scenario", ["steady", "breaks"])
def test_the_situation_is_what_the_desk_says(scenario: str) -> None:
    simulated = day(scenario, agents=12, hours=0.3)
    desk, pace, seen = simulated._desk, simulated.rule.calls, [0]

    def calls(s: Situation) -> int:
        seen[0] += 1
        assert s.free == desk.free(QUEUE, s.now)
        assert sorted(s.talking) == sorted(desk.talking(QUEUE, s.now))
        assert sorted(s.wrapping) == pytest.approx(sorted(desk.wrapping(QUEUE, s.now)))
        assert s.waiting == desk.waiting(QUEUE)
        assert s.room + len(s.ringing) + len(s.talking) + s.waiting == 60, "5 channels for each agent"
        return pace(s)

    simulated.rule.calls = calls  # type: ignore[method-assign]
    simulated.run()
    assert seen[0] == 1080


class Greedy(Silent):
    """Asks for as many calls as there could be."""

    def __init__(self) -> None:
        self.most = 0

    def calls(self, s: Situation) -> int:
        """A thousand."""
        self.most = max(self.most, len(s.ringing) + len(s.talking) + s.waiting)
        return 1000


def test_no_rule_gets_more_channels_than_there_are() -> None:
    greedy = Greedy()
    total = Day(SCENARIOS["narrow"], 10, 0.2, "1", greedy).run().total
    assert greedy.most == 18
    assert total.abandoned > total.connected / 4, "it loses many"


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_nobody_does_better_than_the_bound(scenario: str) -> None:
    rules: list[Rule] = [Greedy(), Ratio(1.0), Ours(0.03)]
    most = bound(SCENARIOS[scenario], 6, 0.2, "1").total
    for rule in rules:
        total = Day(SCENARIOS[scenario], 6, 0.2, "1", rule).run().total
        assert total.occupancy <= most.occupancy + 0.02, rule  # 0.02: other talk times are drawn
    assert most.abandoned == 0
    assert most.occupancy > 0.85


def test_progressive_loses_nobody() -> None:
    total = day(agents=10, hours=1.0, rule="progressive").run().total
    assert total.abandoned == 0
    assert total.occupancy > 0.45


def test_our_rule_keeps_the_ceiling_and_talks_more_than_progressive() -> None:
    ours = day(agents=30, hours=1.0).run().total
    progressive = day(agents=30, hours=1.0, rule="progressive").run().total
    assert ours.abandon_rate <= 0.03
    assert ours.occupancy > progressive.occupancy + 0.15


def test_our_rule_follows_jumps_and_keeps_the_ceiling() -> None:
    assert day("jumping", agents=30, hours=1.0).run().total.abandon_rate <= 0.03


def test_shifts_do_not_overlap_and_end_with_the_day() -> None:
    for periods in shifts(SCENARIOS["breaks"], 50, 18000.0, "1"):
        assert periods
        for (begin, end), (after, _) in zip(periods, [*periods[1:], (18001.0, 0.0)], strict=True):
            assert 0.0 <= begin < end < after
        assert periods[-1][1] <= 18000.0


def test_calls_are_the_same_whenever_they_are_looked_at() -> None:
    first, second = Stream(SCENARIOS["steady"], "1"), Stream(SCENARIOS["steady"], "1")
    assert first[500] == [second[number] for number in range(501)][500]
    talks = [first[number].talk for number in range(4000)]
    assert sum(talks) / len(talks) == pytest.approx(90.0, rel=0.1)


def test_a_piece_without_anything_has_rates_of_nothing() -> None:
    assert Piece().occupancy == Piece().abandon_rate == 0.0
