"""`uncall check`: shows what the doctor finds, one line for each check, and then what helps."""

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import structlog
from rich.console import Console
from rich.text import Text

from uncall_ari.cli.terminal import plain as harmless
from uncall_ari.cli.terminal import speaks_chinese
from uncall_ari.config import load_settings
from uncall_ari.doctor import TITLES, Check, Finding, Level, Words, examine
from uncall_ari.errors import ConfigError, ConfigErrors

_COLOURS = {Level.OK: "green", Level.SKIPPED: "dim", Level.WARNING: "yellow", Level.ERROR: "red"}
_WORDS = {
    Level.OK: Words("ok", "正常"),
    Level.SKIPPED: Words("skipped", "跳过"),
    Level.WARNING: Words("warning", "警告"),
    Level.ERROR: Words("error", "错误"),
}
_WORD_CELLS, _TITLE_CELLS = 8, 16


def run(config: Path | None, *, as_json: bool) -> int:
    """Check and print. Returns the exit status: 0 all is well, 1 there are warnings, 2 there are errors."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL)
    )  # what was found says it all
    found = asyncio.run(look(config))
    if as_json:
        print(json.dumps([plain(each) for each in found], ensure_ascii=False, indent=2))
    else:
        show(found, Console(highlight=False), 1 if speaks_chinese() else 0)
    return status(found)


async def look(config: Path | None) -> list[Finding]:
    """Read the settings; with mistakes in them, those are all that is found."""
    try:
        settings = load_settings(config)
    except ConfigErrors as mistakes:
        return [_mistake(each) for each in mistakes.errors]
    told = Words("can be read, no mistake", "可读，无错误")
    return [Finding(Check.SETTINGS, Level.OK, told), *await examine(settings)]


def _mistake(each: ConfigError) -> Finding:
    where = f"{each.source}: {each.key}" if each.key else each.source
    said = harmless(f"{where}: {each.problem}")
    return Finding(Check.SETTINGS, Level.ERROR, Words(said, said), Words(*[harmless(each.remedy)] * 2))


def status(found: Sequence[Finding]) -> int:
    """The exit status for these findings."""
    levels = {each.level for each in found}
    return 2 if Level.ERROR in levels else 1 if Level.WARNING in levels else 0


def plain(each: Finding) -> dict[str, object]:
    """A finding for programs."""
    return {
        "check": each.check.value,
        "level": each.level.value,
        "found": each.found._asdict(),
        "remedy": each.remedy._asdict() if any(each.remedy) else None,
    }


def show(found: Sequence[Finding], console: Console, language: int) -> None:
    """Print for people: `language` 0 is English, 1 Chinese."""
    for each in found:
        line = Text(_filled(_WORDS[each.level][language], _WORD_CELLS), style=_COLOURS[each.level])
        line.append(_filled(TITLES[each.check][language], _TITLE_CELLS), style="bold")
        console.print(line.append(each.found[language], style="default"), soft_wrap=True)
    todo = [each for each in found if each.remedy[language] and each.level is not Level.OK]
    for number, each in enumerate(todo, 1):
        title = TITLES[each.check][language]
        line = Text(f"\n{number}. ").append(f"{title}: ", style=_COLOURS[each.level]).append(each.found[language])
        console.print(line, soft_wrap=True)
        console.print(Text(f"   {each.remedy[language]}"), soft_wrap=True)
    console.print(Text(f"\n{_summary(found)[language]}", style="bold"))


def _summary(found: Sequence[Finding]) -> Words:
    errors = sum(each.level is Level.ERROR for each in found)
    warnings = sum(each.level is Level.WARNING for each in found)
    if not errors and not warnings:
        return Words("All is well.", "一切正常。")
    return Words(
        f"{errors} {'error' if errors == 1 else 'errors'}, {warnings} {'warning' if warnings == 1 else 'warnings'}.",
        f"{errors} 个错误，{warnings} 个警告。",
    )


def _filled(text: str, cells: int) -> str:
    line = Text(text)
    line.align("left", max(cells, line.cell_len + 1))
    return line.plain
