"""Many calls at once: a campaign holds ever more calls that hear the recording, step by step, until it is not clean any
more. SIPp has most of them; some go to simulated phones, spread among the others, which say how clean it was.

    python -m tests.bench.bench_concurrent --first 300 --step 100 --most 1500
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import uvloop
from rich.console import Console

from tests.bench.carrier import Sipp, sipp
from tests.bench.machine import asterisk_cpu, asterisk_of, memory_of
from tests.integration.campaigns import new_task, settings_for
from tests.integration.conftest import TONE, write_tone
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.phones import HEARD, Carrier, answers
from uncall_ari.lab.ports import free_port
from uncall_ari.logs import log_to_stderr
from uncall_ari.store.records import TaskStatus

LISTENERS = 60
LISTEN_SECONDS = 5.0
GAP_SECONDS = 0.15  # between two packets; a jitter buffer of a phone hides less
RATE = 40.0  # new calls a second on the way up
TRIES = 2  # one stumble of the machine does not end it
SOUND = "long.wav"
SOUND_SECONDS = 900.0
PATIENCE_SECONDS = 20.0  # for a step to be reached: at RATE it takes 3 s


@dataclass(frozen=True)
class Step:
    """So many calls at once."""

    calls: int
    listened: int
    clean: int
    lost: int  # packets, of all that were listened to
    longest_gap: float  # seconds
    asterisk: float  # of a core
    memory: float  # Asterisk's, MB


async def steps(
    lab: Lab, carrier: Sipp, counts: list[int], tell: Callable[[str], None], listeners: int = LISTENERS
) -> list[Step]:
    """Climb until a step is not clean, which is the last one then. The lab has a trunk `phones` besides SIPp's."""
    write_tone(lab.recordings / SOUND, TONE, SOUND_SECONDS)
    phones_trunk = next(trunk for trunk in lab.spec.trunks if trunk.name == "phones")
    trunk = {"channels": 5000, "calls_per_second": RATE}
    found: list[Step] = []
    with tempfile.TemporaryDirectory(prefix="uncall-bench-") as folder:
        settings = settings_for(
            lab,
            f"sqlite:///{folder}/bench.db",
            trunk=[trunk | {"value": name, "endpoint": name} for name in ("carrier", "phones")],
            ivr={"127000": {"step": {"main": {}}}},
        )
        async with (
            Carrier(phones_trunk.host, phones_trunk.port, lambda number: answers(0.1, tone=0)) as phones,
            Engine.running(settings, farewell_seconds=0) as engine,
        ):
            await engine.ari.connection.wait_up(10)
            heard = await _campaign(engine, "phones", listeners, 0)
            mass = await _campaign(engine, "carrier", max(counts), 1)
            before = carrier.books().current
            for count in counts:
                tell(f"{count} calls at once")
                share = max(1, listeners * count // max(counts))  # listeners are of all ages
                await engine.update_task(heard, TaskStatus.RUN, share, None)
                await engine.update_task(mass, TaskStatus.RUN, count - share, None)
                try:
                    await _reached(carrier, phones, count - share + before, share)
                except TimeoutError:  # Asterisk does not even take them any more
                    break
                for _ in range(TRIES):
                    step = await _listen(lab, phones, count)
                    if step.clean == step.listened:
                        break
                found.append(step)
                if step.clean < step.listened:
                    break
            for task in (heard, mass):
                await engine.update_task(task, TaskStatus.STOP, None, None)
            engine.ari.leaving = True
    lab.asterisk.cli("channel request hangup all")
    return found


def greatest(found: list[Step]) -> int:
    """The most calls at once of which all that were listened to were clean; 0: not even the first step's."""
    return max((step.calls for step in found if step.clean == step.listened), default=0)


async def _campaign(engine: Engine, trunk: str, numbers: int, first_digit: int) -> int:
    task_id = await engine.add_task(new_task(trunk=trunk, recording=SOUND, call_max=1))
    phones = [f"138{first_digit}{number:07d}" for number in range(numbers)]
    for start in range(0, numbers, 2000):
        await engine.add_numbers(task_id, phones[start : start + 2000])
    return task_id


async def _reached(carrier: Sipp, phones: Carrier, mass: int, listening: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(phones.live) < listening or carrier.books().current < mass:  # noqa: ASYNC110 - its books are a file
            await asyncio.sleep(0.2)
    await asyncio.sleep(1.0)  # the last ones' answers


async def _listen(lab: Lab, phones: Carrier, calls: int) -> Step:
    began, cpu = time.monotonic(), asterisk_cpu(lab)
    await asyncio.sleep(LISTEN_SECONDS)
    ended, used = time.monotonic(), asterisk_cpu(lab) - cpu
    live = list(phones.live)
    levels = [call.meter.level(TONE, since=began, until=ended) for call in live]
    quality = [call.meter.quality(since=began, until=ended) for call in live]
    clean = sum(level > HEARD and each.clean(GAP_SECONDS) for level, each in zip(levels, quality, strict=True))
    lost, gap = sum(each.lost for each in quality), max(each.longest_gap for each in quality)
    return Step(calls, len(live), clean, lost, gap, used / (ended - began), memory_of(asterisk_of(lab)))


async def _run(lab: Lab, port: int, arguments: argparse.Namespace) -> None:
    out = Console()
    counts = list(range(arguments.first, arguments.most + 1, arguments.step))
    async with sipp(lab, port) as carrier:
        found = await steps(lab, carrier, counts, out.print, arguments.listeners)
    for step in found:
        out.print(asdict(step))
    out.print(f"{greatest(found)} calls at once, all of them clean")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=300)
    parser.add_argument("--step", type=int, default=100)
    parser.add_argument("--most", type=int, default=1500)
    parser.add_argument("--listeners", type=int, default=LISTENERS, help="simulated phones among them, at the most")
    arguments = parser.parse_args()
    log_to_stderr("warning")
    trunks = tuple(TrunkSpec(name, port=free_port(udp=True)) for name in ("carrier", "phones"))
    with Lab.up(LabSpec(name=f"bench-{os.getpid()}", trunks=trunks)) as lab:
        uvloop.run(_run(lab, trunks[0].port, arguments))


if __name__ == "__main__":
    main()
