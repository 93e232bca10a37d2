"""An agent's phone: registers with digest, is rung, calls others."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TypeVar

from .behaviour import Behaviour, busy
from .digest import Credentials
from .headers import Address
from .incoming import IncomingCall
from .outgoing import OutgoingCall
from .registration import Registration
from .transaction import T1
from .useragent import UserAgent

T = TypeVar("T")


class Phone:
    """`async with Phone("801", "secret", 5060) as phone: call = await phone.ringing(); call.answer()`"""

    def __init__(
        self,
        name: str,
        password: str,
        asterisk_port: int,
        *,
        behaviour: Behaviour | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        asterisk_host: str = "127.0.0.1",
        lines: int | None = None,
        expires: int = 300,
        keep: float = 10.0,
        t1: float = T1,
    ) -> None:
        """`behaviour` takes the incoming calls, None: by hand (see `ringing`); it may be changed at any time.
        `lines`: calls at once, further ones get 486; None: any number. `expires`: seconds of a registration."""
        self.name, self.behaviour, self.lines = name, behaviour, lines
        self._credentials = Credentials(name, password)
        self._address = (host, port)
        self._asterisk = (asterisk_host, asterisk_port)
        self._agent = UserAgent(name, name, self._decide, keep, t1)
        self._identity = Address(f"sip:{name}@{asterisk_host}:{asterisk_port}")
        self._registration = Registration(self._agent, self._identity, self._asterisk, self._credentials, expires)
        self._taken = 0  # incoming calls that `ringing` has handed out or passed over

    async def __aenter__(self) -> "Phone":
        await self._agent.open(*self._address)
        try:
            await self._registration.start()
        except BaseException:
            await self._agent.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._registration.stop()
        finally:
            await self._agent.close()

    def _decide(self, number: str) -> Behaviour | None:
        in_use = sum(call.ended_at is None for call in self.calls)
        return busy() if self.lines is not None and in_use >= self.lines else self.behaviour

    async def register(self) -> None:
        """Register again now, as after a restart of Asterisk. CallRefused or NoAnswer when it does not come through."""
        await self._registration.start()

    @property
    def calls(self) -> list[IncomingCall | OutgoingCall]:
        """All calls of this phone, those that came in first."""
        return [*self._agent.incoming, *self._agent.outgoing]

    @property
    def incoming(self) -> list[IncomingCall]:
        """All calls that came in, in order."""
        return self._agent.incoming

    @property
    def registered(self) -> bool:
        """Whether Asterisk knows the phone now."""
        return self._registration.registered

    async def ringing(self, timeout: float = 10) -> IncomingCall:  # noqa: ASYNC109
        """The next call that rings here and was not handed out before; NotSeen when none comes."""

        def look() -> IncomingCall | None:
            for index in range(self._taken, len(self.incoming)):
                call = self.incoming[index]
                if call.ringing_at is not None and call.ended_at is None:
                    self._taken = index + 1
                    return call
            return None

        call = await self._agent.watch.until(look, timeout, f"{self.name} to ring", self.report)
        assert call is not None
        return call

    async def wait_for(self, look: Callable[["Phone"], T], timeout: float, what: str) -> T:  # noqa: ASYNC109
        """The first true value of `look(phone)`; NotSeen with `what` and the calls seen after `timeout` seconds."""
        return await self._agent.watch.until(lambda: look(self), timeout, what, self.report)

    def dial(
        self, number: str, *, behaviour: Behaviour | None = None, headers: Mapping[str, str] | None = None
    ) -> OutgoingCall:
        """Begin a call and return at once; it can be followed and given up while it rings."""
        host, port = self._asterisk
        return self._agent.dial(
            f"sip:{number}@{host}:{port}", self._identity, self._asterisk, self._credentials, behaviour, headers
        )

    async def call(self, number: str, timeout: float = 10) -> OutgoingCall:  # noqa: ASYNC109
        """Call and wait for the answer. CallRefused when it is refused, NotSeen when it is late."""
        call = self.dial(number)
        await call.wait_answered(timeout)
        return call

    def vanish(self) -> None:
        """Be gone without a word, as when the power is cut: no answer, no BYE, no unregistering."""
        for call in self.calls:
            call.vanish()
        self._registration.drop()
        self._agent.endpoint.close()

    def report(self) -> str:
        """The phone's calls and last SIP messages, for failure texts."""
        lines = [f"{self.name}: {len(self.calls)} calls", *map(str, self.calls), *self._agent.endpoint.trace]
        return "\n  ".join(lines)
