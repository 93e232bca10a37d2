"""Asks a web server the same few things, on 16 connections, each as soon as it has its answer, for some seconds."""

import asyncio
import base64
import json
import sys
import time
from typing import cast

import uvloop

from tests.bench.soap import END, HOST, is_answer

CONNECTIONS = 16


class Asking(asyncio.Protocol):
    """One connection."""

    answered = wrong = 0  # of all connections

    def __init__(self, method: str, question: bytes) -> None:
        self._method, self._question, self._got = method, question, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._question)

    def data_received(self, data: bytes) -> None:
        self._got += data
        if self._got.endswith(END):
            Asking.answered += 1
            Asking.wrong += not is_answer(self._got, self._method)
            self._got = b""
            self._transport.write(self._question)


async def main(port: int, seconds: float, method: str, questions: list[bytes]) -> None:
    """Ask for so long, and print how much was answered and how long it took."""
    loop = asyncio.get_running_loop()
    for number in range(CONNECTIONS):
        question = questions[number % len(questions)]
        await loop.create_connection(lambda question=question: Asking(method, question), HOST, port)  # type: ignore[misc]
    began, before = time.perf_counter(), Asking.answered
    await asyncio.sleep(seconds)
    print(json.dumps([Asking.answered - before, Asking.wrong, time.perf_counter() - began]), flush=True)


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    uvloop.run(main(asked["port"], asked["seconds"], asked["method"], list(map(base64.b64decode, asked["questions"]))))
