"""The settings: one immutable model for each table of uncall.toml. Dialling, trunks and menus have their own files."""

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import SecretStr, field_validator

from uncall_ari.config.asking import FastAgiSettings
from uncall_ari.config.calling import InboundSettings, RecordingSettings, SurveySettings
from uncall_ari.config.dialling import DialerSettings
from uncall_ari.config.fields import Network, Section, TargetValue, setting
from uncall_ari.config.queueing import AgentSettings, QueueSettings
from uncall_ari.config.trunk import Trunk, find_trunk
from uncall_ari.ivr.menu import Menu


class Choice(NamedTuple):
    """One thing that a client may choose: a trunk, an IVR, a queue."""

    value: str
    description: str


class AsteriskSettings(Section):
    """[asterisk]: where Asterisk's REST interface is, and as whom we go there."""

    url: str = setting(
        "http://127.0.0.1:8088",
        "Asterisk's HTTP server, without /ari: http://HOST:PORT",
        restart=True,
        pattern=r"^https?://[^\s/@]+$",
    )
    user: str = setting(
        "uncall", "user name in ari.conf: ASCII, no blank, no colon", restart=True, pattern=r"^[!-9;-~]{1,80}$"
    )
    password: SecretStr = setting(SecretStr(""), "password in ari.conf; must be set", restart=True)
    app: str = setting(
        "uncall",
        "name of the Stasis application: letters, digits, _ and -",
        restart=True,
        pattern=r"^[A-Za-z0-9_-]{1,40}$",
    )
    ami_host: str = setting(
        "127.0.0.1", "address of Asterisk's manager interface", restart=True, pattern=r"^[0-9A-Za-z.:_-]+$"
    )
    ami_port: int = setting(5038, "port of Asterisk's manager interface", restart=True, ge=1, le=65535)
    ami_user: str = setting(
        "", "user name in manager.conf; empty: the same as user", restart=True, pattern=r"^[!-9;-~]{0,80}$"
    )
    ami_password: SecretStr = setting(
        SecretStr(""), "password in manager.conf; empty: the same as password", restart=True
    )


class DatabaseSettings(Section):
    """[database]: where tasks and numbers are kept."""

    url: SecretStr = setting(
        SecretStr("sqlite:///uncall.db"),
        "sqlite:///FILE, or mysql://USER:PASSWORD@HOST:PORT/DATABASE for MySQL and MariaDB; in the password, "
        "characters other than letters and digits as %HH",
        restart=True,
    )

    calls: str = setting(
        "asteriskcdrdb",
        "database of pop, cdr and cdr_task on the same MySQL or MariaDB server; empty: in that of the tasks; on SQLite "
        "they are in the one file",
        restart=True,
        pattern=r"^[A-Za-z0-9_]{0,64}$",
    )

    @field_validator("url")
    @classmethod
    def _known_kind(cls, url: SecretStr) -> SecretStr:
        if re.fullmatch(r"sqlite:///[^?:]+|(mysql|mariadb)://[^\s/?]+/[^\s/?]+", url.get_secret_value()) is None:
            raise ValueError("has neither of the two forms")
        return url


class WebSettings(Section):
    """[web]: the web service, and who may use it."""

    host: str = setting(
        "127.0.0.1", "address that the web service listens on", restart=True, pattern=r"^[0-9A-Za-z.:_-]+$"
    )
    port: int = setting(8080, "TCP port of the web service; 0: any free one", restart=True, ge=0, le=65535)
    networks: tuple[Network, ...] = setting(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        "address ranges whose clients need neither key nor password, such as 10.1.2.0/24",
    )
    api_keys: tuple[SecretStr, ...] = setting((), "keys, one of which a client may send")
    users: dict[str, SecretStr] = setting({}, "names and passwords for HTTP Basic")
    success_word: Literal["success", "Success"] = setting(
        "success", "how the word for success is written in answers; some CRMs compare with Success"
    )

    @field_validator("api_keys")
    @classmethod
    def _no_empty_key(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(key.get_secret_value().strip() for key in keys):
            raise ValueError("a key is empty: it would let everybody in")
        return keys

    @field_validator("users")
    @classmethod
    def _no_empty_password(cls, users: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if not all(name and ":" not in name and password.get_secret_value() for name, password in users.items()):
            raise ValueError("a user's name is empty or has a colon in it, or the password is empty")
        return users


class MediaSettings(Section):
    """[media]: where sounds are."""

    recordings: Path = setting(Path("recordings"), "folder of the uploaded recordings", restart=True)
    sounds: Path | None = setting(
        None, "folder of the prompts, with zh/ and en/ in it; empty: those that come with the product"
    )
    language: Literal["zh", "en"] = setting("zh", "language of the prompts")
    url: str = setting(
        "",
        "for an Asterisk that cannot read these folders: this web service as Asterisk reaches it, http://HOST:PORT, to "
        "fetch sounds from; empty: it reads the files",
        restart=True,
        pattern=r"^(https?://[^\s/@?#]+/?)?$",
    )

    @field_validator("sounds", mode="before")
    @classmethod
    def _empty_is_packaged(cls, value: object) -> object:
        return None if value == "" else value


class ExtensionSettings(Section):
    """[extensions]: the agents' phones."""

    endpoint: str = setting(
        "{extension}",
        "name of an extension's PJSIP endpoint, with {extension} where its number stands",
        pattern=r"^[A-Za-z0-9_.-]*\{extension\}[A-Za-z0-9_.-]*$",
    )
    ring_seconds: int = setting(30, "seconds that an agent's phone may ring", ge=5, le=180)
    pop_repeat: bool = setting(False, "whether popEvent tells a call again and again while it lives, and not once")


class Settings(Section):
    """All settings, checked and immutable. `load_settings` makes them."""

    asterisk: AsteriskSettings = setting(AsteriskSettings(), "Asterisk's REST interface")
    database: DatabaseSettings = setting(DatabaseSettings(), "tasks and numbers")
    web: WebSettings = setting(WebSettings(), "the web service")
    media: MediaSettings = setting(MediaSettings(), "sounds")
    dialer: DialerSettings = setting(DialerSettings(), "how tasks are dialled")
    extensions: ExtensionSettings = setting(ExtensionSettings(), "the agents' phones")
    agents: AgentSettings = setting(AgentSettings(), "how the members of queues work")
    recording: RecordingSettings = setting(RecordingSettings(), "recordings of calls")
    survey: SurveySettings = setting(SurveySettings(), "the satisfaction survey")
    fastagi: FastAgiSettings = setting(FastAgiSettings(), "a dialplan's questions")
    trunk: tuple[Trunk, ...] = setting((), "lines to the outside")
    inbound: tuple[InboundSettings, ...] = setting((), "where calls from outside go")
    queue: dict[TargetValue, QueueSettings] = setting({}, "queues of agents")
    ivr: dict[TargetValue, Menu] = setting({}, "voice menus")

    @field_validator("ivr", mode="before")
    @classmethod
    def _named_by_table(cls, raw: Any) -> Any:
        """A menu's value is the name of its table."""
        if not isinstance(raw, dict):
            return raw
        return {key: {"value": key} | menu if isinstance(menu, dict) else menu for key, menu in raw.items()}

    def find_trunk(self, value: str) -> Trunk | None:
        """The trunk that clients call `value`, or None: see `config.trunk.find`."""
        return find_trunk(self.trunk, value)
