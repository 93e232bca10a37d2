"""Carries out a Behaviour: what a called party does by itself, and what either does once they talk."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from .behaviour import Behaviour

if TYPE_CHECKING:
    from .call import Call
    from .incoming import IncomingCall


async def follow(call: "IncomingCall", behaviour: Behaviour, patience: float) -> None:
    """Take an incoming call as `behaviour` says; a caller that gets no answer at all is gone after `patience` s."""
    if behaviour.silent:
        await asyncio.sleep(patience)
        call.expire()
        return
    call.trying()
    if behaviour.ring_after is not None:
        await _until(call.invited_at + behaviour.ring_after)
        call.ring(behaviour.early_media)
    if behaviour.reject is not None:
        await _until(call.invited_at + behaviour.reject_after)
        call.reject(behaviour.reject, behaviour.reason)
    elif behaviour.answer_after is not None:
        await _until(call.invited_at + behaviour.answer_after)
        call.answer()
        await conduct(call, behaviour)


async def conduct(call: "Call", behaviour: Behaviour) -> None:
    """After the answer: press keys, then hang up or vanish, each at its time; otherwise leave it to the others."""
    if call.answered_at is None:
        return
    steps: list[tuple[float, Callable[[], None]]]
    steps = [(after, partial(call.press, keys)) for after, keys in behaviour.keys]
    steps += [(after, call.hang_up) for after in (behaviour.hang_up_after,) if after is not None]
    steps += [(after, call.vanish) for after in (behaviour.vanish_after,) if after is not None]
    for after, act in sorted(steps, key=lambda step: step[0]):
        await _until(call.answered_at + after)
        if not call.live:
            return
        act()


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
