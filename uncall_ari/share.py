"""Where the files that are not Python lie: dialplan/, sounds/ and docker/.

In a checkout they stand beside the package; an installed wheel carries them in `uncall_ari/share/`.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shared(name: str) -> Path:
    """The folder `name` ("dialplan", "sounds" or "docker"). Raises FileNotFoundError where it is in
    neither place: the installation is broken."""
    for place in (_PACKAGE / "share" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{name}/ is neither beside the package {_PACKAGE} nor inside it: install anew")
