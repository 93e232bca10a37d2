"""The outside world of a demonstration: a lab's Asterisk, the simulated carrier, the phones, a recording."""

import io
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import soundfile

from uncall_ari.demo.conducts import (
    AGENT,
    AGENT_BEHAVIOUR,
    AGENTS,
    COLLEAGUE,
    OTHERS_BEHAVIOUR,
    RECORDING_SECONDS,
    SUPERVISOR,
    behaviour_of,
)
from uncall_ari.demo.evidence import KEEP
from uncall_ari.demo.settings import ENDPOINT
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.phones import Carrier, Phone
from uncall_ari.lab.phones.audio import RATE, sine
from uncall_ari.lab.ports import free_port
from uncall_ari.lab.root import build, default_place

RECORDING_HZ = 900  # of the recording's tone
_SECRET = "demo-{}"  # noqa: S105 - of phones that are reached on loopback only


@dataclass(frozen=True, slots=True)
class World:
    """What there is around the service."""

    carrier: Carrier
    phones: dict[str, Phone]  # by extension

    @property
    def agent(self) -> Phone:
        """The phone that the campaign's menu leads to."""
        return self.phones[AGENT]


@contextmanager
def lab_of(name: str, *, mariadb: bool = False, keep: bool = False) -> Iterator[Lab]:
    """A lab with a trunk and the demo's extensions; with `keep` it stays. The first time, its root is built (a minute).

    Raises LabError.
    """
    build(default_place())
    lab = Lab.up(
        LabSpec(
            name=name,
            trunks=(TrunkSpec(ENDPOINT, port=free_port(udp=True)),),
            extensions=tuple((each, _SECRET.format(each)) for each in (AGENT, COLLEAGUE, SUPERVISOR, *AGENTS)),
            mariadb=mariadb,
            keep=keep,
        )
    )
    try:
        yield lab
    finally:
        if not keep:
            lab.down()


@asynccontextmanager
async def outside(lab: Lab, line_seconds: float = KEEP) -> AsyncIterator[World]:
    """Run the carrier behind the lab's trunk, and the extensions' phones, registered. The agents' phones keep the sound
    of the last `line_seconds`: they stay connected."""
    (trunk,) = lab.spec.trunks
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(Carrier(trunk.host, trunk.port, behaviour_of, keep=KEEP))
        phones = {}
        for number, secret in lab.spec.extensions:
            behaviour = OTHERS_BEHAVIOUR if number in (COLLEAGUE, SUPERVISOR) else AGENT_BEHAVIOUR
            keep = line_seconds if number in AGENTS else KEEP
            phone = Phone(number, secret, lab.asterisk.sip_port, behaviour=behaviour, keep=keep)
            phones[number] = await stack.enter_async_context(phone)
        yield World(carrier, phones)


def seconds_of(lab: Lab, prompts: Iterable[str], language: str) -> float:
    """Return how long it takes to play prompts, in seconds."""
    files = (lab.sounds / language / f"{prompt}.wav" for prompt in prompts)
    return sum(float(soundfile.info(file).duration) for file in files)


def recording() -> bytes:
    """Return the demo's recording as a WAV file: a tone that the called phones can measure."""
    file = io.BytesIO()
    soundfile.write(file, sine(RECORDING_HZ, RECORDING_SECONDS), RATE, subtype="PCM_16", format="WAV")
    return file.getvalue()
