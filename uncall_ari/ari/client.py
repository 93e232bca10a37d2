"""The client that the engine uses: makes legs and bridges, sends each event to whom it concerns, and reconciles
with what is live after every time without a connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import structlog

from uncall_ari.ari import events
from uncall_ari.ari.bridge import Bridge
from uncall_ari.ari.connection import Connection, path
from uncall_ari.ari.errors import RequestFailed
from uncall_ari.ari.leg import Leg

log = structlog.get_logger(__name__)

Newcomer = Callable[[events.StasisStart], None]


@dataclass(frozen=True, slots=True)
class Gap:
    """What a look at Asterisk showed after a (re)connect, before anything else was asked."""

    channels: dict[str, events.Channel]


class Ari:
    """One Asterisk, one application. Use as `async with`."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        app: str,
        *,
        on_newcomer: Newcomer | None = None,
        on_gap: Callable[[Gap], Awaitable[None]] | None = None,
    ) -> None:
        """`on_newcomer` gets (synchronously) each channel that entered the application without being ours;
        `on_gap` is awaited after every (re)connect."""
        self.app = app
        self.leaving = False  # set on a clean exit: live legs are left to the next process, not hung up
        self._on_newcomer, self._on_gap = on_newcomer, on_gap
        self._objects: dict[str, Leg | Bridge] = {}
        self.connection = Connection(url, user, password, app, self._dispatch, self._reconcile)

    async def __aenter__(self) -> Self:
        await self.connection.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.connection.close()

    # --- making things -------------------------------------------------------------------------------

    def leg(self, id_: str) -> Leg:
        """Return a leg that is registered under `id_`: from now on its events reach it. Use `async with`."""
        leg = Leg(self, id_)
        self._objects[id_] = leg
        return leg

    async def originate(
        self,
        leg: Leg,
        endpoint: str,
        *,
        seconds: int,
        caller_id: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Have Asterisk call `endpoint` as `leg`; `leg.answered` tells when it is there.

        `seconds` is how long it may ring. Asterisk answers 500 "Allocation failed" for an endpoint that does not
        exist or is not registered, 409 for an id that is live: RequestFailed. Raises ConnectionLost when it is not
        known whether the call was placed.
        """
        body: dict[str, object] = {"endpoint": endpoint, "app": self.app, "timeout": seconds}
        if caller_id:
            body["callerId"] = caller_id
        if variables:
            body["variables"] = dict(variables)
        await self.request("POST", path("channels", leg.id), body)

    async def create(self, leg: Leg, endpoint: str, *, originator: str = "", variables: Mapping[str, str]) -> None:
        """Make `leg` for `endpoint` without dialling it: `leg.entered`, then `leg.dial`. Put into a bridge before, its
        early media is heard there. Raises RequestFailed (500: no such endpoint), ConnectionLost.
        """
        body: dict[str, object] = {"endpoint": endpoint, "app": self.app, "variables": dict(variables)}
        if originator:
            body["originator"] = originator
        await self.request("POST", f"channels/create?{urlencode({'channelId': leg.id})}", body)

    async def take_in(self, channel: events.Channel) -> Leg:
        """Return the leg of a call that came in. Asterisk tells the end of a channel that the dialplan made only to
        who has subscribed to it. Use `async with`. Raises RequestFailed when the caller is gone already."""
        leg = self.leg(channel.id)
        leg.on_event(events.StasisStart(channel))
        try:
            await self.request("POST", f"applications/{self.app}/subscription?eventSource=channel:{channel.id}")
        except BaseException:
            self.forget(channel.id)
            raise
        return leg

    @contextlib.asynccontextmanager
    async def watching(self, channel: events.Channel) -> AsyncIterator[Leg]:
        """The leg of a channel whose end is to be noticed and which is left alone otherwise, whoever made it.

        Raises RequestFailed when it is gone already.
        """
        known = self._objects.get(channel.id)
        if isinstance(known, Leg):
            yield known
            return
        leg = await self.take_in(channel)
        try:
            yield leg
        finally:
            self.forget(channel.id)

    async def snoop(self, leg: Leg, target: str, *, whisper: bool) -> None:
        """Make `leg` hear both sides of the channel `target` and, with `whisper`, speak to it alone."""
        query = urlencode({"app": self.app, "spy": "both", "whisper": "out" if whisper else "none"})
        await self.request("POST", path("channels", target, "snoop", leg.id) + f"?{query}")

    async def adopt(self, leg: Leg) -> None:
        """Bring a leg of an earlier process up to what it is now. A channel that is gone ends the leg."""
        leg.reconcile(await self.channel(leg.id))

    def bridge(self, id_: str) -> Bridge:
        """Return a mixing bridge that is made on `async with`, and destroyed at its end."""
        bridge = Bridge(self, id_)
        self._objects[id_] = bridge
        return bridge

    def knows(self, id_: str) -> bool:
        """Whether a leg or bridge with this id is ours in this process."""
        return id_ in self._objects

    def forget(self, id_: str) -> None:
        """Send no more events to the object with this id."""
        self._objects.pop(id_, None)

    # --- asking --------------------------------------------------------------------------------------

    async def request(self, method: str, uri: str, body: object = None) -> str:
        """Send a request; return its answer's body. Raises RequestFailed, ConnectionLost, ConnectionFailed."""
        return await self.connection.request(method, uri, body)

    async def channel(self, id_: str) -> events.Channel | None:
        """Return the channel as it is now, None when there is none."""
        try:
            body = await self.request("GET", path("channels", id_))
        except RequestFailed as error:
            if error.status == 404:
                return None
            raise
        channel: events.Channel = events.decode_body(body, events.Channel)
        return channel

    async def endpoint(self, name: str) -> events.Endpoint | None:
        """Return the PJSIP endpoint of this name as it is now, None when there is none."""
        try:
            body = await self.request("GET", path("endpoints", "PJSIP", name))
        except RequestFailed as error:
            if error.status == 404:
                return None
            raise
        endpoint: events.Endpoint = events.decode_body(body, events.Endpoint)
        return endpoint

    async def endpoints(self) -> list[events.Endpoint]:
        """Return all PJSIP endpoints."""
        listing: list[events.Endpoint] = events.decode_body(
            await self.connection.http("GET", "endpoints/PJSIP"), list[events.Endpoint]
        )
        return listing

    async def channels(self) -> list[events.Channel]:
        """Return all channels that there are."""
        listing: list[events.Channel] = events.decode_body(
            await self.connection.http("GET", "channels"), list[events.Channel]
        )
        return listing

    async def bridges(self) -> list[events.BridgeState]:
        """Return all bridges that there are."""
        listing: list[events.BridgeState] = events.decode_body(
            await self.connection.http("GET", "bridges"), list[events.BridgeState]
        )
        return listing

    async def has_module(self, name: str) -> bool:
        """Whether Asterisk has loaded a module. Only for `on_gap`."""
        try:
            await self.connection.request("GET", path("asterisk", "modules", name), opening=True)
        except RequestFailed as error:
            if error.status in (404, 409):  # not there; there and not running
                return False
            raise
        return True

    async def global_variable(self, name: str, *, opening: bool = False) -> str:
        """Return a global variable of Asterisk's, "" when it is not set."""
        uri = f"asterisk/variable?variable={name}"
        body = await self.connection.request("GET", uri, opening=opening)
        value: dict[str, str] = events.decode_body(body, dict[str, str])
        return value.get("value", "")

    async def set_global_variable(self, name: str, value: str, *, opening: bool = False) -> None:
        """Set a global variable of Asterisk's; it lives until Asterisk ends."""
        await self.connection.request("POST", "asterisk/variable", {"variable": name, "value": value}, opening=opening)

    # --- what the connection tells -------------------------------------------------------------------

    def _dispatch(self, event: events.Known) -> None:
        target = self._objects.get(event.about())
        if target is not None:
            target.on_event(event)
        elif isinstance(event, events.StasisStart) and self._on_newcomer is not None:
            self._on_newcomer(event)

    async def _reconcile(self) -> None:
        """Tell every object of ours what became of it while nobody listened."""
        listing = await self.connection.http("GET", "channels", opening=True)
        channels: list[events.Channel] = events.decode_body(listing, list[events.Channel])
        live = {channel.id: channel for channel in channels}
        for id_, thing in list(self._objects.items()):
            if isinstance(thing, Leg):
                thing.reconcile(live.get(id_))
                for playback in thing.playing():
                    await self._reconcile_playback(thing, playback)
        if self._on_gap is not None:
            await self._on_gap(Gap(live))

    async def _reconcile_playback(self, leg: Leg, playback: str) -> None:
        try:
            await self.connection.request("GET", path("playbacks", playback), opening=True)
        except RequestFailed as error:
            if error.status != 404:
                raise
            leg.playback_finished(playback, "done")
            await asyncio.sleep(0)
