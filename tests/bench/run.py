"""`make bench`: what a call costs beside other ways to make it, how fast we react, what the web service takes, how many
calls go at once; all on a real Asterisk of its own, on loopback. Takes about 17 minutes, with --quick 3.

    python -m tests.bench.run [--quick] [--only play,reaction,web,concurrent] [--docs]

Writes var/bench/bench.json and bench.png. Close what else uses the machine: the figures are CPU times, and a busy
machine makes them larger.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.bench import bench_concurrent, pages, play, web
from tests.bench.carrier import sipp
from tests.bench.machine import busy, description
from tests.bench.plot import draw
from tests.bench.spread import Spread
from tests.bench.tables import reports
from tests.integration.conftest import TONE, write_tone
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.ports import free_port
from uncall_ari.logs import log_to_stderr

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "bench"
PARTS = ("play", "reaction", "web", "concurrent")
PLOT = ROOT / "docs" / "performance" / "bench.png"

out = Console()


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    seconds: float  # of one round of calls
    web_seconds: float
    rounds: int
    counts: tuple[int, ...]  # calls at once


WHOLE = Size(8, 3, 5, tuple(range(500, 1400, 100)))
QUICK = Size(5, 2, 1, (300,))


class Steps:
    """The progress on the terminal."""

    def __init__(self, progress: Progress, size: Size, parts: list[str]) -> None:
        steps = {
            "play": size.rounds * len(play.SIDES),
            "reaction": size.rounds,
            "web": size.rounds * len(web.QUESTIONS) + 1,
            "concurrent": len(size.counts),
        }
        self._progress, self._made = progress, 0
        self._bar = progress.add_task("", total=sum(steps[part] for part in parts))

    def tell(self, what: str) -> None:
        """This step begins."""
        self._progress.update(self._bar, description=what, completed=self._made)
        self._made += 1


async def measure(
    lab: Lab, parts: list[str], size: Size, rate: float, steps: Steps, save: Callable[[dict[str, Any]], None]
) -> None:
    """The figures of the parts, saved one by one. What may overload Asterisk comes last."""
    async with sipp(lab, lab.spec.trunks[0].port) as carrier:
        if "play" in parts:
            made = await play.rounds(lab, carrier, list(play.ORDER), rate, size.seconds, size.rounds, steps.tell)
            save({"play": play.summary(made), "rounds": [asdict(each) for each in made]})
        if "reaction" in parts:
            save({"reaction": await play.reactions(lab, carrier, rate, size.seconds, size.rounds, steps.tell)})
        if "web" in parts:
            with tempfile.TemporaryDirectory(prefix="uncall-bench-") as folder:
                save({"web": await web.figures(lab, Path(folder), size.web_seconds, size.rounds, steps.tell)})
        if "concurrent" in parts:
            climbed = await bench_concurrent.steps(lab, carrier, list(size.counts), steps.tell)
            save({"concurrent": [asdict(it) for it in climbed], "greatest": bench_concurrent.greatest(climbed)})


def show(results: dict[str, Any]) -> None:
    """Print the tables."""
    for report in reports(results):
        table = Table(title=report.title, title_justify="left")
        for number, name in enumerate(report.head):
            table.add_column(name, justify="right" if number and report.name != "machine" else "left")
        for row in report.rows:
            table.add_row(*row)
        out.print(table)


def _plain(value: object) -> object:
    assert isinstance(value, Spread)
    return asdict(value)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round of all: whether it works, rough figures")
    parser.add_argument("--rate", type=float, default=100.0, help="calls a second")
    parser.add_argument("--rounds", type=int, help="of each side; default 3, with --quick 1")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to measure; the others keep their last figures")
    parser.add_argument("--docs", action="store_true", help="write the tables and the plot into docs/performance.md")
    arguments = parser.parse_args()
    parts = [part for part in PARTS if part in arguments.only.split(",")]
    size = QUICK if arguments.quick else WHOLE
    size = Size(size.seconds, size.web_seconds, arguments.rounds or size.rounds, size.counts)
    log_to_stderr("warning")
    file = FOLDER / "bench.json"
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() and parts != list(PARTS) else {}

    def save(figures: dict[str, Any]) -> None:
        results.update(figures)
        FOLDER.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(results, indent=1, default=_plain) + "\n")

    if parts:
        _measure(parts, size, arguments.rate, save)
    results = json.loads(file.read_text())
    show(results)
    draw(results, FOLDER / "bench.png")
    out.print(f"{file.relative_to(ROOT)} and bench.png are written")
    if arguments.docs:
        draw(results, PLOT)
        pages.PAGE.write_text(pages.filled(pages.PAGE.read_text(), reports(results)))
        out.print(f"{pages.PAGE.relative_to(ROOT)} is up to date")


def _measure(parts: list[str], size: Size, rate: float, save: Callable[[dict[str, Any]], None]) -> None:
    load = f"{100 * busy():.0f} % of it"
    trunks = tuple(TrunkSpec(name, port=free_port(udp=True)) for name in ("carrier", "phones"))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Lab.up(LabSpec(name=f"bench-{os.getpid()}", trunks=trunks)) as lab,
        Progress(*columns, console=out) as progress,
    ):
        write_tone(lab.recordings / "tone.wav", TONE, 1.0)
        play.furnish(lab)
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        save({"when": now, "load": load, "rate": rate, "machine": description(lab)})
        uvloop.run(measure(lab, parts, size, rate, Steps(progress, size, parts), save))


if __name__ == "__main__":
    main()
