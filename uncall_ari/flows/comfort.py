"""What a caller hears while he waits in a queue: music or ringing, and now and then his place in the line."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from uncall_ari.ari import HungUp, Leg
from uncall_ari.flows.hall import Wish
from uncall_ari.flows.means import Means

MOST_SPOKEN = 99  # beyond it nobody wants to know


@contextlib.asynccontextmanager
async def comforted(means: Means, customer: Leg, wish: Wish) -> AsyncIterator[None]:
    """Let the customer hear it, inside. Nothing of it is left when an agent takes the call."""
    queue = means.settings.queue[wish.queue]
    start, stop = (
        (customer.music, customer.stop_music) if queue.wait == "music" else (customer.ring, customer.stop_ringing)
    )
    await start()
    announcing = asyncio.create_task(_announce(means, customer, queue.announce_seconds))
    try:
        yield
    finally:
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)
        if not means.ari.leaving:  # else it goes on, and the next process has the caller wait again
            with contextlib.suppress(HungUp):
                for playback in customer.playing():
                    await customer.stop_playback(playback)
                await stop()


async def _announce(means: Means, customer: Leg, seconds: int) -> None:
    """Tell the customer his place, again and again. The music pauses for a playback by itself."""
    while seconds:
        await asyncio.sleep(seconds)
        place = min(means.hall.desk.place(customer.id), MOST_SPOKEN)
        if place:
            digits = [f"digit-{digit}" for digit in str(place)]
            await customer.play(*means.sounds(["queue-place", *digits, "queue-wait"]))
