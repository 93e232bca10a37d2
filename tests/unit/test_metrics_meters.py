"""What the engine counts with."""

from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.ari.events import lag
from uncall_ari.metrics.meters import Counter, Histogram, Histograms, Rate


def test_counts_by_labels() -> None:
    counter = Counter()
    counter.add("a", "x")
    counter.add("a", "y", by=3)
    counter.add("a", "x")
    assert counter.values == {("a", "x"): 2, ("a", "y"): 3}


def test_a_value_on_a_bound_belongs_below_it() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.0, 0.1, 0.2, 1.0, 7.0):
        histogram.take(value)
    assert histogram.buckets() == [(0.1, 2), (1.0, 4), (inf, 5)]
    assert histogram.sum == pytest.approx(8.3)


def test_histograms_are_made_as_labels_come() -> None:
    histograms = Histograms((1.0,))
    histograms.take(0.5, "read")
    histograms.take(2.0, "write")
    assert {labels: each.buckets() for labels, each in histograms.values.items()} == {
        ("read",): [(1.0, 1), (inf, 1)],
        ("write",): [(1.0, 0), (inf, 1)],
    }


@given(st.lists(st.floats(0, 300), max_size=40), st.floats(0, 400))
def test_a_rate_counts_a_minute(waits: list[float], later: float) -> None:
    rate, now, moments = Rate(), 1e5, []
    for wait in waits:
        now += wait
        moments.append(now)
        rate.add(now)
    asked = now + later
    assert rate.per_minute(asked) == sum(each > asked - 60 for each in moments)


NOON = datetime(2026, 11, 18, 12, 27, 20, 250_000, UTC).timestamp()


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [
        ("2026-11-18T12:27:20.247+0000", 0.003),
        ("2026-11-18T20:27:20.100+0800", 0.15),
        ("2026-11-18T12:26:59.250+0000", 21.0),  # of the minute before
        ("2026-11-18T12:27:20.251+0000", 0.0),  # from the future: the clock was put back
        ("", None),
        ("yesterday, at noon o'clock", None),
        ("2026-11-18T11:27:20.250+0000", 3600.0),
        ("0001-01-01T00:00:00", None),
    ],
)
def test_an_events_lag(timestamp: str, seconds: float | None) -> None:
    found = lag(timestamp, NOON)
    assert found is None if seconds is None else found == pytest.approx(seconds, abs=1e-4)
