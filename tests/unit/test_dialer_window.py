"""The daily window: times as people write them, midnight, the whole day, days on which clocks change."""

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.dialer.window import is_open, next_change, parse_time

TIMES = st.times().map(lambda moment: moment.replace(microsecond=0))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("9:00", time(9, 0)),
        ("09:00", time(9, 0)),
        ("09:00:30", time(9, 0, 30)),
        (" 18:05\n", time(18, 5)),
        ("9：30", time(9, 30)),
        ("00:00", time(0, 0)),
        ("23:59:59", time(23, 59, 59)),
    ],
)
def test_parse_time(text: str, moment: time) -> None:
    assert parse_time(text) == moment
    assert parse_time(text, as_end=True) == moment


@pytest.mark.parametrize(
    "text",
    ["", "9", "900", "24:00", "24:01", "25:00", "12:60", "12:00:60", "9:0", "-1:00", "9am", "٠٩:٠٠", "9:00:00:00"],
)
def test_parse_time_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        parse_time(text)


@pytest.mark.parametrize("text", ["24:00", "24:00:00"])
def test_the_end_of_the_day_is_a_time_at_the_end_only(text: str) -> None:
    assert parse_time(text, as_end=True) == time(0, 0)
    with pytest.raises(ValueError, match="hours go to 23"):
        parse_time("24:00:01", as_end=True)


@given(st.text(max_size=12))
def test_parse_time_raises_nothing_but_value_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_time(text), time)


@pytest.mark.parametrize(
    ("start", "end", "now", "opened"),
    [
        ("09:00", "18:00", "08:59:59", False),
        ("09:00", "18:00", "09:00:00", True),
        ("09:00", "18:00", "17:59:59", True),
        ("09:00", "18:00", "18:00:00", False),
        ("22:00", "06:00", "21:59:59", False),
        ("22:00", "06:00", "22:00:00", True),
        ("22:00", "06:00", "00:00:00", True),
        ("22:00", "06:00", "05:59:59", True),
        ("22:00", "06:00", "06:00:00", False),
        ("09:00", "24:00", "23:59:59", True),
        ("09:00", "24:00", "00:00:00", False),
        ("00:00", "24:00", "12:00:00", True),
        ("09:00", "09:00", "08:00:00", True),
        ("09:00", "09:00", "09:00:00", True),
    ],
)
def test_is_open(start: str, end: str, now: str, opened: bool) -> None:
    moment = datetime.combine(datetime(2026, 3, 1), parse_time(now))  # noqa: DTZ001  wall time
    assert is_open(parse_time(start), parse_time(end, as_end=True), moment) is opened


@pytest.mark.parametrize(
    ("start", "end", "now", "change"),
    [
        ("09:00", "18:00", "2026-03-01T08:00:00", "2026-03-01T09:00:00"),
        ("09:00", "18:00", "2026-03-01T09:00:00", "2026-03-01T18:00:00"),
        ("09:00", "18:00", "2026-03-01T18:00:00", "2026-03-02T09:00:00"),
        ("22:00", "06:00", "2026-02-28T23:00:00", "2026-03-01T06:00:00"),
        ("22:00", "06:00", "2026-03-01T03:00:00", "2026-03-01T06:00:00"),
        ("09:00", "00:00", "2026-12-31T12:00:00", "2027-01-01T00:00:00"),
        ("09:00", "09:00", "2026-03-01T08:00:00", None),
    ],
)
def test_next_change(start: str, end: str, now: str, change: str | None) -> None:
    expected = None if change is None else datetime.fromisoformat(change)
    assert next_change(parse_time(start), parse_time(end), datetime.fromisoformat(now)) == expected


@given(TIMES, TIMES, st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001  wall time
def test_the_window_changes_there_and_not_before(start: time, end: time, now: datetime) -> None:
    change = next_change(start, end, now)
    if change is None:
        assert start == end
        return
    opened = is_open(start, end, now)
    assert now < change <= now + timedelta(days=1)
    assert is_open(start, end, change) is not opened
    assert is_open(start, end, max(now, change - timedelta(microseconds=1))) is opened


@pytest.mark.parametrize(
    ("utc", "opened"),
    [  # New York: 2:00 becomes 3:00 on 2026-03-08 (7:00 UTC), 2:00 becomes 1:00 on 2026-11-01 (6:00 UTC)
        ("2026-03-08T06:59:59", False),
        ("2026-03-08T07:00:00", True),  # opens at 2:30, a time that there is not: at 3:00
        ("2026-03-08T12:59:59", True),
        ("2026-03-08T13:00:00", False),  # 9:00 in summer
        ("2026-11-01T13:59:59", True),
        ("2026-11-01T14:00:00", False),  # 9:00 in winter
    ],
)
def test_the_wall_clock_decides_where_clocks_change(utc: str, opened: bool) -> None:
    wall = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    assert is_open(time(2, 30), time(9, 0), wall) is opened
    change = next_change(time(2, 30), time(9, 0), wall)
    assert change is not None
    assert change.tzinfo is None
