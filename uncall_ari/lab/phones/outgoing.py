"""A call that goes out: INVITE, digest when asked for, early media, ACK, or CANCEL."""

import secrets
import time

from .behaviour import Behaviour
from .call import Call
from .dialog import Dialog
from .digest import CHALLENGES, Credentials, authorize
from .errors import CallRefused, NoAnswer, NotSeen, SipSyntaxError
from .headers import Address, parse_uri
from .home import ALLOW, Home
from .message import Request, Response
from .policy import conduct
from .transaction import ClientTransaction, PeerAddress, cancel


class OutgoingCall(Call):
    """An INVITE that we send; `caller_id` is what we say of ourselves."""

    direction = "out"

    def __init__(
        self,
        home: Home,
        target: str,
        caller: Address,
        peer: PeerAddress,
        credentials: Credentials | None,
        behaviour: Behaviour | None,
        headers: dict[str, str],
    ) -> None:
        tag = secrets.token_hex(6)
        invite = Request(method="INVITE", uri=target)
        invite.add("Max-Forwards", "70")
        invite.add("From", str(Address(caller.uri, caller.display, {"tag": tag})))
        invite.add("To", f"<{target}>")
        invite.add("Call-ID", f"{secrets.token_hex(8)}@{home.host}")
        invite.add("CSeq", "1 INVITE")
        invite.add("Contact", home.contact)
        invite.add("Allow", ALLOW)
        invite.fields += headers.items()
        super().__init__(home, invite, parse_uri(target).user, behaviour, tag)
        self.talk.describe(invite)
        self.caller_id = parse_uri(caller.uri).user
        self._peer, self._credentials = peer, credentials
        self._transaction: ClientTransaction | None = None
        self._cancelled = self._cancel_sent = False
        self._confirmed.set()  # only those who are called wait for an ACK
        home.join(self)
        home.tasks.spawn(self._run())

    async def wait_answered(self, timeout: float = 10) -> None:  # noqa: ASYNC109
        """Until it is answered. CallRefused with the status when the other side refuses, NotSeen when it is late."""
        try:
            await self.until_answered(timeout)
        except NotSeen:
            if self.status is not None and self.status >= 300:
                raise CallRefused(f"the call to {self.number}", self.status, self.cause) from None
            raise

    async def _run(self) -> None:
        try:
            response = await self._send()
            if response.status in CHALLENGES and self._credentials is not None and not self._cancelled:
                self.invite = authorize(self.invite, response, self._credentials)
                response = await self._send()
            self._finish(response)
        except (NoAnswer, SipSyntaxError) as error:
            self.cause = str(error)
            if self.dialog is not None:  # answered, but with no audio that we know
                self._end_with_bye(self._home.side)
            else:
                self._end("timeout" if isinstance(error, NoAnswer) else "rejected")

    async def _send(self) -> Response:
        self._transaction = self._home.endpoint.request(self.invite, self._peer, self._provisional)
        return await self._transaction.final

    def _provisional(self, response: Response) -> None:
        if response.status > 100 and self.ringing_at is None:
            self.ringing_at = time.monotonic()
        if response.body and self.ended_at is None:
            self.talk.take_answer(response.body)  # early media: ringing, prompts
        if self._cancelled:
            self._send_cancel()
        self.watch.changed()

    def _finish(self, response: Response) -> None:
        assert self._transaction is not None
        self.status = response.status
        if response.status >= 300:
            self.cause = response.get("reason") or response.reason
            self._end("rejected")
            return
        self.dialog = Dialog.from_response(self.invite, response, self._peer)
        self._transaction.acknowledge(self._with_via(self.dialog.request("ACK")), self.dialog.next_hop)
        if self._cancelled:  # the answer crossed our CANCEL: there is a call, and it has to be ended (15)
            self._home.tasks.spawn(self._bye())
            return
        self.talk.take_answer(response.body)
        self._answered()
        self.take_conduct(self._home.tasks.spawn(conduct(self, self.behaviour)))

    def _with_via(self, request: Request) -> Request:
        request.fields.insert(0, ("Via", self._home.endpoint.via()))
        return request

    def _give_up(self) -> None:
        self._cancelled = True
        if self._transaction is not None and self._transaction.proceeding:
            self._send_cancel()  # else when the first provisional answer comes (9.1)
        self._end("cancel")

    def _send_cancel(self) -> None:
        if self._transaction is not None and not self._transaction.final.done() and not self._cancel_sent:
            self._cancel_sent = True
            self._home.endpoint.request(cancel(self.invite), self._peer)
