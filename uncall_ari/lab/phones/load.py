"""`python -m uncall_ari.lab.phones.load`: what the phones themselves cost, measured carrier against carrier."""

import asyncio
import time
from typing import Annotated

import typer

from .behaviour import answers
from .carrier import Carrier
from .media import Ticker
from .meter import Quality


async def measure(legs: int, seconds: float, per_second: float) -> None:
    """Set up legs/2 calls from one carrier to another, let them talk, and print the CPU of all of it."""
    async with (
        Carrier(behaviour=lambda number: answers(0)) as called,
        Carrier(peer=("127.0.0.1", called.port)) as caller,
    ):
        started, cpu = time.monotonic(), time.process_time()
        for index in range(legs // 2):
            await asyncio.sleep(max(0.0, started + index / per_second - time.monotonic()))
            caller.call(str(1000 + index))
        await caller.wait_for(lambda carrier: all(c.answered_at for c in carrier.placed), 30, "all answers")
        took = time.monotonic() - started
        print(
            f"{legs // 2 / took:.0f} calls/s set up, both sides: "
            f"{(time.process_time() - cpu) / took * 100:.0f} % of a core"
        )
        ticker = Ticker.running()
        ticker.longest_stall = 0.0
        began, cpu = time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        used = (time.process_time() - cpu) / (time.monotonic() - began) * 100
        calls = [*caller.placed, *called.calls]
        qualities = [call.meter.quality(began + 0.1, time.monotonic() - 0.1) for call in calls]
        print(f"{legs} legs: {used:.1f} % of a core, {used / legs:.3f} % a leg, {_worst(qualities)}")
        print(f"longest stall of this process: {ticker.longest_stall * 1000:.0f} ms")


def _worst(qualities: list[Quality]) -> str:
    return (
        f"{sum(q.packets for q in qualities)} packets, {sum(q.lost for q in qualities)} lost, "
        f"longest gap {max(q.longest_gap for q in qualities) * 1000:.0f} ms, "
        f"worst jitter {max(q.jitter for q in qualities) * 1000:.1f} ms"
    )


def main(
    legs: Annotated[int, typer.Option(help="call legs that talk at once, both sides counted")] = 500,
    seconds: Annotated[float, typer.Option(help="how long they talk")] = 8.0,
    per_second: Annotated[float, typer.Option(help="calls set up a second")] = 100.0,
) -> None:
    """Measure what the phones cost on this machine."""
    asyncio.run(measure(legs, seconds, per_second))


if __name__ == "__main__":
    typer.run(main)
