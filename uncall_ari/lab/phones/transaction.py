"""SIP transactions over UDP (RFC 3261, 17): retransmit what may be lost, know what comes a second time."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from .errors import NoAnswer
from .headers import parse_address
from .message import Request, Response

T1 = 0.5  # seconds: the first retransmission
T2 = 4.0  # seconds: the slowest one
TIMEOUT = 64  # times T1: then the other side is given up (timers B, F, H)

PeerAddress = tuple[str, int]


class Wire(Protocol):
    """Where transactions send to and when they are over: the endpoint."""

    t1: float

    def send(self, data: bytes, peer: PeerAddress) -> None: ...
    def forget(self, key: tuple[str, str]) -> None: ...


class _Repeater:
    """Sends a message again after T1, 2*T1, 4*T1, …, until it is stopped or 64*T1 are over."""

    def __init__(self, t1: float, most: float, send: Callable[[], None], give_up: Callable[[], None]) -> None:
        self._pause, self._most, self._send, self._give_up = t1, most, send, give_up
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + TIMEOUT * t1
        self._timer = self._loop.call_later(t1, self._again)

    def _again(self) -> None:
        left = self._end - self._loop.time()
        if left <= 0:
            self._give_up()
            return
        self._send()
        self._pause = min(self._pause * 2, self._most)
        self._timer = self._loop.call_later(min(self._pause, left), self._again)

    def stop(self) -> None:
        self._timer.cancel()


class ServerTransaction:
    """A request that came in, and the answers that it gets; a copy of the request gets the last answer again."""

    def __init__(self, wire: Wire, request: Request, peer: PeerAddress) -> None:
        self.request, self.peer = request, peer
        self.key = (request.branch, request.method)
        self.final: int | None = None  # the status of the final answer
        self.copies = 0  # times that the same request came again
        self.unacknowledged: Callable[[], None] = lambda: None  # called when no ACK came for a 2xx
        self._wire = wire
        self._last = b""
        self._repeater: _Repeater | None = None
        self._end: asyncio.TimerHandle | None = None

    def respond(self, response: Response) -> None:
        """Send an answer. A final one to INVITE goes on being sent until its ACK comes (13.3.1.4, 17.2.1)."""
        if self.final is not None:
            return
        self._last = response.build()
        self._send()
        if response.status < 200:
            return
        self.final = response.status
        if self.request.method == "INVITE":
            self._repeater = _Repeater(self._wire.t1, T2, self._send, self._give_up)
        patience = (TIMEOUT + 1) * self._wire.t1  # just longer than the repeater's
        self._end = asyncio.get_running_loop().call_later(patience, self._wire.forget, self.key)

    def came_again(self) -> None:
        """The same request once more: no new call, the same answer."""
        self.copies += 1
        if self._last:
            self._send()

    def acknowledged(self) -> None:
        """ACK came: stop sending the final answer."""
        if self._repeater is not None:
            self._repeater.stop()

    def close(self) -> None:
        self.acknowledged()
        if self._end is not None:
            self._end.cancel()

    def _send(self) -> None:
        self._wire.send(self._last, self.peer)

    def _give_up(self) -> None:
        if self.final is not None and self.final < 300:
            self.unacknowledged()


class ClientTransaction:
    """A request of ours: sent until it is answered; `await final` gives the final response or NoAnswer."""

    def __init__(
        self, wire: Wire, request: Request, peer: PeerAddress, provisional: Callable[[Response], None] | None = None
    ) -> None:
        self.request, self.peer = request, peer
        self.key = (request.branch, request.method)
        self.final: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.proceeding = False  # a provisional response came: from now on a CANCEL is allowed (9.1)
        self.ack = b""  # sent again for every copy of the final response to an INVITE
        self._wire = wire
        self._provisional = provisional or (lambda response: None)
        self._data = request.build()
        self._send()
        most = TIMEOUT * wire.t1 if request.method == "INVITE" else T2  # timer A doubles on, timer E stops at T2
        self._repeater = _Repeater(wire.t1, most, self._send, self._give_up)
        self._end: asyncio.TimerHandle | None = None

    def received(self, response: Response) -> None:
        """Take a response to this request."""
        if self.final.done():
            if response.status >= 200 and self.ack:
                self._wire.send(self.ack, self.peer)
            return
        if response.status < 200:
            self.proceeding = True
            if self.request.method == "INVITE":
                self._repeater.stop()
            self._provisional(response)
            return
        self._repeater.stop()
        if self.request.method == "INVITE" and response.status >= 300:
            self.acknowledge(refusal_ack(self.request, response), self.peer)
        self.final.set_result(response)
        self._end = asyncio.get_running_loop().call_later(TIMEOUT * self._wire.t1, self._wire.forget, self.key)

    def acknowledge(self, ack: Request, peer: PeerAddress) -> None:
        """Send the ACK of an INVITE, now and for every copy of its final response."""
        self.ack, self.peer = ack.build(), peer
        self._wire.send(self.ack, peer)

    def close(self) -> None:
        self._repeater.stop()
        self.final.cancel()
        if self._end is not None:
            self._end.cancel()

    def _send(self) -> None:
        self._wire.send(self._data, self.peer)

    def _give_up(self) -> None:
        if not self.final.done():
            self.final.set_exception(NoAnswer(f"{self.request.method} {self.request.uri}: no answer"))
            self.final.exception()  # whoever awaits it still gets it; nobody has to
        self._wire.forget(self.key)


def refusal_ack(invite: Request, response: Response) -> Request:
    """The ACK of a final answer other than 2xx: part of the INVITE's own transaction (17.1.1.3)."""
    ack = Request(method="ACK", uri=invite.uri)
    ack.add("Via", invite.get("via"))
    ack.add("Max-Forwards", "70")
    ack.add("From", invite.get("from"))
    ack.add("To", str(parse_address(response.get("to"))))
    ack.add("Call-ID", invite.call_id)
    ack.add("CSeq", f"{invite.cseq[0]} ACK")
    ack.fields += [("Route", route) for route in invite.all("route")]
    return ack


def cancel(invite: Request) -> Request:
    """The CANCEL of an INVITE that rings: the same transaction id and CSeq number (9.1)."""
    request = Request(method="CANCEL", uri=invite.uri)
    for name in ("Via", "From", "To", "Call-ID"):
        request.add(name, invite.get(name))
    request.add("Max-Forwards", "70")
    request.add("CSeq", f"{invite.cseq[0]} CANCEL")
    request.fields += [("Route", route) for route in invite.all("route")]
    return request
