"""`uncall simulate`: the rules of pacing on simulated days, as a table, JSON and a picture."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from uncall_ari.errors import UncallError
from uncall_ari.simulate.plot import plot, require_plots
from uncall_ari.simulate.report import as_json, table
from uncall_ari.simulate.rules import RULES
from uncall_ari.simulate.run import Options, simulate
from uncall_ari.simulate.scenario import SCENARIOS


class BadOption(UncallError):
    """An option that cannot be followed; the message names what would do."""


def chosen(text: str, known: list[str], what: str) -> list[str]:
    """Return the names in a list with commas, all of `known` for "all". Raises BadOption."""
    if text == "all":
        return known
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise BadOption(f"{what} {', '.join(unknown) or 'none'}: give all, or some of {', '.join(known)}")
    return names


def teams(text: str) -> list[int]:
    """Return the sizes in a list with commas, each 1 to 1000. Raises BadOption."""
    sizes = [part.strip() for part in text.split(",")]
    if not all(size.isdecimal() and 1 <= int(size) <= 1000 for size in sizes):
        raise BadOption(f"agents {text!r}: give sizes of teams from 1 to 1000, such as 5,30,100")
    return [int(size) for size in sizes]


def options(agents: str, scenario: str, rule: str, hours: float, days: int, ceiling: float, seed: int) -> Options:
    """Return what the command line asks for; `ceiling` is in percent. Raises BadOption."""
    return Options(
        teams=teams(agents),
        scenarios=chosen(scenario, list(SCENARIOS), "scenario"),
        rules=chosen(rule, list(RULES), "rule"),
        hours=hours,
        days=days,
        ceiling=ceiling / 100.0,
        seed=seed,
    )


def run(wanted: Options, json_file: Path | None, plot_file: Path | None) -> None:
    """Simulate, print the table, and write the files that are wanted. Raises UncallError."""
    if plot_file is not None:
        require_plots(plot_file)
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("simulating", total=wanted.total)

        def tell(name: str) -> None:
            progress.update(task, advance=1, description=name)

        outcomes = simulate(wanted, tell)
    console.print(table(outcomes, wanted.ceiling))
    if json_file is not None:
        try:
            json_file.write_text(as_json(outcomes, wanted) + "\n")
        except OSError as error:
            raise BadOption(f"--json {json_file}: {error.strerror}. Give a file in a folder that is there") from error
    if plot_file is not None:
        plot(outcomes, wanted.ceiling, plot_file)
