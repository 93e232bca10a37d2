"""A call that comes in: rung, answered, refused by hand or by a Behaviour."""

import time

from .behaviour import Behaviour
from .call import Call
from .dialog import Dialog, user_of
from .errors import SipSyntaxError
from .home import ALLOW, Home
from .message import Request, Response, answer
from .transaction import ServerTransaction


class IncomingCall(Call):
    """An INVITE that came in. `caller_id`, `caller_name` and `asserted_id` say what it told of the caller."""

    direction = "in"

    def __init__(self, home: Home, transaction: ServerTransaction, behaviour: Behaviour | None) -> None:
        invite = transaction.request
        super().__init__(home, invite, user_of([invite.uri]), behaviour)
        self.caller_id = user_of([invite.get("from")])
        self.caller_name = invite.sender.display
        self.asserted_id = user_of(invite.all("p-asserted-identity")) or None
        self.dialog = Dialog.from_invite(invite, self.tag, transaction.peer)
        self._transaction = transaction
        self._offered = bool(invite.body)
        self._unconfirmed = transaction
        transaction.unacknowledged = self._unacknowledged
        home.join(self)

    @property
    def copies(self) -> int:
        """How often the same INVITE came again: retransmissions, no further calls."""
        return self._transaction.copies

    def trying(self) -> None:
        """100: the INVITE came, do not send it again."""
        self._transaction.respond(answer(self.invite, 100))

    def ring(self, early_media: int | None = None) -> None:
        """180; or, with a tone in Hz, 183 and that tone before the answer."""
        if self.status is not None or self.ended_at is not None:
            return
        response = self._response(180 if early_media is None else 183)
        if early_media is not None:
            if not self._accept_offer():
                return
            self.talk.describe(response)
            self.talk.play_early(early_media)
        self._transaction.respond(response)
        self.ringing_at = self.ringing_at or time.monotonic()
        self.watch.changed()

    def answer(self) -> None:
        """200, and talk. An offer without µ-law is refused with 488 instead."""
        if self.status is not None or self.ended_at is not None or not self._accept_offer():
            return
        response = self._response(200)
        self.talk.describe(response)
        self.status = 200
        self._transaction.respond(response)
        self._answered()

    def reject(self, status: int, reason: str = "") -> None:
        """Refuse it with a status from 300 to 699; `reason` becomes a Reason header."""
        if self.status is not None or self.ended_at is not None:
            return
        response = self._response(status)
        if reason:
            response.add("Reason", reason)
        self.status = status
        self._transaction.respond(response)
        self._end("rejected")

    def cancelled(self, cancel: Request) -> None:
        """The caller gave up: 487 (9.2). Too late when it is answered already."""
        if self.status is None and self.ended_at is None:
            self.status = 487
            self.cause = cancel.get("reason")
            self._transaction.respond(self._response(487))
            self._end("cancel")

    def expire(self) -> None:
        """End a call that was never answered with anything once its caller must have given up."""
        if self.status is None:
            self._end("timeout")

    def _give_up(self) -> None:
        self.reject(603)

    def _accept_offer(self) -> bool:
        if self._offered and not self.talk.agreed:
            try:
                self.talk.take_offer(self.invite.body)
            except SipSyntaxError:
                self.reject(488)
                return False
        return True

    def _unacknowledged(self) -> None:
        """No ACK in 64*T1: the call is ended with a BYE (13.3.1.4)."""
        if self.live:
            self._confirmed.set()  # it never will be: do not wait for it any longer
            self._end_with_bye("timeout")

    def _response(self, status: int) -> Response:
        response = answer(self.invite, status, self.tag)
        response.add("Contact", self._home.contact)
        response.add("Allow", ALLOW)
        return response
