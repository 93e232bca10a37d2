"""Local days as stretches of UTC, so that a database without time zones can count by them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


class Span(NamedTuple):
    """Local days in a row that begin with the same offset from UTC. A moment in [begin, end) belongs to the date of
    moment + offset, or to `last`, whichever is earlier: clocks are changed on the last day only."""

    last: date
    begin: datetime  # UTC
    end: datetime
    offset: int  # seconds


def spans(zone: ZoneInfo, first: date, last: date) -> list[Span]:
    """The local days from `first` to `last`, both included, in the fewest stretches."""
    found: list[Span] = []
    day = first
    while day <= last:
        begin, end = midnight(zone, day), midnight(zone, day + ONE_DAY)
        offset = _offset(zone, begin)
        if found and found[-1].offset == offset:
            found[-1] = Span(day, found[-1].begin, end, offset)
        else:
            found.append(Span(day, begin, end, offset))
        day += ONE_DAY
    return found


def midnight(zone: ZoneInfo, day: date) -> datetime:
    """The moment at which a local day begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())
