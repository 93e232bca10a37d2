"""Writes what became of calls, in batches: one transaction for all that came up while the last one was written.

While the database is away, results wait here and are written when it is back. Nothing new is claimed meanwhile, so
what waits is bounded by the calls that were under way.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from uncall_ari.errors import StoreUnavailable
from uncall_ari.store import Store
from uncall_ari.store.records import Settlement

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.4  # results of so long are written together; what a crash loses of them, the witness knows
AWAY_SECONDS = 1.0  # between two attempts while the database is away
BATCH = 200  # results in one transaction


class Settler:
    """Takes results without waiting, and writes them as long as `run` runs."""

    def __init__(self, store: Store, on_settled: Callable[[Settlement], None]) -> None:
        """`on_settled` is told of each result that is safely in the database."""
        self._store = store
        self._on_settled = on_settled
        self._answers: dict[str, datetime] = {}
        self._results: dict[str, Settlement] = {}
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def waiting(self) -> int:
        """Results that are not written yet."""
        return len(self._results)

    def answered(self, uid: str, at: datetime) -> None:
        """Note that a call was answered."""
        self._answers[uid] = at
        self._wake()

    def settle(self, result: Settlement) -> None:
        """Note how a call ended."""
        self._answers.pop(result.uid, None)  # the result says it too
        self._results[result.uid] = result
        self._wake()

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            await self._work.wait()
            await asyncio.sleep(GATHER_SECONDS)
            try:
                await self._write()
            except StoreUnavailable as error:
                log.error("results wait for the database", waiting=self.waiting, reason=str(error))
                await asyncio.sleep(AWAY_SECONDS)

    async def drain(self, seconds: float) -> bool:
        """Wait until all is written, up to `seconds`; whether it is. `run` must be running."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _write(self) -> None:
        answers = dict(self._answers)
        results = list(self._results.values())[:BATCH]
        await self._store.settle(results, list(answers.items()))
        for uid in answers:
            self._answers.pop(uid, None)
        for result in results:
            del self._results[result.uid]
            self._on_settled(result)
        if not self._answers and not self._results:
            self._work.clear()
            self._idle.set()

    def _wake(self) -> None:
        self._work.set()
        self._idle.clear()
