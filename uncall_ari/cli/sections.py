"""Sections of Asterisk's configuration files, taken out of a text together with the comments that explain them."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

_HEADER = re.compile(r"\[([^\]]+)\]")


@dataclass(slots=True)
class Section:
    """One section: the comments above its header, the header, and its lines."""

    comments: list[str]
    header: str
    lines: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What stands in the brackets."""
        return self.header[1 : self.header.index("]")]

    def written(self, header: str | None, without: Collection[str], *, told: bool) -> str:
        """Return the section's text: under another header when one is given ("" for none), without the lines of the
        keys and modules in `without`, and without the comments above it unless they are `told`."""
        kept = [line for line in self.lines if not _words(line) & set(without)]
        head = self.header if header is None else header
        return "\n".join([*(self.comments if told else []), *([head] if head else []), *kept]).strip("\n")


def section(text: str, name: str) -> Section:
    """Return the first section of this name. Raises KeyError."""
    for found in _sections(text):
        if found.name == name:
            return found
    raise KeyError(name)


def _words(line: str) -> set[str]:
    """The key of a line, and the module that it loads."""
    key, equals, value = line.partition("=")
    return {key.strip(), value.strip().removesuffix(".so")} if equals and not line.startswith(";") else set()


def _sections(text: str) -> Iterator[Section]:
    """Each section; comments belong to what stands below them without an empty line between."""
    above: list[str] = []
    current: Section | None = None
    for line in text.splitlines():
        if line.startswith(";"):
            above.append(line)
        elif _HEADER.match(line):
            if current is not None:
                yield current
            current, above = Section(above, line), []
        else:
            if current is not None:
                current.lines += [*above, line]
            above = []
    if current is not None:
        yield current
