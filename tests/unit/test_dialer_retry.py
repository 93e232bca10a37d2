"""Whether and when a number is dialled again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from uncall_ari.config import RetrySettings
from uncall_ari.dialer.causes import Cause
from uncall_ari.dialer.retry import retry_at

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POLICY = RetrySettings(budget=2, causes={Cause.BUSY: 300, Cause.NO_ANSWER: 3600})


@pytest.mark.parametrize(
    ("cause", "attempts", "seconds"),
    [
        (Cause.BUSY, 1, 300),
        (Cause.BUSY, 2, 300),
        (Cause.BUSY, 3, None),  # two further attempts: the budget is used up
        (Cause.NO_ANSWER, 1, 3600),
        (Cause.NO_ANSWER, 3, None),  # one budget, whatever the causes before
        (Cause.REJECTED, 1, None),  # not in the policy
        (Cause.ANSWERED, 1, None),
        (Cause.DO_NOT_CALL, 1, None),
    ],
)
def test_retry_at(cause: Cause, attempts: int, seconds: int | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert retry_at(cause, attempts, POLICY, NOW) == expected


@pytest.mark.parametrize("cause", list(Cause))
def test_nothing_is_retried_by_default(cause: Cause) -> None:
    assert retry_at(cause, 1, RetrySettings(), NOW) is None


def test_a_budget_alone_retries_nothing() -> None:
    assert retry_at(Cause.BUSY, 1, RetrySettings(budget=5), NOW) is None


def test_the_wait_is_real_time_where_clocks_change() -> None:
    zone = ZoneInfo("America/New_York")
    before = datetime(2026, 3, 8, 1, 30, tzinfo=zone)  # half an hour before 2:00 becomes 3:00
    after = retry_at(Cause.NO_ANSWER, 1, POLICY, before)
    assert after is not None
    assert after.replace(tzinfo=None) == datetime(2026, 3, 8, 3, 30)  # noqa: DTZ001  wall time
    assert after.timestamp() - before.timestamp() == 3600


def test_a_clock_without_a_zone_stays_without_one() -> None:
    now = datetime(2026, 3, 1, 12, 0)  # noqa: DTZ001  on purpose
    assert retry_at(Cause.BUSY, 1, POLICY, now) == now + timedelta(seconds=300)


@pytest.mark.parametrize(
    ("causes", "problem"),
    [
        ({"busy": 59}, "busy must be 60 to"),
        ({"rejected": 0}, "rejected must be 60 to"),
        ({"no-answer": 0}, "no-answer must be 1 to"),
        ({"no-answer": 40 * 86400}, "no-answer must be 1 to"),
        ({"answered": 300}, "answered is not dialled again"),
        ({"call-back": 300}, "call-back is not dialled again"),
        ({"do-not-call": 300}, "do-not-call is not dialled again"),
        ({"not-allowed": 300}, "not-allowed is not dialled again"),
        ({"bad-number": 300}, "bad-number is not dialled again"),
    ],
)
def test_policies_that_are_refused(causes: dict[str, int], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        RetrySettings.model_validate({"budget": 1, "causes": causes})
