"""A simulated carrier: takes any number of calls at once, each number with its own Behaviour, and keeps the books.

`calls` holds one entry for every INVITE that asked for a new call, and nothing else (a retransmission is no call):
it is the judge of what was really dialled.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TypeVar

from .behaviour import Behaviour, answers
from .headers import Address
from .incoming import IncomingCall
from .outgoing import OutgoingCall
from .transaction import T1, PeerAddress
from .useragent import UserAgent

T = TypeVar("T")


class Carrier:
    """`async with Carrier("127.0.0.1", 5070, behaviour=lambda number: answers()) as carrier: …`"""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        behaviour: Callable[[str], Behaviour] = lambda number: answers(),
        *,
        peer: PeerAddress | None = None,
        headers: Mapping[str, str] | None = None,
        keep: float = 10.0,
        t1: float = T1,
    ) -> None:
        """`peer`: Asterisk's address for `call`. `headers`: put into every INVITE of ours, so that Asterisk knows
        the trunk by them. `keep`: seconds of audio kept of every call. `behaviour` may be changed at any time."""
        self.host, self.port = host, port
        self.behaviour = behaviour
        self.peer, self.headers = peer, dict(headers or {})
        self._agent = UserAgent("carrier", "", self._decide, keep, t1)

    async def __aenter__(self) -> "Carrier":
        await self._agent.open(self.host, self.port)
        self.port = self._agent.port
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._agent.close()

    def _decide(self, number: str) -> Behaviour:
        return self.behaviour(number)

    @property
    def calls(self) -> list[IncomingCall]:
        """All calls that Asterisk ever placed here, in order."""
        return self._agent.incoming

    @property
    def placed(self) -> list[OutgoingCall]:
        """All calls that the carrier placed into Asterisk."""
        return self._agent.outgoing

    @property
    def live(self) -> list[IncomingCall]:
        """The calls that are answered and not ended."""
        return [call for call in self.calls if call.live]

    @property
    def pending(self) -> list[IncomingCall]:
        """The calls that are not ended, answered or not: the lines in use."""
        return [call for call in self.calls if call.ended_at is None]

    @property
    def dialled(self) -> Counter[str]:
        """How often each number was dialled."""
        return Counter(call.number for call in self.calls)

    @property
    def malformed(self) -> int:
        """Datagrams that were no SIP message."""
        return self._agent.endpoint.malformed

    def calls_to(self, number: str) -> list[IncomingCall]:
        """The calls to one number."""
        return [call for call in self.calls if call.number == number]

    def most_at_once(self) -> int:
        """The greatest number of calls that were open at the same moment: never above a trunk's channels."""
        moments = [(call.invited_at, 1) for call in self.calls]
        moments += [(call.ended_at, -1) for call in self.calls if call.ended_at is not None]
        most = now = 0
        for _, step in sorted(moments):
            now += step
            most = max(most, now)
        return most

    async def wait_for(self, look: Callable[["Carrier"], T], timeout: float, what: str) -> T:  # noqa: ASYNC109
        """The first true value of `look(carrier)`; NotSeen with `what` and the calls seen after `timeout` s."""
        return await self._agent.watch.until(lambda: look(self), timeout, what, self.report)

    async def called(self, number: str, timeout: float = 10, times: int = 1) -> IncomingCall:  # noqa: ASYNC109
        """The call to `number`, the `times`-th of them."""
        calls = await self.wait_for(
            lambda carrier: len(carrier.calls_to(number)) >= times and carrier.calls_to(number),
            timeout,
            f"call {times} to {number}",
        )
        assert calls
        return calls[times - 1]

    def call(
        self,
        number: str,
        caller_id: str = "",
        *,
        caller_name: str = "",
        behaviour: Behaviour | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OutgoingCall:
        """Call `number` at Asterisk's side: for the PBX an inbound call. Returns at once; `await call.wait_answered()`.

        ValueError without a `peer`.
        """
        if self.peer is None:
            raise ValueError("a carrier that calls Asterisk needs its address: Carrier(peer=(host, port))")
        host, port = self.peer
        return self._agent.dial(
            target=f"sip:{number}@{host}:{port}",
            caller=Address(f"sip:{caller_id or 'anonymous'}@{self.host}:{self.port}", caller_name),
            peer=self.peer,
            behaviour=behaviour,
            headers={**self.headers, **(headers or {})},
        )

    def report(self) -> str:
        """The last calls and SIP messages, for failure texts."""
        calls = [str(call) for call in [*self.calls, *self.placed]]
        lines = [f"{len(self.calls)} calls in, {len(self.placed)} out", *calls[-20:], *self._agent.endpoint.trace]
        return "\n  ".join(lines)
