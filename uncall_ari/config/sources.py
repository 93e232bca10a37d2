"""Where settings are read: the file, the environment, explicit overrides. Each keeps its name, to be blamed by."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from uncall_ari.config.models import Settings
from uncall_ari.errors import ConfigError, Mistake, remedy_for_unknown

PREFIX = "UNCALL_"
FILE_VARIABLE = "UNCALL_CONFIG"
# The laboratory and the tests have variables of their own, which are no settings.
_OTHERS = ("UNCALL_LAB", "UNCALL_ROOTFS", "UNCALL_TEST")
_PLACE = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")
_BARE_KEY = re.compile(r"[A-Za-z0-9_*#-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """Settings from one place, nested as in the file."""

    name: str
    values: dict[str, Any]

    def depth(self, place: tuple[str | int, ...]) -> int:
        """How many keys of `place` this source has."""
        value: Any = self.values
        for depth, part in enumerate(place):
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return depth
        return len(place)


def read_file(path: Path) -> Source:
    """The settings in a TOML file; ConfigError when it cannot be read or is not TOML."""
    name = str(path)
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigError(name, "", f"cannot be read: {error.strerror}", "Name a readable file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(name, f"byte {error.start + 1}", "is not UTF-8", "Save the file as UTF-8") from None
    try:
        return Source(name, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, *_syntax_error(str(error), text)) from None
    except RecursionError:
        raise ConfigError(name, "", "tables or lists nested too deep", "Write fewer levels") from None


def _syntax_error(message: str, text: str) -> tuple[str, str, str]:
    """Place, problem and remedy; tomllib before Python 3.14 has the place in its message only."""
    found = _PLACE.search(message)
    line, column = (found.group(1), found.group(2)) if found and found.group(1) else (None, None)
    if line is None:
        line, column = str(text.count("\n") + 1), str(len(text) - text.rfind("\n"))
    problem = message[: found.start()] if found else message
    return f"line {line}, column {column}", problem, "Correct the TOML there: text stands in quotes, one key a line"


class _FromEnvironment(Settings, BaseSettings):
    """Settings as pydantic-settings' reader wants to see them; never made."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")


def read_environment() -> tuple[list[Source], list[ConfigError]]:
    """The settings in the environment, one source for each variable, and what is wrong with them.

    `UNCALL_WEB__PORT=9090` sets `port` in [web]; a list or a whole table is JSON. Keys of tables are
    lower case there.
    """
    sources: list[Source] = []
    errors: list[ConfigError] = []
    reader = EnvSettingsSource(_FromEnvironment)
    for variable in sorted(os.environ):
        if not variable.startswith(PREFIX) or variable == FILE_VARIABLE or variable.startswith(_OTHERS):
            continue
        reader.env_vars = {variable.lower(): os.environ[variable]}
        try:
            source = Source(f"environment variable {variable}", reader())
        except ValueError:  # its text may hold the value
            errors.append(_environment_error(variable, "is not the JSON that a list or a table needs"))
            continue
        if source.values:
            sources.append(source)
        else:
            errors.append(_environment_error(variable, "names no setting"))
    return sources, errors


def _environment_error(variable: str, problem: str) -> ConfigError:
    section = variable.removeprefix(PREFIX).split("__")[0].lower()
    remedy = 'Write it like ["a", "b"] or {"a": 1}'
    if section not in Settings.model_fields:
        remedy = remedy_for_unknown(section, Settings.model_fields)
    elif "names no" in problem:
        remedy = f"Write {PREFIX}{section.upper()}__KEY"
    return ConfigError(f"environment variable {variable}", "", problem, remedy)


def merge(sources: list[Source]) -> dict[str, Any]:
    """All sources as one, later ones above earlier ones: tables key by key, everything else replaced."""
    merged: dict[str, Any] = {}
    for source in sources:
        _lay_over(merged, source.values)
    return merged


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping):
            table = below.get(key)
            below[key] = dict(table) if isinstance(table, Mapping) else {}
            _lay_over(below[key], value)
        else:
            below[key] = value


def blame(mistake: Mistake, sources: list[Source]) -> ConfigError:
    """The mistake with the source that made it: the topmost one that has the place, or, where something is
    missing, the lowest one that has most of the way there."""
    having = [source for source in sources if source.depth(mistake.place) == len(mistake.place)]
    best = having[-1] if having else max(sources, key=lambda source: source.depth(mistake.place))
    return ConfigError(best.name, _dotted(mistake.place), mistake.problem, mistake.remedy)


def _dotted(place: tuple[str | int, ...]) -> str:
    """`trunk[1].channels`: list members are counted from 1, as people count; odd names are in quotes."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += ("." if text else "") + (part if _BARE_KEY.fullmatch(part) else repr(part))
    return text
