"""Many calls at once: so many phones hear the recording together, and each says how clean it was.

python -m tests.bench.bench_concurrent --calls 500
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

import uvloop
from rich.console import Console

from tests.bench.bench_campaign import campaign, cpu_of, settings_for
from tests.integration.conftest import TONE, write_tone
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.phones import HEARD, Carrier, answers
from uncall_ari.lab.ports import free_port
from uncall_ari.logs import log_to_stderr
from uncall_ari.store.records import TaskStatus

out = Console()
LISTEN_SECONDS = 5.0
GAP_SECONDS = 0.15  # between two packets; a jitter buffer of a phone hides less


async def run(lab: Lab, trunk: TrunkSpec, arguments: argparse.Namespace) -> None:
    calls = arguments.calls
    with tempfile.TemporaryDirectory(prefix="uncall-bench-") as folder:
        settings = settings_for(lab, Path(folder), arguments.rate, calls, "sqlite")
        async with (
            Carrier(trunk.host, trunk.port, lambda number: answers(0.1, tone=0)) as carrier,
            Engine.running(settings, farewell_seconds=0) as engine,
        ):
            task_id, _ = await campaign(engine, calls, calls)
            await engine.ari.connection.wait_up(10)
            await engine.update_task(task_id, TaskStatus.RUN, None, None)
            await carrier.wait_for(lambda it: len(it.live) >= calls, 120, f"{calls} live calls")
            began, cpu, ours = time.monotonic(), cpu_of(lab), time.process_time()
            await asyncio.sleep(LISTEN_SECONDS)
            asterisk = (cpu_of(lab) - cpu) / LISTEN_SECONDS
            python = (time.process_time() - ours) / LISTEN_SECONDS
            live = list(carrier.live)
            ended = began + LISTEN_SECONDS  # what comes while we analyse is not looked at
            levels = [call.meter.level(TONE, since=began, until=ended) for call in live]
            quality = [call.meter.quality(since=began, until=ended) for call in live]
            await engine.update_task(task_id, TaskStatus.STOP, None, None)
    clean = sum(level > HEARD and each.clean(GAP_SECONDS) for level, each in zip(levels, quality, strict=True))
    out.print(f"{len(live)} calls at once for {LISTEN_SECONDS:g} s: {clean} heard the recording clean")
    worst = max(quality, key=lambda each: (each.lost, each.longest_gap))
    out.print(f"level {min(levels):.1f} to {max(levels):.1f} dBFS; worst: {worst}")
    out.print(f"Asterisk {100 * asterisk:.0f} % of a core, engine and phones together {100 * python:.0f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--rate", type=float, default=40.0, help="new calls per second on the way up")
    arguments = parser.parse_args()
    log_to_stderr("warning")
    trunk = TrunkSpec("carrier", port=free_port(udp=True))
    with Lab.up(LabSpec(name=f"bench-{os.getpid()}", trunks=(trunk,))) as lab:
        write_tone(lab.recordings / "tone.wav", TONE, 120.0)
        uvloop.run(run(lab, trunk, arguments))


if __name__ == "__main__":
    main()
