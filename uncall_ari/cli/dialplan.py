"""`uncall dialplan`: what to add to an Asterisk that is there already, written from the settings, with the reasons.

It is the configuration of the lab, which the tests run: its sections are taken out of the same templates. What differs
beside an Asterisk of somebody else's stands in dialplan/existing/.
"""

import ipaddress
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import jinja2

from uncall_ari.cli.sections import section
from uncall_ari.config import Settings
from uncall_ari.errors import UncallError
from uncall_ari.share import shared

Kind = Literal["asterisk", "freepbx"]
Part = Literal["extensions", "ari", "manager", "http", "pjsip", "stasis", "modules", "all"]

# For each part, its templates and the files of /etc/asterisk that they belong into.
_FILES: dict[Kind, dict[str, dict[str, str]]] = {
    "asterisk": {
        part: {part: f"{part}.conf"} for part in ("http", "ari", "manager", "extensions", "pjsip", "stasis", "modules")
    },
    "freepbx": {
        "http": {"http": "http.conf"},
        "ari": {"ari": "ari_general_custom.conf", "ari-user": "ari_additional_custom.conf"},
        "manager": {"manager": "manager_custom.conf"},
        "extensions": {"extensions": "extensions_custom.conf"},
        "pjsip": {"pjsip": "pjsip.endpoint_custom_post.conf"},
        "stasis": {"stasis": "stasis.conf"},
        "modules": {"modules": "modules.conf"},
    },
}
_SPEECH = ("res_speech", "res_agi")  # modules of FastAGI
_CONTEXT = re.compile(r"[A-Za-z0-9_.-]{1,79}", re.ASCII)
_SECTION_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,80}", re.ASCII)  # all others mean something in a header
_HIDDEN = "the-password-is-not-shown"


class CannotPrint(UncallError):
    """Something does not fit into Asterisk's files; the message says what would."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted. `engine` is the engine's address as Asterisk sees it, "" for that of Asterisk's own host;
    `trunk_back` and `phone_back` are contexts that get what no engine takes, "" for none."""

    kind: Kind = "asterisk"
    part: Part = "all"
    with_passwords: bool = False
    engine: str = ""
    trunk_back: str = ""
    phone_back: str = ""
    patience: int = 10


def run(settings: Settings, order: Order) -> None:
    """Write it to standard output: one block for each file, which a comment names. Raises CannotPrint."""
    for file, text in files(settings, order).items():
        sys.stdout.write(f"; ======== for {file}\n{text.strip()}\n\n")


def files(settings: Settings, order: Order) -> dict[str, str]:
    """Return what is to be added to each file of /etc/asterisk, by its name. Raises CannotPrint."""
    values = _values(settings, order)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([shared("dialplan"), shared("dialplan") / "existing"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - not HTML, and every value has been checked
    )

    def lab(
        file: str,
        name: str,
        *,
        header: str | None = None,
        without: Collection[str] = (),
        told: bool = True,
        **other: object,
    ) -> str:
        text = environment.get_template(f"{file}.j2").render(values | other)
        return section(text, name).written(header, without, told=told)

    environment.globals["lab"] = lab
    macros = '{% from "extensions.conf.j2" import hand_over, agent_codes, disturb_codes with context %}'
    parts = _FILES[order.kind]
    wanted = {file: name for part in parts if order.part in ("all", part) for name, file in parts[part].items()}
    written = {}
    for file, name in wanted.items():
        source = (shared("dialplan") / "existing" / f"{name}.part").read_text("utf-8")
        written[file] = _with_password(environment.from_string(macros + source).render(values), settings, order)
    return written


# What the lab's templates ask for besides, in sections that are not taken.
_OF_THE_LAB = {"folder": "", "extensions": (), "sip_port": 0, "rtp_first": 0, "rtp_last": 0}


def _values(settings: Settings, order: Order) -> dict[str, object]:
    asterisk, media = settings.asterisk, settings.media
    url = urlsplit(asterisk.url)
    ami_user = asterisk.ami_user or asterisk.user
    for name in (asterisk.user, ami_user):
        _require(_SECTION_NAME, name, "asterisk.user", "letters, digits and _ . @ -")
    for name in filter(None, (order.trunk_back, order.phone_back)):
        _require(_CONTEXT, name, "a context", "letters, digits and _ . -")
    remote = not _is_loopback(order.engine or url.hostname or "")
    sounds = (media.sounds or shared("sounds")).absolute()
    if not media.url and not re.fullmatch(r"[^\s,;()$|]+", str(sounds)):
        raise CannotPrint(f"the dialplan cannot name the folder {sounds}: choose one without blanks and , ; ( ) $ |")
    return _OF_THE_LAB | {
        "kind": order.kind,
        "app": asterisk.app,
        "user": asterisk.user,
        "ami_user": ami_user,
        "password": _HIDDEN,
        "engine": _engine(order.engine, remote=remote),
        "remote": remote,
        "http_port": url.port or (443 if url.scheme == "https" else 80),
        "ami_port": asterisk.ami_port,
        "sounds": "" if media.url else sounds,
        "remote_sounds": bool(media.url),
        "language": media.language,
        "patience": order.patience,
        "trunk_back": order.trunk_back,
        "phone_back": order.phone_back,
        "numbers": list(dict.fromkeys(_extension(route.match) for route in settings.inbound)),
        "trunks": list(dict.fromkeys(trunk.endpoint for trunk in settings.trunk)),
        "endpoint": settings.extensions.endpoint.replace("{extension}", "801") + " for extension 801",
        "fastagi": f"{settings.fastagi.host}:{settings.fastagi.port}" if settings.fastagi.enabled else "",
        "unneeded": ("autoload", *(() if settings.fastagi.enabled else _SPEECH)),
    }


def _require(pattern: re.Pattern[str], text: str, what: str, allowed: str) -> None:
    if pattern.fullmatch(text) is None:
        raise CannotPrint(f"{what} {text!r} cannot stand in Asterisk's files: use {allowed}")


def _engine(address: str, *, remote: bool) -> str:
    """The engine's address as AMI's `permit` has it."""
    if not address and remote:
        raise CannotPrint("Asterisk is on another host: say --engine ADDRESS, the engine's as Asterisk sees it")
    try:
        network = ipaddress.ip_network(ipaddress.ip_address(address or "127.0.0.1"))
    except ValueError as error:
        raise CannotPrint(f"--engine {address!r} is no IP address") from error
    return network.with_netmask


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _extension(pattern: str) -> str:
    """A dial pattern of ours as an extension; `h` and `s` match none of them."""
    body = re.sub(r"(\[[^\]]*\])|-", lambda found: found[1] or "", pattern.strip().removeprefix("_"))
    if body in (".", "!"):
        return "_[+*#0-9]!"
    return f"_{body}" if re.search(r"[XZN\[.!]", body, re.IGNORECASE) else body


def _with_password(text: str, settings: Settings, order: Order) -> str:
    """The text with the passwords, or with a line in each one's place that lets nobody in."""
    asterisk = settings.asterisk
    ari = asterisk.password.get_secret_value()
    ami = asterisk.ami_password.get_secret_value() or ari
    for key, secret, where in (("password", ari, "password"), ("secret", ami, "ami_password, or password")):
        line = f"{key} = {_escaped(secret)}" if order.with_passwords else f"; {key} = that of [asterisk] {where}"
        text = text.replace(f"{key} = {_HIDDEN}", line)
    return text


def _escaped(secret: str) -> str:
    """A value as Asterisk reads it back. Raises CannotPrint."""
    if secret != secret.strip() or not secret.isprintable():
        raise CannotPrint(
            "a password with blanks around it, or with control characters, cannot stand in Asterisk's files"
        )
    return secret.replace(";", "\\;")
