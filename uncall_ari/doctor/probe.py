"""A channel of our own, which rings nobody: on it, Asterisk plays what is to be tried, and we hear whether it does.

A half of a Local channel that is never dialled, so no dialplan runs; and a Snoop on it, which is up at once, so that
sounds are played on it as on a call. It is heard by a second Snoop. All of it is in an application of its own, with a
name that nobody else has: when our socket goes, however that happens, Asterisk hangs these channels up by itself.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import msgspec

from uncall_ari.ari.connection import path
from uncall_ari.ari.errors import RequestFailed
from uncall_ari.doctor.questions import Questions
from uncall_ari.errors import ConnectionFailed

ANSWER_SECONDS = 5.0  # for an event; a sound takes 20 ms
MUSIC_SECONDS = 3.0  # music may begin softly
LOOK_SECONDS = 0.01  # between two looks at what the application still watches: Asterisk sends no event of it
PAST_THE_END = "86400000"  # ms: begins behind the sound's end, so that it is opened and over at once


class _Channel(msgspec.Struct, frozen=True):
    id: str
    channelvars: dict[str, str] = {}


class _Playback(msgspec.Struct, frozen=True):
    id: str
    state: str = ""


class _Application(msgspec.Struct, frozen=True):
    channel_ids: list[str] = []


class _Event(msgspec.Struct, frozen=True):
    type: str
    channel: _Channel | None = None
    playback: _Playback | None = None


class Probe:
    """The channel. Its methods raise RequestFailed and ConnectionFailed."""

    def __init__(self, ask: Questions, app: str) -> None:
        self._ask = ask
        self.app = app
        self.channel = f"{app}-0"
        self._player, self._ear = f"{app}-1", f"{app}-2"
        self._waiting: dict[str, asyncio.Future[str]] = {}  # by playback, and the ear's
        self.marks: set[str] = set()  # names of the variables that Asterisk puts into every event

    async def plays(self, media: str) -> bool:
        """Whether Asterisk can play this media URI, all of it skipped: nothing is heard."""
        name = f"{self.app}-{secrets.token_hex(4)}"
        ended = self._expect(name)
        await self._ask.do("POST", path("channels", self._player, "play", name), media=media, offsetms=PAST_THE_END)
        return await self._soon(ended, "say whether it played") == "done"

    async def music(self) -> bool:
        """Whether music on hold is to be heard within some seconds. Needs Asterisk's func_talkdetect."""
        heard = self._expect(self._ear)
        await self._snoop(self._player, self._ear)
        await self._ask.do("POST", path("channels", self._ear, "variable"), variable="TALK_DETECT(set)", value="")
        await self._ask.do("POST", path("channels", self._player, "moh"))
        with suppress(TimeoutError):
            async with asyncio.timeout(MUSIC_SECONDS):
                await heard
                return True
        return False

    async def variable(self, name: str) -> str:
        """The value of a variable or function for the channel."""
        return await self._ask.variable(name, self.channel)

    async def _snoop(self, target: str, name: str) -> None:
        """A channel `name` that hears what is sent to the channel `target`; it is ours when this returns."""
        entered = self._expect(f"in {name}")
        query = {"app": self.app, "spy": "out", "whisper": "none"}
        await self._ask.do("POST", path("channels", target, "snoop", name), **query)
        await self._soon(entered, "let a channel into the application")

    async def _soon(self, future: asyncio.Future[str], what: str) -> str:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await future
        except TimeoutError:
            raise ConnectionFailed(f"Asterisk did not {what} within {ANSWER_SECONDS:g} s") from None

    def _expect(self, name: str) -> asyncio.Future[str]:
        future = self._waiting[name] = asyncio.get_running_loop().create_future()
        return future

    async def open(self) -> None:
        """Make the channels."""
        make = {"endpoint": f"Local/{self.app}@{self.app}/n", "app": self.app}
        entered = self._expect(f"in {self.channel}")
        await self._ask.do("POST", "channels/create", make, channelId=self.channel, otherChannelId=f"{self.app}-x")
        await self._soon(entered, "let a channel into the application")
        await self._snoop(self.channel, self._player)
        self.marks = set((await self._ask.ask(path("channels", self._player), _Channel)).channelvars)

    async def close(self) -> None:
        """Hang all of it up, and wait until the application has none of it. Asterisk forgets an application as its
        socket closes only when it no longer watches a channel; it is told of a channel's end a little later than we
        are, and looks again only when another application ends."""
        for each in (self._ear, self._player, self.channel):
            with suppress(RequestFailed, ConnectionFailed):
                await self._ask.do("DELETE", path("channels", each))
        with suppress(TimeoutError, RequestFailed, ConnectionFailed):
            async with asyncio.timeout(ANSWER_SECONDS):
                while (await self._ask.ask(path("applications", self.app), _Application)).channel_ids:  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_SECONDS)

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take events until the socket ends."""
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            event = msgspec.json.decode(message.data, type=_Event)
            if event.type == "PlaybackFinished" and event.playback is not None:
                self._settle(event.playback.id, event.playback.state)
            elif event.type == "StasisStart" and event.channel is not None:
                self._settle(f"in {event.channel.id}", event.type)
            elif event.type == "ChannelTalkingStarted" and event.channel is not None:
                self._settle(event.channel.id, event.type)

    def _settle(self, name: str, result: str) -> None:
        future = self._waiting.get(name)
        if future is not None and not future.done():
            future.set_result(result)


@asynccontextmanager
async def probe(ask: Questions, app: str) -> AsyncIterator[Probe]:
    """The channel, until the end of the block. Raises RequestFailed (403: the account may only read),
    ConnectionFailed."""
    # Not with the engine's name in front: a restarted one may look for what is its own by how names begin.
    name = f"check-{app}-{secrets.token_hex(4)}"
    try:
        socket = await ask.session.ws_connect(f"{ask.url}events?app={name}&subscribeAll=false")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise ConnectionFailed(f"the event socket does not open: {error}") from None
    made = Probe(ask, name)
    listening = asyncio.create_task(made.listen(socket))
    try:
        await made.open()
        yield made
    finally:
        await made.close()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await socket.close()
