"""SIPp as the carrier: answers every call, and keeps its own books, by which each side is judged."""

import asyncio
import csv
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from uncall_ari.lab import Lab

HERE = Path(__file__).parent
WRITE_SECONDS = 1  # between two lines of its books
PATIENCE_SECONDS = 30.0  # for the last calls to end


@dataclass(frozen=True)
class Books:
    """What SIPp has counted since its start."""

    good: int  # answered and ended by the other side, as they should
    bad: int
    current: int


class Sipp:
    """The running SIPp."""

    def __init__(self, process: "subprocess.Popen[bytes]", file: Path) -> None:
        self.process, self._file = process, file

    def books(self) -> Books:
        """Its books as of up to a second ago."""
        if not self._file.exists():
            return Books(0, 0, 0)
        rows = list(csv.reader(self._file.read_text().splitlines(), delimiter=";"))
        full = [row for row in rows[1:] if len(row) >= len(rows[0]) - 1]
        if not full:
            return Books(0, 0, 0)
        last = dict(zip(rows[0], full[-1], strict=False))
        return Books(int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"]), int(last["CurrentCall"]))

    async def settled(self) -> Books:
        """Its books once no call is left and they are up to date. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                before = self.books()
                await asyncio.sleep(2 * WRITE_SECONDS + 0.2)
                after = self.books()
                if after == before and not after.current:
                    return after


@asynccontextmanager
async def sipp(lab: Lab, port: int) -> AsyncIterator[Sipp]:
    """Run SIPp on the port, as the carrier that `uas.xml` describes."""
    folder = lab.folder / "sipp"
    lab.root.give(folder, "asterisk")
    scenario, books = folder / "uas.xml", folder / "books.csv"
    shutil.copy(HERE / "uas.xml", scenario)
    process = lab.start_sipp(
        *("-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port), "-nostdin", "-l", "100000"),
        *("-trace_stat", "-stf", str(books), "-fd", str(WRITE_SECONDS)),
    )
    try:
        yield Sipp(process, books)
    finally:
        process.kill()
        process.wait()
