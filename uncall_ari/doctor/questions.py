"""Questions to Asterisk over plain HTTP. Not the engine's own client: that one keeps a socket up under the engine's
name, which would take the calls away from an engine that runs, and an Asterisk that is too old must be told, too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
import msgspec

from uncall_ari.ari.errors import RequestFailed
from uncall_ari.config import AsteriskSettings
from uncall_ari.errors import ConnectionFailed

T = TypeVar("T")
SECONDS = 5.0  # for one answer; Asterisk needs 1 ms


class Info(msgspec.Struct, frozen=True):
    """What Asterisk says of itself, and the moment at which it said so (the HTTP date, "" for none)."""

    version: str
    started: str
    date: str = ""


class Module(msgspec.Struct, frozen=True):
    """One of Asterisk's modules."""

    name: str
    status: str = ""


class Questions:
    """One Asterisk's REST interface. Every method raises RequestFailed and ConnectionFailed."""

    def __init__(self, settings: AsteriskSettings, session: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.session = session
        self.url = settings.url.rstrip("/") + "/ari/"

    async def ask(self, uri: str, kind: type[T], **query: str) -> T:
        """GET, and the answer's body as a value of this kind."""
        body, _ = await self._send("GET", uri, query)
        return _decoded(body, kind, uri)

    async def do(self, method: str, uri: str, body: object = None, **query: str) -> None:
        """Any other request."""
        await self._send(method, uri, query, body)

    async def info(self) -> Info:
        """Version, start and clock."""
        body, headers = await self._send("GET", "asterisk/info", {})
        told = _decoded(body, dict[str, Any], "asterisk/info")
        system, status = told.get("system"), told.get("status")
        if not isinstance(system, dict) or not isinstance(status, dict):
            raise ConnectionFailed(f"what answers at {self.url} is not Asterisk")
        return Info(str(system.get("version", "")), str(status.get("startup_time", "")), headers.get("Date", ""))

    async def variable(self, name: str, channel: str = "") -> str:
        """A variable or a function's value, "" when there is none."""
        uri = f"channels/{channel}/variable" if channel else "asterisk/variable"
        try:
            return (await self.ask(uri, dict[str, str], variable=name)).get("value", "")
        except RequestFailed as failed:
            if failed.status == 404:
                return ""
            raise

    async def _send(self, method: str, uri: str, query: dict[str, str], body: object = None) -> tuple[bytes, Any]:
        try:
            async with self.session.request(
                method, self.url + uri, params=query, json=body, allow_redirects=False
            ) as response:
                content = await response.content.read(4 << 20)
        except TimeoutError:
            raise ConnectionFailed(f"no answer in {SECONDS:g} s") from None
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise ConnectionFailed(str(getattr(error, "strerror", None) or error) or type(error).__name__) from None
        if response.status >= 300:
            raise RequestFailed(f"{method} {uri}", response.status, content[:200].decode(errors="replace"))
        return content, response.headers


@asynccontextmanager
async def questions(settings: AsteriskSettings) -> AsyncIterator[Questions]:
    """Questions to this Asterisk, until the end of the block."""
    authorization = aiohttp.encode_basic_auth(settings.user, settings.password.get_secret_value(), "utf-8")
    async with aiohttp.ClientSession(
        headers={"Authorization": authorization}, timeout=aiohttp.ClientTimeout(total=SECONDS)
    ) as session:
        yield Questions(settings, session)


def _decoded(body: bytes, kind: type[T], uri: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError:
        raise ConnectionFailed(f"what answers to {uri} is not Asterisk") from None
