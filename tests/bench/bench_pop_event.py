"""Screens: 5,000 extensions ask popEvent every 3 s over SOAP, in PHP's own bytes, each on a connection that stays open.
The server is `uncall serve` on a real Asterisk, a process of its own, as are the clients. Prints requests a second,
the server's CPU, how long answers take; then, while the asking goes on, how long after a phone's ringing its pop is
pushed (`/uncall_api/events`) and told to one who asks without a pause.

    python -m tests.bench.bench_pop_event --extensions 5000 --every 3 --seconds 30 --calls 50
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import aiohttp
import numpy as np
import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.machine import cpu_of, memory_of
from tests.bench.soap import END, HOST, is_answer, request
from tests.integration.campaigns import plain_settings, write_settings
from uncall_ari.demo.service import service
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.phones import Carrier, Phone
from uncall_ari.lab.ports import free_port

out = Console()
PHONES = 5  # with real phones; they ask by themselves
FIRST_EXTENSION = 10000  # of those that only ask
CUSTOMER = "13800138000"
WARM_SECONDS = 4.0  # each has asked once by then
PAUSE_SECONDS = 0.005  # between two questions of the one who asks without a pause


@dataclass
class Asked:
    """What the clients have seen in a span of time."""

    latencies: list[float]
    late: int = 0  # questions that were left out, since the one before was not answered yet
    bad: int = 0  # answers that were none


class Screen(asyncio.Protocol):
    """One agent's screen: asks every so many seconds, whatever the server does."""

    def __init__(self, question: bytes, every: float, asked: Asked) -> None:
        self._question, self._every, self._asked = question, every, asked
        self._sent = 0.0
        self._got = b""
        self.on_answer: Callable[[bytes], None] = lambda answer: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass

    def begin(self, after: float) -> None:
        asyncio.get_running_loop().call_later(after, self._tick)

    def _tick(self) -> None:
        asyncio.get_running_loop().call_later(self._every, self._tick)
        if self._sent:
            self._asked.late += 1
        else:
            self.ask()

    def ask(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._question)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._got.endswith(END):
            return
        answer, self._got = self._got, b""
        self._asked.latencies.append(time.perf_counter() - self._sent)
        self._asked.bad += not is_answer(answer, "popEvent")
        self._sent = 0.0
        self.on_answer(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self._asked.bad += 1


def ask_on(port: int, extensions: int, every: float, ends: tuple[Connection, Connection]) -> None:
    """The clients' process: ask until told to end; each message asks for what was seen since the last one."""
    ours, theirs = ends
    theirs.close()
    uvloop.run(_ask_on(port, extensions, every, ours))


async def _ask_on(port: int, extensions: int, every: float, pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    asked = Asked([])
    screens = []
    for number in range(extensions):
        make = partial(Screen, request(port, "popEvent", strExten=FIRST_EXTENSION + number), every, asked)
        screens.append((await loop.create_connection(make, HOST, port))[1])
    for number, screen in enumerate(screens):
        screen.begin(every * number / extensions)
    pipe.send(None)
    while True:
        try:
            await asyncio.to_thread(pipe.recv)
        except EOFError:  # the other process is gone
            return
        pipe.send((Asked(list(asked.latencies), asked.late, asked.bad), time.process_time()))
        asked.latencies.clear()
        asked.late = asked.bad = 0


class Clients:
    """The clients' process, from outside."""

    def __init__(self, port: int, extensions: int, every: float) -> None:
        # A process that is started anew: nothing of our loop and our phones' sockets is in it.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (port, extensions, every, (theirs, self._pipe))
        self._process = context.Process(target=ask_on, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    async def began(self) -> None:
        await asyncio.to_thread(self._pipe.recv)

    async def seen(self) -> tuple[Asked, float]:
        """What they have seen since the last time, and the CPU seconds that they have used so far."""
        self._pipe.send(None)
        asked, cpu = await asyncio.to_thread(self._pipe.recv)
        return asked, cpu

    def end(self) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join()


async def polls(pid: int, clients: Clients, arguments: argparse.Namespace) -> None:
    """Measure the asking alone."""
    await clients.began()
    await asyncio.sleep(max(WARM_SECONDS, arguments.every + 1))
    _, busy = await clients.seen()
    (user, system), began = cpu_of(pid), time.perf_counter()
    await asyncio.sleep(arguments.seconds)
    (user_then, system_then), seconds = cpu_of(pid), time.perf_counter() - began
    asked, busy_then = await clients.seen()
    user, system, count = user_then - user, system_then - system, len(asked.latencies)
    table = Table(
        title=f"popEvent: {arguments.extensions} extensions every {arguments.every:g} s", title_justify="left"
    )
    table.add_column("")
    table.add_column(f"in {seconds:.0f} s", justify="right")
    table.add_row("requests a second", f"{count / seconds:.0f}")
    table.add_row("answered wrong, not yet", f"{asked.bad}, {asked.late}")
    table.add_row("the server's CPU, of a core", f"{100 * (user + system) / seconds:.1f} %")
    table.add_row("  its own code, the kernel", f"{100 * user / seconds:.1f} %, {100 * system / seconds:.1f} %")
    table.add_row("  for one request", f"{1e6 * (user + system) / max(1, count):.0f} µs")
    table.add_row("the server's memory", f"{memory_of(pid):.0f} MB")
    table.add_row("answer after, p50, p99, most", _milliseconds(asked.latencies))
    table.add_row("the clients' own CPU", f"{100 * (busy_then - busy) / seconds:.1f} %")
    out.print(table)


async def pops(lab: Lab, port: int, calls: int) -> None:
    """Measure from a phone's ringing to its pop, while the asking goes on."""
    (trunk,) = lab.spec.trunks
    pushed, polled, shown = [], [], []
    async with (
        Carrier(trunk.host, trunk.port, peer=(HOST, lab.asterisk.sip_port)) as carrier,
        phones_of(lab) as phones,
        aiohttp.ClientSession() as http,
        http.get(f"http://{HOST}:{port}/uncall_api/events", timeout=aiohttp.ClientTimeout(total=None)) as stream,
    ):
        screens = {phone.name: await _eager(port, phone.name) for phone in phones}
        for number in range(calls):
            phone = phones[number % len(phones)]
            seen: asyncio.Future[float] = asyncio.get_running_loop().create_future()
            screens[phone.name](seen)
            call = carrier.call(phone.name, CUSTOMER)
            ring, (push_at, told_at) = await asyncio.gather(phone.ringing(), _next_pop(stream, phone.name))
            rang_at = ring.ringing_at or 0.0
            pushed.append(push_at - rang_at)
            polled.append(await asyncio.wait_for(seen, 5) - rang_at)
            shown.append(told_at - ring.wall(rang_at).timestamp())
            call.hang_up()
            await ring.until_ended()
            await call.until_ended()
    table = Table(title=f"From the ringing to the pop, {calls} calls, while all ask", title_justify="left")
    table.add_column("")
    table.add_column("median, p99, most", justify="right")
    table.add_row("engine has it (its own clock)", _milliseconds(shown))
    table.add_row("pushed: the client has it", _milliseconds(pushed))
    table.add_row(f"asked for every {1000 * PAUSE_SECONDS:g} ms: the client has it", _milliseconds(polled))
    out.print(table)


@asynccontextmanager
async def phones_of(lab: Lab) -> AsyncIterator[list[Phone]]:
    """All the lab's phones, registered."""
    phones = [Phone(number, secret, lab.asterisk.sip_port) for number, secret in lab.spec.extensions]
    try:
        for phone in phones:
            await phone.__aenter__()
        yield phones
    finally:
        for phone in phones:
            await phone.__aexit__(None, None, None)


async def _eager(port: int, extension: str) -> Callable[["asyncio.Future[float]"], None]:
    """A screen that asks again and again until a future is done; the future gets the moment of the pop."""
    loop = asyncio.get_running_loop()
    screen = Screen(request(port, "popEvent", strExten=extension), 0, Asked([]))
    await loop.create_connection(lambda: screen, HOST, port)

    def ask(seen: "asyncio.Future[float]") -> None:
        def answered(answer: bytes) -> None:
            if b"&lt;uid&gt;" in answer:
                seen.set_result(time.monotonic())
            else:
                loop.call_later(PAUSE_SECONDS, screen.ask)

        screen.on_answer = answered
        screen.ask()

    return ask


async def _next_pop(stream: aiohttp.ClientResponse, extension: str) -> tuple[float, float]:
    """The next pushed pop of the extension: when it came, and when the engine says that it was."""
    async with asyncio.timeout(10):
        async for line in stream.content:
            if line.startswith(b"data: "):
                told = json.loads(line.removeprefix(b"data: "))
                if told["extension"] == extension:
                    return time.monotonic(), datetime.fromisoformat(told["at"]).timestamp()
    raise AssertionError("the stream of pops has ended")


def _milliseconds(seconds: list[float]) -> str:
    median, late, most = np.percentile(seconds, [50, 99, 100]) * 1000 if seconds else (0, 0, 0)
    return f"{median:.1f}, {late:.1f}, {most:.1f} ms"


async def run(lab: Lab, folder: Path, arguments: argparse.Namespace) -> None:
    port = free_port()
    config = folder / "uncall.toml"
    web = {"host": HOST, "port": port}
    write_settings(config, plain_settings(lab, f"sqlite:///{folder / 'uncall.db'}", web=web))
    async with service(config, folder / "log") as serving:
        await serving.answers(HOST, port)
        clients = Clients(port, arguments.extensions, arguments.every)
        try:
            await polls(serving.pid, clients, arguments)
            if arguments.calls:
                await pops(lab, port, arguments.calls)
        finally:
            clients.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extensions", type=int, default=5000)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two questions of an extension")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--calls", type=int, default=50, help="inbound calls whose pops are measured; 0: none")
    arguments = parser.parse_args()
    spec = LabSpec(
        name=f"bench-{os.getpid()}",
        trunks=(TrunkSpec("carrier", port=free_port(udp=True)),),
        extensions=tuple((str(801 + number), "bench") for number in range(PHONES)),
    )
    with Lab.up(spec) as lab, tempfile.TemporaryDirectory(prefix="uncall-bench-") as folder:
        uvloop.run(run(lab, Path(folder), arguments))


if __name__ == "__main__":
    main()
