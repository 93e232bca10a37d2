"""The scribe: writes down what has happened, in the background, so that no call waits for the database or a disk."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from uncall_ari.ari import End
from uncall_ari.calls.fetching import Fetcher
from uncall_ari.calls.records import CallLog, Pop, SurveyScore
from uncall_ari.calls.talk import Talk
from uncall_ari.errors import ConnectionFailed, StoreUnavailable
from uncall_ari.media.calls import CallRecordings

log_ = structlog.get_logger(__name__)

AWAY_SECONDS = 1.0  # between two attempts while the database is away
MOST_WAITING = 10_000  # notes; more means that the database was away for hours
COMPLETE_SECONDS = 10.0  # for Asterisk to close a recording after the call's end
LOOK_SECONDS = 0.1
ANSWERED = "ANSWERED"
BUSY, NO_ANSWER = (17, 21), (18, 19, 16, 0)  # Q.850


class Books(Protocol):
    """Where it is written down: the part of the store that is used."""

    async def pop(self, pop: Pop) -> None: ...
    async def popped(self, uid: str, extension: str) -> None: ...
    async def log_call(self, log: CallLog) -> None: ...
    async def survey(self, score: SurveyScore) -> None: ...
    async def talk_begun(self, log: CallLog) -> None: ...
    async def talk_done(self, uid: str) -> None: ...
    async def open_talks(self) -> list[CallLog]: ...
    async def set_recording(self, uid: str, name: str) -> None: ...


class Scribe:
    """Takes notes without waiting. `close` waits for what is under way."""

    def __init__(self, books: Books, recordings: CallRecordings) -> None:
        self._books, self._recordings = books, recordings
        self.fetcher: Fetcher | None = None  # where Asterisk cannot write our folder
        self.on_unanswered: Callable[[str, str], None] = lambda uid, said: None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pops: dict[Pop, asyncio.Task[None]] = {}  # that are being written
        self._talks: dict[str, asyncio.Task[None]] = {}  # by uid: the last that is written of a call

    def pop(self, pop: Pop) -> None:
        """A call is to be shown on an agent's screen."""
        task = self._spawn(self._until_written(lambda: self._books.pop(pop)))
        if task is not None:
            self._pops[pop] = task
            task.add_done_callback(lambda _: self._pops.pop(pop, None))

    def popped(self, pop: Pop) -> None:
        """The screen has shown it: noted after the call itself is."""
        self._spawn(self._after(self._pops.get(pop), lambda: self._books.popped(pop.uid, pop.extension)))

    def score(self, score: SurveyScore) -> None:
        """A customer has answered the survey, or has not."""
        self._spawn(self._until_written(lambda: self._books.survey(score)))

    def unanswered(self, talk: Talk, end: End | None) -> None:
        """A call was not answered."""
        cause = end.q850 if end is not None else 0
        said = "BUSY" if cause in BUSY else "NO ANSWER" if cause in NO_ANSWER else "FAILED"
        at = end.at if end is not None else talk.started_at
        self.on_unanswered(talk.uid, said)
        self._spawn(self._until_written(lambda: self._books.log_call(log_of(talk, at, said))))

    def talk_begun(self, talk: Talk) -> None:
        """A talk goes on: what is known of it outlives this process."""
        log = log_of(talk, talk.answered_at or talk.started_at, ANSWERED)
        self._of_talk(talk.uid, self._until_written(lambda: self._books.talk_begun(log)))

    def talk_over(self, log: CallLog) -> None:
        """A talk has ended: its record is written, and its recording shown as soon as it is complete."""
        self._of_talk(log.uid, self._finish(log, self._talks.get(log.uid)))

    async def open_talks(self) -> list[CallLog]:
        """The talks that no process has finished. Raises StoreUnavailable."""
        return [log for log in await self._books.open_talks() if log.uid not in self._talks]

    def recover(self, log: CallLog) -> None:
        """Finish a talk that ended while no engine was there. Nobody saw when: its recording's last byte says it."""
        try:
            written = self._recordings.last_written(log.uid)
        except OSError:
            written = log.ended_at
        log_.warning("a call has ended while no engine was there", uid=log.uid)
        self.talk_over(replace(log, ended_at=max(written, log.ended_at)))

    async def close(self, seconds: float) -> None:
        """Give what is under way up to `seconds`."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _finish(self, log: CallLog, before: asyncio.Task[None] | None) -> None:
        structlog.contextvars.bind_contextvars(uid=log.uid)
        if before is not None:
            await asyncio.wait((before,))
        await self._until_written(lambda: self._books.log_call(replace(log, recording="")))
        if log.recording and await self._publish(log):
            await self._until_written(lambda: self._books.set_recording(log.uid, log.recording))
        await self._until_written(lambda: self._books.talk_done(log.uid))

    def _of_talk(self, uid: str, work: Coroutine[object, object, None]) -> None:
        task = self._spawn(work)
        if task is None:
            return
        self._talks[uid] = task

        def over(_: object) -> None:
            if self._talks.get(uid) is task:
                del self._talks[uid]

        task.add_done_callback(over)

    async def _publish(self, log: CallLog) -> bool:
        complete = self._recordings.is_complete
        try:
            if self.fetcher is not None:
                await self.fetcher.bring(log.uid)
            async with asyncio.timeout(COMPLETE_SECONDS):
                while not await asyncio.to_thread(complete, log.uid, datetime.now(UTC)):  # noqa: ASYNC110 - a file tells of no change
                    await asyncio.sleep(LOOK_SECONDS)
            await asyncio.to_thread(self._recordings.publish, log.uid, log.recording)
            if self.fetcher is not None:
                await self.fetcher.discard(log.uid)
        except (TimeoutError, OSError, ConnectionFailed) as error:
            if isinstance(error, TimeoutError) and await asyncio.to_thread(self._recordings.discard_empty, log.uid):
                if self.fetcher is not None:
                    await self.fetcher.discard(log.uid)
                return False  # it ended before its first sound
            log_.error("a recording is not complete", uid=log.uid, reason=str(error) or "Asterisk did not close it")
            return False
        return True

    async def _until_written(self, write: Any) -> None:
        while True:
            try:
                await write()
            except StoreUnavailable as error:
                log_.error("a record waits for the database", reason=str(error))
                await asyncio.sleep(AWAY_SECONDS)
                continue
            return

    async def _after(self, before: asyncio.Task[None] | None, write: Any) -> None:
        if before is not None:
            await asyncio.wait((before,))
        await self._until_written(write)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None] | None:
        if len(self._tasks) >= MOST_WAITING:
            work.close()
            log_.error("a record is lost: the database has been away for too long")
            return None
        task = asyncio.create_task(work, name="scribe")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log_.error("a record could not be written", exc_info=task.exception())


def log_of(talk: Talk, ended_at: datetime, disposition: str = ANSWERED) -> CallLog:
    """What is to be kept of a talk."""
    return CallLog(
        uid=talk.uid,
        action_id=talk.action_id,
        caller=talk.caller,
        callee=talk.callee,
        extension=talk.agent,
        direction=talk.direction,
        outbound=talk.outbound,
        context=talk.context,
        channel=talk.channels[0],
        other_channel=talk.channels[1],
        started_at=talk.started_at,
        answered_at=talk.answered_at,
        ended_at=ended_at,
        disposition=disposition,
        recording=talk.recording,
    )
