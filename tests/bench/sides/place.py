"""What a side of the comparison is told, and how it talks with the bench that started it. Nothing but the standard
library, since each side is a program of its own, and asyncari's has an environment of its own.

A side is started with its orders as JSON. It connects, makes the calls that warm it up, prints `ready`, waits for a
line, makes the calls that count, prints what came of them as JSON, and ends.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

LOTS = 30  # a second; three in each tick of our dialler, ten of which make a second


@dataclass(frozen=True)
class Orders:
    """Where to call, and how much."""

    url: str
    user: str
    password: str
    ami_port: int
    recordings: str  # folder, with the sound in it
    folder: str  # to write to
    app: str  # the application that the lab's dialplan knows: the engine's
    rate: float  # calls a second
    warm: int  # calls before those that count
    calls: int  # that count
    sound: str = "tone"
    trunk: str = "carrier"
    context: str = "bench-play"  # plays the sound and hangs up
    timeout: int = 30  # seconds that a phone may ring

    @property
    def media(self) -> str:
        """The sound as ARI takes it."""
        return f"sound:{Path(self.recordings) / self.sound}"

    def endpoint(self, number: int) -> str:
        """What Asterisk dials for the n-th call."""
        return f"PJSIP/{number_of(number)}@{self.trunk}"


@dataclass(frozen=True)
class Came:
    """What came of the calls, in the side's own view; the carrier's books are the other one."""

    ended: int
    seconds: float  # from the first to the end of the last
    more: dict[str, float]  # what else a side measures


def number_of(number: int) -> str:
    """A mobile number for the n-th call."""
    return f"138{number:08d}"


async def at_rate(rate: float, calls: int, call: Callable[[int], Awaitable[None]]) -> None:
    """Begin so many calls, whatever they do, and wait for the end of all: in as many lots a second as our dialler does
    it, since calls that begin together cost all sides less. Raises what one of them raised."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    tasks = []
    for number in range(calls):
        lot = int(number / rate * LOTS)
        await asyncio.sleep(max(0.0, began + lot / LOTS - loop.time()))
        tasks.append(asyncio.ensure_future(call(number)))
    await asyncio.gather(*tasks)


async def measured(
    orders: Orders, calls: Callable[[int], Awaitable[int]], more: Callable[[], dict[str, float]] = dict
) -> None:
    """Make the calls that warm up, say so, wait, and make those that count. `calls` makes so many and returns how many
    ended as they should; `more` is asked for further figures then."""
    loop = asyncio.get_running_loop()
    await calls(orders.warm)
    print("ready", flush=True)
    if not await loop.run_in_executor(None, sys.stdin.readline):
        return  # the bench is gone
    began = loop.time()
    ended = await calls(orders.calls)
    print(json.dumps(asdict(Came(ended, loop.time() - began, more()))), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)  # the bench reads our CPU first


def orders() -> Orders:
    """The orders of this process."""
    os.umask(0o077)  # what it writes may hold a password
    return Orders(**json.loads(sys.argv[1]))
