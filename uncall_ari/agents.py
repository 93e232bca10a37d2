"""The agents of the queues: who has signed in and whose phone is free, asked of Asterisk; signing in and out.

Who has signed in stands in the AstDB, where the dialplan's codes write it, too: so it outlives the engine and Asterisk.
"""

import asyncio

import structlog

from uncall_ari.ami import AmiRefused
from uncall_ari.errors import CommandRefused, ConnectionFailed, WhyNot
from uncall_ari.flows.means import Means
from uncall_ari.queues import AgentView, QueueView

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0  # between two looks at the phones; who gets a call is looked at again at that moment
SIGNED_IN, SIGNED_OUT = "uncall-in", "uncall-out"  # families of the AstDB, by extension; see the dialplan's *22 and *23


class Agents:
    """All members of all queues."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self._away = False

    async def watch(self) -> None:
        """Look at the phones once a second until cancelled."""
        while True:
            if any(queue.members for queue in self.means.settings.queue.values()):
                await self._try()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Bring the desk up to what Asterisk knows now. Raises ConnectionFailed, AmiRefused."""
        means = self.means
        required = means.settings.agents.sign_in
        noted = await means.ami.db_keys(SIGNED_IN if required else SIGNED_OUT)
        willing = await means.extensions.willing()
        for extension in self._members():
            means.hall.agent(
                extension,
                signed_in=(extension in noted) is required,
                there=extension in willing,
                available=willing.get(extension, False),
            )
        means.hall.looked()

    async def sign_in(self, extension: str) -> None:
        """Let the agent have calls. Raises CommandRefused for who is no member of a queue, ConnectionFailed."""
        self.means.hall.stay_on_line(extension)
        await self._note(extension, SIGNED_IN, SIGNED_OUT)

    async def sign_out(self, extension: str) -> None:
        """Let the agent have no calls; the one that he has goes on. Raises CommandRefused, ConnectionFailed."""
        await self._note(extension, SIGNED_OUT, SIGNED_IN)
        self.means.hall.leave_line(extension)

    def agents(self) -> list[AgentView]:
        """Return all agents, by number."""
        hall = self.means.hall
        seen = ((each, hall.desk.seen(each)) for each in self._members())
        return [
            AgentView(
                extension,
                hall.state(extension),
                agent.seconds(hall.now),
                tuple(value for value, queue in self.means.settings.queue.items() if queue.has(extension)),
                agent.call,
                agent.calls,
                extension in hall.lines,
                agent.signed_in,
            )
            for extension, agent in seen
            if agent is not None
        ]

    def queues(self) -> list[QueueView]:
        """Return all queues, in the order of uncall.toml."""
        desk, now = self.means.hall.desk, self.means.hall.now
        return [
            QueueView(
                value,
                queue.description,
                len(queue.members),
                desk.staffed(value, now),
                desk.free(value, now),
                len(desk.talking(value, now)),
                desk.waiting(value),
                desk.longest_wait(value, now),
            )
            for value, queue in self.means.settings.queue.items()
        ]

    def _members(self) -> list[str]:
        members = {each.extension for queue in self.means.settings.queue.values() for each in queue.members}
        return sorted(members, key=lambda each: (len(each), each))

    async def _note(self, extension: str, here: str, not_there: str) -> None:
        if extension not in self._members():
            raise CommandRefused(WhyNot.NO_MEMBER)
        try:
            await self.means.ami.db_put(here, extension, "YES")
            await self.means.ami.db_del(not_there, extension)
            await self.look()
        except AmiRefused as error:
            log.error("an agent could not be signed in or out", extension=extension, reason=str(error))
            raise CommandRefused(WhyNot.NOT_CHANGED) from None

    async def _try(self) -> None:
        """Look; while Asterisk is away, what was known last stands."""
        try:
            await self.look()
            self._away = False
        except (ConnectionFailed, AmiRefused) as error:
            if not self._away:
                log.error("the agents' phones cannot be looked at", reason=str(error))
            self._away = True
