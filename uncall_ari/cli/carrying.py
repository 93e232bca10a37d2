"""`uncall lab carrier`: the simulated carrier and phones alone, beside an Asterisk that runs elsewhere on this host."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvloop

from uncall_ari.demo.conducts import AGENT_BEHAVIOUR, COLLEAGUE, OTHERS_BEHAVIOUR, SUPERVISOR, behaviour_of, conduct_of
from uncall_ari.errors import UncallError
from uncall_ari.lab.phones import Carrier, Phone, PhoneError
from uncall_ari.logs import log_to_stderr

log = structlog.get_logger(__name__)

_LINE = re.compile(r"([0-9]{2,10}):([A-Za-z0-9_.~-]{1,64})")


class CannotCarry(UncallError):
    """The carrier or a phone cannot do its work; the message says what would help."""


@dataclass(frozen=True, slots=True)
class Options:
    """The carrier's port and SIP's of Asterisk, on loopback both, and the file of the phones: NUMBER:SECRET a line."""

    port: int
    sip_port: int
    extensions: Path | None = None


def run(options: Options) -> None:
    """Take calls until Ctrl-C, then say how many came. Raises CannotCarry."""
    log_to_stderr()
    secrets = _secrets(options.extensions) if options.extensions else {}
    uvloop.run(_run(options, secrets))


def _secrets(file: Path) -> dict[str, str]:
    """Return the secret of each extension. Raises CannotCarry, which shows no secret."""
    try:
        lines = file.read_text("utf-8").split()
    except OSError as error:
        raise CannotCarry(f"{file} cannot be read: {error.strerror}. Give it to this account") from error
    found = [_LINE.fullmatch(line) for line in lines]
    for place, match in enumerate(found, 1):
        if match is None:
            raise CannotCarry(f"{file}: word {place} is not NUMBER:SECRET, such as 801:a-secret")
    return {match[1]: match[2] for match in found if match}


async def _run(options: Options, secrets: dict[str, str]) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with _outside(options, secrets) as carrier:
        log.info("the simulated carrier takes calls", address=f"127.0.0.1:{carrier.port}", phones=sorted(secrets))
        await stop.wait()
        endings = {f"…{ending}" for ending in (conduct_of(number).ending for number in carrier.dialled)}
        log.info("ending", calls=len(carrier.calls), numbers=len(carrier.dialled), kinds=sorted(endings))


@asynccontextmanager
async def _outside(options: Options, secrets: dict[str, str]) -> AsyncIterator[Carrier]:
    try:
        async with AsyncExitStack() as stack:
            carrier = await stack.enter_async_context(Carrier("127.0.0.1", options.port, behaviour_of))
            for number, secret in secrets.items():
                behaviour = OTHERS_BEHAVIOUR if number in (COLLEAGUE, SUPERVISOR) else AGENT_BEHAVIOUR
                await stack.enter_async_context(Phone(number, secret, options.sip_port, behaviour=behaviour))
            yield carrier
    except PhoneError as error:
        raise CannotCarry(f"{error}. Does Asterisk's SIP run on 127.0.0.1:{options.sip_port}?") from error
    except OSError as error:
        raise CannotCarry(
            f"cannot listen on 127.0.0.1:{options.port}: {error.strerror}. Give another --port"
        ) from error
