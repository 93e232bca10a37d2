"""What the tests of `uncall check` share: a fault in a lab, settings with which all is well, what is found."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import TRUNK
from tests.integration.campaigns import until, write_settings
from uncall_ari.config import Settings
from uncall_ari.doctor import Check, Finding, Level
from uncall_ari.doctor.run import of_asterisk
from uncall_ari.lab import Lab
from uncall_ari.lab.ports import free_port


@contextmanager
def changed(lab: Lab, file: str, old: str, new: str, reload: str) -> Iterator[None]:
    """Another text in one of Asterisk's files, loaded; and back again. An `old` of "" stands for the file's end."""
    path = lab.asterisk.folder / "etc" / file
    healthy = path.read_text()
    assert old in healthy, f"{file} has no {old!r}"
    path.write_text(healthy.replace(old, new) if old else healthy + new)
    lab.asterisk.cli(reload)
    try:
        yield
    finally:
        path.write_text(healthy)
        lab.asterisk.cli(reload)


def healthy(lab: Lab, **changes: Any) -> dict[str, Any]:
    """Settings with which all is well; `changes` are keys of tables, as in `web={"port": 1}`."""
    asterisk = lab.asterisk
    tables: dict[str, Any] = {
        "asterisk": {
            "url": asterisk.url,
            "user": asterisk.user,
            "password": asterisk.password,
            "ami_port": asterisk.ami_port,
        },
        "database": {"url": f"sqlite:///{lab.folder}/none.db"},
        "dialer": {"timezone": "Etc/UTC"},  # where the lab's servers are
        "web": {"port": free_port()},
        "media": {"sounds": str(lab.folder / "few"), "recordings": str(lab.recordings)},
        "queue": {"600": {"members": ["801", "802"]}},
        "inbound": [{"match": "0215555XXXX", "to": "queue 600"}],
        "trunk": [{"value": "sip/test/", "endpoint": TRUNK, "allow": ["X."]}],
        "ivr": {"1": {"step": {"thanks": {"play": ["thank-you"]}}}},
    }
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(tables.get(key), dict)
        tables[key] = tables[key] | value if both else value
    return tables


def settings_of(lab: Lab, **changes: Any) -> Settings:
    """Settings with which all is well, but for these changes."""
    return Settings.model_validate(healthy(lab, **changes))


async def ill(lab: Lab, check: Check, level: Level = Level.ERROR, **changes: Any) -> str:
    """What is found, and advised, for this check alone: all others must be well. In English."""
    found = await of_asterisk(Settings.model_validate(healthy(lab, **changes)))
    return only(found, check, level)


def only(found: list[Finding], check: Check, level: Level = Level.ERROR) -> str:
    """The text of the one finding that is not well. Fails for more, and for others."""
    bad = [each for each in found if each.level in (Level.ERROR, Level.WARNING)]
    assert [(each.check, each.level) for each in bad] == [(check, level)], told(found)
    assert all((*bad[0].found, *bad[0].remedy)), "a finding lacks a language, or its remedy"
    return f"{bad[0].found.en} {bad[0].remedy.en}"


def told(found: list[Finding]) -> str:
    """All findings, for a failure."""
    return "\n".join(f"{each.level} {each.check}: {each.found.en}" for each in found)


async def checked(tmp_path: Path, settings: dict[str, Any], *options: str, lang: str = "C.UTF-8") -> tuple[int, str]:
    """Exit status and output of `uncall check`."""
    write_settings(tmp_path / "uncall.toml", settings)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uncall_ari", "check", "-c", str(tmp_path / "uncall.toml"), *options),
        env=os.environ | {"LC_ALL": lang, "PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def nothing_left(lab: Lab) -> None:
    """Wait until Asterisk has neither a channel nor an application of the check's."""

    told = ""

    async def gone() -> bool:
        nonlocal told
        told = await asyncio.to_thread(
            lambda: lab.asterisk.cli("core show channels concise") + lab.asterisk.cli("ari show apps")
        )
        return "Local/" not in told and "Snoop/" not in told and "check-" not in told

    try:
        await until(gone, "no channel and no application to be left", 3)
    except AssertionError as late:
        raise AssertionError(f"{late}; Asterisk says: {told}") from None
