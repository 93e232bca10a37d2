"""Waiting: the value comes back, and what never came is told."""

import pytest

from uncall_ari.lab import NotInTime, until, wait_until


def test_the_first_true_value_comes_back() -> None:
    values = iter([0, None, "", "here"])
    assert wait_until(lambda: next(values), "a value") == "here"


def test_what_never_came_is_told() -> None:
    with pytest.raises(NotInTime, match=r"waited 0 s for the call to end; seen last: \[\]"):
        wait_until(list, "the call to end", limit=0.0)


async def test_until_takes_functions_and_coroutines() -> None:
    values = iter([0, 1])
    assert await until(lambda: next(values), "a value") == 1

    more = iter([0, 2])

    async def look() -> int:
        return next(more)

    assert await until(look, "a value") == 2
    with pytest.raises(NotInTime, match="seen last: None"):
        await until(lambda: None, "nothing", limit=0.0)
