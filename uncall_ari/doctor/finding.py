"""What a check finds: how bad it is, what is so, and what helps. In English and in Chinese."""

import enum
from dataclasses import dataclass
from typing import NamedTuple


class Level(enum.StrEnum):
    """How bad it is. `skipped` was not looked at, because something before it failed or was not to be had."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    ERROR = "error"


class Words(NamedTuple):
    """The same in two languages."""

    en: str
    zh: str


class Check(enum.StrEnum):
    """What is looked at, in the order in which it is told. `docs/check.md` says what each means."""

    SETTINGS = "settings"
    ASTERISK = "asterisk"
    VERSION = "version"
    MODULES = "modules"
    EVENTS = "events"
    ENGINE = "engine"
    AMI = "ami"
    TRUNK = "trunk"
    AGENTS = "agents"
    DIALPLAN = "dialplan"
    PROMPTS = "prompts"
    RECORDINGS = "recordings"
    MUSIC = "music"
    CALLS = "calls"
    DATABASE = "database"
    RIGHTS = "rights"
    TABLES = "tables"
    CLOCK = "clock"
    TIMEZONE = "timezone"
    PORT = "port"
    SPACE = "space"
    FILES = "files"


TITLES = {
    Check.SETTINGS: Words("settings", "配置"),
    Check.ASTERISK: Words("Asterisk", "Asterisk"),
    Check.VERSION: Words("version", "版本"),
    Check.MODULES: Words("modules", "模块"),
    Check.EVENTS: Words("events", "事件"),
    Check.ENGINE: Words("other engine", "其他引擎"),
    Check.AMI: Words("AMI", "AMI"),
    Check.TRUNK: Words("trunk", "中继"),
    Check.AGENTS: Words("agents", "坐席"),
    Check.DIALPLAN: Words("dialplan", "拨号方案"),
    Check.PROMPTS: Words("prompts", "提示音"),
    Check.RECORDINGS: Words("recordings", "外呼录音"),
    Check.MUSIC: Words("music on hold", "保持音乐"),
    Check.CALLS: Words("call recordings", "通话录音"),
    Check.DATABASE: Words("database", "数据库"),
    Check.RIGHTS: Words("rights", "数据库权限"),
    Check.TABLES: Words("tables", "数据表"),
    Check.CLOCK: Words("clock", "时钟"),
    Check.TIMEZONE: Words("time zone", "时区"),
    Check.PORT: Words("port", "端口"),
    Check.SPACE: Words("disk space", "磁盘空间"),
    Check.FILES: Words("open files", "文件句柄"),
}


NOTHING = Words("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check. The remedy is empty where nothing is to be done."""

    check: Check
    level: Level
    found: Words
    remedy: Words = NOTHING


def fine(check: Check, en: str, zh: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, Words(en, zh))


def skipped(check: Check, en: str, zh: str, remedy: Words = NOTHING) -> Finding:
    """It was not looked at; the words say why."""
    return Finding(check, Level.SKIPPED, Words(en, zh), remedy)


def warning(check: Check, found: Words, remedy: Words) -> Finding:
    """Calls go on, but not everything does."""
    return Finding(check, Level.WARNING, found, remedy)


def error(check: Check, found: Words, remedy: Words) -> Finding:
    """The engine does not start, or calls fail."""
    return Finding(check, Level.ERROR, found, remedy)


def shown(text: object, most: int = 160) -> str:
    """What somebody else wrote, for a sentence of ours: short, and nothing in it that a terminal obeys."""
    plain = "".join(each if each.isprintable() else "?" for each in str(text))
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def listed(names: list[str], most: int = 6) -> str:
    """These names in a line, the first `most` of them and how many more there are."""
    text = ", ".join(shown(each) for each in names[:most])
    return f"{text} (+{len(names) - most})" if len(names) > most else text
