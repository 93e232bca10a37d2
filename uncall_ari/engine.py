"""The engine: what the facade calls. Its methods take and return plain values, so it can stand on another host."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Self

import structlog

from uncall_ari.ari import Ari, Gap, IdMaker
from uncall_ari.ari.events import StasisStart
from uncall_ari.config import Choice, Settings, needs_restart
from uncall_ari.dialer.numbers import dialable
from uncall_ari.dialer.worker import Dialer
from uncall_ari.errors import ConfigError, ConfigErrors, NoSuchTask
from uncall_ari.flows.means import Means
from uncall_ari.flows.newcomer import send_back
from uncall_ari.ivr.check import missing_sounds
from uncall_ari.media.library import RecordingLibrary
from uncall_ari.media.prompts import Prompts
from uncall_ari.share import shared
from uncall_ari.store import Store
from uncall_ari.store.records import NewTask, Task, TaskStatus

log = structlog.get_logger(__name__)

FAREWELL_SECONDS = 10.0  # given to calls under way when the engine is told to end


class Engine:
    """One Asterisk, one database, one dialler. Use `Engine.running`."""

    def __init__(self, settings: Settings, store: Store, ids: IdMaker) -> None:
        self.settings = settings
        self.recordings = RecordingLibrary(settings.media.recordings)
        self._store = store
        self._ids = ids
        self._newcomers: set[asyncio.Task[None]] = set()
        self._work: asyncio.Task[None] | None = None
        self.ari = Ari(
            settings.asterisk.url,
            settings.asterisk.user,
            settings.asterisk.password.get_secret_value(),
            settings.asterisk.app,
            on_newcomer=self._newcomer,
            on_gap=self._connected,
        )
        means = self._means(settings)
        require_sounds(settings, means)
        self.dialer = Dialer(settings, store, means, ids)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, settings: Settings, farewell_seconds: float = FAREWELL_SECONDS) -> AsyncIterator[Self]:
        """Open the database, connect to Asterisk, dial; on leaving, end well: see `Dialer.finish`.

        Raises StoreUnavailable when the database is not reached, ConfigErrors for a menu whose prompts are not there.
        Asterisk may come later.
        """
        url = settings.database.url.get_secret_value()
        async with await Store.open(url, timezone=settings.dialer.timezone) as store:
            engine = cls(settings, store, IdMaker(await store.start()))
            async with engine.ari:
                work = engine._work = asyncio.create_task(engine.dialer.run(), name="dialler")
                try:
                    yield engine
                    if not work.done():
                        await engine.dialer.finish(farewell_seconds)
                finally:
                    engine.ari.leaving = True
                    work.cancel()
                    await asyncio.gather(work, *engine._newcomers, return_exceptions=True)

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
        self.dialer.change(settings, means)
        return waiting

    # --- what may be chosen --------------------------------------------------------------------------

    def trunks(self) -> list[Choice]:
        """Return the trunks, in the order of uncall.toml."""
        return [Choice(trunk.value, trunk.description) for trunk in self.settings.trunk]

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

    # --- Asterisk --------------------------------------------------------------------------------------

    def _means(self, settings: Settings) -> Means:
        sounds = settings.media.sounds or shared("sounds")
        return Means(
            ari=self.ari,
            new_id=self._ids.new,
            menus=settings.ivr,
            prompts={language: Prompts(sounds, language) for language in ("zh", "en")},
            language=settings.media.language,
            recordings=self.recordings,
            extension_endpoint=settings.extensions.endpoint,
            extension_ring_seconds=settings.extensions.ring_seconds,
        )

    async def _connected(self, _: Gap) -> None:
        await self.dialer.on_connect(self.ari)

    def _newcomer(self, event: StasisStart) -> None:
        task = asyncio.create_task(send_back(self.ari, event.channel), name=f"newcomer {event.channel.id}")
        self._newcomers.add(task)
        task.add_done_callback(self._newcomers.discard)


def require_sounds(settings: Settings, means: Means) -> None:
    """Raise ConfigErrors for menus with prompts that are not there. A recording may still be uploaded: it is told."""
    prompts = means.prompts[means.language]
    mistakes = missing_sounds(settings.ivr, prompts.exists, lambda recording: True)
    if mistakes:
        raise ConfigErrors(
            [ConfigError("uncall.toml", f"ivr.{dotted(each.place)}", each.problem, each.remedy) for each in mistakes]
        )
    for later in missing_sounds(settings.ivr, lambda prompt: True, means.recordings.has):
        log.warning("a menu names a recording that is not uploaded yet", key=f"ivr.{dotted(later.place)}")


def dotted(place: Iterable[str | int]) -> str:
    """Return a place in the settings as people write it."""
    return ".".join(map(str, place))
