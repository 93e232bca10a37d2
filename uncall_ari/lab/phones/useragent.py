"""A SIP user agent: what phones and the carrier share. It owns the endpoint, the calls and the background tasks."""

from collections import deque
from collections.abc import Callable, Mapping

from .behaviour import Behaviour
from .call import Call
from .dialog import user_of
from .digest import Credentials
from .endpoint import Endpoint
from .headers import Address
from .home import ALLOW
from .incoming import IncomingCall
from .message import Request, answer
from .outgoing import OutgoingCall
from .policy import follow
from .transaction import T1, TIMEOUT, PeerAddress, ServerTransaction
from .waiting import Tasks, Watch

Decide = Callable[[str], Behaviour | None]
AUDIO_OF = 300  # ended calls
GOODBYE = 1.0  # seconds for the other side to answer our BYEs when everything is closed


class UserAgent:
    """Takes and makes calls. `decide(number)` gives the Behaviour of each incoming call, None: by hand."""

    def __init__(self, side: str, user: str, decide: Decide, keep: float, t1: float = T1) -> None:
        self.side, self.user, self.keep = side, user, keep
        self.host, self.port = "", 0
        self.watch, self.tasks = Watch(), Tasks()
        self.endpoint = Endpoint(self._handle, t1)
        self.incoming: list[IncomingCall] = []
        self.outgoing: list[OutgoingCall] = []
        self._decide = decide
        self._joined: dict[str, Call] = {}  # by our dialog tag
        self._ended: deque[Call] = deque()  # those whose audio is still kept

    @property
    def contact(self) -> str:
        """Our Contact header."""
        user = f"{self.user}@" if self.user else ""
        return f"<sip:{user}{self.host}:{self.port}>"

    async def open(self, host: str, port: int) -> None:
        """Bind the SIP socket; port 0 lets the system choose."""
        self.host, self.port = await self.endpoint.open(host, port)

    async def close(self) -> None:
        """Hang up what is live, give the other side a second to take note, and end all tasks and timers."""
        for call in list(self._joined.values()):
            call.hang_up()
        await self.tasks.settle(GOODBYE)
        try:
            await self.tasks.close()
        finally:
            self.endpoint.close()
            await self.endpoint.wait_closed()

    def dial(
        self,
        target: str,
        caller: Address,
        peer: PeerAddress,
        credentials: Credentials | None = None,
        behaviour: Behaviour | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OutgoingCall:
        """Begin a call to the URI `target` by way of `peer`."""
        call = OutgoingCall(self, target, caller, peer, credentials, behaviour, dict(headers or {}))
        self.outgoing.append(call)
        self.watch.changed()
        return call

    def join(self, call: Call) -> None:
        """Requests with this call's tag are for it from now on."""
        self._joined[call.tag] = call

    def leave(self, call: Call) -> None:
        """They no longer are. Only the audio of the last calls is kept, so that a long run needs no end of memory."""
        self._joined.pop(call.tag, None)
        self._ended.append(call)
        if len(self._ended) > AUDIO_OF:
            self._ended.popleft().meter.ring.forget()

    def _handle(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        tag = request.recipient.tag
        if tag:
            call = self._joined.get(tag)
            if call is not None and call.sip_call_id == request.call_id:
                call.requested(transaction)
            elif request.method != "ACK":
                transaction.respond(answer(request, 481))
        elif request.method == "INVITE":
            self._invited(transaction)
        elif request.method == "CANCEL":
            self._cancelled(transaction)
        elif request.method in ("OPTIONS", "NOTIFY"):
            response = answer(request, 200, "agent")
            response.add("Allow", ALLOW)
            transaction.respond(response)
        elif request.method != "ACK":
            transaction.respond(answer(request, 405, "agent"))

    def _invited(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if request.get("require"):
            refusal = answer(request, 420, "agent")
            refusal.add("Unsupported", request.get("require"))
            transaction.respond(refusal)
            return
        try:
            behaviour = self._decide(user_of([request.uri]))
        except Exception as error:  # the test's own mistake: told when everything is closed
            self.tasks.failures.append(error)
            transaction.respond(answer(request, 500, "agent"))
            return
        call = IncomingCall(self, transaction, behaviour)
        self.incoming.append(call)
        if behaviour is None:
            call.trying()
            call.ring()
        else:
            patience = TIMEOUT * self.endpoint.t1
            call.take_conduct(self.tasks.spawn(follow(call, behaviour, patience)))
        self.watch.changed()

    def _cancelled(self, transaction: ServerTransaction) -> None:
        """CANCEL: answered for itself, then the INVITE it is about gets its 487 (9.2)."""
        request: Request = transaction.request
        invite = self.endpoint.invite_of(request)
        call = next((call for call in self._joined.values() if call.sip_call_id == request.call_id), None)
        if invite is None or not isinstance(call, IncomingCall):
            transaction.respond(answer(request, 481))
            return
        if not call.behaviour.silent:
            transaction.respond(answer(request, 200, call.tag))
        call.cancelled(request)
