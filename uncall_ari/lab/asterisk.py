"""A lab's Asterisk: its configuration, its start, its end, and words with it."""

import base64
import http.client
from pathlib import Path

from .ports import require_free
from .root import Root
from .server import Server
from .spec import RTP_PORTS, LabSpec
from .templates import write_configuration

ACCOUNT = "asterisk"


class Asterisk(Server):
    """One Asterisk. It is started by `start()` and then serves ARI at `url` and AMI at `ami_port`, both
    for `user` with `password`."""

    title = "Asterisk"

    def __init__(self, root: Root, folder: Path, spec: LabSpec, user: str, password: str) -> None:
        self.user, self.password = user, password
        self.http_port, self.ami_port, self.sip_port = spec.ports.http, spec.ports.ami, spec.ports.sip
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.spool = folder / "spool"  # ARI's recordings: spool/recording
        self._spec = spec
        self._inside = root.inside(folder)
        super().__init__(root, folder, keep=spec.keep)

    @property
    def log_file(self) -> Path:
        return self.folder / "log" / "messages.log"

    @property
    def mark(self) -> str:
        return str(self._inside / "etc" / "asterisk.conf")

    @property
    def where(self) -> str:
        return f"{self.url}, AMI {self.ami_port}, SIP {self.sip_port}"

    def prepare(self) -> None:
        """Makes its folders and writes its configuration."""
        self.root.give(self.folder / "etc", ACCOUNT, mode=0o700)  # passwords are in there
        for name in ("run", "log", "lib", "spool", "spool/recording", "spool/monitor", "spool/tmp"):
            self.root.give(self.folder / name, ACCOUNT)
        write_configuration(
            self.folder / "etc",
            {
                "folder": self._inside,
                "sounds": self._inside.parent / "sounds",
                "app": self._spec.app,
                "language": self._spec.language,
                "user": self.user,
                "password": self.password,
                "http_port": self.http_port,
                "ami_port": self.ami_port,
                "sip_port": self.sip_port,
                "rtp_first": self._spec.ports.rtp,
                "rtp_last": self._spec.ports.rtp + RTP_PORTS - 1,
                "trunks": self._spec.trunks,
                "extensions": self._spec.extensions,
                "patience": self._spec.patience,
            },
        )

    def command(self) -> list[str]:
        return self.root.command(ACCOUNT, "asterisk", "-f", "-n", "-C", self.mark)

    def require_ports(self) -> None:
        require_free("http", self.http_port)
        require_free("ami", self.ami_port)
        require_free("sip", self.sip_port)

    def ready(self) -> bool:
        """ARI answers 503 until Asterisk has fully booted, then 200."""
        return self.ari_status(self.user, self.password) == http.client.OK

    def ari_status(self, user: str, password: str) -> int:
        """The HTTP status of ARI's /asterisk/info for this account; 0 when no one answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=2.0)
        account = base64.b64encode(f"{user}:{password}".encode()).decode()
        try:
            connection.request("GET", "/ari/asterisk/info", headers={"Authorization": f"Basic {account}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def cli(self, command: str) -> str:
        """What Asterisk's console answers to `command`. Raises LabError when it does not run."""
        return self.root.run(ACCOUNT, "asterisk", "-C", self.mark, "-rx", command)
