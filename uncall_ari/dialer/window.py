"""The hours of the day in which a task places calls. Pure: wall-clock times in, the clock included.

A window works on local wall times alone, so the days on which clocks change need no rule of their own:
a window that opens within the skipped hour opens at its end, one within the repeated hour is open twice.
"""

import re
from datetime import datetime, time, timedelta

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
MIDNIGHT = time(0, 0)


def parse_time(text: str, *, as_end: bool = False) -> time:
    """The time of day in `text`: `9:00`, `09:00` or `09:00:00`, with colons of either width.

    `as_end` takes `24:00` too, as midnight: a window that ends at 0:00 goes to the end of the day.
    ValueError says what is wrong; the text comes from clients and from rows that others write.
    """
    found = _TIME.fullmatch(text.strip().replace("：", ":"))
    if found is None:
        raise ValueError("is no time of day such as 09:00")
    hour, minute, second = (int(part or 0) for part in found.groups())
    if as_end and (hour, minute, second) == (24, 0, 0):
        return MIDNIGHT
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("is no time of day: hours go to 23, minutes and seconds to 59")
    return time(hour, minute, second)


def is_open(day_start: time, day_end: time, now_local: datetime) -> bool:
    """Whether calls may be placed now: from `day_start` on, and before `day_end`.

    A start after the end goes across midnight (22:00 to 06:00); an equal start and end are the whole
    day. `now_local` is the wall clock in the dialler's time zone; its tzinfo is not looked at.
    """
    now = now_local.time()
    if day_start == day_end:
        return True
    if day_start < day_end:
        return day_start <= now < day_end
    return now >= day_start or now < day_end


def next_change(day_start: time, day_end: time, now_local: datetime) -> datetime | None:
    """The wall-clock time, without tzinfo, at which the window opens or closes next; None: it never does.

    Always later than `now_local`, by at most 24 hours on the wall clock.
    """
    if day_start == day_end:
        return None
    wall = now_local.replace(tzinfo=None, fold=0)
    edge = day_end if is_open(day_start, day_end, wall) else day_start
    today = datetime.combine(wall.date(), edge)
    return today if today > wall else today + timedelta(days=1)
