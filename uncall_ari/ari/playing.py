"""A playback under way on a leg: wait for its end, or stop it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from uncall_ari.ari.waiting import Waiter, expire

if TYPE_CHECKING:
    from uncall_ari.ari.leg import Leg

PLAY_SECONDS = 3600.0  # no prompt is longer
HANGUP_SECONDS = 0.5  # between the end of a playback by a hang-up and the word of the hang-up


class Playing:
    """A playback under way on a leg."""

    def __init__(self, leg: Leg, id_: str, finished: Waiter[str]) -> None:
        self._leg, self._id, self._finished = leg, id_, finished

    @property
    def over(self) -> bool:
        """Whether it has ended, in whatever way. (A wait for it that was given up is no end.)"""
        return self._finished.done() and not self._finished.cancelled()

    async def finished(self) -> bool:
        """Wait for the playback's end; False when Asterisk could not play it. Raises HungUp."""
        timer = asyncio.get_running_loop().call_later(PLAY_SECONDS, expire, self._finished)
        try:
            state = await self._finished
        finally:
            timer.cancel()
        if state != "done":  # a hang-up ends it as failed too, and its own event comes a moment later
            with contextlib.suppress(TimeoutError):
                await self._leg.ended(HANGUP_SECONDS)
            await self._leg.check()
        return state == "done"

    async def stop(self) -> None:
        """Stop the playback; one that has ended already is fine. Raises HungUp."""
        if not self.over:
            await self._leg.stop_playback(self._id)
