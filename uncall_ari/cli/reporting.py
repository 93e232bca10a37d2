"""`uncall report`: the daily report on abandoned calls, straight from the database, with or without an engine."""

import asyncio
import csv
import enum
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from uncall_ari.config import Settings
from uncall_ari.errors import NoSuchTask, UncallError
from uncall_ari.store import Store
from uncall_ari.store.records import ComplianceDay

DAYS = 30  # shown when nothing else is asked for
_YEARS = range(2000, 2101)
_COLUMNS = (
    "date",
    "task_id",
    "task_name",
    "dialled",
    "answered",
    "machines",
    "live_answers",
    "abandoned",
    "abandon_rate",
    "live_answers_30_days",
    "abandoned_30_days",
    "abandon_rate_30_days",
)


class Format(enum.StrEnum):
    """How the report is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for; None: all tasks, the last 30 days, standard output."""

    task: int | None = None
    since: date | None = None
    until: date | None = None
    format: Format = Format.TABLE
    output: Path | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The days from `since` to `until`, both included, as the zone's clocks tell them."""

    zone: ZoneInfo
    since: date
    until: date
    days: Sequence[ComplianceDay]
    names: Mapping[int, str]  # of the tasks that are not deleted


def run(settings: Settings, order: Order) -> None:
    """Write the report. Raises UncallError when there is no such task or database, and for days and a file that
    will not do."""
    zone = settings.dialer.timezone
    since, until = days_of(order, datetime.now(zone).date())
    report = asyncio.run(read(settings.database.url.get_secret_value(), zone, since, until, order.task))
    write(written(report, order.format), order.output)


def days_of(order: Order, today: date) -> tuple[date, date]:
    """The first and the last day. Raises UncallError for days that will not do."""
    for name, day in (("--from", order.since), ("--to", order.until)):
        if day is not None and day.year not in _YEARS:
            raise UncallError(f"{name} {day} is out of reach: write a day of the years 2000 to 2100")
    until = order.until or max(today, order.since or today)
    since = order.since or until - timedelta(days=DAYS - 1)
    if since > until:
        raise UncallError(f"--from {since} is after --to {until}: write the earlier day first")
    return since, until


async def read(url: str, zone: ZoneInfo, since: date, until: date, task: int | None) -> Report:
    """Count in the database. Raises NoSuchTask, ConfigError, StoreUnavailable."""
    async with await Store.open_to_read(url, timezone=zone) as store:
        tasks = await store.tasks(task)
        if task is not None and not tasks and not await store.recent_calls(task, 1):
            raise NoSuchTask(task)
        days = await store.compliance(since, until, task)
    return Report(zone, since, until, days, {each.id: each.name for each in tasks})


def written(report: Report, form: Format) -> bytes:
    """The report as the bytes of a file, in UTF-8."""
    match form:
        case Format.CSV:
            return _csv(report).encode("utf-8-sig")  # without the mark, Excel in China takes it for GBK
        case Format.JSON:
            return _json(report).encode()
        case Format.TABLE:
            return _table(report, width=None if sys.stdout.isatty() else 150).encode()


def write(content: bytes, output: Path | None) -> None:
    """To the file, or to standard output. Raises UncallError when the file cannot be written."""
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise UncallError(f"--output {output}: {error.strerror or error}") from None


def _rows(report: Report) -> list[tuple[str | int | float | None, ...]]:
    """The values of `_COLUMNS`."""
    return [
        (
            day.day.isoformat(),
            day.task_id,
            report.names.get(day.task_id),
            day.dialled,
            day.answered,
            day.machines,
            day.live_answers,
            day.abandoned,
            _rounded(day.rate),
            day.live_30,
            day.abandoned_30,
            _rounded(day.rate_30),
        )
        for day in report.days
    ]


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 6)


def _csv(report: Report) -> str:
    text = io.StringIO()
    writer = csv.writer(text)  # lines end with CR LF (RFC 4180)
    writer.writerow(_COLUMNS)
    writer.writerows([_harmless(value) for value in row] for row in _rows(report))
    return text.getvalue()


def _harmless(value: object) -> object:
    """Spreadsheets run a text that begins so as a formula; names of tasks come from anywhere."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value


def _json(report: Report) -> str:
    document = {
        "timezone": report.zone.key,
        "from": report.since.isoformat(),
        "to": report.until.isoformat(),
        "days": [dict(zip(_COLUMNS, row, strict=True)) for row in _rows(report)],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _table(report: Report, width: int | None) -> str:
    """For a terminal of this width; None: of the one that is there."""
    console = Console(file=io.StringIO(), width=width or Console().width, force_terminal=width is None)
    table = Table(title=f"Calls of {report.since} to {report.until}, {report.zone.key}")
    table.add_column("day", no_wrap=True)
    table.add_column("task", overflow="ellipsis", no_wrap=True)
    for name in ("dialled", "answered", "machines", "live", "abandoned", "rate", "live, 30 days", "abandoned", "rate"):
        table.add_column(name, justify="right")
    for day in report.days:
        name = "".join(c if c.isprintable() else "?" for c in report.names.get(day.task_id, "(deleted)"))
        counts = (day.dialled, day.answered, day.machines, day.live_answers, day.abandoned)
        sums = (_percent(day.rate), f"{day.live_30:,}", f"{day.abandoned_30:,}", _percent(day.rate_30))
        table.add_row(str(day.day), Text(f"{day.task_id} {name}"), *(f"{each:,}" for each in counts), *sums)
    console.print(table if report.days else f"No calls from {report.since} to {report.until} ({report.zone.key}).")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.2%}"
