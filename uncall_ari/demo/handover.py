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
    found = []
    for call in calls:
        for extension, line in lines.items():
            steps = [start for start in _steps(call) if line.meter.level(call.tone, start, start + STEP) >= HEARD]
            if steps:
                found.append(Talk(steps[0], steps[-1] + STEP, extension, call.number))
    return sorted(found)


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
    """Return the moment at which most talks go on, and these: a sample. ValueError when there is no talk."""
    whole = [talk for talk in talks if talk.until - talk.since >= SETTLED + WINDOW + LEAVING]
    moments = [talk.since + SETTLED + WINDOW for talk in whole]
    samples = [(at, [talk for talk in whole if _goes_on(talk, at)]) for at in moments]
    return max(samples, key=lambda sample: len(sample[1]))


def _goes_on(talk: Talk, at: float) -> bool:
    return talk.since + SETTLED + WINDOW <= at <= talk.until - LEAVING


def _seen(calls: list[IncomingCall], lines: Mapping[str, Call], heard_by: tuple[str, ...]) -> Seen:
    call = calls[0]
    begins = {extension: begin for extension, line in lines.items() if (begin := _begin(call, line.tone)) is not None}
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


def _begin(call: IncomingCall, hz: int) -> float | None:
    """When the first packet with a tone came to the customer; None: never."""
    for start in _steps(call):
        if call.meter.level(hz, start, start + STEP) >= HEARD:
            ends = (start - STEP + step * FINE for step in range(round(2 * STEP / FINE)))
            return next((end for end in ends if call.meter.level(hz, end - FRAME, end) >= HEARD), start)
    return None


def _steps(call: Call) -> Iterator[float]:
    """Where windows begin, from the answer to the end of a call."""
    if call.answered_at is not None and call.ended_at is not None:
        for step in range(math.floor((call.ended_at - call.answered_at) / STEP)):
            yield call.answered_at + step * STEP
