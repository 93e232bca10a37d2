"""What is seen of the agents while they work: who does what, the calls in flight, and what became of the others."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from uncall_ari.demo.display import Display
from uncall_ari.queues import State

STATES = {  # the words of docs/agents.md
    State.OUT: ("signed out 已签出", "dim"),
    State.AWAY: ("away 不可用", "dim"),
    State.FREE: ("free 空闲", "cyan"),
    State.OFFERED: ("offered 振铃", "yellow"),
    State.TALKING: ("talking 通话中", "bold green"),
    State.WRAP_UP: ("wrap-up 话后整理", "magenta"),
    State.RESTING: ("resting 未接休息", "red"),
}
SHOWN = 3  # words of the pacer that are shown, the most frequent first


@dataclass(frozen=True, slots=True)
class Moment:
    """What getAgents, getAllTask and whyNot told last, and what the carrier has."""

    agents: Sequence[dict[str, str]] = ()
    ringing: int = 0
    dialled: int = 0
    answered: int = 0
    connected: int = 0
    lost: int = 0
    why: str = ""  # why no more calls are started, "" when they are


class Wallboard:
    """The agents' minute."""

    def __init__(self, display: Display, seconds: float) -> None:
        self._display, self._seconds = display, seconds
        self._began = self._looked = time.monotonic()
        self._now = Moment()
        self._spent: dict[str, float] = defaultdict(float)  # seconds of all agents in each state
        self.words: Counter[str] = Counter()  # how often the pacer said what, by code

    def hung(self) -> AbstractContextManager[None]:
        """Show it while inside."""
        self._began = self._looked = time.monotonic()
        return self._display.moving(self._panel)

    def show(self, moment: Moment, code: str) -> None:
        """Take what is known now; `code` is the pacer's word."""
        now = time.monotonic()
        for agent in moment.agents:
            self._spent[agent["state"]] += now - self._looked
        self._looked, self._now = now, moment
        self.words[code] += 1
        self._display.now_and_then(self._line)

    def share(self, *states: State) -> float:
        """The share of the agents' time in these states so far, 0 to 1."""
        whole = sum(self._spent.values())
        return sum(self._spent[state] for state in states) / whole if whole else 0.0

    def pacer(self) -> str:
        """What the pacer said, in shares."""
        whole = sum(self.words.values())
        said = (f"{code} {100 * times / whole:.0f} %" for code, times in self.words.most_common(SHOWN))
        return ", ".join(said)

    def _line(self) -> str:
        now = self._now
        states = Counter(agent["state"] for agent in now.agents)
        working = ", ".join(f"{states[state]} {state}" for state in STATES if states[state])
        return f"{self._counts()}; occupancy {100 * self.share(State.TALKING):.0f} %: {working}"

    def _counts(self) -> str:
        now = self._now
        return (
            f"dialled {now.dialled}, in flight {now.ringing}, answered {now.answered}, connected {now.connected}, "
            f"abandoned {now.lost}"
        )

    def _panel(self) -> RenderableType:
        gone = min(self._seconds, time.monotonic() - self._began)
        bar = Table.grid(padding=(0, 2))
        bar.add_row(
            Text(f"{self._display.seconds():6.1f} s"),
            ProgressBar(total=self._seconds, completed=gone, width=32),
            Text(f"{gone:.0f}/{self._seconds:g} s", style="bold"),
            Text(f"occupancy {100 * self.share(State.TALKING):.0f} %"),
        )
        agents = Table.grid(padding=(0, 2))
        for agent in self._now.agents:
            words, style = STATES[State(agent["state"])]
            agents.add_row(f"          {agent['extension']}", Text(words, style), _since(agent))
        why = Text(f"          {self._now.why}", style="cyan", no_wrap=True, overflow="ellipsis")
        return Group(Text(""), bar, agents, Text(f"          {self._counts()}"), why)


def _since(agent: dict[str, Any]) -> Text:
    return Text(f"{agent['seconds']:>4} s   {agent['calls']:>3} talks", style="dim")
