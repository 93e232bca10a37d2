"""The state of a SIP dialog (RFC 3261, 12): who, which tags, where to send, which number comes next."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .errors import SipSyntaxError
from .headers import Address, parse_address, parse_uri
from .message import Request, Response
from .transaction import PeerAddress


@dataclass
class Dialog:
    """One side's view of a dialog; it makes the requests that go within it."""

    call_id: str
    local: Address
    remote: Address
    target: str  # the other side's Contact: the URI of our requests
    peer: PeerAddress  # where the message that made the dialog came from
    route: list[str] = field(default_factory=list)
    sequence: int = 0  # CSeq of our last request

    @classmethod
    def from_invite(cls, invite: Request, tag: str, peer: PeerAddress) -> "Dialog":
        """The called side's dialog; `tag` is ours."""
        to = invite.recipient
        return cls(
            invite.call_id,
            local=replace(to, params={**to.params, "tag": tag}),
            remote=invite.sender,
            target=_target(invite.get("contact"), invite.sender.uri),
            peer=peer,
            route=invite.all("record-route"),
        )

    @classmethod
    def from_response(cls, invite: Request, response: Response, peer: PeerAddress) -> "Dialog":
        """The calling side's dialog, from a response with a tag."""
        return cls(
            invite.call_id,
            local=invite.sender,
            remote=response.recipient,
            target=_target(response.get("contact"), invite.uri),
            peer=peer,
            route=response.all("record-route")[::-1],
            sequence=invite.cseq[0],
        )

    def retarget(self, contact: str) -> None:
        """Take over the other side's new Contact (12.2.2)."""
        self.target = _target(contact, self.target)

    def request(self, method: str) -> Request:
        """A request of ours within the dialog, still without Via. An ACK keeps the INVITE's CSeq number."""
        if method != "ACK":
            self.sequence += 1
        request = Request(method=method, uri=self.target)
        request.add("Max-Forwards", "70")
        request.add("From", str(self.local))
        request.add("To", str(self.remote))
        request.add("Call-ID", self.call_id)
        request.add("CSeq", f"{self.sequence} {method}")
        request.fields += [("Route", route) for route in self.route]
        return request

    @property
    def next_hop(self) -> PeerAddress:
        """Where requests go: the first route or the target, if that is an address and not a name."""
        uri = parse_address(self.route[0]).uri if self.route else self.target
        return address_of(uri) or self.peer


def address_of(uri: str) -> PeerAddress | None:
    """Host and port of a SIP URI that has an IPv4 address in it, else None: no names are looked up here."""
    try:
        parsed = parse_uri(uri)
        ipaddress.IPv4Address(parsed.host)
    except (SipSyntaxError, ValueError):
        return None
    return parsed.host, parsed.port


def _target(contact: str, otherwise: str) -> str:
    try:
        return parse_address(contact).uri
    except SipSyntaxError:
        return otherwise


def user_of(values: Iterable[str]) -> str:
    """The user part of the first readable address in some header values, "" when there is none."""
    for value in values:
        try:
            return parse_uri(parse_address(value).uri).user
        except SipSyntaxError:
            continue
    return ""
