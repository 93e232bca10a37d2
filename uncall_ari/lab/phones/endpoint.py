"""A SIP endpoint on one UDP socket: datagrams in, transactions out. What a request means is the user agent's."""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from .errors import SipSyntaxError
from .message import Request, Response, answer, note_source, parse
from .transaction import T1, ClientTransaction, PeerAddress, ServerTransaction

log = logging.getLogger(__name__)
RECEIVE_BUFFER = 4 << 20  # bytes asked for, so that a burst of calls waits instead of being lost


class Endpoint(asyncio.DatagramProtocol):
    """Matches every message with its transaction; hands new requests and 2xx's ACKs to `handle`."""

    def __init__(self, handle: Callable[[ServerTransaction], None], t1: float = T1) -> None:
        self.t1 = t1
        self.malformed = 0  # datagrams that were no SIP message
        self.trace: deque[str] = deque(maxlen=60)  # start lines of the last messages, for failure texts
        self._handle = handle
        self._transport: asyncio.DatagramTransport | None = None
        self._address: PeerAddress = ("", 0)
        self._closed = asyncio.Event()
        self._servers: dict[tuple[str, str], ServerTransaction] = {}
        self._clients: dict[tuple[str, str], ClientTransaction] = {}

    async def open(self, host: str, port: int) -> PeerAddress:
        """Bind, and return the address (port 0 lets the system choose). OSError when it is taken."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            sock.bind((host, port))
            self._address = sock.getsockname()
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
        except BaseException:
            sock.close()
            raise
        return self._address

    def close(self) -> None:
        """Stop all timers and close the socket."""
        for server in self._servers.values():
            server.close()
        for client in self._clients.values():
            client.close()
        self._servers.clear()
        self._clients.clear()
        if self._transport is not None:
            self._transport.close()

    async def wait_closed(self) -> None:
        """Until the socket is really closed; at most a second."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._closed.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def request(
        self, request: Request, peer: PeerAddress, provisional: Callable[[Response], None] | None = None
    ) -> ClientTransaction:
        """Send a request whose topmost Via this adds (unless it has one: CANCEL), and follow its transaction."""
        if not request.get("via"):
            request.fields.insert(0, ("Via", self.via()))
        transaction = ClientTransaction(self, request, peer, provisional)
        self._clients[transaction.key] = transaction
        return transaction

    def via(self) -> str:
        """A Via header with a fresh branch."""
        host, port = self._address
        return f"SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{secrets.token_hex(8)}"

    def send(self, data: bytes, peer: PeerAddress) -> None:
        """Send one datagram."""
        self.trace.append(f"> {_first_line(data)}")
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, peer)

    def forget(self, key: tuple[str, str]) -> None:
        """A transaction is over: whatever still belongs to it is new."""
        if server := self._servers.pop(key, None):
            server.close()
        if client := self._clients.pop(key, None):
            client.close()

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not data.strip():
            return  # a keep-alive (RFC 5626, 4.4.1)
        self.trace.append(f"< {_first_line(data)}")
        try:
            message = parse(data)
            if isinstance(message, Request):
                note_source(message, addr[0], addr[1])
                self._received(message, (addr[0], addr[1]))
            elif client := self._clients.get((message.branch, message.cseq[1])):
                client.received(message)
        except SipSyntaxError as error:
            self.malformed += 1
            log.warning("a datagram from %s:%s is not understood: %s", addr[0], addr[1], error)

    def error_received(self, exc: Exception) -> None:
        log.debug("the network says: %s", exc)  # nobody listens there: the retransmissions will run out

    def _received(self, request: Request, peer: PeerAddress) -> None:
        key = (request.branch, request.method)
        if request.method == "ACK":
            invite = self.invite_of(request)
            if invite is not None and invite.final is not None and invite.final >= 300:
                invite.acknowledged()  # a refusal's ACK is the transaction's own business (17.2.1)
            else:
                self._hand_over(ServerTransaction(self, request, peer))
        elif known := self._servers.get(key):
            known.came_again()
        else:
            self._servers[key] = ServerTransaction(self, request, peer)
            self._hand_over(self._servers[key])

    def _hand_over(self, transaction: ServerTransaction) -> None:
        try:
            self._handle(transaction)
        except SipSyntaxError:
            if transaction.request.method != "ACK":
                transaction.respond(answer(transaction.request, 400))
            raise

    def invite_of(self, request: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL, or the ACK of a refusal, is about: the one with the same branch (9.2)."""
        return self._servers.get((request.branch, "INVITE"))


def _first_line(data: bytes) -> str:
    return data.split(b"\r\n", 1)[0][:100].decode("utf-8", "backslashreplace")
