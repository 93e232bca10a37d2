"""What Asterisk itself remembers of each dialled number, so that a killed engine finds out what became of its calls.

Every call of a campaign is made with two things that cost nothing while all is well: a global variable of Asterisk's
that takes the call's uid, and a hang-up handler (`[APP-witness]` in the dialplan) that adds how it ended. Variables
are numbered and used again once their call is settled, so there are never more than calls at once. A claimed number is
then one of: live; ended (and how); never dialled; or, after a restart of Asterisk, not known.
"""

import asyncio
import heapq
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from uncall_ari.ari import Ari
from uncall_ari.store.records import Claim

log = structlog.get_logger(__name__)

SINCE = "UNCALL_SINCE"  # when an engine first met this run of Asterisk, seconds since 1970
MARK = "UNCALL_WITNESS_"  # and a number
COUNT = "UNCALL_WITNESSES"  # how many numbers are in use
MODULES = ("func_global.so", "func_channel.so", "app_stack.so")  # of Asterisk; without them it remembers nothing
LATE_SECONDS = 1.0  # a request of a dead engine may still be on its way through Asterisk for so long


@dataclass(frozen=True, slots=True)
class Live:
    """The call goes on: take it over."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The call was made and is over."""

    q850: int
    answered: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class NeverDialled:
    """Asterisk never saw the call: the number may be dialled as if it had not been claimed."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Asterisk was restarted since: whether and how the number was dialled is not to be found out."""


Verdict = Live | Ended | NeverDialled | Unknown


class Witness:
    """Hands out the numbered variables, and reads them when it is not known what became of a call."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._made = 0
        self._held: dict[str, int] = {}
        self._since: datetime | None = None
        self._reliable = False

    def variables(self, ari: Ari, uid: str) -> dict[str, str]:
        """Return the channel variables that make Asterisk remember the call `uid`."""
        variables: dict[str, str] = {}
        slot = self._held.get(uid)
        if slot is None and self._free:
            slot = heapq.heappop(self._free)
        elif slot is None:
            slot, self._made = self._made, self._made + 1
            variables[f"GLOBAL({COUNT})"] = str(self._made)
        self._held[uid] = slot
        variables[f"GLOBAL({MARK}{slot})"] = uid
        variables["CHANNEL(hangup_handler_push)"] = f"{ari.app}-witness,s,1({MARK}{slot})"
        return variables

    def settled(self, uid: str) -> None:
        """The call's end is in the database: its variable may be used for another call."""
        slot = self._held.pop(uid, None)
        if slot is not None:
            heapq.heappush(self._free, slot)

    async def meet(self, ari: Ari) -> None:
        """To be awaited after every (re)connect: notice whether this is still the Asterisk of before."""
        missing = [module for module in MODULES if not await ari.has_module(module)]
        self._reliable = not missing
        if missing:
            log.error("Asterisk lacks modules: calls that a crash leaves open are settled as lost", load=missing)
        since = await ari.global_variable(SINCE, opening=True)
        if not since:
            since = f"{datetime.now(UTC).timestamp():.3f}"
            await ari.set_global_variable(COUNT, str(self._made), opening=True)
            await ari.set_global_variable(SINCE, since, opening=True)
        self._since = datetime.fromtimestamp(float(since), UTC)

    async def inherit(self, ari: Ari) -> None:
        """Take over the variables that an earlier engine left, so that none is used before its call is settled."""
        count = int(await ari.global_variable(COUNT) or 0)
        while self._made < count:
            slot, self._made = self._made, self._made + 1
            uid, *_ = (await ari.global_variable(f"{MARK}{slot}")).split(" ")
            self._held[uid or f"nobody {slot}"] = slot

    def keep_only(self, uids: set[str]) -> None:
        """Keep the variables of `uids` (still to be settled) and free all others."""
        for uid in set(self._held) - uids:
            self.settled(uid)

    async def verdict(self, ari: Ari, claim: Claim) -> Verdict:
        """Return what became of a claimed number. Raises ConnectionFailed."""
        first = await self._look(ari, claim)
        if isinstance(first, Live | Ended):
            return first
        await asyncio.sleep(LATE_SECONDS)
        return await self._look(ari, claim)

    async def _look(self, ari: Ari, claim: Claim) -> Verdict:
        if await ari.channel(claim.uid) is not None:
            return Live()
        slot = self._held.get(claim.uid)
        remembered = await ari.global_variable(f"{MARK}{slot}") if slot is not None else ""
        uid, *ending = remembered.split(" ")
        if uid == claim.uid:
            return _ended(ending) if ending else Unknown()
        if not self._reliable or self._since is None or claim.claimed_at < self._since:
            return Unknown()
        return NeverDialled()


def _ended(words: list[str]) -> Verdict:
    """Read `CAUSE STATE EPOCH`, as the dialplan's hang-up handler writes them."""
    try:
        cause, state, epoch = words
        return Ended(int(cause), state == "Up", datetime.fromtimestamp(int(epoch), UTC))
    except ValueError:
        log.error("the hang-up handler of the dialplan wrote something strange", words=words)
        return Unknown()
