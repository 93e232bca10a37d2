"""Moments in the tables. Everything that enters or leaves the store is an aware datetime.

Three kinds of columns:

- wall    `o_task_run_N.call_time`: local time in the configured zone, whole seconds, because third parties read it so.
- stamp   `create_time`, `addtime` (type timestamp): the database keeps the instant. Our MySQL sessions speak UTC; on
          SQLite, which has no such type, it is the local time as in `wall`.
- utc     our own tables: UTC with milliseconds, so that no clock change makes a retry early or a call negative.

All are bound as text: both databases take it, and no driver has to guess.
"""

from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

_LENGTH = {"seconds": 19, "milliseconds": 23}


class Times:
    """Turns aware datetimes into column values and back, for one database and one time zone."""

    def __init__(self, zone: ZoneInfo, *, stamps_are_utc: bool) -> None:
        self.zone: Final = zone
        self._stamp_zone = UTC if stamps_are_utc else zone

    def wall(self, when: datetime) -> str:
        """Local time for a `datetime` column that third parties read."""
        return _text(when, self.zone, "seconds")

    def stamp(self, when: datetime) -> str:
        """The value for a `timestamp` column."""
        return _text(when, self._stamp_zone, "seconds")

    def utc(self, when: datetime) -> str:
        """UTC with milliseconds, for our own tables."""
        return _text(when, UTC, "milliseconds")

    def from_wall(self, value: object) -> datetime | None:
        """A `datetime` column as an aware moment; None for NULL and for what is no time."""
        return _moment(value, self.zone, self.zone)

    def from_stamp(self, value: object) -> datetime | None:
        """A `timestamp` column as an aware moment; None for NULL and for what is no time."""
        return _moment(value, self._stamp_zone, self.zone)

    def from_utc(self, value: object) -> datetime | None:
        """A column of our own tables as an aware moment, in UTC: differences are then true on every day."""
        return _moment(value, UTC, UTC)


def _text(when: datetime, zone: tzinfo, timespec: str) -> str:
    if when.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {when!r}")
    there = when if when.tzinfo is zone else when.astimezone(zone)
    return there.isoformat(" ", timespec)[: _LENGTH[timespec]]  # without the offset


def _moment(value: object, zone: tzinfo, wanted: tzinfo) -> datetime | None:
    """The MySQL driver gives datetimes (and text for the zero date), SQLite gives whatever was written."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    try:
        return value.astimezone(wanted)
    except OverflowError:  # the year 1 or 9999, written by somebody else
        return None
