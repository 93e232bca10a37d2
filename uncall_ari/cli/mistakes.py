"""How a command ends that cannot do its work: one clear line for each mistake, never a stack trace."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from uncall_ari.errors import UncallError
from uncall_ari.lab import LabError


@contextmanager
def telling_mistakes(status: int = 1) -> Iterator[None]:
    """Turn the errors that we raise on purpose into lines on standard error, and this exit status."""
    try:
        yield
    except* (UncallError, LabError) as group:
        console = Console(stderr=True, highlight=False)
        for error in _leaves(group):
            for line in str(error).splitlines():
                console.print(Text(line, style="red"), soft_wrap=True)
        sys.exit(status)


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
