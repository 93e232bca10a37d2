"""The store's methods for what was called, for recovery, and for the do-not-call list."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from uncall_ari.store import dnc, reports
from uncall_ari.store.database import LONG_LIMIT
from uncall_ari.store.door import Door
from uncall_ari.store.records import CallRecord, OpenCall, Stranded


class CallStore(Door):
    """Attempts and their records."""

    async def unsettled(self) -> list[OpenCall]:
        """All attempts without an end, the oldest first: going on now, left by a crash, or claimed with a lost
        answer. Waits for claims that are being committed."""
        rows = await self._write(reports.unsettled)
        return [reports.open_call_from(self._times, row) for row in rows]

    async def stranded(self, task_id: int) -> list[Stranded]:
        """Numbers of a task in status 4 (calling) with no open call behind them. Settling one with its own uid
        moves it on. Raises NoSuchTask, StoreUnavailable."""
        return await self._read(lambda c: reports.stranded(c, self._times, task_id), task_id)

    async def call(self, uid: str) -> CallRecord | None:
        """The record of one attempt."""
        rows = await self._read(lambda c: reports.one(c, uid))
        return reports.record_from(self._times, rows[0]) if rows else None

    async def calls(
        self,
        task_id: int,
        *,
        number_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        most: int = 1000,
    ) -> list[CallRecord]:
        """The attempts at one number, the first first; or those of a task that ended in [since, until), by
        default in the last 24 hours, in the order of their ends. At most `most` of them."""
        if number_id is not None:
            rows = await self._read(lambda c: reports.of_number(c, task_id, number_id, most))
        else:
            last = until or datetime.now(UTC) + timedelta(seconds=1)
            first = since or last - timedelta(days=1)
            rows = await self._read(
                lambda c: reports.ended(c, self._times, task_id, first, last, most), limit=LONG_LIMIT
            )
        return [reports.record_from(self._times, row) for row in rows]

    async def dnc_add(self, numbers: Iterable[str], reason: str) -> None:
        """Put numbers on the do-not-call list; for one that is on it the new reason counts. Raises ValueError
        for a number that is empty or longer than 32 characters."""
        wanted, now = list(numbers), datetime.now(UTC)
        await self._write(lambda c: dnc.add(c, self._times, wanted, reason, now))

    async def dnc_remove(self, numbers: Iterable[str]) -> int:
        """Take numbers off the do-not-call list. Returns how many were on it."""
        wanted = list(numbers)
        return await self._write(lambda c: dnc.remove(c, wanted))

    async def dnc_matches(self, numbers: Sequence[str]) -> set[str]:
        """Which of these numbers are on the do-not-call list. Compared as they are written."""
        return await self._read(lambda c: dnc.matches(c, numbers)) if numbers else set()
