"""The audio of one call: agreed on by SDP, spoken by the sender, heard by the meter."""

import secrets
import time
from dataclasses import replace

from . import sdp
from .audio import FRAME, RATE, next_tone, tone_frame
from .behaviour import Behaviour
from .media import Media
from .message import Request, Response
from .meter import Meter


class Talk:
    """One side's audio. Its socket is opened when SDP needs a port, its memory when the first packet comes."""

    def __init__(self, host: str, behaviour: Behaviour, keep: float) -> None:
        self.meter = Meter(keep)
        self.agreed = False  # whether the other side's SDP is known
        self._host, self._behaviour = host, behaviour
        self._tone = next_tone() if behaviour.tone is None else behaviour.tone
        self._talking = False
        self._ours = sdp.Session(host, 0, session_id=secrets.randbits(31))
        self._media: Media | None = None

    @property
    def tone(self) -> int:
        """The own tone in Hz, 0 for silence."""
        return self._tone

    @tone.setter
    def tone(self, hz: int) -> None:
        self._tone = hz
        if self._talking:
            self._open().tone = hz

    def describe(self, message: Request | Response) -> None:
        """Put our session into `message`: an offer, or the answer to what was taken before."""
        if not self._ours.port:
            self._ours = replace(self._ours, port=self._open().port)
        message.add("Content-Type", "application/sdp")
        message.body = self._ours.build()

    def take_offer(self, body: bytes) -> None:
        """Take the other side's offer, the first or a new one. SipSyntaxError when it has no µ-law audio."""
        theirs = sdp.parse(body)
        version = self._ours.version + int(self.agreed)
        self._ours = theirs.answered_by(self._host, self._open().port, self._ours.session_id, version)
        self._connect(theirs)

    def take_answer(self, body: bytes) -> None:
        """Take the other side's answer to our offer. SipSyntaxError when it has no audio."""
        self._connect(sdp.parse(body))

    def play_early(self, hz: int) -> None:
        """Send a tone before the answer."""
        self._open().tone = hz

    def begin(self) -> None:
        """The call is answered: say what there is to say, then the steady tone."""
        self._talking = True
        if self._behaviour.audio:
            media = self._open()
            media.sender.say((round(seconds * RATE / FRAME), tone_frame(hz)) for seconds, hz in self._behaviour.says)
            media.tone = self._tone

    def press(self, keys: str, seconds: float) -> None:
        """Send keys as telephone events. RuntimeError when those were not agreed on, ValueError for what is no key."""
        if not self._talking or self._media is None or self._media.sender.event_type is None:
            raise RuntimeError("keys need an answered call with telephone events")
        self._media.sender.press(keys, seconds)

    def close(self) -> None:
        """Stop; what was heard can still be analysed."""
        self._talking = False
        self.meter.closed_at = time.monotonic()
        if self._media is not None:
            self._media.close()

    def _open(self) -> Media:
        if self._media is None:
            self._media = Media(self._host, 0 if self._behaviour.audio else None, self.meter)
        return self._media

    def _connect(self, theirs: sdp.Session) -> None:
        self.agreed = True
        self._open().connect(theirs.host, theirs.port, theirs.event_type, send=theirs.takes_audio)
