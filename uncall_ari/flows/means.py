"""What every flow works with: the connection, ids, sounds, menus. Replaced as a whole when the settings change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from uncall_ari.ami import Ami
from uncall_ari.ari import Ari
from uncall_ari.calls.board import Board
from uncall_ari.calls.extensions import Extensions
from uncall_ari.calls.scribe import Scribe
from uncall_ari.calls.talk import Talk
from uncall_ari.config import Settings, SurveySettings, Trunk
from uncall_ari.dialer.numbers import dial_target, dialable
from uncall_ari.flows.hall import Hall
from uncall_ari.ivr import CallExtension, GoMenu, GoQueue, Menu
from uncall_ari.media.calls import CallRecordings
from uncall_ari.media.library import NoSuchRecording, RecordingLibrary
from uncall_ari.media.prompts import NoSuchPrompt, Prompts

log = structlog.get_logger(__name__)

CALL = "UNCALL_CALL"  # the channel variable that says whose a channel is; Asterisk puts it into every event
AGENT = "agent "  # how it begins for a leg to an extension, whose number follows


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to dial, and how."""

    number: str
    endpoint: str  # what Asterisk dials
    is_extension: bool
    ring_seconds: int
    caller_id: str = ""  # that a trunk wants to present, "" for none


@dataclass(frozen=True, slots=True)
class Means:
    """The surroundings of a call."""

    ari: Ari
    new_id: Callable[[], str]
    menus: Mapping[str, Menu]
    prompts: Mapping[str, Prompts]  # by language
    language: str
    recordings: RecordingLibrary
    extensions: Extensions
    board: Board
    scribe: Scribe
    ami: Ami
    call_recordings: CallRecordings
    hall: Hall
    settings: Settings

    @property
    def extension_ring_seconds(self) -> int:
        """How long an extension may ring."""
        return self.settings.extensions.ring_seconds

    def records(self, talk: Talk) -> bool:
        """Whether a talk is recorded: what is said of an extension in it counts first, then of its queue, its trunk."""
        recording = self.settings.recording
        for party in talk.parties:
            if party.is_extension and party.number in recording.extensions:
                return recording.extensions[party.number]
        queue = self.settings.queue.get(talk.queue)
        if queue is not None and queue.record is not None:
            return queue.record
        for party in talk.parties:
            trunk = _trunk_of(self.settings, party.leg.name)
            if trunk is not None and trunk.record is not None:
                return trunk.record
        return recording.enabled

    def trunk_of(self, channel: str) -> str:
        """Return the trunk that a channel of this name belongs to, "" for none."""
        trunk = _trunk_of(self.settings, channel)
        return trunk.value if trunk else ""

    @property
    def survey(self) -> SurveySettings:
        """What customers are asked after a talk."""
        return self.settings.survey

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of what people read."""
        return self.settings.dialer.timezone

    def inbound(self, number: str) -> CallExtension | GoMenu | GoQueue | None:
        """Where a call from outside to `number` goes by the settings; None: they do not say."""
        return next((route.way for route in self.settings.inbound if route.pattern.matches(number)), None)

    async def target(self, number: str) -> Target | None:
        """The extension of this number, else the first trunk that may dial it; None when there is neither.

        Raises ConnectionFailed.
        """
        if await self.extensions.exists(number):
            return Target(number, self.phone(number), is_extension=True, ring_seconds=self.extension_ring_seconds)
        plain = dialable(number)
        if plain is None:
            return None
        for trunk in self.settings.trunk:
            dialled = trunk.number_rules.dial_string(plain)
            if dialled is not None:
                seconds = trunk.ring_seconds or self.settings.dialer.ring_seconds
                endpoint = dial_target(trunk.endpoint, dialled)
                return Target(plain, endpoint, is_extension=False, ring_seconds=seconds, caller_id=trunk.caller_id)
        return None

    def sound(self, name: str, language: str | None = None) -> str:
        """Return the media URI of a prompt, or of an uploaded recording when `name` is `recording:FILE`."""
        kind, colon, file = name.partition(":")
        if colon and kind == "recording":
            return self.recordings.sound(file)
        return self.prompts[language or self.language].sound(name)

    def sounds(self, names: Iterable[str], language: str | None = None) -> list[str]:
        """Return the media URIs of `names`; those that are not there are told and left out: the call goes on."""
        found: list[str] = []
        for name in names:
            try:
                found.append(self.sound(name, language))
            except (NoSuchPrompt, NoSuchRecording) as missing:
                log.error("a sound is missing", sound=name, reason=str(missing))
        return found

    def phone(self, extension: str) -> str:
        """Return what to dial for an extension."""
        return "PJSIP/" + self.extensions.endpoint(extension)


def _trunk_of(settings: Settings, channel: str) -> Trunk | None:
    endpoint = channel.removeprefix("PJSIP/").rpartition("-")[0]
    return next((each for each in settings.trunk if each.endpoint == endpoint), None)
