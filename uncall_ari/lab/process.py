"""A server as a process: started, known again later by another program, ended.

A pid alone says little: it may be another program's by now. So a server is known by its pid and start
time, found again by a word of its command line, and signalled through a pidfd, which cannot change hands.
"""

import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError, tail

# Servers that outlive this program: held to its end, because Python warns of a child that is let go.
_kept: list["subprocess.Popen[bytes]"] = []

STATE, START_TIME = 0, 19  # fields of /proc/PID/stat, counted from behind the command's name
ENDED = "ZX"  # states: a zombie, dead


@dataclass(frozen=True, slots=True)
class Process:
    """One run of a program. `started` is in clock ticks since the host's start."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int, mark: str) -> "Process | None":
        """The process that has this pid now; None when there is none or it has no such mark."""
        for _ in range(50):  # for an instant of its exec a process has no command line
            fields, words = _stat(pid), _command_line(pid)
            if words or fields is None or fields[STATE] in ENDED:
                break
            time.sleep(0.001)
        return cls(pid, int(fields[START_TIME])) if fields and words and mark in words else None

    def alive(self) -> bool:
        """Does it still run? (A zombie does not.)"""
        fields = _stat(self.pid)
        return fields is not None and fields[STATE] not in ENDED and int(fields[START_TIME]) == self.started

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if it is still this process; no error when it is gone."""
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            try:
                if self.alive():
                    signal.pidfd_send_signal(handle, number)
            finally:
                os.close(handle)

    def wait(self, limit: float) -> bool:
        """True once it has ended; False when it has not within `limit` seconds."""
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            try:
                if self.alive():
                    ready, _, _ = select.select([handle], [], [], limit)
                    return bool(ready)
            finally:
                os.close(handle)
        return True

    def end(self, grace: float) -> None:
        """SIGTERM, and SIGKILL for what has not ended within `grace` seconds."""
        self.signal(signal.SIGTERM)
        if not self.wait(grace):
            self.kill()

    def kill(self) -> None:
        """SIGKILL, and wait for the end. Raises LabError when not even that helps (5 s)."""
        self.signal(signal.SIGKILL)
        if not self.wait(5.0):
            raise LabError(f"process {self.pid} does not end, not even by SIGKILL")


class Running:
    """A server that this program has started, as long as this program lives.

    Without `keep` a guard stands beside it: a shell that reads from a pipe which only this program
    holds open. However this program ends, the pipe closes, and the guard kills the server.
    """

    def __init__(self, argv: list[str], log: Path, pid_file: Path, *, keep: bool) -> None:
        """Starts it. Raises LabError when it ends before it is itself."""
        pid_file.unlink(missing_ok=True)
        # The shell writes its pid and becomes the server: the right pid, even behind sudo.
        write_pid = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(pid_file)]
        sudo, rest = (argv[:2], argv[2:]) if argv[0] == "sudo" else ([], argv)
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                [*sudo, *write_pid, *rest],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        pid = self._pid(pid_file, log)
        self._guard = None if keep else _guard(pid)
        if keep:
            _kept.append(self._popen)

    def _pid(self, pid_file: Path, log: Path) -> int:
        end = time.monotonic() + 5.0
        while self._popen.poll() is None and time.monotonic() < end:
            with suppress(OSError, ValueError):
                return int(pid_file.read_text())
            time.sleep(0.001)
        raise LabError("a server could not be started", log=tail(log))

    def ended(self) -> bool:
        """Has it ended by itself?"""
        return self._popen.poll() is not None

    def close(self) -> None:
        """Takes away the guard and the zombie of a server that has ended."""
        if self._guard:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(5.0)


def _guard(pid: int) -> subprocess.Popen[bytes]:
    # Field 22 is the start time: a later process of the same pid is left alone.
    script = 'age() { cut -d" " -f22 "/proc/$0/stat"; }; born=$(age); cat; [ "$(age)" = "$born" ] && kill -9 "$0"'
    return subprocess.Popen(
        ["sh", "-c", script, str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
