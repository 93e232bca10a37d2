"""The web service beside a bare aiohttp handler that answers the same bytes: each a process of its own, asked in turn
by a third one. And how long 2,000 numbers take to be added."""

import asyncio
import base64
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.machine import cpu_of
from tests.bench.soap import HOST, request
from tests.bench.spread import Spread
from tests.integration.campaigns import plain_settings, write_settings
from uncall_ari.demo.service import service
from uncall_ari.lab import Lab
from uncall_ari.lab.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
TASKS = 10
NUMBERS = 2000  # the most in one request
ADDINGS = 5
START_SECONDS = 30.0


@dataclass(frozen=True)
class Question:
    """What is asked again and again; one of the variants on each connection."""

    name: str
    method: str
    variants: tuple[dict[str, object], ...]


QUESTIONS = (
    Question("popEvent", "popEvent", tuple({"strExten": 801 + number} for number in range(8))),
    Question("getAllTask, one task", "getAllTask", ({"id": 1},)),
    Question(f"getAllTask, {TASKS} tasks", "getAllTask", ({},)),
)


@dataclass(frozen=True)
class Asked:
    """One server, asked for some seconds."""

    a_second: float
    cpu_us: float  # for one request
    wrong: int


async def ask(pid: int, port: int, question: Question, seconds: float) -> Asked:
    """Have a server asked, by a process of its own."""
    questions = [request(port, question.method, **given) for given in question.variants]
    orders = {
        "port": port,
        "seconds": seconds,
        "method": question.method,
        "questions": [base64.b64encode(each).decode() for each in questions],
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.sides.asker", json.dumps(orders)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    before = sum(cpu_of(pid))
    printed, _ = await process.communicate()
    used = sum(cpu_of(pid)) - before
    answered, wrong, took = json.loads(printed)
    return Asked(answered / took, 1e6 * used / max(1, answered), wrong)


@contextlib.asynccontextmanager
async def bare(folder: Path, answer: bytes) -> AsyncIterator[tuple[int, int]]:
    """A bare handler that answers so; its process and port."""
    port, file = free_port(), folder / "answer"
    file.write_bytes(answer)
    process = await asyncio.create_subprocess_exec(
        *(
            "setpriv",
            "--pdeathsig",
            "SIGKILL",
            sys.executable,
            "-m",
            "tests.bench.sides.bare_web",
            str(port),
            str(file),
        ),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        yield process.pid, port
    finally:
        process.kill()
        await process.wait()


async def post(http: aiohttp.ClientSession, port: int, method: str, **given: object) -> bytes:
    """The body of one answer. Raises RuntimeError for a failure."""
    head, _, body = request(port, method, **given).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    async with http.post(f"http://{HOST}:{port}/uncall_api/index.php", data=body, headers=headers) as answer:
        text = await answer.read()
    if answer.status != 200 or (b"success" not in text and method != "popEvent"):
        raise RuntimeError(f"{method} answers: {text.decode()[-500:]}")
    return text


async def add_numbers(http: aiohttp.ClientSession, port: int) -> list[float]:
    """Milliseconds that each of several requests with 2,000 numbers took."""
    took = []
    for turn in range(ADDINGS):
        numbers = ",".join(f"138{NUMBERS * turn + number:08d}" for number in range(NUMBERS))
        began = time.perf_counter()
        await post(http, port, "addPhoneToTask", TaskID="o_task_run_1", Phones=numbers)
        took.append(1000 * (time.perf_counter() - began))
    return took


async def figures(
    lab: Lab, folder: Path, seconds: float, times: int, tell: Callable[[str], None]
) -> dict[str, dict[str, object]]:
    """All figures of the web service; `tell` hears what comes next."""
    port, config = free_port(), folder / "uncall.toml"
    web = {"host": HOST, "port": port}
    write_settings(config, plain_settings(lab, f"sqlite:///{folder / 'web.db'}", web=web))
    found: dict[str, dict[str, object]] = {}
    async with service(config, folder / "log") as serving, aiohttp.ClientSession() as http:
        await serving.answers(HOST, port)
        order = {"create_users": 801, "task_out_line": "sip/test/", "incoming_ivr_values": 127000, "call_max": 5}
        for number in range(TASKS):
            await post(http, port, "addIvrTask", task_name=f"bench {number}", task_callerid=0, **order)
        for question in QUESTIONS:
            body = await post(http, port, question.method, **question.variants[0])
            async with bare(folder, body) as (bare_pid, bare_port):
                theirs, ours = [], []
                for turn in range(times):
                    tell(f"round {turn + 1} of {times}: {question.name}")
                    theirs.append(await ask(bare_pid, bare_port, question, seconds))
                    ours.append(await ask(serving.pid, port, question, seconds))
            found[question.name] = {
                "bytes": len(body),
                "bare_a_second": Spread.of(each.a_second for each in theirs),
                "a_second": Spread.of(each.a_second for each in ours),
                "bare_cpu_us": Spread.of(each.cpu_us for each in theirs),
                "cpu_us": Spread.of(each.cpu_us for each in ours),
                "share": Spread.of_ratios([each.a_second for each in ours], [each.a_second for each in theirs]),
                "wrong": sum(each.wrong for each in (*theirs, *ours)),
            }
        tell(f"{NUMBERS} numbers added")
        found["add_numbers"] = {"numbers": NUMBERS, "ms": Spread.of(await add_numbers(http, port))}
    return found
