"""Load: a campaign on a real Asterisk, SIPp as the carrier, the database on. Prints calls a second, CPU a call, and
whether a single number failed or stayed unsettled.

    python -m tests.bench.bench_campaign --rate 100 --seconds 60 --database sqlite
"""

import argparse
import asyncio
import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

import uvloop
from rich.console import Console
from rich.progress import Progress

from tests.bench.machine import asterisk_cpu
from tests.integration.conftest import write_tone
from uncall_ari.config import Settings, load_settings
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.ports import free_port
from uncall_ari.logs import log_to_stderr
from uncall_ari.store.records import NewTask, TaskStatus

out = Console()


def settings_for(lab: Lab, folder: Path, rate: float, channels: int, database: str) -> Settings:
    """The settings of an engine for `lab`."""
    url = lab.mariadb.url if database == "mariadb" else f"sqlite:///{folder}/bench.db"
    return load_settings(
        None,
        {
            "asterisk": {"url": lab.asterisk.url, "user": lab.asterisk.user, "password": lab.asterisk.password},
            "database": {"url": url},
            "media": {"recordings": str(lab.recordings)},
            "dialer": {"finish_after": 1},
            "trunk": [
                {
                    "value": "bench",
                    "endpoint": "carrier",
                    "channels": channels,
                    "calls_per_second": rate,
                    "allow": ["1[3-9]XXXXXXXXX"],
                }
            ],
            "ivr": {"127000": {"step": {"main": {}}}},
        },
    )


async def campaign(engine: Engine, numbers: int, channels: int) -> tuple[int, float]:
    """Dial `numbers` numbers; returns the task and the seconds that adding 2,000 numbers took at most."""
    task = NewTask(
        "bench", "ivr", "801", "bench", "127000", channels, recording="tone.wav", day_end="24:00", day_start="0:00"
    )
    task_id = await engine.add_task(task)
    phones = [f"138{number:08d}" for number in range(numbers)]
    slowest = 0.0
    for start in range(0, numbers, 2000):
        began = time.perf_counter()
        await engine.add_numbers(task_id, phones[start : start + 2000])
        slowest = max(slowest, time.perf_counter() - began)
    return task_id, slowest


async def run(lab: Lab, arguments: argparse.Namespace) -> None:
    numbers = int(arguments.rate * arguments.seconds)
    in_task = max(numbers, arguments.numbers)
    channels = int(arguments.rate * (arguments.play + 3)) + 50
    folder = Path(tempfile.mkdtemp(prefix="uncall-bench-"))
    settings = settings_for(lab, folder, arguments.rate, channels, arguments.database)
    try:
        async with Engine.running(settings) as engine:
            task_id, adding = await campaign(engine, in_task, channels)
            await engine.ari.connection.wait_up(10)
            ours, theirs = resource.getrusage(resource.RUSAGE_SELF), asterisk_cpu(lab)
            began = time.perf_counter()
            await engine.update_task(task_id, TaskStatus.RUN, None, None)
            most, numbers = await _follow(engine, task_id, numbers, arguments.seconds * 3 + 60)
            seconds = time.perf_counter() - began
            used = resource.getrusage(resource.RUSAGE_SELF)
            user, system = (used.ru_utime - ours.ru_utime) / numbers, (used.ru_stime - ours.ru_stime) / numbers
            asterisk = (asterisk_cpu(lab) - theirs) / numbers
            await engine.update_task(task_id, TaskStatus.STOP, None, None)
            (task,) = await engine.tasks(task_id)
            causes = Counter((call.outcome, call.cause) for call in await engine._store.calls(task_id, most=numbers))
    finally:
        shutil.rmtree(folder)
    out.print(f"database {arguments.database}: 2,000 numbers added in {adding:.3f} s at most")
    out.print(f"{numbers} calls in {seconds:.1f} s: {numbers / seconds:.1f} a second, at most {most} at once")
    ours_ms = f"{1000 * (user + system):.2f} ms a call (user {1000 * user:.2f}, system {1000 * system:.2f})"
    out.print(f"Python {ours_ms}; Asterisk {1000 * asterisk:.2f} ms")
    out.print(
        f"task {task.status}: {task.numbers} numbers, {task.called} called, {task.success} success; {dict(causes)}"
    )


async def _follow(engine: Engine, task_id: int, numbers: int, limit: float) -> tuple[int, int]:
    most = 0
    with Progress(console=out, transient=True, auto_refresh=False) as progress:
        bar = progress.add_task("called", total=numbers)
        async with asyncio.timeout(limit):
            while True:
                (task,) = await engine.tasks(task_id)
                most = max(most, len(engine.dialer.calls))
                progress.update(bar, completed=task.called, refresh=True)
                if task.called >= numbers:
                    return most, task.called
                await asyncio.sleep(2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100.0, help="calls per second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--numbers", type=int, default=0, help="numbers in the task, if it shall have more")
    parser.add_argument("--play", type=float, default=1.0, help="seconds of the recording")
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    arguments = parser.parse_args()
    log_to_stderr("warning")
    trunk = TrunkSpec("carrier", port=free_port(udp=True))
    spec = LabSpec(name=f"bench-{os.getpid()}", trunks=(trunk,), mariadb=arguments.database == "mariadb")
    with Lab.up(spec) as lab:
        write_tone(lab.recordings / "tone.wav", 900, arguments.play)
        scenario = lab.folder / "uas.xml"
        shutil.copy(Path(__file__).parent / "uas.xml", scenario)
        sipp = lab.start_sipp(
            "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(trunk.port), "-nostdin", "-l", "100000"
        )
        try:
            uvloop.run(run(lab, arguments))
        finally:
            sipp.kill()
            sipp.wait()


if __name__ == "__main__":
    main()
