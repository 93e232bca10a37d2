"""The end of the campaign with agents: its figures, and the numbers that differ."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from uncall_ari.demo.display import Display
from uncall_ari.demo.figures import CEILING, Campaign, Figures
from uncall_ari.demo.judge import STATUS_WORDS
from uncall_ari.demo.settled import Kept, Seen, Settled
from uncall_ari.demo.wallboard import Wallboard
from uncall_ari.queues import State


def summary(display: Display, made: Figures, campaign: Campaign, board: Wallboard, numbers: Sequence[Settled]) -> None:
    """Print both."""
    display.console.print()
    display.table(_figures(made, campaign, board))
    wrong = [each for each in numbers if each.problems]
    if wrong:
        display.table(_differing(wrong))


def _figures(made: Figures, campaign: Campaign, board: Wallboard) -> Table:
    title = f"{campaign.seconds:.0f} s with {campaign.agents} agents on open lines"
    table = Table(box=box.ROUNDED, title=title, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column()
    share = 100 * made.answered / made.dialled if made.dialled else 0.0
    table.add_row("dialled 已呼叫", str(made.dialled), f"{campaign.most_at_once} calls at once at most")
    table.add_row("answered 已接听", str(made.answered), f"{share:.0f} % of those dialled")
    table.add_row("connected 接通坐席", str(made.connected), "")
    few = f"{made.rate:.1f} % of the answered; so few say little of the ceiling, {CEILING:g} %"
    table.add_row("abandoned 呼损", str(made.abandoned), few)
    busy = 100 * board.share(State.TALKING, State.WRAP_UP)
    table.add_row(
        "occupancy 坐席利用率", f"{100 * made.occupancy:.0f} %", f"of their time in talks; {busy:.0f} % with wrap-up"
    )
    table.add_row(
        "answer to agent 接入时间", _milliseconds(made.median), f"median; {_milliseconds(made.worst)} at worst"
    )
    table.add_row("the pacer said", "", Text(board.pacer(), "cyan"))
    return table


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.0f} ms"


def _differing(wrong: Sequence[Settled]) -> Table:
    table = Table(box=box.ROUNDED, title="The numbers that differ", title_justify="left", style="red")
    for heading in ("number", "carrier and phones saw", "in the database", "difference"):
        table.add_column(heading)
    for each in wrong:
        table.add_row(each.seen.number, saw(each.seen), recorded(each.kept), "; ".join(each.problems))
    return table


def saw(seen: Seen) -> str:
    """Return in a few words what happened to a number."""
    if not seen.times:
        return "no call"
    calls = "" if seen.times == 1 else f"{seen.times} calls; "
    if not seen.answered:
        return f"{calls}status {seen.status or 'none'}"
    if seen.delay is None:
        return f"{calls}answered, {seen.seconds:.1f} s, no agent"
    return f"{calls}answered, {seen.seconds:.1f} s, heard {', '.join(seen.agents)} after {1000 * seen.delay:.0f} ms"


def recorded(kept: Kept | None) -> str:
    """Return in a few words what is recorded of a number."""
    if kept is None:
        return "no row"
    parts = [f"{kept.status} {STATUS_WORDS.get(kept.status, '?')}", kept.cause, kept.extension]
    parts += ["too late"] if kept.abandoned and kept.extension else []
    parts += [f"waited {kept.waited:.2f} s"] if kept.waited is not None else []
    return ", ".join(part for part in parts if part)
