"""Channel ids of our own: form, width, uniqueness (Asterisk's form; contract section 5, call_uniqueid)."""

import re

import pytest

from uncall_ari.ari import IdMaker


def test_an_id_has_asterisks_form_and_fits_call_uniqueid() -> None:
    id_ = IdMaker(7, clock=lambda: 1372123897.4).new()
    assert id_ == "1372123897.0070000"
    assert re.fullmatch(r"\d+\.\d+", id_)
    assert len(id_) <= 20


@pytest.mark.parametrize(
    ("clock", "why"),
    [
        ([100.0], "one second, more ids than fit into it"),
        ([100.0, 99.0, 98.5, 100.2], "a clock that is set back"),
        ([100.0, 101.0, 102.0], "a clock that goes on"),
    ],
)
def test_no_id_twice_and_none_a_prefix_of_another(clock: list[float], why: str) -> None:
    times = iter(clock)
    last = clock[-1]
    maker = IdMaker(3, clock=lambda: next(times, last))
    ids = [maker.new() for _ in range(25_000)]
    assert len(set(ids)) == len(ids), why
    assert {len(id_) for id_ in ids} == {18}, why


def test_two_starts_in_the_same_second_make_different_ids() -> None:
    first, second = IdMaker(1, clock=lambda: 100.0), IdMaker(2, clock=lambda: 100.0)
    assert {first.new() for _ in range(1000)}.isdisjoint({second.new() for _ in range(1000)})


def test_asterisks_own_ids_are_never_ours() -> None:
    _, _, number = IdMaker(99, clock=lambda: 100.0).new().partition(".")
    assert number.startswith("0"), "Asterisk counts without leading zeros"
