"""The results as tables, for the terminal and for the page: one text for both."""

from dataclasses import dataclass
from typing import Any

from tests.bench.play import FLOOR, SIDES
from tests.bench.spread import Spread

TO_FLOOR, PYTHON_MS, REACTION_MS, SHARE = 1.5, 0.8, 5.0, 0.4  # to reach


@dataclass(frozen=True)
class Report:
    """One table."""

    name: str  # of its place in docs/performance.md
    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def spread(value: Any, digits: int = 2, unit: str = "") -> str:
    """A spread from the results, told."""
    return Spread(**value).told(digits, unit)


def reports(results: dict[str, Any]) -> list[Report]:
    """All tables that the results have figures for."""
    makers = {"play": _play, "reaction": _reaction, "web": _web, "concurrent": _concurrent}
    found = [make(results) for name, make in makers.items() if name in results]
    return [_targets(results), *found, _machine(results)]


def _play(results: dict[str, Any]) -> Report:
    rows: list[tuple[str, ...]] = [
        (
            SIDES[side],
            spread(its["asterisk_ms"]),
            spread(its["python_ms"]),
            f"{its['kernel_ms']['median']:.2f}",
            spread(its["together_ms"]),
            "1" if side == FLOOR else spread(its["to_floor"]),
            spread(its["calls_a_second"], 1),
            f"{its['not_clean']} of {its['calls']:,}",
        )
        for side, its in results["play"].items()
    ]
    head = ("side", "Asterisk ms", "Python ms", "its kernel", "together ms", "to (a)", "calls a second", "not clean")
    title = f"CPU for one call, {results['rate']:g} calls a second, medians (least to most)"
    return Report("play", title, head, rows)


def _reaction(results: dict[str, Any]) -> Report:
    its = results["reaction"]
    rows: list[tuple[str, ...]] = [
        (name, *(spread(its[f"{kind}_p{part}"]) for part in (50, 99, 100)))
        for name, kind in (("from Asterisk's timestamp", "stamp"), ("from our reading it", "reading"))
    ]
    title = f"From an event to our request, ms, at {results['rate']:g} calls a second"
    return Report("reaction", title, ("", "p50", "p99", "most"), rows)


def _web(results: dict[str, Any]) -> Report:
    rows: list[tuple[str, ...]] = [
        (
            f"{name} ({its['bytes']:,} bytes)",
            spread(its["bare_a_second"], 0),
            spread(its["a_second"], 0),
            spread(its["share"]),
            spread(its["bare_cpu_us"], 0),
            spread(its["cpu_us"], 0),
        )
        for name, its in results["web"].items()
        if name != "add_numbers"
    ]
    adding = results["web"]["add_numbers"]
    rows.append((f"{adding['numbers']:,} numbers added: {spread(adding['ms'], 0, 'ms')}", *[""] * 5))
    head = ("request", "bare, a second", "ours, a second", "share", "bare, CPU µs", "ours, CPU µs")
    return Report("web", "SOAP through everything, beside a bare aiohttp handler", head, rows)


def _concurrent(results: dict[str, Any]) -> Report:
    rows: list[tuple[str, ...]] = [
        (
            f"{step['calls']:,}",
            f"{step['clean']} of {step['listened']}",
            str(step["lost"]),
            f"{1000 * step['longest_gap']:.0f} ms",
            f"{100 * step['asterisk']:.0f} %",
            f"{step['memory']:.0f} MB",
        )
        for step in results["concurrent"]
    ]
    head = ("calls at once", "heard clean", "packets lost", "longest gap", "Asterisk's CPU", "its memory")
    return Report("concurrent", "Calls at once, each hearing a recording", head, rows)


def _targets(results: dict[str, Any]) -> Report:
    rows: list[tuple[str, ...]] = []

    def row(what: str, limit: str, value: str, reached: bool) -> None:
        rows.append((what, limit, value, "yes" if reached else "no"))

    if "play" in results:
        ours = results["play"]["campaign"]
        floor, python = ours["to_floor"], ours["python_ms"]
        row("CPU for one call, to (a)", f"at most {TO_FLOOR}", spread(floor), floor["median"] <= TO_FLOOR)
        row("Python, ms a call", f"at most {PYTHON_MS}", spread(python), python["median"] <= PYTHON_MS)
    if "reaction" in results:
        late = results["reaction"]["stamp_p99"]
        row("event to reaction, p99, ms", f"under {REACTION_MS:g}", spread(late), late["median"] < REACTION_MS)
    for name, its in results.get("web", {}).items():
        if name != "add_numbers":
            share = its["share"]
            row(f"{name}, of the bare handler", f"at least {SHARE}", spread(share), share["median"] >= SHARE)
    if "concurrent" in results:
        rows.append(("calls at once, all clean", "", f"{results['greatest']:,}", ""))
    return Report("targets", "What was to be reached", ("", "to reach", "found", "reached"), rows)


def _machine(results: dict[str, Any]) -> Report:
    rows: list[tuple[str, ...]] = [
        *results["machine"].items(),
        ("used by others, before", results["load"]),
        ("measured", results["when"]),
    ]
    return Report("machine", "The machine", ("", ""), rows)
