"""What the demo shows while it runs: a line for each request, and how far the campaign is.

On a terminal a bar and a table move at the bottom; elsewhere there is a plain line now and then.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from uncall_ari.demo.checks import Check
from uncall_ari.demo.judge import CALL_BACK, FAILED, STATUS_WORDS, SUCCESS

PLAIN_SECONDS = 3.0  # between two lines where there is no terminal
PLAIN_WIDTH = 130  # columns where there is no terminal
_STYLES = {"SOAP": "cyan", "HTTP": "blue", "SQL": "magenta"}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the campaign is: what getAllTask told last, and the calls that the carrier has open."""

    status: str = "ready"
    numbers: int = 0
    called: int = 0
    success: int = 0
    call_back: int = 0
    failed: int = 0
    live: int = 0
    polls: int = 0


class Display:
    """Everything that the demo prints."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        if not self.console.is_terminal:
            self.console.width = PLAIN_WIDTH
        self._began = time.monotonic()
        self._progress = Progress()
        self._next_line = 0.0

    def say(self, text: str, style: str = "") -> None:
        """Print a line of our own."""
        self.console.print(Text(text, style=style))

    def head(self, text: str) -> None:
        """Print what comes next."""
        self.console.print(Text(f"\n{text}", style="bold"))

    def request(self, kind: str, said: str, answer: str, seconds: float) -> None:
        """Print a request in one line. (A `Teller`.)"""
        line = Text(f"{self.seconds():6.1f} s  ")
        line.append(f"{kind:<5}", _STYLES.get(kind, ""))
        line.append(f"{said}  →  ")
        line.append(answer, "bold")
        line.append(f"  {seconds * 1000:.0f} ms", "dim")
        self.console.print(line)

    def table(self, table: RenderableType) -> None:
        """Print a table."""
        self.console.print(table)

    def check(self, check: Check) -> None:
        """Print a statement, and whether it is true."""
        mark, style = ("✓", "green") if check.true else ("✗", "bold red")
        self.console.print(Text(f" {mark} ", style=style).append(check.text, "default" if check.true else style))

    def campaign(self) -> AbstractContextManager[None]:
        """Show the progress while inside."""
        return self.moving(self._panel)

    @contextmanager
    def moving(self, panel: Callable[[], RenderableType]) -> Iterator[None]:
        """Show what `panel` returns at the bottom of a terminal while inside, always anew."""
        self._next_line = 0.0
        if not self.console.is_terminal:
            yield
            return
        with Live(get_renderable=panel, console=self.console, refresh_per_second=8, transient=True):
            yield

    def show(self, progress: Progress) -> None:
        """Take the campaign's progress of now."""
        if progress.status != self._progress.status:
            self._next_line = 0.0
        self._progress = progress
        self.now_and_then(self._line)

    def now_and_then(self, line: Callable[[], str]) -> None:
        """Print what `line` returns, where there is no terminal and the last such line is a while ago."""
        now = time.monotonic()
        if not self.console.is_terminal and now >= self._next_line:
            self._next_line = now + PLAIN_SECONDS
            self.console.print(Text(f"{self.seconds():6.1f} s  ").append(line()), no_wrap=True)

    def seconds(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self._began

    def _line(self) -> str:
        now = self._progress
        return (
            f"getAllTask #{now.polls}: {now.status}, called {now.called}/{now.numbers}; "
            + ", ".join(f"{word} {count}" for word, count in self._outcomes())
            + f"; {now.live} calls live"
        )

    def _outcomes(self) -> list[tuple[str, int]]:
        now = self._progress
        counts = {SUCCESS: now.success, CALL_BACK: now.call_back, FAILED: now.failed}
        return [(STATUS_WORDS[status], count) for status, count in counts.items()]

    def _panel(self) -> RenderableType:
        now = self._progress
        bar = Table.grid(padding=(0, 2))
        bar.add_row(
            Text(f"{self.seconds():6.1f} s"),
            ProgressBar(total=max(1, now.numbers), completed=now.called, width=32),
            Text(f"called {now.called}/{now.numbers}", style="bold"),
            Text(f"{now.live} calls live"),
        )
        outcomes = Table.grid(padding=(0, 2))
        for word, count in self._outcomes():
            outcomes.add_row(Text(f"{count:8}", style="bold"), word)
        poll = Text(f"          getAllTask #{now.polls}: {now.status}", style="cyan")
        return Group(Text(""), bar, outcomes, poll)
