"""A mixing bridge of ours, as an `async with` object: made at its start, destroyed at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from uncall_ari.ari import events
from uncall_ari.ari.connection import path
from uncall_ari.ari.errors import RequestFailed
from uncall_ari.errors import ConnectionFailed

if TYPE_CHECKING:
    from uncall_ari.ari.client import Ari
    from uncall_ari.ari.leg import Leg

log = structlog.get_logger(__name__)


class Bridge:
    """A mixing bridge: those who are in it hear each other.

    Its requests go through the HTTP pool: Asterisk serves bridge operations there twice as fast.
    """

    def __init__(self, ari: Ari, id_: str) -> None:
        self.id = id_
        self._ari = ari

    async def add(self, *legs: Leg) -> None:
        """Put `legs` into the bridge. Raises RequestFailed (422: a leg is not up or not ours) or HungUp."""
        channels = ",".join(leg.id for leg in legs)
        await self._ari.connection.http("POST", path("bridges", self.id, "addChannel") + f"?channel={channels}")

    async def remove(self, leg: Leg) -> None:
        """Take a leg out of the bridge."""
        await self._ari.connection.http("POST", path("bridges", self.id, "removeChannel") + f"?channel={leg.id}")

    def on_event(self, event: events.Known) -> None:
        """A bridge has no events that anyone waits for."""

    async def __aenter__(self) -> Bridge:
        try:
            await self._ari.connection.http("POST", path("bridges", self.id) + "?type=mixing")
        except RequestFailed as error:
            if error.status != 409:  # 409 after a lost answer: it is there
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ari.forget(self.id)
        if self._ari.leaving:
            return
        try:
            await self._ari.connection.http("DELETE", path("bridges", self.id))
        except RequestFailed as error:
            if error.status != 404:
                raise
        except ConnectionFailed as error:
            log.warning("a bridge was not destroyed", bridge=self.id, error=str(error))
