"""The sections of the settings: one immutable model for each table of uncall.toml."""

import re
from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from uncall_ari.dialer import numbers


class Choice(NamedTuple):
    """One thing that a client may choose: a trunk, an IVR, a queue."""

    value: str
    description: str


class Section(BaseModel):
    """What all sections share: immutable, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def setting(default: Any = ..., text: str = "", *, restart: bool = False, **limits: Any) -> Any:
    """A field with its default, its description (with the unit), and whether a change needs a restart."""
    return Field(default, description=text, json_schema_extra={"restart": restart}, **limits)


def _pattern(text: str) -> str:
    numbers.Pattern.parse(text)
    return text


def _dialled_prefix(text: str) -> str:
    if re.fullmatch(r"\+?[0-9*#]{0,16}", text) is None:
        raise ValueError("a prefix has at most 16 of the characters 0-9 * #, and + only in front")
    return text


def _caller_id(text: str) -> str:
    checked = numbers.caller_id(text)
    if checked is None:
        raise ValueError("a caller id is a number: digits, perhaps a leading +, at most 20 characters")
    return checked


PatternText = Annotated[str, AfterValidator(_pattern)]
DialledPrefix = Annotated[str, AfterValidator(_dialled_prefix)]
CallerId = Annotated[str, AfterValidator(_caller_id)]
EndpointName = Annotated[str, AfterValidator(numbers.endpoint_name)]
Network = IPv4Network | IPv6Network


class AsteriskSettings(Section):
    """[asterisk]: where Asterisk's REST interface is, and as whom we go there."""

    url: str = setting(
        "http://127.0.0.1:8088",
        "Asterisk's HTTP server, without /ari",
        restart=True,
        pattern=r"^https?://[^\s/]+/?$",
    )
    user: str = setting("uncall", "user name of ari.conf", restart=True, min_length=1)
    password: SecretStr = setting(SecretStr(""), "password of ari.conf", restart=True)
    app: str = setting(
        "uncall", "name of the Stasis application", restart=True, pattern=r"^[A-Za-z0-9_-]{1,40}$"
    )


class DatabaseSettings(Section):
    """[database]: where tasks and numbers are kept."""

    url: SecretStr = setting(
        SecretStr("sqlite:///uncall.db"),
        "sqlite:///FILE or mysql://USER:PASSWORD@HOST:PORT/DATABASE",
        restart=True,
    )

    @field_validator("url")
    @classmethod
    def _known_kind(cls, url: SecretStr) -> SecretStr:
        if re.match(r"sqlite:///.|mysql://[^\s/]+/\w+", url.get_secret_value()) is None:
            raise ValueError("is neither sqlite:///FILE nor mysql://USER:PASSWORD@HOST:PORT/DATABASE")
        return url


class WebSettings(Section):
    """[web]: the web service, and who may use it."""

    host: str = setting("127.0.0.1", "address that the web service listens on", restart=True, min_length=1)
    port: int = setting(8080, "TCP port of the web service; 0: any free one", restart=True, ge=0, le=65535)
    networks: tuple[Network, ...] = setting(
        (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")), "address ranges whose clients need no key"
    )
    api_keys: tuple[SecretStr, ...] = setting((), "keys that a client may send instead")
    users: dict[str, SecretStr] = setting({}, "names and passwords for HTTP Basic")
    success_word: Literal["success", "Success"] = setting("success", "casing of the success word in answers")


class MediaSettings(Section):
    """[media]: where sounds are."""

    recordings: Path = setting(Path("recordings"), "folder of the uploaded recordings", restart=True)
    sounds: Path | None = setting(
        None, "folder of the prompts, with zh/ and en/ in it; empty: the packaged ones"
    )
    language: Literal["zh", "en"] = setting("zh", "language of the prompts")

    @field_validator("sounds", mode="before")
    @classmethod
    def _empty_is_packaged(cls, value: object) -> object:
        return None if value == "" else value


class AmdSettings(Section):
    """[dialer.amd]: the answering-machine detector's limits, with the meaning and defaults of amd.conf."""

    initial_silence: int = setting(
        2500, "ms of silence before a greeting that tell a machine", ge=100, le=20000
    )
    greeting: int = setting(1500, "ms of greeting above which it is a machine's", ge=100, le=20000)
    after_greeting_silence: int = setting(
        800, "ms of silence after a greeting that tell a human", ge=100, le=20000
    )
    total_analysis_time: int = setting(5000, "ms after which the detector must decide", ge=500, le=20000)
    min_word_length: int = setting(100, "ms of voice that count as a word", ge=10, le=5000)
    between_words_silence: int = setting(50, "ms of silence between two words", ge=10, le=5000)
    maximum_number_of_words: int = setting(
        2, "words in a greeting above which it is a machine's", ge=1, le=50
    )
    silence_threshold: int = setting(256, "loudness below which there is silence, 0 to 32767", ge=0, le=32767)
    maximum_word_length: int = setting(
        5000, "ms of one utterance above which it is a machine's", ge=100, le=20000
    )


class RetrySettings(Section):
    """[dialer.retry]: which causes are dialled again, and how often in all."""

    budget: int = setting(0, "further attempts per number, all causes together", ge=0, le=20)
    causes: dict[str, int] = setting({}, "seconds to wait after an attempt that ended with this cause word")


class DialerSettings(Section):
    """[dialer]: how tasks are dialled."""

    timezone: ZoneInfo = setting(ZoneInfo("Asia/Shanghai"), "time zone of the tasks' daily windows")
    ring_seconds: int = setting(30, "seconds that a customer's phone may ring", ge=5, le=180)
    finish_after: int = setting(
        10, "seconds without an open number after which a task is finished", ge=0, le=86400
    )
    poll_seconds: float = setting(1.0, "seconds between two looks at the tables", ge=0.1, le=2)
    amd: AmdSettings = setting(AmdSettings(), "the answering-machine detector")
    retry: RetrySettings = setting(RetrySettings(), "which causes are dialled again")


class RewriteSettings(Section):
    """[[trunk.rules]]: another rewriting for the numbers that match."""

    match: PatternText = setting(..., "dial pattern of the numbers that this is for")
    strip: int = setting(0, "characters to drop in front", ge=0, le=16)
    prefix: DialledPrefix = setting("", "digits to put in front")


class Trunk(Section):
    """[[trunk]]: a line to the outside."""

    value: str = setting(..., "what clients and tables call it", pattern=r"^[\x21-\x7e]{1,50}$")
    description: str = setting("", "what people call it")
    endpoint: EndpointName = setting(..., "name of the PJSIP endpoint")
    channels: int = setting(30, "calls at once", ge=1, le=10000)
    calls_per_second: float = setting(10.0, "new calls per second", gt=0, le=1000)
    caller_id: CallerId = setting("", "number to present when the task has none; empty: the trunk's own")
    allow: tuple[PatternText, ...] = setting(
        ..., "dial patterns of the numbers that may be dialled", min_length=1
    )
    strip: int = setting(0, "characters to drop in front of each number", ge=0, le=16)
    prefix: DialledPrefix = setting("", "digits to put in front of each number")
    rules: tuple[RewriteSettings, ...] = setting(
        (), "rewritings that replace strip and prefix; the first match"
    )
    ring_seconds: int | None = setting(
        None, "seconds of ringing on this trunk; none: as in [dialer]", ge=5, le=180
    )
    amd: bool = setting(False, "whether the answering-machine detector listens first")

    @cached_property
    def number_rules(self) -> numbers.NumberRules:
        """What may be dialled here and how, compiled."""
        return numbers.NumberRules(
            allow=numbers.parse_patterns(self.allow),
            strip=self.strip,
            prefix=self.prefix,
            rules=tuple(
                numbers.Rewrite(numbers.Pattern.parse(rule.match), rule.strip, rule.prefix)
                for rule in self.rules
            ),
        )


class Queue(Section):
    """[queue.VALUE]: a queue of agents."""

    description: str = setting("", "what people call it")


class ExtensionSettings(Section):
    """[extensions]: the agents' phones."""

    endpoint: str = setting(
        "{extension}",
        "PJSIP endpoint of an extension",
        pattern=r"^[A-Za-z0-9_.-]*\{extension\}[A-Za-z0-9_.-]*$",
    )
    ring_seconds: int = setting(30, "seconds that an agent's phone may ring", ge=5, le=180)


class Settings(Section):
    """All settings, checked. Made by `load_settings`; immutable."""

    asterisk: AsteriskSettings = setting(AsteriskSettings(), "Asterisk's REST interface")
    database: DatabaseSettings = setting(DatabaseSettings(), "tasks and numbers")
    web: WebSettings = setting(WebSettings(), "the web service")
    media: MediaSettings = setting(MediaSettings(), "sounds")
    dialer: DialerSettings = setting(DialerSettings(), "how tasks are dialled")
    extensions: ExtensionSettings = setting(ExtensionSettings(), "the agents' phones")
    trunk: tuple[Trunk, ...] = setting((), "lines to the outside")
    queue: dict[str, Queue] = setting({}, "queues of agents")

    def find_trunk(self, value: str) -> Trunk | None:
        """The trunk that clients call `value`, or None."""
        return next((trunk for trunk in self.trunk if trunk.value == value), None)


def as_dict(values: Mapping[str, Any]) -> dict[str, Any]:
    """A plain, deep copy of nested tables."""
    return {key: as_dict(value) if isinstance(value, Mapping) else value for key, value in values.items()}
