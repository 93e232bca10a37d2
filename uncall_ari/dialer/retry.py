"""Whether and when a number is dialled again after an attempt that failed. Pure."""

from datetime import UTC, datetime, timedelta

from uncall_ari.config.dialling import RetrySettings
from uncall_ari.dialer.causes import Cause


def retry_at(cause: Cause, attempts_so_far: int, policy: RetrySettings, now: datetime) -> datetime | None:
    """The moment before which the number is not dialled again; None: it is not dialled again at all.

    `attempts_so_far` counts the attempt that has just ended (1 after the first). All causes share one
    budget, so that a number that is busy, then unanswered, then busy does not get three of them. The
    wait is real time, also where clocks change meanwhile; it never is 0, and for a refused call (486,
    603) it is a minute at least (`RetrySettings`), on whichever trunk the next attempt goes out.
    """
    wait = policy.causes.get(cause)
    if wait is None or attempts_so_far > policy.budget:
        return None
    if now.tzinfo is None:
        return now + timedelta(seconds=wait)
    return (now.astimezone(UTC) + timedelta(seconds=wait)).astimezone(now.tzinfo)
