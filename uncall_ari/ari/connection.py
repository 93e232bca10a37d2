"""One WebSocket to Asterisk for events and requests, a pool of HTTP connections beside it, and their upkeep.

Requests over the WebSocket are answered one after another by Asterisk and cost least; the pool serves what
may take longer or is large (bridges, lists). Asterisk 22.6 or later (REST over WebSocket).
"""

import asyncio
import contextlib
import itertools
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
import structlog

from uncall_ari.ari import events
from uncall_ari.ari.errors import ConnectionLost, RequestFailed
from uncall_ari.errors import ConnectionFailed
from uncall_ari.metrics.meters import EVERY, QUICK, Counter, Histogram

log = structlog.get_logger(__name__)

REQUEST_SECONDS = 10.0  # for one answer; Asterisk needs 1 ms
PIECE_BYTES = 256 * 1024  # of a file that is downloaded
BACKOFF_SECONDS = (0.1, 5.0)  # first pause between two attempts to connect, and the longest
SILENCE_SECONDS = 5.0  # without a message, then Asterisk is asked for one; after as long again it is given up
POOL = 16  # HTTP connections; more gain nothing (Asterisk serves each with a thread)


class _Request(msgspec.Struct, tag="RESTRequest", tag_field="type", omit_defaults=True):
    request_id: str
    method: str
    uri: str
    content_type: str = ""
    message_body: str = ""


_encode = msgspec.json.Encoder().encode
_harmless = re.compile(r"[A-Za-z0-9_.-]+").fullmatch


def path(*parts: str) -> str:
    """Return an ARI path of `parts`, each encoded so that no part can be taken for two."""
    return "/".join([part if _harmless(part) else quote(part, safe="") for part in parts])


class Connection:
    """The connection to one Asterisk, as one application. It reconnects until it is closed.

    `on_event` gets every event, synchronously: it must not block. `on_open` is awaited after every
    (re)connect, before other requests are let through: there what is live is reconciled.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        app: str,
        on_event: Callable[[events.Known], None],
        on_open: Callable[[], Awaitable[None]],
    ) -> None:
        self._url = url.rstrip("/") + "/ari/"
        self._app = app
        self._headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
        self._user = user
        self._on_event, self._on_open = on_event, on_open
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[events.RestResponse]] = {}
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._http: aiohttp.ClientSession | None = None
        self._up = asyncio.Event()
        self._replaced = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self.problem = "not connected yet"
        self._heard = 0  # messages
        self._events = 0
        self.lag = Histogram(QUICK)  # of one event in EVERY, behind Asterisk's clock
        self.answers = Histogram(QUICK)  # seconds from a request to its answer, of one in EVERY
        self.failures = Counter()  # requests without an answer, or with a bad one, by its status

    @property
    def up(self) -> bool:
        """Whether requests are answered now."""
        return self._up.is_set()

    @property
    def replaced(self) -> asyncio.Event:
        """Set when another engine has taken our application: this one must keep its hands off the calls."""
        return self._replaced

    async def open(self) -> None:
        """Start connecting; returns at once. Use `wait_up` to wait for the connection."""
        self._http = aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=POOL + 1, keepalive_timeout=10.0),
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        )
        self._runner = asyncio.create_task(self._run(), name="ari-connection")

    async def close(self) -> None:
        """Close the connection; what waits for an answer fails with ConnectionLost."""
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
        if self._http is not None:
            await self._http.close()

    async def wait_up(self, seconds: float) -> None:
        """Wait until Asterisk is reached. Raises ConnectionFailed, with the reason, after `seconds`."""
        if self._up.is_set():
            return
        try:
            async with asyncio.timeout(seconds):
                await self._up.wait()
        except TimeoutError:
            raise ConnectionFailed(self.problem) from None

    async def drop(self) -> None:
        """Break the WebSocket off, as a network does (for tests); the connection then comes back by itself."""
        self._break_off()

    async def request(
        self,
        method: str,
        uri: str,
        body: object = None,
        *,
        wait: float = REQUEST_SECONDS,
        opening: bool = False,
    ) -> str:
        """Send a request over the WebSocket and return its answer's body ("" when it has none).

        `wait` seconds are given to a connection that is down to come back. `opening` is for `on_open` alone.
        Raises RequestFailed, ConnectionLost or ConnectionFailed.
        """
        if not opening:
            await self.wait_up(wait)
        if self._ws is None:
            raise ConnectionFailed(self.problem)
        loop = asyncio.get_running_loop()
        count = next(self._numbers)
        number, measured = str(count), count % EVERY == 0
        answer: asyncio.Future[events.RestResponse] = loop.create_future()
        self._waiting[number] = answer
        limit = loop.call_later(REQUEST_SECONDS, _give_up, answer, f"{method} {uri}")
        request = _Request(number, method, uri)
        if body is not None:
            request.content_type = "application/json"
            request.message_body = _encode(body).decode()
        began = time.perf_counter() if measured else 0.0
        try:
            await self._ws.send_str(_encode(request).decode())
            response = await answer
            if measured:
                self.answers.take(time.perf_counter() - began)
        except (OSError, aiohttp.ClientError) as error:
            self._up.clear()  # at once: who asks again must wait for the next connection, not spin on this one
            self._break_off()
            raise ConnectionLost(f"{method} {uri}: {error}") from error
        finally:
            limit.cancel()
            self._waiting.pop(number, None)
        if response.status_code >= 400:
            self.failures.add(str(response.status_code))
            raise RequestFailed(f"{method} {uri}", response.status_code, _reason(response))
        return response.message_body

    async def http(self, method: str, uri: str, *, wait: float = REQUEST_SECONDS, opening: bool = False) -> bytes:
        """Send a request through the pool and return its answer's body. Raises as `request` does."""
        if not opening:
            await self.wait_up(wait)
        if self._http is None:
            raise ConnectionFailed(self.problem)
        try:
            async with self._http.request(method, self._url + uri) as response:
                body = await response.read()
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise ConnectionLost(f"{method} {uri}: {error}") from error
        if response.status >= 400:
            raise RequestFailed(f"{method} {uri}", response.status, body.decode(errors="replace"))
        return body

    async def download(self, uri: str, seconds: float) -> AsyncIterator[bytes]:
        """Fetch a file piece by piece, in up to `seconds`. Raises as `request` does."""
        await self.wait_up(REQUEST_SECONDS)
        if self._http is None:
            raise ConnectionFailed(self.problem)
        try:
            async with self._http.get(self._url + uri, timeout=aiohttp.ClientTimeout(total=seconds)) as response:
                if response.status >= 400:
                    raise RequestFailed(f"GET {uri}", response.status, response.reason or "")
                async for piece in response.content.iter_chunked(PIECE_BYTES):
                    yield piece
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise ConnectionLost(f"GET {uri}: {error}") from error

    async def _run(self) -> None:
        """Connect, read until the socket ends, and again: with growing pauses, until cancelled."""
        pause = BACKOFF_SECONDS[0]
        while True:
            try:
                async with self._connect() as ws:
                    pause = BACKOFF_SECONDS[0]
                    await self._serve(ws)
            except (OSError, aiohttp.ClientError, ConnectionFailed, RequestFailed, TimeoutError) as error:
                self._tell(self._explain(error))
            finally:
                self._lost()
            if self._replaced.is_set():
                return
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 (spreads reconnects, no secret)
            pause = min(pause * 2, BACKOFF_SECONDS[1])

    def _connect(self) -> contextlib.AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        assert self._http is not None, "open() comes first"
        query = urlencode({"app": self._app, "subscribeAll": "false"})
        return self._http.ws_connect(
            f"{self._url}events?{query}",
            max_msg_size=16 * 1024 * 1024,
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
        )

    async def _serve(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        reader = asyncio.create_task(self._read(ws), name="ari-reader")
        watch = asyncio.create_task(self._watch(), name="ari-watch")
        try:
            allowed = {"allowed": [{"type": kind} for kind in events.WANTED]}
            await self.request("PUT", path("applications", self._app, "eventFilter"), allowed, opening=True)
            await self._on_open()
            self._up.set()
            self.problem = ""
            log.info("connected to Asterisk", url=self._url, app=self._app)
            await asyncio.wait((reader, watch), return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                self._break_off()  # or the closing handshake would be waited for
                raise ConnectionLost(f"Asterisk has said nothing for {2 * SILENCE_SECONDS:g} s")
            await reader
            if self._replaced.is_set():
                return
            raise ConnectionLost(f"Asterisk closed the event socket (code {ws.close_code})")
        finally:
            for task in (reader, watch):
                task.cancel()
            await asyncio.gather(reader, watch, return_exceptions=True)

    async def _watch(self) -> None:
        """Return when Asterisk has fallen silent. Every message is a sign of life, so nothing is asked of a busy one
        (aiohttp's heartbeat would set a timer anew for each message)."""
        while True:
            heard = self._heard
            await asyncio.sleep(SILENCE_SECONDS)
            if self._heard == heard:
                with contextlib.suppress(RequestFailed, ConnectionFailed):
                    try:
                        async with asyncio.timeout(SILENCE_SECONDS):
                            await self.request("GET", "asterisk/ping", opening=True)
                    except TimeoutError:
                        return

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            self._heard += 1
            try:
                event = events.decode(message.data)
            except msgspec.DecodeError as error:
                log.error("an event that is no JSON is left out", error=str(error))
                continue
            if isinstance(event, events.RestResponse):
                answer = self._waiting.get(event.request_id)
                if answer is not None and not answer.done():
                    answer.set_result(event)
            elif isinstance(event, events.ApplicationReplaced):
                self._tell("another engine has taken the application: this one stops. Stop one of the two.")
                self._replaced.set()
                return
            elif not isinstance(event, events.Other):
                self._events += 1
                if self._events % EVERY == 0:
                    self._measure(event)
                self._on_event(event)

    def _measure(self, event: events.Known) -> None:
        behind = events.lag(event.timestamp, time.time())
        if behind is not None:
            self.lag.take(behind)

    def _break_off(self) -> None:
        response = self._ws._response.connection if self._ws is not None else None
        if response is not None and response.transport is not None:
            response.transport.abort()

    def _lost(self) -> None:
        self._ws = None
        self._up.clear()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionLost("the event socket was lost before the answer came"))

    def _explain(self, error: Exception) -> str:
        if isinstance(error, aiohttp.WSServerHandshakeError):
            if error.status in (401, 403):
                return f"Asterisk refuses the ARI user {self._user!r}: check asterisk.user and asterisk.password"
            return f"no ARI at {self._url} (HTTP {error.status}): check asterisk.url, http.conf and ari.conf"
        if isinstance(error, aiohttp.ClientConnectorError):
            return f"Asterisk is not reached at {self._url}: {error.strerror or error}"
        return str(error) or type(error).__name__

    def _tell(self, problem: str) -> None:
        if problem != self.problem:
            log.error("no connection to Asterisk", reason=problem)
        self.problem = problem


def _give_up(answer: asyncio.Future[events.RestResponse], request: str) -> None:
    if not answer.done():
        answer.set_exception(ConnectionLost(f"no answer to {request} in {REQUEST_SECONDS:.0f} s"))


def _reason(response: events.RestResponse) -> str:
    """Return what Asterisk says of a failure: `message` or `error` of the body, else the reason phrase."""
    with contextlib.suppress(msgspec.DecodeError):
        body: dict[str, Any] = msgspec.json.decode(response.message_body, type=dict[str, Any])
        return str(body.get("message") or body.get("error") or response.reason_phrase)
    return response.reason_phrase
