"""The ARI client: one connection to Asterisk, typed events, legs and bridges as `async with` objects."""

from uncall_ari.ari.bridge import Bridge
from uncall_ari.ari.client import Ari, Gap
from uncall_ari.ari.errors import AriError, ConnectionLost, End, EndedBy, HungUp, RequestFailed
from uncall_ari.ari.ids import IdMaker
from uncall_ari.ari.leg import Leg
from uncall_ari.ari.playing import Playing

__all__ = [
    "Ari",
    "AriError",
    "Bridge",
    "ConnectionLost",
    "End",
    "EndedBy",
    "Gap",
    "HungUp",
    "IdMaker",
    "Leg",
    "Playing",
    "RequestFailed",
]
