"""The end of the demo: what happened beside what is recorded, conduct by conduct, and the statements about all."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from rich import box
from rich.table import Table
from rich.text import Text

from uncall_ari.demo.checks import Check
from uncall_ari.demo.display import Display
from uncall_ari.demo.judge import HEARD, STATUS_WORDS, Deed, Finding, Row


class Judged(Protocol):
    """A number, and in what its row differs from what happened."""

    @property
    def problems(self) -> list[str]: ...


def report(display: Display, findings: Sequence[Finding], checks: Sequence[Check]) -> None:
    """Print both, and the numbers that differ."""
    display.console.print()
    display.console.print(_by_kind(findings))
    for check in checks:
        display.check(check)
    wrong = [finding for finding in findings if finding.problems]
    if wrong:
        display.console.print()
        display.console.print(_differing(wrong))


def verdict(display: Display, findings: Sequence[Judged], checks: Sequence[Check]) -> bool:
    """Print, and return, whether everything agrees."""
    wrong = [finding for finding in findings if finding.problems]
    failed = [check for check in checks if not check.true]
    display.console.print()
    if wrong or failed:
        text = f"DOES NOT AGREE: {len(wrong)} of {len(findings)} numbers differ, {len(failed)} checks fail"
        display.say(text, "bold red")
        return False
    display.say(f"ALL AGREE: {len(findings)} numbers, {len(checks)} checks", "bold green")
    return True


def _by_kind(findings: Sequence[Finding]) -> Table:
    table = Table(box=box.ROUNDED, title="What the carrier saw, and what the database says", title_justify="left")
    table.add_column("a number that …")
    table.add_column("count", justify="right")
    table.add_column("the carrier saw")
    table.add_column("in the database")
    table.add_column("agree", justify="right")
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.kind, saw(finding.deed), recorded(finding.row)), []).append(finding)
    for (kind, seen, word), group in sorted(groups.items(), key=_by_status):
        agreeing = sum(not finding.problems for finding in group)
        good = agreeing == len(group)
        table.add_row(
            kind,
            str(len(group)),
            seen + _durations(finding.deed for finding in group),
            word,
            Text(f"{agreeing} {'✓' if good else '✗'}", style="green" if good else "bold red"),
        )
    return table


def _by_status(item: tuple[tuple[str, str, str], list[Finding]]) -> tuple[str, str]:
    (kind, _, word), _ = item
    return word[:1], kind


def saw(deed: Deed) -> str:
    """Return in a few words what happened to a number."""
    if not deed.times:
        return "no call"
    calls = "" if deed.times == 1 else f"{deed.times} calls; "
    if not deed.answered:
        return calls + ("rang, the caller gave up" if deed.status == 487 else f"answered {deed.status}")
    parts = ["answered", "heard the tone" if deed.recording >= HEARD else "heard NO tone"]
    parts += [f"pressed {' '.join(deed.keys)}"] if deed.keys else []
    parts += ["heard the agent"] if deed.talked else []
    return calls + ", ".join(parts)


def recorded(row: Row | None) -> str:
    """Return in a few words what is recorded of a number."""
    if row is None:
        return "no row"
    parts = [f"{row.status} {STATUS_WORDS.get(row.status, '?')}", row.cause]
    parts += [f"keys {row.keys}"] if row.keys else []
    parts += [f"extension {row.extension}"] if row.extension else []
    return ", ".join(parts)


def _durations(deeds: Iterable[Deed]) -> str:
    seconds = sorted(deed.seconds for deed in deeds if deed.answered)
    if not seconds:
        return ""
    shortest, longest = f"{seconds[0]:.1f}", f"{seconds[-1]:.1f}"
    return f", {shortest} s" if shortest == longest else f", {shortest} to {longest} s"


def _differing(wrong: Sequence[Finding]) -> Table:
    table = Table(box=box.ROUNDED, title="The numbers that differ", title_justify="left", style="red")
    for heading in ("number", "a number that …", "the carrier saw", "in the database", "difference"):
        table.add_column(heading)
    for finding in wrong:
        seen = saw(finding.deed) + _durations([finding.deed])
        table.add_row(finding.number, finding.kind, seen, recorded(finding.row), "; ".join(finding.problems))
    return table
