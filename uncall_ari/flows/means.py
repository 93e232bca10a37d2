"""What every flow works with: the connection, ids, sounds, menus. Replaced as a whole when the settings change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from uncall_ari.ari import Ari
from uncall_ari.ivr import Menu
from uncall_ari.media.library import RecordingLibrary
from uncall_ari.media.prompts import Prompts

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

    def phone(self, extension: str) -> str:
        """Return what to dial for an extension."""
        return "PJSIP/" + self.extension_endpoint.format(extension=extension)
