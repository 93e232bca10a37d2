"""What a dialplan may ask outside Stasis: is this extension to be disturbed, where does a call go, is a caller refused.

Each question is answered by one channel variable; `fastagi` carries it. The decisions are those of the engine's own
calls, so that a call is led the same way wherever it is decided.
"""

import re

from uncall_ari.calls.records import ExtensionStatus
from uncall_ari.dialer.numbers import dialable
from uncall_ari.fastagi import Answer, Question, Script
from uncall_ari.flows.means import Means
from uncall_ari.ivr.action import CallExtension, GoMenu
from uncall_ari.store import Store

_EXTENSION = re.compile(r"[0-9]{1,20}")
_DIALLED = re.compile(r"\+?[0-9*#]{1,32}")


class Asks:
    """The questions, by the name that stands in the URL. `means` is replaced when the settings change."""

    def __init__(self, means: Means, store: Store) -> None:
        self.means = means
        self._store = store

    @property
    def scripts(self) -> dict[str, Script]:
        """What may be asked."""
        return {"disturb": self.disturb, "inbound": self.inbound, "refused": self.refused}

    async def disturb(self, question: Question) -> Answer:
        """UNCALL_DISTURB: 1 when the extension may be rung; 0 when it is in a call, rings, wants no
        disturbance, or is offline.

        Raises ConnectionFailed, ValueError for what is no extension.
        """
        extension = _checked(_EXTENSION, question.value("extension"), "extension")
        idle = await self.means.extensions.status(extension) is ExtensionStatus.IDLE
        return "UNCALL_DISTURB", str(int(idle))

    async def inbound(self, question: Question) -> Answer:
        """UNCALL_WAY: `extension NUMBER`, `menu VALUE`, or `none`: where a call from outside to this number goes.

        Raises ConnectionFailed, ValueError for what is no number.
        """
        number = _checked(_DIALLED, question.value("number"), "number")
        way = self.means.inbound(number)
        if way is None and await self.means.extensions.exists(number):
            way = CallExtension(number)
        match way:
            case CallExtension():
                text = f"extension {way.extension}"
            case GoMenu():
                text = f"menu {way.menu}"
            case _:
                text = "none"
        return "UNCALL_WAY", text

    async def refused(self, question: Question) -> Answer:
        """UNCALL_REFUSED: 1 when the caller's number, as the trunk gives it, is on the do-not-call list.

        One list for both directions: who is not to be called is not to be talked to either. Raises StoreUnavailable,
        ValueError for what is no number (a caller who withholds his).
        """
        number = dialable(question.value("number"))
        if number is None:
            raise ValueError("no number of 2 to 16 digits")
        return "UNCALL_REFUSED", str(int(number in await self._store.dnc_matches([number])))


def _checked(pattern: re.Pattern[str], text: str, what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(f"no {what}")
    return text
