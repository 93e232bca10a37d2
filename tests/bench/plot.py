"""The plot: CPU for one call side by side, and the web service beside the bare handler."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.play import FLOOR, SIDES
from tests.bench.tables import TO_FLOOR

ASTERISK, PYTHON, BARE = "#4c72b0", "#dd8452", "#b0b0b0"


def draw(results: dict[str, Any], file: Path) -> None:
    """Draw what the results have of both."""
    parts = [(name, each) for name, each in (("play", _play), ("web", _web)) if name in results]
    if not parts:
        return
    figure = Figure(figsize=(9, 3.4 * len(parts)), layout="constrained")
    axes = figure.subplots(len(parts), squeeze=False)[:, 0]
    for (name, part), axis in zip(parts, axes, strict=True):
        part(results[name], axis)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def _play(play: dict[str, Any], axis: Axes) -> None:
    names = [SIDES[side] for side in play]
    asterisk = [its["asterisk_ms"]["median"] for its in play.values()]
    python = [its["python_ms"]["median"] for its in play.values()]
    together = [its["together_ms"] for its in play.values()]
    axis.barh(names, asterisk, color=ASTERISK, label="Asterisk")
    axis.barh(names, python, left=asterisk, color=PYTHON, label="Python")
    reach = [[it["median"] - it["least"] for it in together], [it["most"] - it["median"] for it in together]]
    axis.errorbar([it["median"] for it in together], names, xerr=reach, fmt="none", ecolor="black", capsize=3)
    limit = TO_FLOOR * play[FLOOR]["together_ms"]["median"]
    axis.axvline(limit, color="black", linestyle=":", label=f"{TO_FLOOR} times (a)")
    axis.set(title="CPU for one call: dial, play 1 s, hang up", xlabel="ms, median and range")
    axis.invert_yaxis()
    axis.legend()


def _web(web: dict[str, Any], axis: Axes) -> None:
    asked = {name: its for name, its in web.items() if name != "add_numbers"}
    places = range(len(asked))
    for offset, key, color, label in ((-0.2, "bare_a_second", BARE, "bare"), (0.2, "a_second", PYTHON, "ours")):
        values = [its[key]["median"] for its in asked.values()]
        axis.barh([place + offset for place in places], values, height=0.38, color=color, label=label)
    axis.set(title="SOAP requests a second, one process", yticks=list(places), yticklabels=list(asked))
    axis.invert_yaxis()
    axis.legend()
