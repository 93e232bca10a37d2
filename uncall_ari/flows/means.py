"""What every flow works with: the connection, ids, sounds, menus. Replaced as a whole when the settings change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from uncall_ari.ari import Ari
from uncall_ari.ivr import Menu
from uncall_ari.media.library import NoSuchRecording, RecordingLibrary
from uncall_ari.media.prompts import NoSuchPrompt, Prompts

log = structlog.get_logger(__name__)

CALL = "UNCALL_CALL"  # the channel variable that says whose a channel is; Asterisk puts it into every event
AGENT = "agent "  # how it begins for a leg to an extension, whose number follows


@dataclass(frozen=True, slots=True)
class Means:
    """The surroundings of a call."""

    ari: Ari
    new_id: Callable[[], str]
    menus: Mapping[str, Menu]
    prompts: Mapping[str, Prompts]  # by language
    language: str
    recordings: RecordingLibrary
    extension_endpoint: str  # "{extension}", or how PJSIP endpoints of extensions are named
    extension_ring_seconds: int

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
        return "PJSIP/" + self.extension_endpoint.format(extension=extension)
