"""The outcomes as a table for people and as JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich import box
from rich.table import Table

from uncall_ari.simulate.run import Options, Outcome


def table(outcomes: Sequence[Outcome], ceiling: float) -> Table:
    """Return a table, one line for each rule; red is what breaks the ceiling."""
    made = Table(
        title=f"Talk time under an abandon ceiling of {ceiling:.1%}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=0,
    )
    made.add_column("scenario", no_wrap=True)
    made.add_column("team", justify="right", no_wrap=True)
    made.add_column("rule", no_wrap=True)
    for name in ("talk", "of best", "lost", "worst", "kept", "wait"):
        made.add_column(name, justify="right", no_wrap=True)
    made.caption = (
        "talk: share of the agents' time. of best: of what the bound reaches. "
        "lost: answers without an agent within 2 s, and on the worst day. kept: days "
        "at or under the ceiling. wait: mean, of those who got an agent."
    )
    made.caption_justify = "left"
    before = ("", 0)
    for each in outcomes:
        group = each.scenario, each.agents
        if group != before and before[0]:
            made.add_section()
        first = group != before
        before = group
        made.add_row(
            each.scenario if first else "",
            str(each.agents) if first else "",
            each.rule,
            f"{each.occupancy:.1%}",
            f"{each.of_bound:.1%}",
            f"{each.abandon_rate:.2%}",
            f"{each.worst_day:.2%}",
            f"{each.days_kept:.0%}",
            f"{each.waited:.2f} s",
            style="dim" if each.rule == "bound" else "red" if each.abandon_rate > ceiling else None,
        )
    return made


def as_json(outcomes: Sequence[Outcome], options: Options) -> str:
    """Return all outcomes with the options that they came from."""
    return json.dumps({"options": asdict(options), "outcomes": [asdict(each) for each in outcomes]}, indent=1)
