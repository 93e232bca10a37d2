"""The campaign's play flow, side by side: dial, play one second, hang up, each side a process of its own, in turn, on
the same Asterisk and carrier, at the same rate."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from tests.bench.carrier import Sipp
from tests.bench.machine import asterisk_of, cpu_of
from tests.bench.sides.place import Orders
from tests.bench.spread import Spread
from uncall_ari.lab import Lab

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "bench.lock"
HOUSE = ROOT / "var" / "bench" / "asyncari"  # asyncari's environment
START_SECONDS = 60.0
SIDES = {
    "raw_ami": "(a) AMI Originate, plain dialplan",
    "on_asyncari": "(b) asyncari",
    "bare_aiohttp": "(c) bare aiohttp and json",
    "our_client": "our ARI client alone",
    "campaign": "ours: campaign, SQLite on",
}
# Of a round. The machine is faster now and slower then, so what is compared most is measured next to each other.
ORDER = ("on_asyncari", "bare_aiohttp", "our_client", "raw_ami", "campaign")
FLOOR, OURS, REACTION = "raw_ami", "campaign", "reaction"

DIALPLAN = """
[bench-play]
exten => s,1,Playback({sound})
 same => n,Hangup()
"""
MANAGER = """
[bench]
secret = {password}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = system,reporting
write = originate,reporting
"""


@dataclass(frozen=True)
class Round:
    """What one side cost in one round; milliseconds of CPU for each call."""

    side: str
    calls: int
    good: int  # by the carrier's books
    ended: int  # by the side's own
    seconds: float
    asterisk: float
    python: float
    kernel: float  # of Python's, what the kernel had: system calls, and waking others up

    @property
    def together(self) -> float:
        return self.asterisk + self.python


def furnish(lab: Lab) -> None:
    """Give the lab's Asterisk what side (a) needs: a context that plays, and an AMI account that may originate."""
    folder = lab.asterisk.folder / "etc"
    with (folder / "extensions.conf").open("a") as dialplan:
        dialplan.write(DIALPLAN.format(sound=lab.recordings / "tone"))
    with (folder / "manager.conf").open("a") as manager:
        manager.write(MANAGER.format(password=lab.asterisk.password))
    lab.asterisk.cli("dialplan reload")
    lab.asterisk.cli("manager reload")


def asyncari_python() -> Path:
    """The interpreter of asyncari's environment, which is made when it is missing or its lock file has changed."""
    python, stamp = HOUSE / "bin" / "python", HOUSE / "lock"
    if not stamp.exists() or stamp.read_text() != LOCK.read_text():
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes"]
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(HOUSE)],
            [*pip, "--only-binary", ":all:", "-r", str(LOCK)],
        ):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            if done.returncode:
                raise RuntimeError(f"asyncari could not be installed: {done.stdout.decode()[-1000:]}")
        stamp.write_text(LOCK.read_text())
    return python


class Side:
    """The process of a side."""

    def __init__(self, process: asyncio.subprocess.Process, said: IO[bytes]) -> None:
        self.process, self._said = process, said

    async def line(self, seconds: float) -> str:
        """Its next line. Raises RuntimeError, with what it said, when it has ended; TimeoutError."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), seconds)
        if not line:
            self._said.seek(0)
            raise RuntimeError(f"a side has ended: {self._said.read().decode()[-2000:]}")
        return line.decode()

    def go(self) -> None:
        """Let it go on."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")


@contextlib.asynccontextmanager
async def started(side: str, told: Orders) -> AsyncIterator[Side]:
    """The side, when it has warmed up. Raises RuntimeError when it ended before."""
    python = str(asyncari_python()) if side == "on_asyncari" else sys.executable
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "SIGKILL", python, "-m", f"tests.bench.sides.{side}"),
            json.dumps(asdict(told)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=said,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("UNCALL_")},
        )
        running = Side(process, said)
        try:
            await running.line(START_SECONDS)
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def one_round(side: str, lab: Lab, carrier: Sipp, rate: float, seconds: float) -> tuple[Round, dict[str, float]]:
    """Measure one side once; also what else it told."""
    asterisk, calls = asterisk_of(lab), int(rate * seconds)
    with tempfile.TemporaryDirectory(prefix="uncall-bench-") as folder:
        async with started(side, orders(lab, folder, rate, calls)) as running:
            books = await carrier.settled()
            theirs, ours = cpu_of(asterisk), cpu_of(running.process.pid)
            running.go()
            came = json.loads(await running.line(3 * seconds + START_SECONDS))
            theirs_then, ours_then = cpu_of(asterisk), cpu_of(running.process.pid)
            running.go()
            await running.process.wait()
    good = (await carrier.settled()).good - books.good
    return Round(
        side,
        calls,
        good,
        int(came["ended"]),
        came["seconds"],
        1000 * (sum(theirs_then) - sum(theirs)) / calls,
        1000 * (sum(ours_then) - sum(ours)) / calls,
        1000 * (ours_then[1] - ours[1]) / calls,
    ), came.get("more", {})


def orders(lab: Lab, folder: str, rate: float, calls: int) -> Orders:
    """What a side is told."""
    it = lab.asterisk
    account = (it.url, it.user, it.password, it.ami_port)
    return Orders(*account, str(lab.recordings), folder, lab.spec.app, rate, warm=int(2 * rate), calls=calls)


async def rounds(
    lab: Lab, carrier: Sipp, sides: Sequence[str], rate: float, seconds: float, times: int, tell: Callable[[str], None]
) -> list[Round]:
    """Each side in turn, so many times; every other time in the opposite order. `tell` hears what comes next."""
    found: list[Round] = []
    for turn in range(times):
        for side in sides if turn % 2 == 0 else reversed(sides):
            tell(f"round {turn + 1} of {times}: {SIDES[side]}")
            found.append((await one_round(side, lab, carrier, rate, seconds))[0])
    return found


async def reactions(
    lab: Lab, carrier: Sipp, rate: float, seconds: float, times: int, tell: Callable[[str], None]
) -> dict[str, Spread]:
    """How fast ours reacts, in milliseconds; see `sides/reaction`."""
    found = []
    for turn in range(times):
        tell(f"round {turn + 1} of {times}: from an event to our reaction")
        found.append((await one_round(REACTION, lab, carrier, rate, seconds))[1])
    return {name: Spread.of(each[name] for each in found) for name in found[0]}


def summary(found: list[Round]) -> dict[str, dict[str, object]]:
    """Of each side: calls, medians and spread, and how it compares with the floor, round by round."""
    by_side = {side: [each for each in found if each.side == side] for side in SIDES}
    floor = [each.together for each in by_side[FLOOR]]
    return {
        side: {
            "calls": sum(each.calls for each in its),
            "not_clean": sum(each.calls - min(each.good, each.ended) for each in its),
            "calls_a_second": Spread.of(each.calls / each.seconds for each in its),
            "asterisk_ms": Spread.of(each.asterisk for each in its),
            "python_ms": Spread.of(each.python for each in its),
            "kernel_ms": Spread.of(each.kernel for each in its),
            "together_ms": Spread.of(each.together for each in its),
            "to_floor": Spread.of_ratios([each.together for each in its], floor),
        }
        for side, its in by_side.items()
        if its
    }
