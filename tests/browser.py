"""A real browser for tests: headless Chromium, steered over its DevTools protocol. Only where it is installed."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--remote-debugging-port=0",
)
START_SECONDS, ANSWER_SECONDS = 60, 30
_UNTIL = """new Promise((done) => {
  const look = () => { if (%s) { seen.disconnect(); done(true); } };
  const seen = new MutationObserver(look);
  seen.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
  look();
})"""


class Page:
    """A page that is open."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._sent = socket, 0
        self.complaints: list[str] = []  # what the browser wrote into its console as errors

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        self._sent += 1
        await self._socket.send_json({"id": self._sent, "method": method, "params": params})
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                message = json.loads(await self._socket.receive_str())
                entry = message.get("params", {}).get("entry", {})
                if entry.get("level") == "error":
                    self.complaints.append(entry["text"])
                if message.get("id") == self._sent:
                    assert "error" not in message, message
                    result: dict[str, Any] = message["result"]
                    return result

    async def value(self, script: str) -> Any:
        """Evaluate an expression in the page; a promise is awaited."""
        told = await self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def comes(self, condition: str) -> None:
        """Wait until the expression is true: it is looked at whenever the document changes."""
        try:
            await self.value(_UNTIL % condition)
        except TimeoutError:
            shown = await self.value("document.body.innerText")
            raise AssertionError(f"the page never had {condition}; it shows: {shown}") from None


@asynccontextmanager
async def opened(address: str, profile: Path, *flags: str) -> AsyncIterator[Page]:
    """Open `address` in a browser of its own, whose files are in `profile`."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *_FLAGS,
        *flags,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        port = await _port(process)
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/json") as answer:
                target = next(each for each in await answer.json() if each["type"] == "page")
            async with http.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                await page.ask("Log.enable")
                await page.ask("Page.navigate", url=address)
                yield page
                await page.ask("Browser.close")
        async with asyncio.timeout(ANSWER_SECONDS):
            await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(START_SECONDS):
        while line := await process.stderr.readline():
            said += line
            if found := re.search(rb"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line):
                return int(found[1])
    raise AssertionError(f"Chromium did not start: {said.decode(errors='replace')}")
