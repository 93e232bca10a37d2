"""What the tests with real servers share."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.integration.served import served
from uncall_ari.ari import Ari, IdMaker
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier

__all__ = ["served"]  # a fixture of its own file

TONE = 900  # Hz of the tone in `tone_wav`; a multiple of 50, far from DTMF and ringback


@pytest.fixture
async def carrier(lab: Lab) -> AsyncIterator[Carrier]:
    """The carrier behind the lab's trunk; set `carrier.behaviour` to what its numbers shall do."""
    async with carrier_of(lab) as carrier:
        yield carrier


def carrier_of(lab: Lab) -> Carrier:
    """A carrier at the address that the lab's trunk dials."""
    (trunk,) = lab.spec.trunks
    return Carrier(trunk.host, trunk.port, peer=("127.0.0.1", lab.asterisk.sip_port))


def ari_of(lab: Lab, **handlers: Callable[..., object]) -> Ari:
    """A client of the lab's Asterisk, not yet connected."""
    asterisk = lab.asterisk
    return Ari(asterisk.url, asterisk.user, asterisk.password, lab.spec.app, **handlers)  # type: ignore[arg-type]


@pytest.fixture
async def ari(lab: Lab) -> AsyncIterator[Ari]:
    """A client that is connected to the run's Asterisk."""
    async with ari_of(lab) as ari:
        await ari.connection.wait_up(10)
        yield ari


@pytest.fixture(scope="session")
def ids() -> IdMaker:
    """Ids for the channels of a whole run."""
    return IdMaker(1)


@pytest.fixture(scope="session")
def tone_wav(lab: Lab) -> Iterator[Path]:
    """A WAV of 3 s of a 900 Hz tone that Asterisk can read."""
    path = lab.recordings / "tone.wav"
    write_tone(path, TONE, 3.0)
    yield path
    path.unlink()


def write_tone(path: Path, hz: int, seconds: float) -> None:
    """Write a tone of -12 dBFS as Asterisk plays it: 8000 Hz, 16 bits, mono."""
    moments = np.arange(int(8000 * seconds)) / 8000
    soundfile.write(path, 0.25 * np.sin(2 * np.pi * hz * moments), 8000, subtype="PCM_16")
    path.chmod(0o644)
