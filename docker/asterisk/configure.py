"""Write Asterisk's configuration from the project's templates and the container's environment.

The templates in dialplan/ make an Asterisk that listens on loopback only. Two things are put after them:
outside*.conf.j2, SIP beyond loopback; and files of your own, each at the end of the one that is called like it.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

HOME = Path("/usr/share/uncall")
FOLDER = Path("/srv/asterisk")  # etc, lib, run, log, spool
OWN = Path("/etc/uncall/asterisk")  # what is added

NAME = r"[a-z][a-z0-9-]{0,30}"
SECRET = r"[A-Za-z0-9_.~-]{1,64}"  # noqa: S105 - no character that means something in Asterisk's files
ADDRESS = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"
HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
NETWORK = rf"{ADDRESS}/[0-9]{{1,2}}"


class Wrong(Exception):
    """A variable that cannot be followed; the message names it and what would do."""


class Given:
    """The variables: each checked, so that none can add a line to a file of Asterisk's."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str, pattern: str, wanted: str) -> str:
        """The variable, or its default where it is empty. Raises Wrong."""
        value = self._environment.get(name) or default
        if not re.fullmatch(pattern, value):
            raise Wrong(f"{name}={value!r}: {wanted} is wanted")
        return value

    def port(self, name: str, default: int) -> int:
        """A port from 1024 on, which no rights are needed for."""
        port = int(self.text(name, str(default), r"[0-9]{4,5}", "a port from 1024 to 65535"))
        if not 1024 <= port <= 65535:
            raise Wrong(f"{name}={port}: a port from 1024 to 65535 is wanted")
        return port

    def words(self, name: str, default: str = "") -> list[str]:
        """The words of a list with blanks, commas or line ends between."""
        return re.split(r"[\s,]+", text) if (text := self._environment.get(name, default).strip(" \t\r\n,")) else []

    def secret(self, name: str) -> str:
        """The secret NAME, or what stands in the file that NAME_FILE names; empty without either. Raises Wrong."""
        value, file = self._environment.get(name, ""), self._environment.get(f"{name}_FILE", "")
        if value or not file:
            return value
        try:
            return Path(file).read_text("utf-8").strip()
        except OSError as error:
            raise Wrong(f"{name}_FILE: {file} cannot be read by account {os.getuid()}: {error.strerror}") from error


def values(given: Given, folder: Path = FOLDER, sounds: Path = HOME / "sounds") -> dict[str, Any]:
    """What the templates ask for. Raises Wrong."""
    password = given.secret("ASTERISK_PASSWORD")
    if not re.fullmatch(SECRET, password) or len(password) < 8:
        raise Wrong(
            "ASTERISK_PASSWORD or the file ASTERISK_PASSWORD_FILE: 8 to 64 letters, digits and _ . ~ - are wanted"
        )
    first, last = given.port("RTP_FIRST", 10000), given.port("RTP_LAST", 17999)
    if first >= last:
        raise Wrong(f"RTP_FIRST={first} RTP_LAST={last}: a range of ports is wanted, two for each leg of a call")
    return {
        "folder": folder,
        "sounds": sounds,
        "app": given.text("ASTERISK_APP", "uncall", NAME, "a small letter, then letters, digits or -"),
        "language": given.text("ASTERISK_LANGUAGE", "zh", "zh|en", "zh or en"),
        "user": given.text("ASTERISK_USER", "uncall", NAME, "a small letter, then letters, digits or -"),
        "password": password,
        "http_port": given.port("ASTERISK_HTTP_PORT", 8088),
        "ami_port": given.port("ASTERISK_AMI_PORT", 5038),
        "sip_port": given.port("SIP_PORT", 5060),
        "rtp_first": first,
        "rtp_last": last,
        "trunks": [trunk(text) for text in given.words("TRUNKS")],
        "extensions": [extension(text) for text in given.secret("EXTENSIONS").split()],
        "patience": int(given.text("ASTERISK_PATIENCE", "10", r"[0-9]{1,3}", "seconds, up to 999")),
        "sip_address": given.text("SIP_ADDRESS", "127.0.0.1", ADDRESS, "an IPv4 address of this host, or 0.0.0.0"),
        "sip_external": given.text("SIP_EXTERNAL", "", f"({HOST})?", "the address that the carrier sees"),
        "sip_local": [
            Given({"SIP_LOCAL": each}).text("SIP_LOCAL", "", NETWORK, "networks such as 10.0.0.0/8")
            for each in given.words("SIP_LOCAL")
        ],
    }


def trunk(text: str) -> dict[str, Any]:
    """A trunk from NAME=HOST:PORT. Raises Wrong."""
    found = re.fullmatch(rf"(?P<name>{NAME})=(?P<host>{HOST}):(?P<port>[0-9]{{1,5}})", text)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise Wrong(f"TRUNKS: {text!r}: NAME=HOST:PORT is wanted, such as carrier=127.0.0.1:5080")
    return {"name": found["name"], "host": found["host"], "port": int(found["port"])}


def extension(text: str) -> tuple[str, str]:
    """Number and secret from NUMBER:SECRET. Raises Wrong, without the secret."""
    number, _, secret = text.partition(":")
    if not re.fullmatch(r"[0-9]{2,10}", number) or not re.fullmatch(SECRET, secret):
        raise Wrong(
            "EXTENSIONS: NUMBER:SECRET is wanted on each line: 2 to 10 digits, then letters, digits and _ . ~ -"
        )
    return number, secret


def write(values: Mapping[str, Any], into: Path, templates: Path = HOME / "dialplan", own: Path = OWN) -> None:
    """Write one file for each template, and what is put after it. Nobody else may read them: passwords are in there."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([templates, Path(__file__).parent]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - not HTML, and every value has been checked
    )
    after = {
        "pjsip.conf": "outside.conf.j2",
        "modules.conf": "outside-modules.conf.j2",
    }
    for template in sorted(templates.glob("*.j2")):
        name = template.stem
        sources = [template.name, *([after[name]] if name in after else [])]
        parts = [environment.get_template(source).render(values) for source in sources]
        if (own / name).is_file():
            parts.append((own / name).read_text("utf-8"))
        file = into / name
        file.touch(mode=0o600)
        file.write_text("\n".join(parts), "utf-8")


if __name__ == "__main__":
    try:
        write(values(Given(os.environ)), FOLDER / "etc")
    except Wrong as mistake:
        sys.exit(f"asterisk: {mistake}")
