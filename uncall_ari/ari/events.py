"""Asterisk's events as typed values, and the decoder. Only what is used has a type; the rest is `Other`."""

from datetime import datetime
from typing import Any

import msgspec

# What Asterisk is asked to send; everything else costs a decode for nothing. RESTResponse must be named,
# or an allow-list silences the answers of REST over WebSocket too.
WANTED = (
    "RESTResponse",
    "ApplicationReplaced",
    "StasisStart",
    "ChannelStateChange",
    "ChannelDestroyed",
    "ChannelDtmfReceived",
    "PlaybackFinished",
)


class Party(msgspec.Struct, frozen=True):
    """A name and a number, as Asterisk knows them."""

    name: str = ""
    number: str = ""


class Dialplan(msgspec.Struct, frozen=True):
    """Where in the dialplan a channel is."""

    context: str = ""
    exten: str = ""
    app_name: str = ""
    app_data: str = ""


class Channel(msgspec.Struct, frozen=True):
    """A channel as it was at the moment of the event. `state` is Down, Ring, Ringing, Up, ..."""

    id: str
    name: str = ""
    state: str = ""
    caller: Party = Party()
    connected: Party = Party()
    dialplan: Dialplan = Dialplan()
    channelvars: dict[str, str] = {}

    @property
    def in_stasis(self) -> bool:
        """Whether the channel is answered and in a Stasis application."""
        return self.state == "Up" and self.dialplan.app_name == "Stasis"


class Playback(msgspec.Struct, frozen=True):
    """A playback. `target_uri` is `channel:ID` or `bridge:ID`; `state` ends as `done` or `failed`."""

    id: str
    target_uri: str = ""
    state: str = ""


class Endpoint(msgspec.Struct, frozen=True):
    """A phone or trunk as Asterisk knows it. `state` is online (a phone is registered), offline or unknown."""

    resource: str
    state: str = ""
    channel_ids: list[str] = []


class BridgeState(msgspec.Struct, frozen=True):
    """A bridge and the ids of the channels that are in it."""

    id: str
    channels: list[str] = []


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What all events have in common."""

    timestamp: str = ""  # of Asterisk's clock: 2026-11-27T10:35:12.123+0000

    def about(self) -> str:
        """Return the id of the object that this event concerns; "" when it concerns none."""
        return ""


class ChannelEvent(Event, frozen=True):
    """An event that concerns one channel."""

    channel: Channel

    def about(self) -> str:
        return self.channel.id


class StasisStart(ChannelEvent, frozen=True, tag="StasisStart"):
    """A channel entered our application. `args` are the dialplan's or the originate's."""

    args: list[str] = []


class StasisEnd(ChannelEvent, frozen=True, tag="StasisEnd"):
    """A channel left our application: by its end or, after `continue`, into the dialplan."""


class ChannelStateChange(ChannelEvent, frozen=True, tag="ChannelStateChange"):
    """A channel rings, or is up."""


class ChannelDestroyed(ChannelEvent, frozen=True, tag="ChannelDestroyed"):
    """A channel is gone. `cause` is the Q.850 cause, `tech_cause` the SIP status where there was one."""

    cause: int = 0
    tech_cause: int = 0


class ChannelDtmfReceived(ChannelEvent, frozen=True, tag="ChannelDtmfReceived"):
    """A key was pressed (and let go)."""

    digit: str = ""


class PlaybackFinished(Event, frozen=True, tag="PlaybackFinished"):
    """A playback ended, played to its end, stopped or failed."""

    playback: Playback

    def about(self) -> str:
        return self.playback.target_uri.partition(":")[2]


class ApplicationReplaced(Event, frozen=True, tag="ApplicationReplaced"):
    """Another connection has taken our application."""


class RestResponse(Event, frozen=True, tag="RESTResponse"):
    """The answer to a request that went over the WebSocket."""

    request_id: str
    status_code: int
    reason_phrase: str = ""
    message_body: str = ""


class Other(msgspec.Struct, frozen=True):
    """An event that we have no type for: newer Asterisks send new ones, and none may end the client."""

    type: str = ""

    def about(self) -> str:
        """Return "": it concerns nothing that we know of."""
        return ""


Known = (
    StasisStart
    | StasisEnd
    | ChannelStateChange
    | ChannelDestroyed
    | ChannelDtmfReceived
    | PlaybackFinished
    | ApplicationReplaced
    | RestResponse
)


def lag(timestamp: str, now: float) -> float | None:
    """Return the seconds from an event's timestamp to `now` (since 1970), None where it has no such timestamp.

    Never below 0: the timestamp is cut off to milliseconds, and clocks are put back.
    """
    try:
        return max(0.0, now - datetime.fromisoformat(timestamp).timestamp())
    except (ValueError, OverflowError):
        return None


_known: msgspec.json.Decoder[Known] = msgspec.json.Decoder(Known)
_other: msgspec.json.Decoder[Other] = msgspec.json.Decoder(Other)


def decode(data: str | bytes) -> Known | Other:
    """Return the event in `data`. Raises msgspec.DecodeError when it is no JSON object."""
    try:
        return _known.decode(data)
    except msgspec.ValidationError:
        return _other.decode(data)


def decode_body(body: str | bytes, type_: type[Any]) -> Any:
    """Return the `type_` that a request's answer holds. Raises msgspec.DecodeError when it does not."""
    return msgspec.json.decode(body, type=type_)
