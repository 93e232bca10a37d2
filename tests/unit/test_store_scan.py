"""Where the search for open numbers goes on."""

from datetime import UTC, datetime

from uncall_ari.store.scan import Scan, rest_after


def test_goes_on_behind_what_was_taken() -> None:
    scan = Scan()
    scan.took([3, 9, 4])
    assert scan.after == 9
    scan.took([])
    assert scan.after == 9


def test_a_look_leads_to_the_first_open_row_even_further_up() -> None:
    scan = Scan(after=900)
    assert scan.looked(now=100.0, seconds=0.001, first_open=7, last=1000)
    assert scan.after == 6


def test_a_look_that_finds_nothing_goes_to_the_end() -> None:
    scan = Scan(after=900)
    assert scan.until < 30_000
    assert not scan.looked(now=100.0, seconds=0.001, first_open=None, last=1000)
    assert scan.after == 1000
    assert scan.until == 2**31 - 1  # new rows may begin far away
    scan.took([50_000])
    assert scan.until < 80_000


def test_quick_looks_are_free_and_slow_ones_rare() -> None:
    scan = Scan()
    scan.looked(now=100.0, seconds=0.01, first_open=None, last=0)
    assert scan.may_look(100.0)
    scan.looked(now=100.0, seconds=2.0, first_open=None, last=0)
    assert not scan.may_look(139.9)
    assert scan.may_look(140.0)
    assert rest_after(0.5) == 10.0


def test_retries_are_asked_for_each_second_and_after_a_change() -> None:
    scan = Scan()
    due = datetime(2026, 1, 1, tzinfo=UTC)
    scan.peeked(50.0, due)
    assert (scan.next_due, scan.peek_at) == (due, 51.0)
    scan.retries_changed()
    assert scan.peek_at == 0.0
