"""The carrier's books, read number by number: what was really dialled, heard, pressed and said."""

import math
from collections.abc import Iterable, Sequence

from uncall_ari.demo.judge import Deed
from uncall_ari.lab.phones import FLOOR, Call, IncomingCall

WINDOW = 0.5  # seconds that a level is measured over
STEP = 0.25  # seconds between two windows
AUDIBLE = -45.0  # dBFS: at or below, it is silence
OWN_SIDE = "carrier"  # `ended_by` of a call that the called side ended
KEEP = 30.0  # seconds of audio that phones must keep for this; no call of the demo is longer


def deeds(
    numbers: Iterable[str],
    calls: Iterable[IncomingCall],
    agent_calls: Sequence[IncomingCall],
    recording_hz: int,
    agent_hz: int,
) -> dict[str, Deed]:
    """Return what happened to each of `numbers`, and to all others that were dialled, once all calls are over.

    `calls` came to the carrier, `agent_calls` to the agent's phone; the tones are those of the recording and of the
    agent.
    """
    by_number: dict[str, list[IncomingCall]] = {number: [] for number in numbers}
    for call in calls:
        by_number.setdefault(call.number, []).append(call)
    made = {}
    for number, own in by_number.items():
        talks = [each for each in agent_calls if each.caller_id == number]
        made[number] = _deed(own, talks, recording_hz, agent_hz) if own else Deed(number)
    return made


def _deed(calls: Sequence[IncomingCall], talks: Sequence[IncomingCall], recording_hz: int, agent_hz: int) -> Deed:
    call = calls[0]
    return Deed(
        number=call.number,
        times=len(calls),
        status=call.status or 0,
        seconds=call.talk_seconds,
        hung_up=call.ended_by == OWN_SIDE,
        keys="".join(key for _, key in call.keys_sent),
        sound=sounding(call),
        recording=loudest(call, recording_hz),
        agent=loudest(call, agent_hz),
        heard_by_agent=max((loudest(talk, call.tone) for talk in talks), default=FLOOR),
    )


def loudest(call: Call, hz: int) -> float:
    """Return the level of a tone at the party of `call`, in dBFS, in that half second where it was loudest."""
    return max((call.meter.level(hz, start, start + WINDOW) for start in _starts(call)), default=FLOOR)


def sounding(call: Call) -> float:
    """Return for how many seconds, in steps, the party of `call` heard anything."""
    return STEP * sum(call.meter.rms(start, start + STEP) > AUDIBLE for start in _starts(call))


def _starts(call: Call) -> list[float]:
    """Where windows begin, from the answer to the end of a call."""
    if call.answered_at is None or call.ended_at is None:
        return []
    first, seconds = call.answered_at, min(KEEP, call.ended_at - call.answered_at)
    return [first + step * STEP for step in range(math.ceil(seconds / STEP))]
