"""Where the search for numbers stands, so that a claim costs the same among a million rows as among ten."""

from dataclasses import dataclass
from datetime import datetime

from uncall_ari.store.values import INT_MAX

# Searching whole tables may take a twentieth of the time: what a slow search took is waited 20 times over.
_PATIENCE = 20
_QUICK_SECONDS = 0.02
_PEEK_SECONDS = 1.0
_WINDOW = 20_000


def rest_after(seconds: float) -> float:
    """The seconds to wait after a search that took so long."""
    return _PATIENCE * seconds if seconds > _QUICK_SECONDS else 0.0


@dataclass(slots=True)
class Scan:
    """The place in one task's number table.

    Open rows are taken in the order of their ids, from `after` on. Rows that were opened again further up are
    found by a look over the whole table when no more come. That look is a look-up in a key, except where a
    third party has marked very many rows as deleted; so it is repeated the later the longer it took.
    """

    after: int = 0
    at_end: bool = False  # nothing was open when the table was last looked through, to `after`
    look_at: float = 0.0  # monotonic seconds, as `peek_at`
    next_due: datetime | None = None  # of the task's retries
    postponed: bool = False  # whether open numbers are among them
    peek_at: float = 0.0  # when to ask again what these two are

    def peeked(self, now: float, next_due: datetime | None, *, postponed: bool = False) -> None:
        """The database has told when the next retry is due. Another engine may add one: ask again soon."""
        self.next_due, self.postponed = next_due, postponed
        self.peek_at = now + _PEEK_SECONDS

    def retries_changed(self) -> None:
        """Retries were added or taken."""
        self.peek_at = 0.0

    @property
    def until(self) -> int:
        """The last id for the next claim: a window, so that nobody waits long for the locks of a claim that
        meets deleted rows only. What came behind the end is new, and its ids may begin far away."""
        return INT_MAX if self.at_end else self.after + _WINDOW

    def took(self, number_ids: list[int]) -> None:
        """Open rows with these ids were claimed."""
        if number_ids:
            self.after = max(number_ids)
            self.at_end = False

    def may_look(self, now: float) -> bool:
        """Whether the whole table may be looked through again."""
        return now >= self.look_at

    def looked(self, now: float, seconds: float, first_open: int | None, last: int) -> bool:
        """A look over the whole table has ended. Returns whether there is something to claim."""
        self.look_at = now + rest_after(seconds)
        self.after = last if first_open is None else first_open - 1
        self.at_end = first_open is None
        return first_open is not None
