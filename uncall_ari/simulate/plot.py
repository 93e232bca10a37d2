"""The outcomes as a picture. matplotlib is an optional extra, and is imported here only when a picture is wanted."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from uncall_ari.errors import UncallError
from uncall_ari.simulate.run import Outcome


class NoPlots(UncallError):
    """matplotlib is not there, or the file cannot be written."""


def plot(outcomes: Sequence[Outcome], ceiling: float, file: Path) -> None:
    """Write occupancy, abandon rate and waits to `file` (.png, .svg or .pdf). Raises NoPlots.

    One column for each scenario: bars by team and rule; below, for the largest team, the course of the first day.
    """
    pyplot = _pyplot()
    scenarios = list(dict.fromkeys(each.scenario for each in outcomes))
    figure, axes = pyplot.subplots(
        4, len(scenarios), figsize=(max(8.0, 3.2 * len(scenarios)), 12.0), squeeze=False, layout="constrained"
    )
    colours = dict(zip(dict.fromkeys(each.rule for each in outcomes), _COLOURS, strict=False))
    for column, scenario in enumerate(scenarios):
        mine = [each for each in outcomes if each.scenario == scenario]
        _bars(axes[0][column], mine, colours, "occupancy", 100.0)
        axes[0][column].set_title(scenario)
        _bars(axes[1][column], mine, colours, "abandon_rate", 100.0)
        axes[1][column].set_ylim(0.0, 300.0 * ceiling)
        axes[1][column].axhline(100.0 * ceiling, color="black", linewidth=1, linestyle="--")
        _bars(axes[2][column], mine, colours, "waited", 1.0)
        _course(axes[3][column], mine, colours, ceiling)
    for row, label in enumerate(("occupancy, %", "abandoned, %", "mean wait, s", "occupancy in the day, %")):
        axes[row][0].set_ylabel(label)
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=colour) for colour in colours.values()]
    figure.legend(handles, list(colours), loc="outside lower center", ncols=min(6, len(colours)))
    try:
        figure.savefig(file, dpi=80)
    except (OSError, ValueError) as error:
        raise NoPlots(
            f"the plot was not written to {file}: {error}. Give a folder that is there, and .png or .svg"
        ) from error
    finally:
        pyplot.close(figure)


_COLOURS = (
    "#bbbbbb",
    "#1b6ca8",
    "#7fb2e5",
    "#4c9f70",
    "#d9a441",
    "#e0c07a",
    "#c0504d",
    "#e39a98",
    "#8064a2",
    "#b9a6cf",
)


def require_plots(file: Path) -> None:
    """Raise NoPlots when nothing can be drawn into `file`, before time is spent on what would be drawn."""
    _pyplot()
    if not file.parent.is_dir():
        raise NoPlots(f"--plot {file}: give a file in a folder that is there")


def _pyplot() -> Any:
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise NoPlots("--plot needs matplotlib, which is not installed: pip install 'uncall-ari[plots]'") from error
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "uncall"
    from matplotlib import pyplot

    return pyplot


def _bars(axis: Any, outcomes: Sequence[Outcome], colours: dict[str, str], what: str, factor: float) -> None:
    teams = list(dict.fromkeys(each.agents for each in outcomes))
    width = 0.8 / len(colours)
    by_rule: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for each in outcomes:
        place = teams.index(each.agents) - 0.4 + width * (list(colours).index(each.rule) + 0.5)
        by_rule[each.rule].append((place, factor * getattr(each, what)))
    for rule, bars in by_rule.items():
        axis.bar([place for place, _ in bars], [height for _, height in bars], width, color=colours[rule])
    axis.set_xticks(range(len(teams)), [f"{team} agents" for team in teams])


def _course(axis: Any, outcomes: Sequence[Outcome], colours: dict[str, str], ceiling: float) -> None:
    """The first day of the largest team: occupancy in each piece of it."""
    largest = max(each.agents for each in outcomes)
    for each in outcomes:
        if each.agents == largest and each.course and each.rule in ("ai", "progressive"):
            hours = [piece["second"] / 3600.0 for piece in each.course]
            axis.plot(hours, [100.0 * piece["occupancy"] for piece in each.course], color=colours[each.rule])
    axis.set_xlabel(f"hour of the day, {largest} agents")
