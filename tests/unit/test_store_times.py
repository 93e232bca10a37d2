"""Moments in and out of the tables."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from uncall_ari.store.times import Times

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
MOMENT = datetime(2026, 1, 31, 20, 5, 6, 789_999, tzinfo=UTC)

MYSQL = Times(SHANGHAI, stamps_are_utc=True)
SQLITE = Times(SHANGHAI, stamps_are_utc=False)


def test_into_columns() -> None:
    assert MYSQL.wall(MOMENT) == SQLITE.wall(MOMENT) == "2026-02-01 04:05:06"
    assert MYSQL.utc(MOMENT) == SQLITE.utc(MOMENT) == "2026-01-31 20:05:06.789"
    assert MYSQL.stamp(MOMENT) == "2026-01-31 20:05:06"
    assert SQLITE.stamp(MOMENT) == "2026-02-01 04:05:06"


@pytest.mark.parametrize("offset", [0, 8, -11])
def test_the_zone_of_the_argument_does_not_matter(offset: int) -> None:
    moment = MOMENT.astimezone(timezone(timedelta(hours=offset)))
    assert MYSQL.wall(moment) == "2026-02-01 04:05:06"
    assert MYSQL.utc(moment) == "2026-01-31 20:05:06.789"


def test_in_the_configured_zone_already() -> None:
    assert SQLITE.wall(MOMENT.astimezone(SHANGHAI)) == "2026-02-01 04:05:06"


def test_without_a_time_zone_is_a_mistake() -> None:
    for write in (MYSQL.wall, MYSQL.utc, MYSQL.stamp):
        with pytest.raises(ValueError, match="without a time zone"):
            write(MOMENT.replace(tzinfo=None))


@pytest.mark.parametrize("value", [datetime(2026, 2, 1, 4, 5, 6), "2026-02-01 04:05:06"])  # noqa: DTZ001
def test_out_of_columns(value: object) -> None:
    assert MYSQL.from_wall(value) == datetime(2026, 1, 31, 20, 5, 6, tzinfo=UTC)
    assert SQLITE.from_stamp(value) == datetime(2026, 1, 31, 20, 5, 6, tzinfo=UTC)
    assert MYSQL.from_stamp(value) == datetime(2026, 2, 1, 4, 5, 6, tzinfo=UTC)
    assert MYSQL.from_utc(value) == datetime(2026, 2, 1, 4, 5, 6, tzinfo=UTC)
    found = MYSQL.from_utc(value)
    assert found is not None
    assert found.tzinfo == UTC


@pytest.mark.parametrize("value", [None, "", "soon", "0000-00-00 00:00:00", 5, 5.5, b"2026-02-01 04:05:06"])
def test_what_is_no_time_is_none(value: object) -> None:
    assert MYSQL.from_wall(value) is None
    assert MYSQL.from_stamp(value) is None
    assert MYSQL.from_utc(value) is None


def test_times_at_the_ends_of_the_calendar_are_no_error() -> None:
    assert MYSQL.from_stamp("9999-12-31 23:59:59") is None
    assert Times(ZoneInfo("America/New_York"), stamps_are_utc=True).from_stamp("0001-01-01 00:00:00") is None


def test_utc_is_unambiguous_when_the_clock_is_set_back() -> None:
    berlin = Times(BERLIN, stamps_are_utc=True)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 2:30 summer time
    second = first + timedelta(hours=1)  # 2:30 winter time
    assert berlin.wall(first) == berlin.wall(second) == "2026-10-25 02:30:00"
    assert [berlin.from_utc(berlin.utc(moment)) for moment in (first, second)] == [first, second]
