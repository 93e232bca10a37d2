"""What Asterisk and MariaDB have in common in a lab: started, ready, stopped, killed, known again."""

import time
from abc import ABC, abstractmethod
from pathlib import Path

from .errors import LabError, tail
from .process import Process, Running
from .root import Root

GRACE = 10.0  # s between a friendly end and SIGKILL


class Server(ABC):
    """A server of one lab. `folder` is its own; nothing else is kept of it."""

    title: str
    start_limit = 20.0  # s until it must be ready

    def __init__(self, root: Root, folder: Path, *, keep: bool) -> None:
        self.root, self.folder, self.keep = root, folder, keep
        self._running: Running | None = None

    @property
    @abstractmethod
    def log_file(self) -> Path:
        """Where it writes what is worth reading."""

    @property
    @abstractmethod
    def mark(self) -> str:
        """A word of its command line that no other server has."""

    @abstractmethod
    def prepare(self) -> None:
        """Writes what it needs before its first start."""

    @abstractmethod
    def command(self) -> list[str]:
        """Its command line, from outside the root."""

    @abstractmethod
    def require_ports(self) -> None:
        """Raises LabError when one of its ports is taken."""

    @abstractmethod
    def ready(self) -> bool:
        """Does it answer?"""

    @property
    @abstractmethod
    def where(self) -> str:
        """Where it listens, in a few words."""

    @property
    def console_log(self) -> Path:
        """What it has printed."""
        return self.folder / "console.log"

    @property
    def process(self) -> Process | None:
        """Its process; None when it does not run. Known by the pid file, so also to programs that have
        not started it."""
        try:
            process = Process.of(int(self._pid_file.read_text()), self.mark)
        except (OSError, ValueError):
            return None
        return process if process and process.alive() else None

    @property
    def _pid_file(self) -> Path:
        return self.folder / "server.pid"

    def start(self) -> float:
        """Starts it and waits until it answers. Returns the seconds that it took; does nothing when it
        runs already. Raises LabError when a port is taken, or it ends or does not answer in time."""
        began = time.monotonic()
        self.launch()
        self.await_ready()
        return time.monotonic() - began

    def launch(self) -> None:
        """Starts it without waiting, so that several servers start at once; `await_ready` follows."""
        if self.process:
            return
        self._close()  # what is left of one that has ended by itself
        self.require_ports()
        self._running = Running(self.command(), self.console_log, self._pid_file, keep=self.keep)

    def await_ready(self) -> None:
        """Returns when it answers. Raises LabError, with the end of its log, when it ends before, or
        does not answer in time; then it is ended."""
        running, end = self._running, time.monotonic() + self.start_limit
        while time.monotonic() < end and not (running and running.ended()):
            if self.ready():
                return
            time.sleep(0.01)
        problem = "does not answer" if time.monotonic() >= end else "has ended at its start"
        log = self.log_tail()
        self.kill()
        raise LabError(f"{self.title} {problem}", f"Its logs were in {self.folder}", log)

    def stop(self) -> None:
        """Ends it in a friendly way, and by force after 10 s; no error when it does not run."""
        process = self.process
        if process:
            process.end(GRACE)
        self._close()

    def kill(self) -> None:
        """SIGKILL, as a crash would end it."""
        process = self.process
        if process:
            process.kill()
        self._close()

    def restart(self) -> float:
        """Stops and starts it; the seconds that the start took."""
        self.stop()
        return self.start()

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log and of what it printed."""
        parts = (tail(self.log_file, lines), tail(self.console_log, lines))
        return "\n".join(part for part in parts if part)

    def _close(self) -> None:
        if self._running:
            self._running.close()
            self._running = None
