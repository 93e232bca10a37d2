"""Queues on a real Asterisk. First how long after a customer's 200 OK he and his agent hear each other, with an agent
on an open line and with one whose phone is rung and answers at once: simulated phones measure it in their packets. Then
a campaign with many agents on open lines, SIPp being their phones and the customers': the engine's CPU, how late its
loop is, and whether an agent ever had two calls.

    python -m tests.bench.bench_queue --calls 100 --agents 200 --seconds 40
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.machine import asterisk_cpu
from tests.integration.campaigns import finished, settings_for, start_task, until
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.phones import HEARD, Call, Carrier, Phone, answers
from uncall_ari.lab.phones.audio import FULL_SCALE, RATE, decode
from uncall_ari.lab.ports import free_port
from uncall_ari.logs import log_to_stderr
from uncall_ari.store.records import CallRecord, TaskStatus

out = Console()
HOST, SECRET, QUEUE = "127.0.0.1", "bench", "600"
OPEN, RUNG = "801", "802"
FIRST_AGENT = 10000
NUMBERS = 20000  # more than a run needs
TICK_SECONDS = 0.01  # between two looks at how late the loop is
REFUSES = 0.65  # share of the customers
SAME_MOMENT = 0.1  # seconds: two views of a call's end may differ by that


@dataclass(frozen=True)
class Load:
    """What a campaign has cost."""

    agents: int
    seconds: float
    calls_ended: int  # all that were dialled
    talks: int  # of these with an agent
    abandoned: int
    in_flight: float  # mean
    most_in_flight: int
    talking: float  # mean
    engine_cpu: float  # share of a core
    engine_ms_a_call: float
    engine_ms_a_talk: float
    asterisk_cpu: float
    loop_late_ms: tuple[float, float, float]  # median, p99, most
    ari_answer_ms: tuple[float, float, float]
    waited_ms: tuple[float, float, float]  # until an agent
    two_calls_at_once: int


# --- the hand-over -----------------------------------------------------------------------------------------


async def hand_overs(lab: Lab, folder: Path, calls: int) -> dict[str, tuple[float, float, float]]:
    """Milliseconds from 200 OK to audio on both sides: median, p99, most; for an open line and a rung phone."""
    found = {}
    (trunk,) = lab.spec.trunks
    for agent in (OPEN, RUNG):
        queue = {QUEUE: {"members": [agent], "wrap_up_seconds": 0}}
        settings = settings_for(lab, f"sqlite:///{folder}/{agent}.db", queue=queue)
        async with (
            Carrier(HOST, trunk.port, lambda number: answers(0.05, hang_up_after=0.5)) as carrier,
            Phone(agent, SECRET, lab.asterisk.sip_port, behaviour=answers(0.0), keep=calls * 3 + 60) as phone,
            Engine.running(settings, farewell_seconds=0) as engine,
        ):
            await engine.ari.connection.wait_up(10)
            if agent == OPEN:
                await phone.call("*24")
            numbers = [f"138{number:08d}" for number in range(calls)]
            task = await start_task(engine, numbers, type="queue", target=QUEUE, recording="0", call_max=1)
            await finished(engine, task, calls * 3 + 60)
            found[agent] = spread([1000 * latency(call, phone) for call in carrier.calls])
    return found


def latency(customer: Call, phone: Phone) -> float:
    """Seconds from the customer's answer to the first packet of the other's voice at the later of the two."""
    assert customer.answered_at is not None, f"not answered: {customer}"
    assert customer.ended_at is not None, f"not ended: {customer}"
    until = customer.ended_at
    lines = [call for call in phone.calls if call.live or (call.ended_at or 0.0) > customer.answered_at]
    firsts = []
    for line in lines:
        theirs = first_heard(line, customer.tone, customer.answered_at, until)
        ours = first_heard(customer, line.tone, customer.answered_at, until)
        if theirs is not None and ours is not None:
            firsts.append(max(theirs, ours) - customer.answered_at)
    assert firsts, f"no agent was heard: {customer}"
    return min(firsts)


def first_heard(listener: Call, tone: int, since: float, until: float) -> float | None:
    """When the first packet of a tone came. The tones fit whole into a packet."""
    packets = listener.meter.ring.between(since, until)
    samples = decode(packets.payload)
    if not len(samples):
        return None
    wave = np.exp(-2j * np.pi * tone * np.arange(samples.shape[1]) / RATE)
    levels = 20 * np.log10(np.abs(samples @ wave) * 2 / samples.shape[1] / FULL_SCALE + 1e-9)
    heard = packets.arrived[(levels >= HEARD) & packets.audio]
    return float(heard[0]) if len(heard) else None


# --- the load ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def sipp(lab: Lab, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = lab.start_sipp(*arguments, "-i", HOST, "-nostdin", "-l", "100000")
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def scenarios(lab: Lab, agents: int, talk: float, ring: float) -> tuple[Path, Path, Path]:
    """The two scenarios and the agents' names, where the lab's programs find them."""
    here = Path(__file__).parent
    agent, customer, names = (lab.folder / name for name in ("agent.xml", "customer.xml", "agents.csv"))
    shutil.copy(here / "queue_agent.xml", agent)
    text = (here / "queue_customer.xml").read_text()
    values = {"RING": ring * 1000, "TALK": talk * 1000}
    for name, milliseconds in values.items():
        text = text.replace(f"@{name}_LEAST@", f"{0.5 * milliseconds:.0f}")
        text = text.replace(f"@{name}_MOST@", f"{1.5 * milliseconds:.0f}").replace(f"@{name}@", f"{milliseconds:.0f}")
    customer.write_text(text.replace("@REFUSES@", str(REFUSES)))
    lines = [f"{FIRST_AGENT + n};[authentication username={FIRST_AGENT + n} password={SECRET}]" for n in range(agents)]
    names.write_text("SEQUENTIAL\n" + "\n".join(lines) + "\n")
    for path in (agent, customer, names):
        path.chmod(0o644)
    return agent, customer, names


async def load(lab: Lab, folder: Path, arguments: argparse.Namespace) -> Load:
    """A campaign with agents on open lines; measured when all of them have work."""
    (trunk,) = lab.spec.trunks
    agents = [str(FIRST_AGENT + number) for number in range(arguments.agents)]
    agent, customer, names = scenarios(lab, arguments.agents, arguments.talk, arguments.ring)
    url = lab.mariadb.url if arguments.database == "mariadb" else f"sqlite:///{folder}/load.db"
    settings = settings_for(
        lab,
        url,
        queue={QUEUE: {"members": agents, "wrap_up_seconds": 0}},
        trunk=[{"channels": arguments.agents * 6, "calls_per_second": 200}],
        dialer={"ring_seconds": 30},
    )
    signing_in = ["-sf", str(agent), "-inf", str(names), "-p", str(free_port(udp=True))]
    signing_in += ["-m", str(len(agents)), "-r", "50", f"{HOST}:{lab.asterisk.sip_port}"]
    async with Engine.running(settings, farewell_seconds=0) as engine:
        await engine.ari.connection.wait_up(10)
        with sipp(lab, "-sf", str(customer), "-p", str(trunk.port)), sipp(lab, *signing_in):

            async def there() -> bool:
                return sum(view.open_line for view in engine.agents()) == len(agents)

            await until(there, "all agents to be on their open lines", 60)
            numbers = [f"138{number:08d}" for number in range(NUMBERS)]
            task = await start_task(
                engine,
                numbers,
                type="queue",
                target=QUEUE,
                recording="0",
                control=arguments.mode,
                call_max=10 * len(agents),
            )
            await asyncio.sleep(arguments.warm)
            measured = await measure(lab, engine, task, arguments)
            await engine.update_task(task, TaskStatus.STOP, None, None)
            return measured


async def measure(lab: Lab, engine: Engine, task: int, arguments: argparse.Namespace) -> Load:
    ours, theirs, began = resource.getrusage(resource.RUSAGE_SELF), asterisk_cpu(lab), time.perf_counter()
    since = await rows_of(engine, task)
    async with lateness() as late, answers_of_ari(engine) as answered:
        flights, talking, double = [], [], 0
        while time.perf_counter() - began < arguments.seconds:
            await asyncio.sleep(0.5)
            flights.append(len(engine.dialer.calls))
            (view,) = engine.queue_views()
            talking.append(view.talking)
    seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    asterisk = (asterisk_cpu(lab) - theirs) / seconds
    cpu = used.ru_utime + used.ru_stime - ours.ru_utime - ours.ru_stime
    rows = await rows_of(engine, task)
    fresh = [row for row in rows if row.uid not in {each.uid for each in since}]
    talks = [row for row in fresh if row.extension]
    double = overlaps(rows) + await shared_bridges(engine)
    return Load(
        agents=arguments.agents,
        seconds=seconds,
        calls_ended=len(fresh),
        talks=len(talks),
        abandoned=sum(row.abandoned for row in fresh),
        in_flight=float(np.mean(flights)),
        most_in_flight=max(flights),
        talking=float(np.mean(talking)),
        engine_cpu=cpu / seconds,
        engine_ms_a_call=1000 * cpu / max(1, len(fresh)),
        engine_ms_a_talk=1000 * cpu / max(1, len(talks)),
        asterisk_cpu=asterisk,
        loop_late_ms=spread(late),
        ari_answer_ms=spread(answered),
        waited_ms=spread([1000 * (row.waited or 0.0) for row in talks]),
        two_calls_at_once=double,
    )


async def rows_of(engine: Engine, task: int) -> list[CallRecord]:
    return await engine._store.calls(task, most=NUMBERS)


def overlaps(rows: list[CallRecord]) -> int:
    """How often an agent's talk began before his last one was over."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if row.extension and row.answered_at and row.ended_at:
            spans[row.extension].append((row.answered_at.timestamp() + (row.waited or 0.0), row.ended_at.timestamp()))
    return sum(two[0] < one[1] - SAME_MOMENT for each in spans.values() for one, two in pairwise(sorted(each)))


async def shared_bridges(engine: Engine) -> int:
    """Bridges of more than two channels, and channels in more than one bridge, at this moment."""
    bridges = await engine.ari.bridges()
    inside = [channel for bridge in bridges for channel in bridge.channels]
    return sum(len(bridge.channels) > 2 for bridge in bridges) + len(inside) - len(set(inside))


@contextlib.asynccontextmanager
async def lateness() -> AsyncIterator[list[float]]:
    """How many ms too late the loop comes, inside: so late events are taken, too."""
    late: list[float] = []

    async def look() -> None:
        while True:
            due = time.perf_counter() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            late.append(1000 * (time.perf_counter() - due))

    async with running(look()):
        yield late


@contextlib.asynccontextmanager
async def answers_of_ari(engine: Engine) -> AsyncIterator[list[float]]:
    """How many ms Asterisk's answers take, inside, the engine's own queue included."""
    answered: list[float] = []

    async def ask() -> None:
        while True:
            asked = time.perf_counter()
            await engine.ari.request("GET", "asterisk/ping")
            answered.append(1000 * (time.perf_counter() - asked))
            await asyncio.sleep(0.1)

    async with running(ask()):
        yield answered


@contextlib.asynccontextmanager
async def running(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def spread(values: list[float]) -> tuple[float, float, float]:
    """Median, p99 and the most."""
    median, late, most = np.percentile(values, [50, 99, 100]) if values else (0.0, 0.0, 0.0)
    return round(float(median), 2), round(float(late), 2), round(float(most), 2)


# --- the command -------------------------------------------------------------------------------------------


def print_table(title: str, rows: dict[str, object]) -> None:
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in rows.items():
        table.add_row(name.replace("_", " "), f"{value:.2f}" if isinstance(value, float) else str(value))
    out.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100, help="hand-overs of each kind that are measured; 0: none")
    parser.add_argument("--agents", type=int, default=200, help="on open lines, for the load; 0: none")
    parser.add_argument("--talk", type=float, default=20.0, help="seconds of a talk, on average")
    parser.add_argument("--ring", type=float, default=9.0, help="seconds that a customer's phone rings, on average")
    parser.add_argument("--mode", choices=("g", "i", "ai"), default="i")
    parser.add_argument("--warm", type=float, default=60.0, help="seconds before the load is measured")
    parser.add_argument("--seconds", type=float, default=40.0, help="that the load is measured")
    parser.add_argument("--database", choices=("sqlite", "mariadb"), default="sqlite")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    arguments = parser.parse_args()
    log_to_stderr("warning")
    numbers = [OPEN, RUNG, *(str(FIRST_AGENT + number) for number in range(arguments.agents))]
    spec = LabSpec(
        name=f"bench-{os.getpid()}",
        trunks=(TrunkSpec("carrier", port=free_port(udp=True)),),
        extensions=tuple((number, SECRET) for number in numbers),
        mariadb=arguments.database == "mariadb",
    )
    figures: dict[str, Any] = {}
    with Lab.up(spec) as lab, tempfile.TemporaryDirectory(prefix="uncall-bench-") as folder:
        if arguments.calls:
            found = uvloop.run(hand_overs(lab, Path(folder), min(arguments.calls, 250)))
            figures["hand_over_ms"] = {"open line": found[OPEN], "rung phone": found[RUNG]}
            print_table("200 OK to audio on both sides: median, p99, most in ms", figures["hand_over_ms"])
        if arguments.agents:
            figures["load"] = asdict(uvloop.run(load(lab, Path(folder), arguments)))
            print_table("a campaign on open lines", figures["load"])
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
