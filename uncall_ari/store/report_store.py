"""The store's methods for reports, and for what pacing has to know after a restart."""

from datetime import date, datetime, timedelta

from uncall_ari.store import compliance, reports, whole_calls
from uncall_ari.store.compliance import DAYS, Counts
from uncall_ari.store.database import LONG_LIMIT
from uncall_ari.store.days import spans
from uncall_ari.store.door import Door
from uncall_ari.store.records import ComplianceDay, PastAttempt, WholeCall


class ReportStore(Door):
    """What became of calls, counted by the database: nothing here reads more rows than it returns."""

    async def compliance(self, since: date, until: date, task_id: int | None = None) -> list[ComplianceDay]:
        """The calls of each task and local day from `since` to `until`, both included, in the order of tasks and
        days; of one task or of all, those included that are deleted. Days without calls are left out."""
        days = await self._count(compliance.first_needed(since), until, task_id)
        return compliance.with_sums(days, since)

    async def abandon_history(self, task_id: int, now: datetime, days: int = DAYS) -> list[tuple[date, int, int]]:
        """(local day, live answers, abandoned calls) of a task, for those of the last `days` days, today's included,
        that had calls, the newest last."""
        today = now.astimezone(self._times.zone).date()
        counted = await self._count(today - timedelta(days=days - 1), today, task_id)
        return [(day, counts.live, counts.abandoned) for (_, day), counts in sorted(counted.items())]

    async def recent_calls(self, task_id: int, most: int) -> list[PastAttempt]:
        """The last `most` attempts of a task that were dialled and are over, the newest last."""
        return await self._read(lambda c: compliance.recent(c, self._times, task_id, most))

    async def call_records(
        self, task_id: int | None, since: datetime, until: datetime, most: int = 1000
    ) -> list[WholeCall]:
        """All that is kept of the calls that ended in [since, until), in the order of their ends, at most `most`; of
        one task or of all."""
        rows = await self._read(lambda c: reports.ended(c, self._times, task_id, since, until, most), limit=LONG_LIMIT)
        return await self._whole(rows)

    async def call_record(self, uid: str) -> WholeCall | None:
        """All that is kept of one call."""
        found = await self._whole(await self._read(lambda c: reports.one(c, uid)))
        return found[0] if found else None

    async def _count(self, first: date, last: date, task_id: int | None) -> dict[tuple[int, date], Counts]:
        found: dict[tuple[int, date], Counts] = {}
        for span in spans(self._times.zone, first, last):
            found |= await self._read(
                lambda c, span=span: compliance.count(c, self._times, span, task_id),  # type: ignore[misc]
                limit=LONG_LIMIT,
            )
        return found

    async def _whole(self, rows: list[reports.Row]) -> list[WholeCall]:
        records = [reports.record_from(self._times, row) for row in rows]
        return await self._read(lambda c: whole_calls.whole(c, records, self.calls_database), limit=LONG_LIMIT)
