"""A lab's MariaDB: a copy of a prepared data folder, so that a start takes a second."""

import shutil
import socket
import subprocess
from pathlib import Path

from .errors import LabError
from .ports import require_free
from .root import Root
from .server import Server
from .spec import LabSpec

ACCOUNT = "mysql"
CALLS = "asteriskcdrdb"  # the contract's name, section 2
USER = "unacall_api"  # the contract's name, section 5
DATABASE = "outbound"

# Small, and quick to start and to copy. What a killed server had committed is still there afterwards
# (flush_log 2 hands each commit to the kernel); only a power cut could lose the last second.
_CONFIGURATION = """\
[mariadbd]
datadir = {inside}/data
socket = {inside}/mariadb.sock
pid-file = {inside}/mariadb.pid
bind-address = 127.0.0.1
port = {port}
character-set-server = utf8mb4
collation-server = utf8mb4_general_ci
skip-name-resolve
skip-log-bin
max-connections = 200
innodb-buffer-pool-size = 64M
innodb-log-file-size = 16M
innodb-undo-tablespaces = 0
innodb-flush-log-at-trx-commit = 2
innodb-fast-shutdown = 1
performance-schema = off
aria-pagecache-buffer-size = 8M
"""


class MariaDB(Server):
    """One MariaDB with the database `outbound` and the account `unacall_api`, which may also make and
    drop databases whose names begin with `outbound_` (for tests)."""

    title = "MariaDB"

    def __init__(self, root: Root, folder: Path, spec: LabSpec, password: str) -> None:
        self.port, self.user, self.password = spec.ports.mariadb, USER, password
        self.url = f"mysql://{USER}:{password}@127.0.0.1:{self.port}/{DATABASE}"
        self._inside = root.inside(folder)
        super().__init__(root, folder, keep=spec.keep)

    @property
    def log_file(self) -> Path:
        return self.console_log

    @property
    def mark(self) -> str:
        return f"--defaults-file={self._inside}/my.cnf"

    @property
    def where(self) -> str:
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Copies the prepared data folder, and writes the account that is made at every start."""
        self.root.give(self.folder, ACCOUNT, mode=0o700)
        template = _template(self.root)
        # cp, because it shares blocks where the file system can, and keeps owners.
        subprocess.run(["cp", "-a", "--reflink=auto", str(template), str(self.folder / "data")], check=True)
        (self.folder / "my.cnf").write_text(_CONFIGURATION.format(inside=self._inside, port=self.port))
        (self.folder / "client.cnf").write_text(
            f"[client]\nsocket = {self._inside}/mariadb.sock\nuser = root\npassword = {self.password}\n"
        )
        account = f"{USER}@'%'"
        (self.folder / "account.sql").write_text(
            f"ALTER USER root@localhost IDENTIFIED BY '{self.password}';\n"
            "DROP USER IF EXISTS root@'127.0.0.1', root@'::1';\n"
            f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4;\n"
            f"CREATE USER IF NOT EXISTS {account};\n"
            f"ALTER USER {account} IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL ON {DATABASE}.* TO {account};\n"
            f"CREATE DATABASE IF NOT EXISTS {CALLS} CHARACTER SET utf8mb4;\n"
            f"GRANT ALL ON {CALLS}.* TO {account};\n"
            f"GRANT ALL ON `{DATABASE}\\_%`.* TO {account};\n"
        )

    def command(self) -> list[str]:
        return self.root.command(ACCOUNT, "mariadbd", self.mark, f"--init-file={self._inside}/account.sql")

    def require_ports(self) -> None:
        require_free("mariadb", self.port)

    def ready(self) -> bool:
        """Its greeting comes when it takes connections; the account's file has been read by then."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2.0) as connection:
                connection.settimeout(2.0)
                return b"MariaDB" in connection.recv(100)
        except OSError:
            return False

    def sql(self, statements: str) -> str:
        """What the server answers to these statements, given as its root; tab-separated. Raises LabError
        with its message when it refuses one."""
        client = ["mariadb", f"--defaults-file={self._inside}/client.cnf", "--batch", "--skip-column-names"]
        return self.root.run(ACCOUNT, *client, "--execute", statements)


def _template(root: Root) -> Path:
    """The prepared data folder; made at the first call. The caller holds the root's lock."""
    template = root.labs / ".mariadb"
    if not template.is_dir():
        fresh = root.labs / ".mariadb.new"
        shutil.rmtree(fresh, ignore_errors=True)
        root.give(fresh, ACCOUNT)
        _initialize(root, fresh)
        fresh.rename(template)
    return template


def _initialize(root: Root, data: Path) -> None:
    root.run(
        ACCOUNT,
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={root.inside(data)}",
        "--auth-root-authentication-method=normal",
        "--cross-bootstrap",  # no accounts with this host's name
        "--skip-test-db",
        "--innodb-log-file-size=16M",
        "--innodb-undo-tablespaces=0",
    )
    if not (data / "mysql").is_dir():
        raise LabError("mariadb-install-db has made no data folder", "docker/rootfs --force")
