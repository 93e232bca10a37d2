"""Statements about the whole campaign that must all be true, each with its figures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from uncall_ari.demo.judge import CALL_BACK, FAILED, HEARD, SECONDS_APART, SUCCESS, Finding, chosen

SOUNDING: Final = 0.8  # of a recording and prompts that are heard whole; the rest are pauses between words


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is known of the campaign as a whole."""

    counters: Mapping[str, int]  # of `o_uncall_task`
    listed: Mapping[str, int]  # the same, as getAllTask told them at the end
    call_max: int
    most_at_once: int  # calls that the carrier had open at the same moment
    started_while_paused: int  # but for those that were on their way
    script_seconds: float  # of all that somebody hears who presses nothing
    rows: int  # in the task's table
    strangers: Sequence[str] = ()  # numbers that were dialled and are not in the task


class Check(NamedTuple):
    """A statement about the whole campaign, and whether it is true."""

    text: str
    true: bool


def checks(findings: Sequence[Finding], campaign: Campaign) -> list[Check]:
    """Return the statements that must all be true, with their figures."""
    deeds = [finding.deed for finding in findings]
    answered = [deed for deed in deeds if deed.answered]
    calls = sum(deed.times for deed in deeds) + len(campaign.strangers)
    apart = [abs(each.row.billsec - int(each.deed.seconds)) for each in findings if each.row]
    keys = sum(len(deed.keys) for deed in deeds)
    uids = [each.row.uid for each in findings if each.row]
    softest = min((deed.recording for deed in answered), default=-99.0)
    talks = [deed for deed in answered if deed.talked]
    heard = min((deed.sound for deed in deeds if deed.listened), default=0.0)
    return [
        Check(f"the task's table has one row for each number: {campaign.rows}", campaign.rows == len(findings)),
        Check(f"no number was dialled twice: {calls} calls", all(deed.times <= 1 for deed in deeds)),
        Check(f"only numbers of the task were dialled: {_names(campaign.strangers)}", not campaign.strangers),
        Check(f"each attempt has an id of its own: {len(set(uids))}", len(set(uids)) == len(uids)),
        Check(
            f"never more than {campaign.call_max} calls at once: {campaign.most_at_once}",
            campaign.most_at_once <= campaign.call_max,
        ),
        Check(
            f"no call was started while the task was paused: {campaign.started_while_paused}",
            not campaign.started_while_paused,
        ),
        Check(
            f"seconds agree within {SECONDS_APART} s: {max(apart, default=0)} s apart at most",
            max(apart, default=0) <= SECONDS_APART,
        ),
        Check(
            f"the recording was heard by all {len(answered)} who answered: {softest:.1f} dBFS at least",
            bool(answered) and softest >= HEARD,
        ),
        Check(
            f"who listened to the end heard all {campaign.script_seconds:.1f} s: sound in {heard:.1f} s of it at least",
            heard >= SOUNDING * campaign.script_seconds,
        ),
        Check(f"{keys} keys were pressed, and all arrived", _keys_arrived(findings)),
        Check(
            f"customer and agent heard each other, conversations: {len(talks)}",
            all(deed.heard_by_agent >= HEARD for deed in talks),
        ),
        Check(f"the task's counters are right: {shown(campaign.counters)}", campaign.counters == tally(findings)),
        Check("getAllTask tells the same counters", campaign.listed == campaign.counters),
    ]


def tally(findings: Sequence[Finding]) -> dict[str, int]:
    """Count the numbers as the task's counters must: by the rows, each of which was judged by itself."""
    return counted([finding.row.status for finding in findings if finding.row])


def counted(statuses: Sequence[int]) -> dict[str, int]:
    """Return the counters of a task whose rows have these statuses."""
    success, back, failed = (statuses.count(status) for status in (SUCCESS, CALL_BACK, FAILED))
    return {
        "task_num": len(statuses),
        "task_called": success + back + failed,
        "task_success": success,
        "task_visit": back,
        "task_fail": failed,
    }


def _keys_arrived(findings: Sequence[Finding]) -> bool:
    return all(finding.row is not None and finding.row.keys == " ".join(chosen(finding.deed)) for finding in findings)


def _names(numbers: Sequence[str]) -> str:
    return ", ".join(numbers) or "no other"


def shown(counters: Mapping[str, int]) -> str:
    """Return a task's counters in a few words."""
    return ", ".join(f"{name.removeprefix('task_')} {count}" for name, count in counters.items())
