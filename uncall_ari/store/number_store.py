"""The store's methods for dialling: numbers in, claims out, settlements back."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from uncall_ari.errors import NoSuchTask
from uncall_ari.store import counters, finishing, giving_back, lists, looking, numbers, previews, rests, settling
from uncall_ari.store.counters import Tally
from uncall_ari.store.database import LONG_LIMIT, Database
from uncall_ari.store.door import Door
from uncall_ari.store.records import Claim, PreviewNumber, Settlement, Standing, Supply
from uncall_ari.store.scan import Scan
from uncall_ari.store.tasks import usable
from uncall_ari.store.times import Times

log = structlog.get_logger(__name__)

_LONGEST_UID = 20  # call_uniqueid varchar(20)
_PRUNE_SECONDS = 3600.0


class NumberStore(Door):
    """A number is claimed, dialled, settled: each step is on the disk before the next one begins."""

    def __init__(self, database: Database, times: Times) -> None:
        super().__init__(database, times)
        self._counting = asyncio.Lock()
        self._scans: dict[int, Scan] = {}
        self._prune_at = 0.0  # monotonic: when rests that are over are forgotten again

    async def add_numbers(self, task_id: int, phones: Sequence[str]) -> int:
        """Store numbers as they are given, except empty ones and those of more than 16 characters.

        Returns the rows stored. A task that the engine had finished runs again. Raises NoSuchTask,
        StoreUnavailable.
        """
        now = datetime.now(UTC)

        def work(connection: Connection) -> int:
            stored = numbers.add(connection, self._times, task_id, phones, now)
            if not counters.add(connection, task_id, Tally(numbers=stored)):
                raise NoSuchTask(task_id)
            if stored:
                finishing.reopen(connection, [task_id])
            return stored

        if not usable(task_id):
            raise NoSuchTask(task_id)
        return await self._write(work, task_id)

    async def claim(self, task_id: int, uids: Sequence[str], *, trunk: str, now: datetime) -> list[Claim]:
        """Claim up to len(uids) numbers of a task, one for each channel id, in the order of the ids.

        First retries that are due, then open numbers in the order of their row ids; when there are none, rows
        that were opened again further up. So fewer than asked for does not mean that there are no more; an
        empty answer does, except that a table in which looking takes long is not looked through each time.
        What is returned is committed. Raises NoSuchTask, StoreUnavailable; after the latter the claim may
        stand in the database: `unsettled` tells.
        """
        for uid in uids:
            if not 0 < len(uid) <= _LONGEST_UID:
                raise ValueError(f"no channel id: {uid!r}")
        scan = self._scan(task_id)
        claims = await self._claim(task_id, uids, trunk, now, scan)
        if claims or not scan.may_look(time.monotonic()) or not await self._look(task_id, scan):
            return claims
        return await self._claim(task_id, uids, trunk, now, scan)

    async def pick(self, task_id: int, extension: str) -> PreviewNumber | None:
        """The next open number of a click task for an agent, which is his from now on; None when there is none.

        `extension` is all digits. Raises NoSuchTask, StoreUnavailable.
        """
        return await self._write(lambda c: previews.pick(c, task_id, extension), task_id)

    async def claim_number(
        self, task_id: int, number_id: int, extension: str, uid: str, *, trunk: str, now: datetime
    ) -> Claim | None:
        """Claim one number of a click task for its agent; None when it is not his or is not to be dialled any more.
        Raises as `claim`."""

        def work(connection: Connection) -> Claim | None:
            claim = previews.claim(connection, self._times, task_id, number_id, extension, uid, trunk, now)
            return lists.looked_up(connection, self._times, [claim], now)[0] if claim else None

        return await self._write(work, task_id)

    async def settle(self, settlements: Sequence[Settlement], answered: Sequence[tuple[str, datetime]] = ()) -> None:
        """Write how attempts ended, in one transaction: the number, the call's record, the counters, the retry,
        the rest; and when others were `answered`: (uid, moment), where the first note for a call stays.

        A number that a third party has changed since its claim stays as it is. Writing the same again changes
        nothing. Raises ValueError for the outcome CALLING, StoreUnavailable.
        """
        if not settlements and not answered:
            return

        def work(connection: Connection) -> None:
            settling.answered(connection, self._times, answered)
            settling.settle(connection, self._times, settlements, self.calls_database)

        await self._write(work)
        for task_id in {s.task_id for s in settlements if s.retry_at}:
            self._scan(task_id).retries_changed()
        if any(s.rest_until for s in settlements) and time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + _PRUNE_SECONDS
            now = max(s.ended_at for s in settlements)
            await self._write(lambda c: rests.prune(c, self._times, now))

    async def release(self, claims: Sequence[Claim]) -> int:
        """Give claims back that were never dialled: the number is open again (a retry is due again), and the
        call's record is gone. Returns how many numbers that changed."""
        if not claims:
            return 0
        for task_id in {c.task_id for c in claims if c.attempt > 1}:
            self._scan(task_id).retries_changed()
        return await self._write(lambda c: giving_back.release(c, self._times, claims))

    async def postpone(self, claims: Sequence[tuple[Claim, datetime]]) -> int:
        """Give claims back that were never dialled, and claim their numbers again not before those moments: as the
        same attempts, and before open numbers. All or nothing; what is given back already, or was changed by a third
        party, stays as it is. Returns how many numbers that changed."""
        if not claims:
            return 0
        for task_id in {claim.task_id for claim, _ in claims}:
            self._scan(task_id).retries_changed()
        return await self._write(lambda c: giving_back.postpone(c, self._times, claims))

    async def resting(self, numbers: Sequence[str], now: datetime) -> dict[str, datetime]:
        """Which of these telephone numbers are to be left in peace at `now`, and until when (UTC). Compared as they
        are written."""
        return await self._read(lambda c: rests.resting(c, self._times, numbers, now)) if numbers else {}

    async def supply(self, task_id: int, now: datetime) -> Supply:
        """What a task has to dial at `now`. Raises NoSuchTask, StoreUnavailable."""
        return await self._read(lambda c: looking.supply(c, self._times, task_id, now), task_id, LONG_LIMIT)

    async def standing(self, task_id: int, given: str, plain: str, now: datetime) -> Standing | None:
        """How a number of a task stands at `now`, whether it is stored as `given` or as `plain`; None when the task
        does not have it. Raises NoSuchTask, StoreUnavailable."""
        after = self._scan(task_id).after
        return await self._read(
            lambda c: looking.standing(c, self._times, task_id, given, plain, now, after), task_id, LONG_LIMIT
        )

    async def recount(self, task_id: int) -> float:
        """Make the counters equal to the numbers, whoever changed them, and give numbers without a status (up
        to 5000 a call) the status 0. Looks at every row: returns the seconds that took, so that the caller can
        space the calls. Raises NoSuchTask, StoreUnavailable."""
        async with self._counting:  # two at once would add the same difference twice
            began = time.perf_counter()
            await self._normalise(task_id)
            change = await self._read(lambda c: counters.difference(c, task_id), task_id, LONG_LIMIT)
            if change:
                await self._write(lambda c: counters.add(c, task_id, change))
                log.info("counters put right", task_id=task_id, change=str(change))
            if await self._read(lambda c: previews.miscounted(c, task_id), task_id, LONG_LIMIT):
                await self._write(lambda c: previews.count_undistributed(c, task_id), task_id)
            return time.perf_counter() - began

    def _scan(self, task_id: int) -> Scan:
        return self._scans.setdefault(task_id, Scan())

    async def _claim(self, task_id: int, uids: Sequence[str], trunk: str, now: datetime, scan: Scan) -> list[Claim]:
        if time.monotonic() >= scan.peek_at:
            peek = await self._read(lambda c: numbers.peek(c, self._times, task_id))
            scan.peeked(time.monotonic(), peek.next_due, postponed=peek.postponed)
        after, until, postponed = scan.after, scan.until, scan.postponed
        retries = scan.next_due is not None and scan.next_due <= now

        def work(connection: Connection) -> numbers.Claimed:
            claimed = numbers.claim(
                connection, self._times, task_id, uids, trunk, now, after, until, retries=retries, postponed=postponed
            )
            return claimed._replace(claims=lists.looked_up(connection, self._times, claimed.claims, now))

        claimed = await self._write(work, task_id)
        if retries:
            scan.retries_changed()
        if claimed.last_open is not None:
            scan.took([claimed.last_open])
        return claimed.claims

    async def _normalise(self, task_id: int) -> None:
        last = await self._read(lambda c: counters.last_null(c, task_id), task_id)
        if last is not None:
            await self._write(lambda c: counters.normalise(c, task_id, last))

    async def _look(self, task_id: int, scan: Scan) -> bool:
        """Look through the whole table. Returns whether there are open numbers."""
        began = time.perf_counter()
        await self._normalise(task_id)
        look = await self._read(lambda c: numbers.look(c, task_id), task_id, LONG_LIMIT)
        return scan.looked(time.monotonic(), time.perf_counter() - began, look.first_open, look.last)
