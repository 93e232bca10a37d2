"""What a command needs to know of its terminal: the language, and what must not get there."""

import os


def speaks_chinese() -> bool:
    """As the C library finds the language of messages: the first of these that is set."""
    variables = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((value for value in variables if value), "").startswith("zh")


def plain(text: str) -> str:
    """For a terminal: nothing that it obeys."""
    return "".join(each if each.isprintable() else "?" for each in text)
