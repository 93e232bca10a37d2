"""The extensions: which there are, and what state each is in, asked of Asterisk itself.

An extension is a PJSIP endpoint whose name is made by the template of `[extensions] endpoint` from a number. Its state
is asked for at the moment when it is wanted: so it is right for calls that never come near the engine, too.
"""

import re

from uncall_ari.ami import Ami
from uncall_ari.ari import Ari
from uncall_ari.ari.events import Channel, Endpoint
from uncall_ari.calls.records import ExtensionStatus

_NUMBER = re.compile(r"[0-9]{1,20}")
DND = "DND"  # the family of the AstDB in which FreePBX and others keep "do not disturb", by extension


class Extensions:
    """All extensions of one Asterisk."""

    def __init__(self, ari: Ari, ami: Ami, template: str) -> None:
        self._ari, self._ami = ari, ami
        self.template = template

    def endpoint(self, extension: str) -> str:
        """The name of an extension's PJSIP endpoint."""
        return self.template.format(extension=extension)

    def number(self, endpoint: str) -> str:
        """The extension that this endpoint is, "" for none (a trunk)."""
        before, _, after = self.template.partition("{extension}")
        number = endpoint.removeprefix(before).removesuffix(after)
        return number if _NUMBER.fullmatch(number) and self.endpoint(number) == endpoint else ""

    def number_of_channel(self, channel: str) -> str:
        """The extension that a channel of this name belongs to, "" for none: `PJSIP/801-00000023` is 801's."""
        return self.number(channel.removeprefix("PJSIP/").rpartition("-")[0])

    async def exists(self, extension: str) -> bool:
        """Whether there is such an extension. Raises ConnectionFailed."""
        return await self._endpoint(extension) is not None

    async def channels(self, extension: str) -> list[Channel]:
        """The extension's live channels. Raises ConnectionFailed."""
        endpoint = await self._endpoint(extension)
        found = [await self._ari.channel(each) for each in endpoint.channel_ids] if endpoint else []
        return [channel for channel in found if channel is not None]

    async def status(self, extension: str) -> ExtensionStatus:
        """The extension's state now; one that does not exist is offline. Raises ConnectionFailed."""
        endpoint = await self._endpoint(extension)
        if endpoint is None:
            return ExtensionStatus.OFFLINE
        states = [channel.state for channel in await self.channels(extension)] if endpoint.channel_ids else []
        if not states and await self._is_quiet(extension):
            states = [DND]
        return status_of(endpoint, states)

    async def statuses(self) -> list[tuple[str, ExtensionStatus]]:
        """The states of all extensions, by number. Raises ConnectionFailed."""
        channels = {channel.id: channel.state for channel in await self._ari.channels()}
        quiet = await self._ami.db_keys(DND) if self._ami.up else set()
        found = []
        for endpoint in await self._ari.endpoints():
            number = self.number(endpoint.resource)
            if number:
                states = [channels[each] for each in endpoint.channel_ids if each in channels]
                found.append((number, status_of(endpoint, states or ([DND] if number in quiet else []))))
        return sorted(found, key=lambda each: (len(each[0]), each[0]))

    async def willing(self) -> dict[str, bool]:
        """The extensions that are there and willing, and whether each is in no call. Raises ConnectionFailed."""
        quiet = await self._ami.db_keys(DND) if self._ami.up else set()
        numbers = {self.number(each.resource): each for each in await self._ari.endpoints() if each.state != "offline"}
        return {number: not each.channel_ids for number, each in numbers.items() if number and number not in quiet}

    async def _is_quiet(self, extension: str) -> bool:
        """Whether "do not disturb" is set. Without AMI nobody knows: a phone rings rather than not."""
        return self._ami.up and await self._ami.db_has(DND, extension)

    async def _endpoint(self, extension: str) -> Endpoint | None:
        return await self._ari.endpoint(self.endpoint(extension)) if _NUMBER.fullmatch(extension) else None


def status_of(endpoint: Endpoint, states: list[str]) -> ExtensionStatus:
    """The state of an endpoint with channels in these states. A call counts first, then "do not disturb"."""
    if any(state not in (DND, "Ringing") for state in states):
        return ExtensionStatus.IN_CALL
    if "Ringing" in states:
        return ExtensionStatus.RINGING
    if endpoint.state == "offline":
        return ExtensionStatus.OFFLINE
    return ExtensionStatus.DO_NOT_DISTURB if DND in states else ExtensionStatus.IDLE
