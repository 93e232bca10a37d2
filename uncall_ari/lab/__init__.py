"""Real servers without Docker: Asterisk, MariaDB and SIPp from the root file system of docker/rootfs.

with Lab.up(LabSpec(extensions=(("801", "secret"),))) as lab:
    print(lab.asterisk.url, lab.asterisk.cli("core show version"))
"""

from .errors import LabError
from .lab import Lab
from .spec import LabSpec, Ports, TrunkSpec
from .waits import NotInTime, until, wait_until

__all__ = ["Lab", "LabError", "LabSpec", "NotInTime", "Ports", "TrunkSpec", "until", "wait_until"]
