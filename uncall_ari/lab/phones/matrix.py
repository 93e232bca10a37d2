"""Who hears whom: several calls' meters side by side, for scenarios with more than two parties."""

import time
from collections.abc import Collection, Mapping

from .call import Call
from .errors import NotSeen
from .meter import HEARD, UNHEARD, WINDOW

LISTENERS = "hears →"


class Hearing:
    """The level at which each party hears each party's tone, itself included (an echo), at one moment."""

    def __init__(self, calls: Mapping[str, Call], seconds: float = WINDOW) -> None:
        """Measure the last `seconds`. ValueError when two parties have the same tone or one has none."""
        tones = {name: call.tone for name, call in calls.items()}
        if len(set(tones.values())) < len(tones) or 0 in tones.values():
            raise ValueError(f"each party needs a tone of its own: {tones}")
        self.names = list(calls)
        self.levels: dict[tuple[str, str], float] = {}
        for listener, call in calls.items():
            levels = call.levels(tones.values(), seconds)
            for speaker, tone in tones.items():
                self.levels[listener, speaker] = levels[tone]

    def heard(self, listener: str, speaker: str) -> bool:
        """Whether the speaker's tone is at -15 dBFS or more."""
        return self.levels[listener, speaker] >= HEARD

    def differs(self, expected: Mapping[str, Collection[str]]) -> list[str]:
        """What is not as expected: who should hear whom, everybody else being below -45 dBFS. [] when all is."""
        problems = []
        for (listener, speaker), level in self.levels.items():
            if speaker in expected.get(listener, ()):
                if level < HEARD:
                    problems.append(f"{listener} should hear {speaker}")
            elif level > UNHEARD:
                problems.append(f"{listener} should not hear {speaker}")
        return problems

    def __str__(self) -> str:
        width = max(len(LISTENERS), *map(len, self.names)) + 2
        rows = [LISTENERS.ljust(width) + "".join(name.rjust(width) for name in self.names)]
        for listener in self.names:
            cells = (f"{self.levels[listener, speaker]:.0f}" for speaker in self.names)
            rows.append(listener.ljust(width) + "".join(cell.rjust(width) for cell in cells))
        return "\n".join(rows)


async def hearing(
    calls: Mapping[str, Call],
    expected: Mapping[str, Collection[str]],
    timeout: float = 5,  # noqa: ASYNC109
) -> Hearing:
    """Wait until everybody hears those whom `expected` names for them and nobody else, for a half second from now on.

    NotSeen with the whole table otherwise, and at once when one of the calls has ended. ValueError for a name in
    `expected` that is none of the calls'.
    """
    strangers = {*expected, *(name for names in expected.values() for name in names)} - set(calls)
    if strangers:
        raise ValueError(f"no call is given for {sorted(strangers)}")
    first = next(iter(calls.values()))
    began = time.monotonic()
    last: Hearing | None = None

    def look() -> bool:
        nonlocal last
        ended = [f"{name}: {call}" for name, call in calls.items() if call.ended_at is not None]
        if ended:
            raise NotSeen(f"waited for everybody to hear {dict(expected)}, but a call has ended: {ended}")
        if time.monotonic() - began < WINDOW:
            return False
        last = Hearing(calls)
        return not last.differs(expected)

    def seen() -> str:
        problems = "; ".join(last.differs(expected)) if last else "no whole window yet"
        return f"{problems} (levels in dBFS)\n{last}"

    await first.watch.until(look, timeout, f"everybody to hear {dict(expected)}", seen)
    assert last is not None
    return last
