"""REGISTER with digest, kept up until it is ended (RFC 3261, 10)."""

import asyncio
import contextlib
import secrets
import time

from .digest import CHALLENGES, Credentials, authorize
from .errors import CallRefused, NoAnswer
from .headers import Address, parse_address
from .home import Home
from .message import Request, Response
from .transaction import PeerAddress

PATIENCE = 5.0  # seconds that a REGISTER may take before the phone gives up for this time
GOODBYE = 1.0  # seconds for unregistering
AGAIN = 1.0  # seconds until the next try after a registration that did not come through


class Registration:
    """A phone's registration: `start`, then it is renewed at half its time until `stop`."""

    def __init__(
        self, home: Home, identity: Address, registrar: PeerAddress, credentials: Credentials, expires: int
    ) -> None:
        self._home, self._identity, self._registrar = home, identity, registrar
        self._credentials, self._expires = credentials, expires
        self._call_id = f"{secrets.token_hex(8)}@register"
        self._tag = secrets.token_hex(6)
        self._sequence = 0
        self._until = 0.0  # time.monotonic() at which the registration runs out
        self._renewing: asyncio.Task[None] | None = None

    @property
    def registered(self) -> bool:
        """Whether it is granted and has not run out."""
        return time.monotonic() < self._until

    async def start(self) -> None:
        """Register. CallRefused with the status when the registrar refuses, NoAnswer when it is silent."""
        await self._register(self._expires)
        if self._renewing is not None:
            self._renewing.cancel()
        self._renewing = self._home.tasks.spawn(self._renew())

    async def stop(self) -> None:
        """Unregister, if the registrar still answers."""
        if self._renewing is not None:
            self._renewing.cancel()
        if self.registered:
            with contextlib.suppress(NoAnswer, CallRefused):
                await self._register(0, GOODBYE)

    def drop(self) -> None:
        """Stop renewing and say nothing."""
        self._until = 0.0
        if self._renewing is not None:
            self._renewing.cancel()

    async def _renew(self) -> None:
        pause = (self._until - time.monotonic()) / 2
        while True:
            await asyncio.sleep(pause)
            try:
                await self._register(self._expires)
                pause = (self._until - time.monotonic()) / 2
            except (NoAnswer, CallRefused):  # Asterisk restarts: try until it is there again
                pause = AGAIN
            self._home.watch.changed()

    async def _register(self, expires: int, patience: float = PATIENCE) -> None:
        request = self._request(expires)
        response = await self._send(request, patience)
        if response.status in CHALLENGES:
            request = authorize(request, response, self._credentials)
            self._sequence += 1
            response = await self._send(request, patience)
        if response.status >= 300:
            raise CallRefused(f"REGISTER of {self._identity.uri}", response.status, response.reason)
        self._until = time.monotonic() + (_granted(response, self._home.contact, expires) if expires else 0)
        self._home.watch.changed()

    async def _send(self, request: Request, patience: float) -> Response:
        transaction = self._home.endpoint.request(request, self._registrar)
        try:
            async with asyncio.timeout(patience):
                return await transaction.final
        except TimeoutError:
            self._home.endpoint.forget(transaction.key)
            raise NoAnswer(f"REGISTER of {self._identity.uri}: no answer in {patience:g} s") from None

    def _request(self, expires: int) -> Request:
        self._sequence += 1
        host, port = self._registrar
        request = Request(method="REGISTER", uri=f"sip:{host}:{port}")
        request.add("Max-Forwards", "70")
        request.add("From", f"<{self._identity.uri}>;tag={self._tag}")
        request.add("To", f"<{self._identity.uri}>")
        request.add("Call-ID", self._call_id)
        request.add("CSeq", f"{self._sequence} REGISTER")
        request.add("Contact", self._home.contact)
        request.add("Expires", str(expires))
        return request


def _granted(response: Response, contact: str, asked: int) -> int:
    """The seconds that the registrar grants: of our own Contact, else of the Expires header, else as asked (10.2.4)."""
    own = parse_address(contact).uri
    for value in response.all("contact"):
        address = parse_address(value)
        if address.uri == own and address.params.get("expires", "").isdigit():
            return int(address.params["expires"])
    expires = response.get("expires")
    return int(expires) if expires.isascii() and expires.isdigit() else asked
