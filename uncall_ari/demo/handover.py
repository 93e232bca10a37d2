"""The phones' books of the campaign with agents: who heard whom, from when on, and never two at once."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from uncall_ari.demo.settled import Seen
from uncall_ari.lab.phones import HEARD, Call, Hearing, IncomingCall
from uncall_ari.lab.phones.meter import WINDOW

STEP = 0.25  # seconds that a level is measured over
FRAME = 0.02  # seconds of sound in a packet
FINE = 0.005  # seconds: how closely it is looked when a tone begins
SETTLED = 0.1  # seconds after its beginning in which a talk is no sample yet
LEAVING = 0.2  # seconds before its end in which it is none any more
SAMPLE = 5  # talks at most


class Talk(NamedTuple):
    """An agent's line has heard a customer."""

    since: float  # time.monotonic()
    until: float
    extension: str
    number: str


class Past(Hearing):
    """Who heard whom at a moment that is over, while the phones still keep its sound."""

    def __init__(self, calls: Mapping[str, Call], until: float) -> None:
        self.names = list(calls)
        self.levels = {}
        tones = {name: call.tone for name, call in calls.items()}
        for listener, call in calls.items():
            levels = call.meter.levels(tones.values(), until - WINDOW, until)
            self.levels |= {(listener, speaker): levels[tone] for speaker, tone in tones.items()}


def talks_of(lines: Mapping[str, Call], calls: Iterable[IncomingCall]) -> list[Talk]:
    """Return from when to when each line has heard each of the customers, all calls being over."""
    found: dict[tuple[str, str], Talk] = {}
    spans = [(call.answered_at, call.ended_at, call) for call in calls if call.answered_at and call.ended_at]
    for start in _steps(min(span[0] for span in spans), max(span[1] for span in spans)) if spans else ():
        end = start + STEP
        live = {call.tone: call.number for since, until, call in spans if since <= start and end <= until}
        for extension, line in lines.items() if live else ():
            levels = line.meter.levels(live, start, end)
            for number in (number for tone, number in live.items() if levels[tone] >= HEARD):
                first = found.get((extension, number), Talk(start, end, extension, number))
                found[extension, number] = first._replace(until=end)
    return sorted(found.values())


def overlaps(talks: Iterable[Talk]) -> list[tuple[Talk, Talk]]:
    """Return the pairs of talks that one agent had at once."""
    by_agent: dict[str, list[Talk]] = {}
    for talk in sorted(talks):
        by_agent.setdefault(talk.extension, []).append(talk)
    return [(a, b) for own in by_agent.values() for a, b in itertools.combinations(own, 2) if b.since < a.until]


def seen_by(
    numbers: Iterable[str], calls: Iterable[IncomingCall], lines: Mapping[str, Call], talks: Iterable[Talk]
) -> dict[str, Seen]:
    """Return what carrier and phones know of each number, and of all others that were dialled."""
    by_number: dict[str, list[IncomingCall]] = {number: [] for number in numbers}
    for call in calls:
        by_number.setdefault(call.number, []).append(call)
    heard: dict[str, tuple[str, ...]] = {}
    for talk in talks:
        heard[talk.number] = (*heard.get(talk.number, ()), talk.extension)
    return {
        number: _seen(own, lines, heard.get(number, ())) if own else Seen(number) for number, own in by_number.items()
    }


def moment_of(talks: Iterable[Talk]) -> tuple[float, list[Talk]]:
    """Return the moment at which most talks go on, and the first of these: a sample. ValueError when there is none."""
    whole = [talk for talk in talks if talk.until - talk.since >= SETTLED + WINDOW + LEAVING]
    moments = [talk.since + SETTLED + WINDOW for talk in whole]
    samples = [(at, [talk for talk in whole if _goes_on(talk, at)]) for at in moments]
    at, sample = max(samples, key=lambda sample: len(sample[1]))
    return at, sample[:SAMPLE]


def most_at_once(calls: Iterable[IncomingCall]) -> int:
    """Return the greatest number of these calls that were open at the same moment."""
    own = list(calls)
    moments = [(call.invited_at, 1) for call in own] + [(call.ended_at, -1) for call in own if call.ended_at]
    return max(itertools.accumulate(step for _, step in sorted(moments)), default=0)


def _goes_on(talk: Talk, at: float) -> bool:
    return talk.since + SETTLED + WINDOW <= at <= talk.until - LEAVING


def _seen(calls: list[IncomingCall], lines: Mapping[str, Call], heard_by: tuple[str, ...]) -> Seen:
    call = calls[0]
    begins = _begins(call, {line.tone: extension for extension, line in lines.items()})
    answered = call.answered_at or 0.0
    return Seen(
        number=call.number,
        times=len(calls),
        status=call.status or 0,
        seconds=call.talk_seconds,
        agents=tuple(sorted(begins)),
        lines=tuple(sorted(heard_by)),
        delay=min(begins.values()) - answered if begins else None,
    )


def _begins(call: IncomingCall, tones: Mapping[int, str]) -> dict[str, float]:
    """When the first packet with the tone of each agent came to the customer, for those whom he has heard."""
    found: dict[str, float] = {}
    for start in _steps(call.answered_at, call.ended_at):
        levels = call.meter.levels(tones, start, start + STEP)
        for hz, extension in tones.items():
            if levels[hz] >= HEARD and extension not in found:
                found[extension] = _begin(call, hz, start)
    return found


def _begin(call: IncomingCall, hz: int, start: float) -> float:
    """When the first packet with a tone came, which is heard in the step that begins at `start`."""
    ends = (start - STEP + step * FINE for step in range(round(2 * STEP / FINE)))
    return next((end for end in ends if call.meter.level(hz, end - FRAME, end) >= HEARD), start)


def _steps(since: float | None, until: float | None) -> Iterator[float]:
    """Where windows begin, the last of them before the end; nowhere in a call that was not answered."""
    if since is not None and until is not None:
        for step in range(math.floor((until - since) / STEP)):
            yield since + step * STEP
