"""The engine: what the facade calls. Its methods take and return plain values, so it can stand on another host."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager
from typing import Self

import structlog

from uncall_ari.agents import Agents
from uncall_ari.ami import Ami
from uncall_ari.ari import Ari, Gap, IdMaker
from uncall_ari.ari.events import StasisStart
from uncall_ari.asks import Asks
from uncall_ari.calls.board import Board
from uncall_ari.calls.extensions import Extensions
from uncall_ari.calls.fetching import Fetcher
from uncall_ari.calls.records import CallLog, ExtensionStatus, Pop
from uncall_ari.calls.scribe import Scribe
from uncall_ari.config import Choice, Settings, needs_restart
from uncall_ari.control import Control
from uncall_ari.dialer.numbers import dialable
from uncall_ari.dialer.obstacle import Obstacle
from uncall_ari.dialer.worker import Dialer
from uncall_ari.errors import NoSuchTask
from uncall_ari.fastagi import FastAgi
from uncall_ari.flows.hall import Hall
from uncall_ari.flows.means import Means
from uncall_ari.flows.newcomer import receive
from uncall_ari.flows.takeover import take_over
from uncall_ari.media.addresses import by_path
from uncall_ari.media.calls import CallRecordings
from uncall_ari.media.library import RecordingLibrary
from uncall_ari.media.prompts import Prompts
from uncall_ari.metrics.sight import Sight
from uncall_ari.queues import AgentView, QueueView
from uncall_ari.share import shared
from uncall_ari.store import Store
from uncall_ari.store.records import NewTask, PreviewNumber, Task, TaskStatus
from uncall_ari.upkeep import keep_within_limits, require_sounds, sound_addresses

log = structlog.get_logger(__name__)

SCRIBE_SECONDS = 10.0  # given to records that are not written yet
FAREWELL_SECONDS = 10.0  # given to calls under way when the engine is told to end


class Engine:
    """One Asterisk, one database, one dialler. Use `Engine.running`."""

    def __init__(self, settings: Settings, store: Store, ids: IdMaker) -> None:
        self.settings = settings
        self.sounds = sound_addresses(settings)
        self.recordings = RecordingLibrary(settings.media.recordings, self.sounds.uri if self.sounds else by_path)
        self._store = store
        self._ids = ids
        self.call_recordings = CallRecordings(settings.recording.folder.absolute())
        self._scribe = Scribe(store, self.call_recordings)
        self._arriving: set[str] = set()  # channels that entered just now, and whose flow has begun
        self._board = Board(self._scribe.pop)
        self._scribe.on_unanswered = self._board.ongoing.unanswered
        self.hall = Hall(settings.queue)
        self._work: asyncio.Task[None] | None = None
        self.ari = Ari(
            settings.asterisk.url,
            settings.asterisk.user,
            settings.asterisk.password.get_secret_value(),
            settings.asterisk.app,
            on_newcomer=self._newcomer,
            on_gap=self._connected,
        )
        if settings.recording.fetch:
            self._scribe.fetcher = Fetcher(self.ari, self.call_recordings)
        asterisk = settings.asterisk
        self._ami = Ami(
            asterisk.ami_host,
            asterisk.ami_port,
            asterisk.ami_user or asterisk.user,
            asterisk.ami_password.get_secret_value() or asterisk.password.get_secret_value(),
        )
        means = self._means(settings)
        require_sounds(settings, means)
        self._control = Control(means)
        self._asks = Asks(means, store)
        self._agents = Agents(means)
        asked = settings.fastagi
        self.fastagi = FastAgi(asked.host, asked.port, self._asks.scripts) if asked.enabled else None
        self.dialer = Dialer(settings, store, means, ids)
        self.sight = Sight(store, means, self.dialer, self._agents)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, settings: Settings, farewell_seconds: float = FAREWELL_SECONDS) -> AsyncIterator[Self]:
        """Open the database, connect to Asterisk, dial; on leaving, end well: see `Dialer.finish`.

        Raises StoreUnavailable when the database is not reached, ConfigErrors for a menu whose prompts are not there,
        ConfigError for a port of `[fastagi]` that is taken. Asterisk may come later.
        """
        url = settings.database.url.get_secret_value()
        async with await Store.open(
            url, timezone=settings.dialer.timezone, calls_database=settings.database.calls
        ) as store:
            engine = cls(settings, store, IdMaker(await store.start()))
            # The port first: where it is taken, Asterisk is not taken from the engine that has both.
            async with engine.fastagi or contextlib.nullcontext(), engine.ari, engine._ami:
                work = engine._work = asyncio.create_task(engine.dialer.run(), name="dialler")
                retention = asyncio.create_task(
                    keep_within_limits(engine.call_recordings, lambda: engine.settings.recording), name="retention"
                )
                agents = asyncio.create_task(engine._agents.watch(), name="agents")
                try:
                    yield engine
                except BaseException:
                    farewell_seconds = 0.0
                    raise
                finally:
                    if not work.done():
                        await engine.dialer.finish(farewell_seconds)
                    engine.ari.leaving = True
                    work.cancel()
                    await engine._control.close()
                    retention.cancel()
                    agents.cancel()
                    await asyncio.gather(work, retention, agents, return_exceptions=True)
                    await engine.hall.close()
                    await engine._scribe.close(SCRIBE_SECONDS)

    async def failed(self) -> str:
        """Wait until the engine cannot go on at all, and return why.

        That is when another engine has taken its place, or the dialler has ended by a mistake of ours: then the
        process must end too, so that whoever watches it starts it again. Nothing is lost by that.
        """
        replaced = asyncio.create_task(self.ari.connection.replaced.wait())
        ends = {replaced} if self._work is None else {replaced, self._work}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            replaced.cancel()
        if self._work is not None and self._work.done() and not self._work.cancelled():
            log.error("the dialler has ended", exc_info=self._work.exception())
            return "the dialler has ended by a mistake in the program; the log has its traceback"
        return self.ari.connection.problem

    def reload(self, settings: Settings) -> list[str]:
        """Go on with changed settings. Returns the keys whose change needs a restart: they keep their values.

        Raises ConfigErrors, and then nothing has changed.
        """
        means = self._means(settings)
        require_sounds(settings, means)
        waiting = needs_restart(self.settings, settings)
        self.settings = settings
        self.sounds = sound_addresses(settings)
        self._control.means = self._asks.means = self._agents.means = means
        self.hall.change(settings.queue)
        self.dialer.change(settings, means)
        return waiting

    # --- what may be chosen --------------------------------------------------------------------------

    def trunks(self) -> list[Choice]:
        """Return the trunks, in the order of uncall.toml."""
        return [Choice(trunk.value, trunk.description) for trunk in self.settings.trunk]

    def has_trunk(self, value: str) -> bool:
        """Whether a task may name a trunk so: also in the ways of chan_sip's days."""
        return self.settings.find_trunk(value) is not None

    def ivr_targets(self) -> list[Choice]:
        """Return the voice menus."""
        return [Choice(value, menu.description) for value, menu in self.settings.ivr.items()]

    def queues(self) -> list[Choice]:
        """Return the queues."""
        return [Choice(value, queue.description) for value, queue in self.settings.queue.items()]

    # --- tasks: all may raise StoreUnavailable ---------------------------------------------------------

    async def add_task(self, task: NewTask) -> int:
        """Store a task, `ready`, with an empty number table; return its id."""
        return await self._store.add_task(task)

    async def add_numbers(self, task_id: int, numbers: Sequence[str]) -> int:
        """Store the dialable ones of `numbers` and return how many they are. Raises NoSuchTask."""
        good = [number for number in map(dialable, numbers) if number is not None]
        stored = await self._store.add_numbers(task_id, good)
        self.dialer.wake()
        return stored

    async def update_task(
        self, task_id: int, status: TaskStatus | None, call_max: int | None, override: float | None
    ) -> None:
        """Change what is given of a task; None leaves it. Takes effect at once. Raises NoSuchTask."""
        if not await self._store.update_task(task_id, status=status, call_max=call_max, override=override):
            raise NoSuchTask(task_id)
        if status not in (None, TaskStatus.RUN):
            self.dialer.stop_task(task_id)
        self.dialer.wake()

    async def delete_task(self, task_id: int) -> None:
        """Delete a task with its numbers; calls under way end by themselves. Raises NoSuchTask."""
        if not await self._store.delete_task(task_id):
            raise NoSuchTask(task_id)
        self.dialer.stop_task(task_id)
        self.dialer.wake()

    async def tasks(self, task_id: int | None = None) -> list[Task]:
        """Return all tasks, or the one with this id, or none."""
        return await self._store.tasks(task_id)

    async def obstacles(self, task_id: int, number: str | None) -> list[Obstacle]:
        """Return all that keeps a task, or a number of it, from being dialled now, the most basic first; nothing: it is
        dialled now, or next. Never raises: a database that is away is an obstacle."""
        return await self.dialer.why_not(task_id, number)

    async def preview_next(self, task_id: int, extension: str) -> PreviewNumber | None:
        """The agent's next number of a click task. Raises NoSuchTask."""
        return await self.dialer.previews.next(task_id, extension)

    async def preview_dial(self, task_id: int, number_id: int, extension: str) -> str:
        """Ring the agent, then this number of his; the call's uid. Raises NoSuchTask, CommandRefused."""
        return await self.dialer.previews.dial(task_id, number_id, extension)

    # --- calls: all may raise ConnectionFailed and CommandRefused -------------------------------------

    async def click_to_call(self, extension: str, number: str, action_id: str) -> str:
        """Ring the extension, then the number, and connect them; returns the action id, ours when it is ""."""
        return await self._control.click(extension, number, action_id, agent_first=True)

    async def click_to_bridge(self, first: str, second: str, action_id: str) -> str:
        """The same with any number first."""
        return await self._control.click(first, second, action_id, agent_first=False)

    async def pop(self, extension: str) -> Pop | None:
        """Return the extension's call that its screen has not shown yet."""
        return self._control.pop(extension)

    def pops(self) -> AbstractContextManager[asyncio.Queue[Pop | None]]:
        """A queue that gets each pop at the moment when it is shown; None ends it. `pop` still tells it once."""
        return self._board.listener()

    async def call_recording(self, uid: str) -> str | None:
        """Return the file name of a call's recording, None while there is none. Raises StoreUnavailable."""
        return await self._store.recording_of(uid)

    async def call_log(self, action_id: str) -> CallLog | None:
        """Return the record of the call that was ordered with this action id. Raises StoreUnavailable."""
        return await self._store.call_log(action_id)

    async def set_busy(self, extension: str) -> None:
        """Set "do not disturb"."""
        await self._control.set_busy(extension)

    async def set_idle(self, extension: str) -> None:
        """Take "do not disturb" away."""
        await self._control.set_idle(extension)

    async def hold(self, extension: str) -> str:
        """Let the extension's other party hear music; returns its channel, for `restore`."""
        return await self._control.hold(extension)

    async def restore(self, extension: str, channel: str) -> None:
        """Give a held call to the extension."""
        await self._control.restore(extension, channel)

    async def transfer(self, extension: str, target: str) -> None:
        """Give the extension's other party to the extension `target`."""
        await self._control.transfer(extension, target)

    async def ask_feedback(self, extension: str) -> None:
        """Have the other party asked for a score after the extension's side has ended."""
        await self._control.ask_feedback(extension)

    async def listen(self, supervisor: str, extension: str) -> None:
        """Let the supervisor hear the extension's call."""
        await self._control.spy(supervisor, extension, whisper=False)

    async def whisper(self, supervisor: str, extension: str) -> None:
        """Let the supervisor hear the extension's call and speak to the extension alone."""
        await self._control.spy(supervisor, extension, whisper=True)

    async def hang_up(self, extension: str) -> None:
        """End the extension's call, both sides."""
        await self._control.hang_up(extension)

    async def extension_status(self, extension: str) -> ExtensionStatus:
        """Return the extension's state now."""
        return await self._control.means.extensions.status(extension)

    async def extension_statuses(self) -> list[tuple[str, ExtensionStatus]]:
        """Return the state of each extension."""
        return await self._control.means.extensions.statuses()

    async def sign_in(self, extension: str) -> None:
        """Let an agent have calls of his queues."""
        await self._agents.sign_in(extension)

    async def sign_out(self, extension: str) -> None:
        """Let an agent have no more calls of queues; the one that he has goes on."""
        await self._agents.sign_out(extension)

    def agents(self) -> list[AgentView]:
        """Return the members of the queues, by number."""
        return self._agents.agents()

    def queue_views(self) -> list[QueueView]:
        """Return the queues as they are at this moment."""
        return self._agents.queues()

    def live_calls(self) -> list[str]:
        """Return the uids of the talks that go on."""
        return [talk.uid for talk in self._board.talks]

    # --- Asterisk --------------------------------------------------------------------------------------

    def _means(self, settings: Settings) -> Means:
        sounds, addresses = settings.media.sounds or shared("sounds"), sound_addresses(settings)
        uri = addresses.uri if addresses else by_path
        return Means(
            ari=self.ari,
            new_id=self._ids.new,
            menus=settings.ivr,
            prompts={language: Prompts(sounds, language, uri) for language in ("zh", "en")},
            language=settings.media.language,
            recordings=self.recordings,
            extensions=Extensions(self.ari, self._ami, settings.extensions.endpoint),
            board=self._board,
            scribe=self._scribe,
            ami=self._ami,
            call_recordings=self.call_recordings,
            hall=self.hall,
            settings=settings,
        )

    async def _connected(self, _: Gap) -> None:
        await self.dialer.on_connect(self.ari)
        self._control.run(take_over(self._control.means, self._control.run, self._arriving), "take over")

    def _newcomer(self, event: StasisStart) -> None:
        self._arriving.add(event.channel.id)
        self._control.run(self._receive(event), f"newcomer {event.channel.id}")

    async def _receive(self, event: StasisStart) -> None:
        try:
            await receive(self._control.means, event)
        finally:
            self._arriving.discard(event.channel.id)
