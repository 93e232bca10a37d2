"""What a process has used, and what machine this is."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

from uncall_ari.lab import Lab

PACKAGES = ("aiohttp", "msgspec", "sqlalchemy", "uvloop", "lxml")


def cpu_of(pid: int) -> tuple[float, float]:
    """CPU seconds that a process has used, all its threads: its own code's and the kernel's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / ticks, int(fields[12]) / ticks


def memory_of(pid: int) -> float:
    """MB that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def busy(seconds: float = 2.0) -> float:
    """The share of the machine, 0 to 1, that others use at the moment."""

    def look() -> tuple[int, int]:
        ticks = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        return sum(ticks), ticks[3] + ticks[4]  # all, and idle or waiting for a disk

    before = look()
    time.sleep(seconds)
    after = look()
    return 1.0 - (after[1] - before[1]) / max(1, after[0] - before[0])


def asterisk_of(lab: Lab) -> int:
    """The process of the lab's Asterisk."""
    process = lab.asterisk.process
    assert process is not None, "Asterisk has ended"
    return process.pid


def asterisk_cpu(lab: Lab) -> float:
    """CPU seconds that the lab's Asterisk has used."""
    return sum(cpu_of(asterisk_of(lab)))


def description(lab: Lab) -> dict[str, str]:
    """The machine and the programs, for whoever compares with another one."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    return {
        "processor": f"{len(cpu)} cores of {cpu[0].partition(': ')[2] if cpu else platform.machine()}",
        "memory": f"{memory:.0f} GB",
        "system": f"Linux {platform.release()}",
        "Asterisk": lab.asterisk.cli("core show version").split()[1],
        "Python": platform.python_version(),
        "libraries": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }
