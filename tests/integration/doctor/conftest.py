"""The Asterisk of `uncall check`'s tests. One for a run; each test heals it again."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import EXTENSIONS, TRUNK
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.ports import free_port

FEW = ("beep", "thank-you", "survey-rate-1-to-5", "survey-thanks")  # prompts: what is tried takes 20 ms for each


@pytest.fixture(scope="session")
def clinic(rootfs: None) -> Iterator[Lab]:
    """An Asterisk whose configuration may be broken, with few prompts in `few`, and the dialplan's function."""
    spec = LabSpec(
        name=f"doctor-{os.getpid()}", trunks=(TrunkSpec(TRUNK, port=free_port(udp=True)),), extensions=EXTENSIONS
    )
    with Lab.up(spec) as lab:
        few = lab.folder / "few" / "zh"
        few.mkdir(parents=True)
        for name in FEW:
            shutil.copy(lab.sounds / "zh" / f"{name}.wav", few)
        lab.asterisk.cli("module load func_dialplan.so")
        yield lab
