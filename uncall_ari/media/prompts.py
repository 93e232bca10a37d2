"""The prompts that come with the product, in two languages."""

import re
from pathlib import Path
from typing import Literal

from uncall_ari.errors import UncallError
from uncall_ari.media.addresses import MediaUri, by_path

Language = Literal["zh", "en"]
_LANGUAGES: tuple[Language, ...] = ("zh", "en")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class NoSuchPrompt(UncallError, KeyError):
    """There is no prompt of this name, in neither language."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)

    def __str__(self) -> str:
        return f"there is no prompt {self.name!r}"


class Prompts:
    """The WAV files in `folder`/zh and `folder`/en; `language` is looked through first. `uri` makes the media URI of a
    file."""

    def __init__(self, folder: Path, language: Language, uri: MediaUri = by_path) -> None:
        self.folder = folder.absolute()
        self._uri = uri
        self._languages = sorted(_LANGUAGES, key=lambda other: other != language)

    def names(self) -> list[str]:
        """Return the names of all prompts, sorted."""
        files = (file for language in _LANGUAGES for file in (self.folder / language).glob("*.wav"))
        return sorted({file.stem for file in files if _NAME.fullmatch(file.stem)})

    def exists(self, name: str) -> bool:
        """Tell whether there is a prompt of this name."""
        return self._file(name) is not None

    def sound(self, name: str) -> str:
        """Return the ARI media URI that plays the prompt `name`. Raises NoSuchPrompt."""
        file = self._file(name)
        if file is None:
            raise NoSuchPrompt(name)
        return self._uri(file)

    def _file(self, name: str) -> Path | None:
        if _NAME.fullmatch(name) is None:
            return None
        files = (self.folder / language / f"{name}.wav" for language in self._languages)
        return next((file for file in files if file.is_file()), None)
