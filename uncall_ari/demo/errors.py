"""Why a demonstration could not be carried through. (A wrong outcome is no error: it is what the demo reports.)"""

from uncall_ari.errors import UncallError


class DemoFailed(UncallError):
    """The demonstration cannot go on; the message says at what and what was seen."""
