"""Who hears whom as a table: rows hear columns, in dBFS; green where it is heard, grey where not, red where wrong."""

from collections.abc import Collection, Mapping, Sequence

from rich import box
from rich.columns import Columns
from rich.table import Table
from rich.text import Text

from uncall_ari.lab.phones import HEARD, UNHEARD, Hearing

Expected = Mapping[str, Collection[str]]  # for each who is in the call, those whom he must hear; nobody else is heard

NO_CALL = "·"


def before_and_after(
    parties: Sequence[str], before: tuple[Hearing | None, Expected], after: tuple[Hearing | None, Expected]
) -> Columns:
    """Two tables beside each other, or below each other where there is no room."""
    return Columns([matrix("before", parties, *before), matrix("after", parties, *after)], padding=(0, 3))


def matrix(title: str, parties: Sequence[str], heard: Hearing | None, expected: Expected) -> Table:
    """The table of one moment. `heard` is None when nobody is in a call; who is in none has a dot."""
    table = Table(box=box.ROUNDED, title=title, title_justify="left", title_style="dim italic")
    table.add_column("hears →")
    for party in parties:
        table.add_column(party, justify="right", min_width=4)
    for listener in parties:
        cells = [_cell(heard, listener, speaker, expected) for speaker in parties]
        table.add_row(Text(listener, style="bold"), *cells)
    return table


def wrong(heard: Hearing | None, expected: Expected) -> list[str]:
    """What is not as expected, in words; [] when all is."""
    names = heard.names if heard else []
    missing = [f"{name} is in no call" for name in expected if name not in names]
    return missing + (heard.differs(expected) if heard else [])


def in_words(expected: Expected) -> str:
    """Who hears whom, as a sentence."""
    parts = [f"{listener} hears {' and '.join(names)}" for listener, names in expected.items() if names]
    return ", ".join(parts) or "nobody hears anybody"


def _cell(heard: Hearing | None, listener: str, speaker: str, expected: Expected) -> Text:
    if heard is None or listener not in heard.names or speaker not in heard.names:
        return Text(NO_CALL, style="dim")
    level, should_be = heard.levels[listener, speaker], speaker in expected.get(listener, ())
    right = level >= HEARD if should_be else level <= UNHEARD
    style = "bold red" if not right else "bold green" if should_be else "bright_black"
    return Text(f"{level:.0f}", style=style)
