"""`uncall check`: the machine: ports, space, open files."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

from tests.integration.campaigns import write_settings
from tests.integration.doctor.clinic import healthy, only, settings_of
from uncall_ari.doctor import Check
from uncall_ari.doctor.run import of_machine
from uncall_ari.lab import Lab


async def test_ports_that_are_taken_or_none(clinic: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = only(await of_machine(settings_of(clinic, web={"port": port})), Check.PORT)
        assert "web.port" in said
        assert f"ss -ltnp 'sport = :{port}'" in said
        said = only(await of_machine(settings_of(clinic, fastagi={"enabled": True, "port": port})), Check.PORT)
        assert "fastagi.port" in said
    said = only(await of_machine(settings_of(clinic, web={"host": "192.0.2.1"})), Check.PORT)
    assert "an address of this machine" in said


async def test_a_disk_without_space(clinic: Lab) -> None:
    full = {"recordings": "/proc/self"}  # a file system without a free byte
    assert "0 MB free in /proc/self (media.recordings)" in only(
        await of_machine(settings_of(clinic, media=full)), Check.SPACE
    )


async def test_few_open_files(clinic: Lab, tmp_path: Path) -> None:
    settings = tmp_path / "uncall.toml"
    write_settings(settings, healthy(clinic))
    limited = [
        "sh",
        "-c",
        'ulimit -n 256; exec "$@"',
        "-",
        sys.executable,
        "-m",
        "uncall_ari",
        "check",
        "-c",
        str(settings),
    ]
    done = await asyncio.to_thread(subprocess.run, limited, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "LimitNOFILE=65536" in done.stdout) == (1, True), done.stdout + done.stderr
