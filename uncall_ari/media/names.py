"""The one place that says what a recording may be called."""

import unicodedata

from uncall_ari.errors import RecordingRefused, RefusedBecause

AUDIO = "audio:"  # how the name of a call's recording begins for clients (contract section 2)

EXTENSION = ".wav"  # in small letters: Asterisk looks for exactly this, and takes .WAV for GSM
LONGEST = 255  # bytes of a file name on Linux, and at most as many characters as recording_files holds

# Asterisk takes a list of media URIs apart at commas, honours quotes while it does, and leaves a comma
# inside brackets alone. So a file never has a comma in its name: it is written as the three characters
# that stand for it in a URL.
_COMMA = "%2C"

# Control characters, invisible format characters (which can turn a name around on a page), line and
# paragraph separators, unassigned code points and lone surrogates: none of them fits into XML or a log.
_NEVER = {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"}


def recording_name(sent: str) -> str:
    r"""Return the name under which the recording that a client calls `sent` is known.

    That is the last component of a path in either style (`C:\fakepath\x.wav`), without blanks around it,
    composed as Unicode NFC, with the extension `.wav` in small letters. Raises RecordingRefused (FORMAT)
    for what can be no recording's name: no `.wav` at its end, nothing before it, a dot in front, a control
    character, a quote, brackets that do not pair, or more than 255 bytes.
    """
    name = unicodedata.normalize("NFC", sent).replace("\\", "/").rpartition("/")[2].strip(" ")
    stem, extension = name[: -len(EXTENSION)], name[-len(EXTENSION) :]
    name = stem.replace(_COMMA, ",") + EXTENSION
    if extension.lower() != EXTENSION or not stem.strip():
        raise RecordingRefused(RefusedBecause.FORMAT, "the name does not end in .wav")
    if stem.startswith(".") or not _harmless(stem):
        raise RecordingRefused(RefusedBecause.FORMAT, "the name has a character that is not taken")
    if len(file_name(name).encode()) > LONGEST:
        raise RecordingRefused(RefusedBecause.FORMAT, "the name is too long")
    return name


def file_name(name: str) -> str:
    """Return the name of the file that holds the recording `name` (checked by `recording_name`)."""
    return name.replace(",", _COMMA)


def _harmless(stem: str) -> bool:
    """Tell whether `stem` can be printed, and gets through Asterisk's list of media URIs in one piece."""
    if '"' in stem or any(unicodedata.category(character) in _NEVER for character in stem):
        return False
    return _paired(stem, "(", ")") and _paired(stem, "[", "]")


def _paired(text: str, opening: str, closing: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == opening) - (character == closing)
        if depth < 0:
            return False
    return depth == 0
