"""The campaign with agents in figures, and the statements about it that must all be true. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from uncall_ari.demo.checks import Check, counted, shown
from uncall_ari.demo.handover import Talk, overlaps
from uncall_ari.demo.settled import SLACK, Settled

CEILING: Final = 3.0  # per cent: the task's task_loss_ceiling


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is known of the campaign as a whole."""

    seconds: float  # from its start to its stop
    began: float  # time.monotonic()
    agents: int
    call_max: int
    most_at_once: int  # calls that the carrier had open at the same moment
    started_late: int  # calls that were started after the stop
    counters: Mapping[str, int]  # of `o_uncall_task`
    listed: Mapping[str, int]  # the same, as getAllTask told them at the end
    resting: frozenset[str]  # numbers that no task may dial for a while


@dataclass(frozen=True, slots=True)
class Figures:
    """The campaign in numbers, as carrier and phones saw it."""

    dialled: int
    answered: int
    connected: int
    abandoned: int  # as the database counts it, which is checked number by number
    median: float | None  # seconds from the answer to the agent's voice
    worst: float | None
    occupancy: float  # share of the agents' time in which they talked, 0 to 1

    @property
    def rate(self) -> float:
        """Abandoned of those who answered, in per cent."""
        return 100 * self.abandoned / self.answered if self.answered else 0.0


def figures(numbers: Sequence[Settled], talks: Sequence[Talk], campaign: Campaign) -> Figures:
    """Count."""
    delays = [each.seen.delay for each in numbers if each.seen.delay is not None]
    end = campaign.began + campaign.seconds
    talked = sum(max(0.0, min(talk.until, end) - talk.since) for talk in talks)
    return Figures(
        dialled=sum(each.seen.times for each in numbers),
        answered=sum(each.seen.answered for each in numbers),
        connected=sum(bool(each.seen.agents) for each in numbers),
        abandoned=sum(each.kept.abandoned for each in numbers if each.kept),
        median=statistics.median(delays) if delays else None,
        worst=max(delays, default=None),
        occupancy=talked / (campaign.seconds * campaign.agents),
    )


def checks(numbers: Sequence[Settled], talks: Sequence[Talk], campaign: Campaign) -> list[Check]:
    """Return the statements that must all be true, with their figures."""
    wrong = [each for each in numbers if each.problems]
    untouched = sum(not each.seen.times for each in numbers)
    both_ways = sum(bool(each.seen.agents) and each.seen.agents == each.seen.lines for each in numbers)
    apart = [
        abs(each.kept.waited - each.seen.delay)
        for each in numbers
        if each.kept and each.kept.waited is not None and each.seen.delay is not None
    ]
    lost = {each.seen.number for each in numbers if each.kept and each.kept.abandoned}
    double = overlaps(talks)
    statuses = [each.kept.status for each in numbers if each.kept]
    return [
        Check(
            f"each of {len(numbers)} numbers is settled as the carrier saw it: {len(numbers) - len(wrong)}, of which "
            f"{untouched} were not dialled",
            not wrong,
        ),
        Check(
            f"never more than {campaign.call_max} calls at once: {campaign.most_at_once}",
            0 < campaign.most_at_once <= campaign.call_max,
        ),
        Check(f"no call was started after the stop: {campaign.started_late}", not campaign.started_late),
        Check(f"no agent had two calls at once: {len(talks)} talks, {len(double)} overlaps", not double),
        Check(
            f"customer and agent heard each other in each of {len(talks)} talks: {both_ways}",
            bool(talks) and both_ways == len(talks),
        ),
        Check(
            f"the wait for the agent agrees within {SLACK:g} s: {max(apart, default=0.0):.2f} s apart at most",
            max(apart, default=0.0) <= SLACK,
        ),
        Check(
            f"who was abandoned is left in peace: {len(lost & campaign.resting)} of {len(lost)} rest",
            lost <= campaign.resting,
        ),
        Check(f"the task's counters are right: {shown(campaign.counters)}", campaign.counters == counted(statuses)),
        Check("getAllTask tells the same counters", campaign.listed == campaign.counters),
    ]
