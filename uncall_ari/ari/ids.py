"""Channel ids of our own, in Asterisk's form, so that uid, uniqueid and call_uniqueid are one string.

The form is `EPOCH.0SSNNNN`: the second, a dot, a zero, the start's number modulo 100, a running number.
Fixed width, so no id is a prefix of another (Asterisk matches some ids by prefix); 18 characters, so it
fits `call_uniqueid varchar(20)` (contract section 5). Asterisk's own ids have no leading zero after the
dot, so the two never meet.
"""

import time
from collections.abc import Callable

_PER_SECOND = 10_000


class IdMaker:
    """Makes ids that no other start of the engine makes, and never the same one twice."""

    def __init__(self, start: int, clock: Callable[[], float] = time.time) -> None:
        """`start` is the number of this start of the engine (the store counts them)."""
        self._start = start % 100
        self._clock = clock
        self._second = 0
        self._next = 0

    def new(self) -> str:
        """Return a new id. More than 10,000 in a second borrow from the seconds to come; a clock that
        is set back does not repeat ids."""
        now = int(self._clock())
        if now > self._second:
            self._second, self._next = now, 0
        elif self._next == _PER_SECOND:
            self._second, self._next = self._second + 1, 0
        number, self._next = self._next, self._next + 1
        return f"{self._second:010d}.0{self._start:02d}{number:04d}"
