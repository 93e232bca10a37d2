"""`uncall serve` as a process of its own, so that a demonstration has nothing to do with the inside of the engine."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from uncall_ari.demo.errors import DemoFailed
from uncall_ari.lab.errors import tail

START_SECONDS = 30.0
END_SECONDS = 30.0


class Service:
    """The running process; `status` is its exit status once it has ended."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self._log = process, log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        return self._process.returncode

    async def answers(self, host: str, port: int) -> None:
        """Wait until it takes connections. Raises DemoFailed, with the end of its log, when it does not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while self.status is None:
                    with suppress(OSError):
                        _, writer = await asyncio.open_connection(host, port)
                        writer.close()
                        return
                    await asyncio.sleep(0.05)
        raise DemoFailed(f"the service does not answer on {host}:{port}. The end of its log:\n{tail(self._log)}")

    async def end(self) -> int:
        """End it as an operator does (SIGTERM), by force after a while; return its exit status."""
        if self.status is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(END_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                await self.kill()
        return await self._process.wait()

    async def kill(self) -> None:
        """End it at once; no error when it has ended."""
        if self.status is None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def service(config: Path, log: Path) -> AsyncIterator[Service]:
    """Run the service with the settings in `config`; what it logs goes to `log`. It ends with this program at the
    latest, however that ends."""
    # The settings in the file are all that counts: a variable may name somebody's real database.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UNCALL_")}
    command = [sys.executable, "-m", "uncall_ari", "serve", "--config", str(config)]
    try:
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "SIGTERM", *command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,  # Ctrl-C is for us; we end it when we are ready
            )
    except OSError as error:
        raise DemoFailed(f"the service cannot be started: {error}") from error
    running = Service(process, log)
    try:
        yield running
        await running.end()
    finally:
        await running.kill()
