"""Transactions against a bare socket: what is sent again, what is not counted twice, what is given up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from uncall_ari.lab.phones import Behaviour, CallRefused, Carrier, NoAnswer, NotSeen, Phone, answers, busy, silent
from uncall_ari.lab.phones.message import Request, Response, answer, parse
from uncall_ari.lab.phones.sdp import Session
from uncall_ari.lab.phones.sdp import parse as sdp_parse

T1 = 0.03  # seconds: 64 of them are 1.9 s
LIMIT = 5.0


class Wire(asyncio.DatagramProtocol):
    """The other side, by hand: every datagram that comes, and nothing sent but what the test says."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[Request | Response] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport
        self.port = 0
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.put_nowait(parse(data))

    def send(self, message: Request | Response | bytes, port: int) -> None:
        self.transport.sendto(message if isinstance(message, bytes) else message.build(), ("127.0.0.1", port))

    async def next(self, wanted: str | int) -> Request | Response:
        """The next message with this method or status; others are passed over."""
        async with asyncio.timeout(LIMIT):
            while True:
                message = await self.received.get()
                if wanted == (message.method if isinstance(message, Request) else message.status):
                    return message

    async def count(self, wanted: str | int, seconds: float) -> int:
        """How often this method or status comes within `seconds`."""
        count = 0
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.next(wanted)
                    count += 1
        except TimeoutError:
            return count

    def invite(self, number: str = "5", branch: str = "z9hG4bK1", call_id: str = "c1") -> Request:
        request = Request(method="INVITE", uri=f"sip:{number}@127.0.0.1")
        request.add("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch}")
        request.add("From", "<sip:100@127.0.0.1>;tag=a")
        request.add("To", f"<sip:{number}@127.0.0.1>")
        request.add("Call-ID", call_id)
        request.add("CSeq", "1 INVITE")
        request.add("Contact", f"<sip:100@127.0.0.1:{self.port}>")
        request.add("Content-Type", "application/sdp")
        request.body = Session("127.0.0.1", 9).build()
        return request

    def within(self, method: str, invite: Request, response: Response, number: int = 1) -> Request:
        """A request within the dialog that `response` made."""
        request = Request(method=method, uri=invite.uri)
        request.add("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{method}{number}")
        for name in ("From", "Call-ID"):
            request.add(name, invite.get(name))
        request.add("To", response.get("to"))
        request.add("CSeq", f"{number} {method}")
        return request


@asynccontextmanager
async def wired() -> AsyncIterator[Wire]:
    _, wire = await asyncio.get_running_loop().create_datagram_endpoint(Wire, local_addr=("127.0.0.1", 0))
    try:
        yield wire
    finally:
        wire.transport.close()
        async with asyncio.timeout(LIMIT):
            await wire.closed.wait()


@asynccontextmanager
async def rig(behaviour: Behaviour) -> AsyncIterator[tuple[Wire, Carrier]]:
    async with wired() as wire, Carrier(behaviour=lambda number: behaviour, t1=T1) as carrier:
        yield wire, carrier


def sdp_of(message: Response) -> Session:
    return sdp_parse(message.body)


async def response_of(wire: Wire, status: int) -> Response:
    message = await wire.next(status)
    assert isinstance(message, Response)
    return message


async def request_of(wire: Wire, method: str) -> Request:
    message = await wire.next(method)
    assert isinstance(message, Request)
    return message


async def test_an_invite_that_comes_again_is_one_call() -> None:
    async with rig(answers(30)) as (wire, carrier):
        wire.send(wire.invite(), carrier.port)
        await response_of(wire, 180)
        for _ in range(2):
            wire.send(wire.invite(), carrier.port)
        call = await carrier.wait_for(lambda c: c.calls and c.calls[0].copies == 2 and c.calls[0], LIMIT, "copies")
        assert call
        assert carrier.dialled == {"5": 1}
        assert await wire.count(180, 0.2) == 2  # each copy gets the last answer once more


async def test_a_second_call_to_the_number_is_a_second_call() -> None:
    async with rig(answers(30)) as (wire, carrier):
        wire.send(wire.invite(), carrier.port)
        wire.send(wire.invite(branch="z9hG4bK2", call_id="c2"), carrier.port)
        await carrier.called("5", times=2)
        assert carrier.dialled == {"5": 2}
        assert carrier.most_at_once() == 2


async def test_the_answer_is_repeated_until_its_ack() -> None:
    async with rig(answers(0)) as (wire, carrier):
        invite = wire.invite()
        wire.send(invite, carrier.port)
        first = await response_of(wire, 200)
        second = await response_of(wire, 200)
        assert first.build() == second.build()
        wire.send(wire.within("ACK", invite, first), carrier.port)
        await wire.count(200, T1)  # one may have crossed the ACK
        assert await wire.count(200, 16 * T1) == 0
        assert carrier.live


async def test_an_answer_without_ack_ends_in_a_bye() -> None:
    async with rig(answers(0)) as (wire, carrier):
        wire.send(wire.invite(), carrier.port)
        bye = await request_of(wire, "BYE")
        wire.send(answer(bye, 200), carrier.port)
        assert carrier.calls[0].ended_by == "timeout"


async def test_a_refusal_is_repeated_until_its_ack() -> None:
    async with rig(busy()) as (wire, carrier):
        invite = wire.invite()
        wire.send(invite, carrier.port)
        await response_of(wire, 486)
        refusal = await response_of(wire, 486)
        ack = wire.within("ACK", invite, refusal)
        ack.fields[0] = ("Via", invite.get("via"))  # a refusal's ACK belongs to the INVITE's transaction
        wire.send(ack, carrier.port)
        await wire.count(486, T1)
        assert await wire.count(486, 16 * T1) == 0
        assert (carrier.calls[0].status, carrier.calls[0].ended_by) == (486, "rejected")


async def test_a_silent_number_says_nothing_but_is_counted() -> None:
    async with rig(silent()) as (wire, carrier):
        wire.send(wire.invite(), carrier.port)
        call = await carrier.called("5")
        assert wire.received.empty()
        await call.until_ended()  # after 64*T1 the caller has given up
        assert (call.ended_by, call.status) == ("timeout", None)
        assert wire.received.empty()


async def test_a_bye_that_comes_again_is_answered_again() -> None:
    async with rig(answers(0)) as (wire, carrier):
        invite = wire.invite()
        wire.send(invite, carrier.port)
        response = await response_of(wire, 200)
        wire.send(wire.within("ACK", invite, response), carrier.port)
        bye = wire.within("BYE", invite, response, 2)
        bye.add("Reason", "Q.850;cause=16")
        wire.send(bye, carrier.port)
        wire.send(bye, carrier.port)
        assert await wire.count(200, 0.2) >= 2
        assert (carrier.calls[0].ended_by, carrier.calls[0].cause) == ("asterisk", "Q.850;cause=16")
        wire.send(wire.within("BYE", invite, response, 3), carrier.port)
        await response_of(wire, 481)


async def test_an_early_bye_waits_for_the_ack() -> None:
    async with rig(Behaviour(answer_after=0, hang_up_after=0)) as (wire, carrier):
        invite = wire.invite()
        wire.send(invite, carrier.port)
        response = await response_of(wire, 200)
        assert await wire.count("BYE", 4 * T1) == 0
        wire.send(wire.within("ACK", invite, response), carrier.port)
        wire.send(answer(await request_of(wire, "BYE"), 200), carrier.port)
        assert carrier.calls[0].ended_by == "carrier"


async def test_a_cancel_is_answered_and_ends_the_invite() -> None:
    async with rig(answers(30)) as (wire, carrier):
        invite = wire.invite()
        wire.send(invite, carrier.port)
        await response_of(wire, 180)
        cancel = Request(method="CANCEL", uri=invite.uri)
        cancel.fields = [field for field in invite.fields if field[0] not in ("CSeq", "Contact", "Content-Type")]
        cancel.add("CSeq", "1 CANCEL")
        wire.send(cancel, carrier.port)
        assert (await response_of(wire, 200)).cseq == (1, "CANCEL")
        assert (await response_of(wire, 487)).cseq == (1, "INVITE")
        assert carrier.calls[0].ended_by == "cancel"
        wire.send(answer_branch(cancel, "z9hG4bKother"), carrier.port)
        await response_of(wire, 481)


def answer_branch(request: Request, branch: str) -> Request:
    """The same request as another transaction."""
    again = Request(method=request.method, uri=request.uri)
    again.fields = [(k, v.replace("z9hG4bK1", branch)) for k, v in request.fields]
    return again


async def test_a_caller_without_our_codec_is_told() -> None:
    async with rig(answers(0)) as (wire, carrier):
        invite = wire.invite()
        invite.body = Session("127.0.0.1", 9, payloads=(8, 101)).build()
        wire.send(invite, carrier.port)
        await response_of(wire, 488)
        assert carrier.calls[0].status == 488


async def test_what_is_demanded_and_unknown_is_refused() -> None:
    async with rig(answers(0)) as (wire, carrier):
        invite = wire.invite()
        invite.add("Require", "100rel")
        wire.send(invite, carrier.port)
        assert (await response_of(wire, 420)).get("unsupported") == "100rel"
        assert carrier.calls == []


async def test_junk_is_counted_and_harms_nothing() -> None:
    async with rig(answers(30)) as (wire, carrier):
        wire.send(b"\r\n\r\n", carrier.port)
        wire.send(b"junk", carrier.port)
        bad = wire.invite(branch="z9hG4bKbad", call_id="bad")
        bad.body = b"v=0\r\n"
        wire.send(bad, carrier.port)
        wire.send(wire.invite(), carrier.port)
        await carrier.called("5")
        assert carrier.malformed == 1


async def test_our_invite_is_repeated_until_something_comes() -> None:
    async with wired() as wire, Carrier(peer=("127.0.0.1", wire.port), t1=T1) as carrier:
        call = carrier.call("7", "100")
        first = await request_of(wire, "INVITE")
        assert first.build() == (await request_of(wire, "INVITE")).build()
        wire.send(answer(first, 100), carrier.port)
        await wire.count("INVITE", T1)
        assert await wire.count("INVITE", 16 * T1) == 0
        wire.send(answer(first, 486, "t"), carrier.port)
        assert (await request_of(wire, "ACK")).branch == first.branch
        wire.send(answer(first, 486, "t"), carrier.port)  # the ACK was lost: it comes once more
        await request_of(wire, "ACK")
        with pytest.raises(CallRefused, match="486") as refused:
            await call.wait_answered()
        assert refused.value.status == 486


async def test_nobody_there_is_told_after_64_t1() -> None:
    async with wired() as wire, Carrier(peer=("127.0.0.1", wire.port), t1=T1) as carrier:
        call = carrier.call("7")
        await call.until_ended(100 * T1)
        assert call.ended_by == "timeout"
        with pytest.raises(NotSeen, match="it ended"):
            await call.until_answered()


async def test_a_cancel_waits_for_a_provisional_answer() -> None:
    async with wired() as wire, Carrier(peer=("127.0.0.1", wire.port), t1=T1) as carrier:
        call = carrier.call("7")
        invite = await request_of(wire, "INVITE")
        call.hang_up()
        assert await wire.count("CANCEL", 4 * T1) == 0
        wire.send(answer(invite, 180, "t"), carrier.port)
        cancel = await request_of(wire, "CANCEL")
        assert cancel.branch == invite.branch
        wire.send(answer(cancel, 200), carrier.port)
        wire.send(answer(invite, 487, "t"), carrier.port)
        await request_of(wire, "ACK")
        assert (call.ended_by, call.status) == ("cancel", 487)


async def test_an_answer_that_crosses_the_cancel_is_hung_up() -> None:
    async with wired() as wire, Carrier(peer=("127.0.0.1", wire.port), t1=T1) as carrier:
        call = carrier.call("7")
        invite = await request_of(wire, "INVITE")
        wire.send(answer(invite, 180, "t"), carrier.port)
        await call.until_ringing()
        call.hang_up()
        response = answer(invite, 200, "t")
        response.add("Contact", f"<sip:7@127.0.0.1:{wire.port}>")
        response.body = Session("127.0.0.1", 9).build()
        wire.send(response, carrier.port)
        await request_of(wire, "ACK")
        wire.send(answer(await request_of(wire, "BYE"), 200), carrier.port)
        assert call.ended_by == "cancel"


async def answered(wire: Wire, carrier: Carrier, invite: Request) -> Response:
    """The 200 to `invite`, acknowledged."""
    wire.send(invite, carrier.port)
    response = await response_of(wire, 200)
    wire.send(wire.within("ACK", invite, response), carrier.port)
    return response


@asynccontextmanager
async def audio_port() -> AsyncIterator[tuple[int, asyncio.Queue[bytes]]]:
    """A port for RTP, and the packets that come to it."""
    packets: asyncio.Queue[bytes] = asyncio.Queue()

    class Port(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            packets.put_nowait(data)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Port, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1], packets
    finally:
        transport.close()
        await asyncio.sleep(0)  # the socket closes in the loop's next round


async def comes(packets: asyncio.Queue[bytes], seconds: float) -> bool:
    """Whether a packet comes within `seconds`; those that are there already do not count."""
    while not packets.empty():
        packets.get_nowait()
    try:
        async with asyncio.timeout(seconds):
            await packets.get()
    except TimeoutError:
        return False
    return True


async def test_hold_and_back() -> None:
    async with rig(answers(0)) as (wire, carrier), audio_port() as (port, packets):
        invite = wire.invite()
        invite.body = Session("127.0.0.1", port).build()
        response = await answered(wire, carrier, invite)
        assert await comes(packets, LIMIT)
        for number, ours, theirs, audio in ((2, "sendonly", "recvonly", False), (3, "sendrecv", "sendrecv", True)):
            again = wire.within("INVITE", invite, response, number)
            again.body = Session("127.0.0.1", port, direction=ours).build()
            wire.send(again, carrier.port)
            reply = await response_of(wire, 200)
            assert sdp_of(reply).direction == theirs
            ack = wire.within("ACK", invite, response, number)
            wire.send(ack, carrier.port)
            assert await comes(packets, 0.2) is audio
        assert carrier.dialled == {"5": 1}  # a re-INVITE is no call


async def test_an_update_is_answered() -> None:
    async with rig(answers(0)) as (wire, carrier):
        invite = wire.invite()
        response = await answered(wire, carrier, invite)
        wire.send(wire.within("UPDATE", invite, response, 2), carrier.port)
        reply = await response_of(wire, 200)
        assert (reply.cseq, reply.body) == ((2, "UPDATE"), b"")
        bad = wire.within("UPDATE", invite, response, 3)
        bad.body = Session("127.0.0.1", 9, payloads=(8,)).build()
        wire.send(bad, carrier.port)
        await response_of(wire, 488)
        assert carrier.live


async def test_an_invite_without_an_offer_gets_one() -> None:
    async with rig(answers(0)) as (wire, carrier), audio_port() as (port, packets):
        invite = wire.invite()
        invite.body = b""
        wire.send(invite, carrier.port)
        response = await response_of(wire, 200)
        assert sdp_of(response).payloads == (0, 101)
        ack = wire.within("ACK", invite, response)
        ack.body = Session("127.0.0.1", port).build()
        wire.send(ack, carrier.port)
        assert await comes(packets, LIMIT)


async def test_who_calls() -> None:
    async with rig(answers(30)) as (wire, carrier):
        invite = wire.invite()
        invite.add("P-Asserted-Identity", '"Lin" <tel:+8695001>')
        wire.send(invite, carrier.port)
        call = await carrier.called("5")
        assert (call.caller_id, call.caller_name, call.asserted_id) == ("100", "", "+8695001")


async def test_headers_of_our_own() -> None:
    async with wired() as wire, Carrier(peer=("127.0.0.1", wire.port), headers={"X-Line": "1"}, t1=T1) as carrier:
        carrier.call("7", headers={"X-More": "2"})
        invite = await request_of(wire, "INVITE")
        assert (invite.get("x-line"), invite.get("x-more")) == ("1", "2")
        wire.send(answer(invite, 486, "t"), carrier.port)
        await request_of(wire, "ACK")


async def test_an_answer_without_audio_that_we_know_is_hung_up() -> None:
    async with wired() as wire, Carrier(peer=("127.0.0.1", wire.port), t1=T1) as carrier:
        call = carrier.call("7")
        invite = await request_of(wire, "INVITE")
        response = answer(invite, 200, "t")
        response.add("Contact", f"<sip:7@127.0.0.1:{wire.port}>")
        wire.send(response, carrier.port)
        await request_of(wire, "ACK")
        wire.send(answer(await request_of(wire, "BYE"), 200), carrier.port)
        assert call.answered_at is None
        assert call.ended_by == "carrier"


async def test_routes_are_followed() -> None:
    async with wired() as wire, wired() as proxy, Carrier(peer=("127.0.0.1", wire.port), t1=T1) as carrier:
        call = carrier.call("7")
        invite = await request_of(wire, "INVITE")
        response = answer(invite, 200, "t")
        response.add("Record-Route", f"<sip:127.0.0.1:{proxy.port};lr>, <sip:last;lr>")
        response.fields[-1:] = [("Record-Route", f"<sip:127.0.0.1:{proxy.port};lr>")]
        response.add("Contact", "<sip:7@far.example:5099>")
        response.body = Session("127.0.0.1", 9).build()
        wire.send(response, carrier.port)
        ack = await request_of(proxy, "ACK")
        assert (ack.uri, ack.get("route")) == ("sip:7@far.example:5099", f"<sip:127.0.0.1:{proxy.port};lr>")
        call.hang_up()
        proxy.send(answer(await request_of(proxy, "BYE"), 200), carrier.port)


async def test_a_phone_registers_with_digest_renews_and_unregisters() -> None:
    async with wired() as wire:
        phone = Phone("801", "secret", wire.port, expires=2, t1=T1)
        entering = asyncio.create_task(phone.__aenter__())
        first = await request_of(wire, "REGISTER")
        port = int(first.get("contact").rpartition(":")[2].rstrip(">"))
        refusal = answer(first, 401, "t")
        refusal.add("WWW-Authenticate", 'Digest realm="asterisk", nonce="n1", qop="auth"')
        wire.send(refusal, port)
        second = await request_of(wire, "REGISTER")
        assert second.cseq[0] == first.cseq[0] + 1
        assert 'username="801"' in second.get("authorization")
        assert "secret" not in second.build().decode()
        granted = answer(second, 200, "t")
        granted.add("Contact", f"{second.get('contact')};expires=1")
        wire.send(granted, port)
        async with asyncio.timeout(LIMIT):
            await entering
        assert phone.registered
        renewal = await request_of(wire, "REGISTER")  # at half of the granted second
        wire.send(answer(renewal, 200, "t"), port)
        await phone.wait_for(lambda p: p.registered, LIMIT, "the renewal")
        leaving = asyncio.create_task(phone.__aexit__(None, None, None))
        last = await request_of(wire, "REGISTER")
        while last.get("expires") != "0":
            last = await request_of(wire, "REGISTER")
        wire.send(answer(last, 200, "t"), port)
        async with asyncio.timeout(LIMIT):
            await leaving


async def test_a_phone_that_vanishes_says_nothing_more() -> None:
    async with wired() as wire:
        phone = Phone("801", "secret", wire.port, t1=T1)
        entering = asyncio.create_task(phone.__aenter__())
        register = await request_of(wire, "REGISTER")
        port = int(register.get("contact").rpartition(":")[2].rstrip(">"))
        wire.send(answer(register, 200, "t"), port)
        async with asyncio.timeout(LIMIT):
            await entering
        wire.send(wire.invite("801"), port)
        await response_of(wire, 180)
        phone.vanish()
        wire.send(wire.invite("801", branch="z9hG4bK2", call_id="c2"), port)
        async with asyncio.timeout(LIMIT):
            await phone.__aexit__(None, None, None)
        assert wire.received.empty()
        assert [call.ended_by for call in phone.incoming] == ["vanished"]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_phone_that_is_refused_says_so(status: int) -> None:
    async with wired() as wire:
        phone = Phone("801", "wrong", wire.port, t1=T1)
        entering = asyncio.create_task(phone.__aenter__())
        for _ in range(2 if status == 401 else 1):
            request = await request_of(wire, "REGISTER")
            refusal = answer(request, status, "t")
            refusal.add("WWW-Authenticate", 'Digest realm="asterisk", nonce="n1"')
            wire.send(refusal, int(request.get("contact").rpartition(":")[2].rstrip(">")))
        with pytest.raises(CallRefused, match=str(status)):
            await entering


async def test_a_phone_without_a_registrar_says_so() -> None:
    async with wired() as wire:
        with pytest.raises(NoAnswer):
            await Phone("801", "secret", wire.port, t1=T1).__aenter__()
