"""What goes wrong in a lab, and what to do about it."""

from pathlib import Path

LOG_LINES = 15  # of a server's log, shown with an error


class LabError(Exception):
    """Something about a lab does not work: `problem` says what happened, `remedy` what to do now, and
    `log` holds the last lines that the server in question wrote."""

    def __init__(self, problem: str, remedy: str = "", log: str = "") -> None:
        self.problem, self.remedy, self.log = problem, remedy, log
        parts = [problem]
        if log:
            parts.append("The end of its log:\n" + "\n".join(f"    {line}" for line in log.splitlines()))
        if remedy:
            parts.append(remedy)
        super().__init__("\n".join(parts))


def tail(path: Path, lines: int = LOG_LINES) -> str:
    """The last lines of a log file; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 500 * lines))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
