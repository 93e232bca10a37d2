"""A process of `uncall serve` for tests: started, told things by signals, killed."""

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.campaigns import until, write_settings

START_SECONDS = 20.0  # for a process to serve


class Served:
    """`uncall serve` with settings of its own; what it writes is kept."""

    def __init__(self, config: Path, settings: dict[str, Any]) -> None:
        self._config = config
        self._log_file = config.with_suffix(".log")
        self._process: asyncio.subprocess.Process | None = None
        self.write(settings)

    def write(self, settings: dict[str, Any]) -> None:
        """Write uncall.toml anew."""
        write_settings(self._config, settings)

    def spoil(self, text: str) -> None:
        """Put something wrong at the end of uncall.toml."""
        self._config.write_text(self._config.read_text() + text)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process."""
        with self._log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "uncall_ari", "serve", "-c", str(self._config), stdout=log, stderr=log
            )

    def tell(self, which: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(which)

    async def ended(self, seconds: float = 30.0) -> int:
        """Wait for the process to end and return its exit status."""
        assert self._process is not None
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    async def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        self.tell(how)
        return await self.ended()

    async def says(self, text: str, seconds: float = START_SECONDS) -> None:
        """Wait until the process has written `text`."""

        async def look() -> bool:
            return text in self._log_file.read_text()

        try:
            await until(look, f"the log to say {text!r}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log}") from None

    async def url(self) -> str:
        """Wait until it serves and return its address."""
        await self.says('"serving"')
        found = re.findall(r"http://[0-9.:]+(?=/uncall_api)", self._log_file.read_text())
        return str(found[-1])

    @property
    def log(self) -> str:
        """The last lines that it wrote."""
        return "\n".join(self._log_file.read_text().splitlines()[-40:])


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Callable[[dict[str, Any]], Served]]:
    """Makes services from settings; what is left of them at the end is killed."""
    made: list[Served] = []

    def make(settings: dict[str, Any]) -> Served:
        made.append(Served(tmp_path / f"uncall{len(made)}.toml", settings))
        return made[-1]

    yield make
    for each in made:
        if each.running:
            await each.end(signal.SIGKILL)
