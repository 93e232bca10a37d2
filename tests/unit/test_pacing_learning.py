"""What pacing learns: durations, the answer rate, how risks turn into lost customers."""

import math
import random

import numpy as np
import pytest

from uncall_ari.pacing.durations import Durations
from uncall_ari.pacing.forecast import TALK_BINS, TALK_STEP, Ringing, Shapes, Talking
from uncall_ari.pacing.hours import Hours, odds, stretch
from uncall_ari.pacing.knowledge import Knowledge
from uncall_ari.pacing.rate import AnswerRate
from uncall_ari.pacing.risk import RiskScale
from uncall_ari.pacing.situation import Situation

NOTHING = np.empty(0)


def talks() -> Durations:
    return Durations(TALK_STEP, TALK_BINS, 100.0, 0.9, 20.0, 2000.0)


def test_a_distribution_begins_as_its_prior() -> None:
    survival = talks().survival()
    assert survival[50] == pytest.approx(0.5, abs=0.05)  # the median of 100 s
    assert np.all(np.diff(survival) <= 0)


def test_data_outweighs_the_prior() -> None:
    learned = talks()
    chance = random.Random(1)
    for _ in range(2000):
        learned.add(chance.uniform(20.0, 40.0))
    survival = learned.survival()
    assert survival[9] > 0.97, "nobody is done before 20 s"
    assert survival[15] == pytest.approx(0.5, abs=0.06)
    assert survival[20] < 0.05, "everybody is done after 40 s"


def test_an_old_habit_fades() -> None:
    learned = Durations(TALK_STEP, TALK_BINS, 100.0, 0.9, 5.0, memory=200.0)
    for _ in range(1000):
        learned.add(20.0)
    for _ in range(1000):
        learned.add(200.0)
    assert learned.survival()[50] > 0.9
    assert learned.weight == pytest.approx(200.0, rel=0.05)


def test_talks_that_go_on_count_for_the_time_they_have_lasted() -> None:
    """Of 20 talks that began together 5 are over after 30 s: a quarter has ended, and not all."""
    learned = talks()
    for seconds in (10.0, 15.0, 20.0, 25.0, 29.0):
        learned.add(seconds)
    blind, aware = learned.survival()[15], learned.survival([30.0] * 15)[15]
    assert aware > blind + 0.1
    assert aware > 0.7


def test_the_rest_of_a_talk_depends_on_how_long_it_has_lasted() -> None:
    """Half of the talks last 20 s, the others 300 s: after 30 s it is one of the long ones."""
    learned = Durations(TALK_STEP, TALK_BINS, 100.0, 0.9, 5.0, 2000.0)
    for _ in range(500):
        learned.add(20.0)
        learned.add(300.0)
    talking = Talking(learned.survival(), wrap_up=0.0, horizons=25)
    within = 20  # seconds
    new, long, ending = (talking.chances[talking.places([talked])[0], within] for talked in (2.0, 40.0, 290.0))
    assert new == pytest.approx(0.5, abs=0.1)
    assert long < 0.1
    assert ending > 0.7


def test_nobody_is_free_before_his_wrap_up_is_over() -> None:
    talking = Talking(talks().survival(), wrap_up=12.0, horizons=25)
    chances = talking.chances[30]
    assert np.all(chances[:11] == 0.0), "2 s of patience, so from the tenth second on"
    assert chances[11] > 0.0


def test_the_answer_of_a_call_depends_on_its_age() -> None:
    """Answers come after 5 to 15 s, failures after 30 s: a call that has rung 20 s will not be answered."""
    answers, failures = Durations(0.5, 120, 10.0, 0.7, 5.0, 1500.0), Durations(0.5, 120, 25.0, 0.5, 5.0, 1500.0)
    chance = random.Random(2)
    for _ in range(1000):
        answers.add(chance.uniform(5.0, 15.0))
        failures.add(30.0)
    ringing = Ringing(0.4, Shapes(answers, failures, NOTHING, NOTHING))
    fresh, young, old = (ringing.chances[ringing.places([age])[0], -1] for age in (0.0, 10.0, 20.0))
    assert fresh == pytest.approx(0.4, abs=0.02)
    assert young == pytest.approx(0.2 / 0.8, abs=0.05), "half of the answers have come by then"
    assert old < 0.02
    assert ringing.arrival.sum() == pytest.approx(1.0)


class Calls:
    """Made-up calls at a steady pace, told to a Knowledge: answers within 10 s, failures after `fails` seconds."""

    def __init__(self, a_second: int, fails: float = 25.0) -> None:
        self.known, self.a_second, self.fails = Knowledge(), a_second, fails
        self.ringing: list[tuple[int, float, bool]] = []  # when it was dialled, how long it rings, whether answered
        self.second = 0
        self.chance = random.Random(3)

    @property
    def rate(self) -> AnswerRate:
        return self.known.rate

    def run(self, seconds: int, p: float) -> None:
        """So many seconds of calls of which p are answered."""
        for _ in range(seconds):
            self.second += 1
            now, going = self.second, []
            for since, after, answered in self.ringing:
                if now - since < after:
                    going.append((since, after, answered))
                else:
                    self.known.ended(answered, after, since + after, 0)
            self.ringing = going
            for _ in range(self.a_second):
                answered = self.chance.random() < p
                self.ringing.append((now, self.chance.uniform(0.0, 10.0) if answered else self.fails, answered))
            ages = tuple(float(now - since) for since, _, _ in self.ringing)
            self.known.look(Situation(float(now), ringing=ages), 0)


def test_the_answer_rate_is_learned_without_bias_by_the_calls_that_still_ring() -> None:
    calls = Calls(a_second=2)
    calls.run(12, 0.3)  # the first answers are there, and no failure yet
    assert 0.1 < calls.rate.value < 0.6
    calls.run(300, 0.3)
    assert calls.rate.value == pytest.approx(0.3, abs=0.06)
    assert calls.rate.doubt < 0.02


@pytest.mark.parametrize("fails", [0.05, 1.0, 3.0, 8.0, 25.0])
def test_calls_that_are_refused_at_once_count_as_not_answered(fails: float) -> None:
    """They used to teach nothing, because no answer was due yet: the rate of those that ring on was taken for all."""
    calls = Calls(a_second=3, fails=fails)
    calls.run(900, 0.3)
    seen = []
    for _ in range(20):
        calls.run(30, 0.3)
        seen.append(float(calls.known.ringing.fresh[-1]))
    assert sum(seen) / len(seen) == pytest.approx(0.3, abs=0.06), seen


@pytest.mark.parametrize(("before", "after"), [(0.15, 0.5), (0.3, 0.7), (0.6, 0.15)])
def test_a_jump_of_the_answer_rate_is_followed_within_a_minute(before: float, after: float) -> None:
    calls = Calls(a_second=2)
    calls.run(900, before)
    assert calls.rate.value == pytest.approx(before, abs=0.08)
    calls.run(60, after)
    assert abs(calls.rate.value - after) < 0.4 * abs(before - after), calls.rate.value


def test_a_steady_rate_is_not_taken_for_a_jump() -> None:
    calls = Calls(a_second=1)
    calls.run(300, 0.3)
    seen = []
    for _ in range(60):
        calls.run(60, 0.3)
        seen.append(calls.rate.value)
    assert min(seen) > 0.15
    assert max(seen) < 0.6
    assert sum(seen) / len(seen) == pytest.approx(0.3, abs=0.03)


def test_an_hour_that_is_known_as_better_is_expected_to_be_better() -> None:
    hours = Hours()
    for number in range(400):
        hours.add(9, float(number % 10 == 0))
        hours.add(10, float(number % 10 < 4))
    better = odds(hours, 9, 10)
    assert 4.0 < better < 6.1  # 0.4/0.6 over 0.1/0.9 is 6
    assert odds(hours, 10, 9) == pytest.approx(1 / better)
    assert odds(hours, 9, 11) == 1.0, "nothing is known of 11 o'clock"
    rate = AnswerRate(prior=0.1, trust=100.0)
    rate.shift(better)
    assert 0.3 < rate.value < 0.42


def test_an_hour_of_long_talks_is_expected_to_have_long_talks() -> None:
    hours, learned = Hours(), talks()
    for _ in range(400):
        hours.add(9, math.log(40.0))
        hours.add(10, math.log(120.0))
        learned.add(40.0)
    longer = stretch(hours, 9, 10)
    assert 2.5 < longer <= 3.0
    assert stretch(hours, 9, 11) == 1.0
    short = learned.survival()[25]
    learned.stretch(longer)
    assert short < 0.15
    assert learned.survival()[25] > 0.85, "40 s were the rule, now nobody is done after 50 s"
    assert learned.mean() == pytest.approx(40.0 * longer, rel=0.2)


def test_the_risk_follows_what_risks_have_cost() -> None:
    scale = RiskScale()
    assert scale.risk(0.03) == pytest.approx(0.03)
    for number in range(3000):
        scale.answered(0.03)
        if number % 100 == 0:
            scale.abandoned()  # a third of the risk
    assert scale.risk(0.03) == pytest.approx(0.09, rel=0.1)
    for _ in range(300):
        scale.answered(0.03)
        scale.abandoned()
    assert scale.risk(0.03) < 0.02
    assert scale.risk(0.0) == RiskScale.LEAST
    assert math.isfinite(scale.risk(1.0))
