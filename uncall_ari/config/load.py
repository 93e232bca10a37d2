"""Reads the settings: defaults, above them uncall.toml, the environment, explicit overrides."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from uncall_ari.config.explain import explain
from uncall_ari.config.models import Settings
from uncall_ari.config.sources import FILE_VARIABLE, Source, blame, merge, read_environment, read_file
from uncall_ari.errors import ConfigError, ConfigErrors, Mistake, remedy_for_unknown
from uncall_ari.ivr.action import Action, GoMenu, GoQueue
from uncall_ari.ivr.check import endless_rounds, unknown_references

_USUAL_FILE = Path("uncall.toml")


def load_settings(path: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of `path` and the environment; `overrides`, nested like the file, win.

    Without a path: the file that UNCALL_CONFIG names, else uncall.toml in the current folder if there
    is one, else none. Relative paths in the settings start at the file's folder, without a file at the
    current one. Raises ConfigErrors with all mistakes that were found.
    """
    path = path or _default_path()
    errors: list[ConfigError] = []
    sources = [Source("settings", {})]
    if path is not None:
        try:
            sources = [read_file(path)]
        except ConfigError as error:
            raise ConfigErrors([error]) from error
    from_environment, wrong_variables = read_environment()
    sources += [*from_environment, Source("explicit settings", dict(overrides or {}))]
    settings, mistakes = _validate(merge(sources))
    errors += [*wrong_variables, *(blame(mistake, sources) for mistake in mistakes)]
    if settings is None or errors:
        raise ConfigErrors(errors)
    return _anchored(settings, (path.parent if path else Path()).absolute())


def _default_path() -> Path | None:
    named = os.environ.get(FILE_VARIABLE)
    if named:
        return Path(named)
    return _USUAL_FILE if _USUAL_FILE.is_file() else None


def _validate(values: dict[str, Any]) -> tuple[Settings | None, list[Mistake]]:
    """The settings, if they are valid each for itself, and all that is wrong with them."""
    mistakes: list[Mistake] = []
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        mistakes += explain(error, Settings)
    mistakes += _within("ivr", unknown_references(values.get("ivr"), _names(values.get("queue"))))
    mistakes += _misnamed_menus(values.get("ivr")) + _trunks_twice(values.get("trunk"))
    if settings is not None:
        mistakes += _within("ivr", endless_rounds(settings.ivr)) + _unknown_ways(settings)
        if not settings.asterisk.password.get_secret_value():
            mistakes.append(
                Mistake(("asterisk", "password"), "is not set", "Write the password that ari.conf has for the user")
            )
    return settings, mistakes


def _within(section: str, mistakes: list[Mistake]) -> list[Mistake]:
    return [mistake._replace(place=(section, *mistake.place)) for mistake in mistakes]


def _misnamed_menus(menus: object) -> list[Mistake]:
    """Menus with a `value` of their own that is not their table's name."""
    if not isinstance(menus, Mapping):
        return []
    return [
        Mistake(("ivr", str(name), "value"), "differs from the table's name", "Leave value out")
        for name, menu in menus.items()
        if isinstance(menu, Mapping) and menu.get("value", name) != name
    ]


def _names(tables: object) -> list[str]:
    return [str(name) for name in tables] if isinstance(tables, Mapping) else []


def _unknown_ways(settings: Settings) -> list[Mistake]:
    """Routes of calls from outside, and of callers who waited too long, to menus and queues that are not there."""
    ways: list[tuple[tuple[str | int, ...], Action]] = [
        (("inbound", index, "to"), route.way) for index, route in enumerate(settings.inbound)
    ]
    ways += [(("queue", value, "then"), queue.onward) for value, queue in settings.queue.items()]
    mistakes = []
    for place, way in ways:
        if isinstance(way, GoMenu) and way.menu not in settings.ivr:
            mistakes.append(Mistake(place, f"there is no menu {way.menu}", remedy_for_unknown(way.menu, settings.ivr)))
        if isinstance(way, GoQueue) and way.queue not in settings.queue:
            remedy = remedy_for_unknown(way.queue, settings.queue)
            mistakes.append(Mistake(place, f"there is no queue {way.queue}", remedy))
    return mistakes


def _trunks_twice(trunks: object) -> list[Mistake]:
    """Trunks whose value another one before them has too."""
    if not isinstance(trunks, list | tuple):
        return []
    seen: Counter[str] = Counter()
    mistakes: list[Mistake] = []
    for index, trunk in enumerate(trunks):
        value = trunk.get("value") if isinstance(trunk, Mapping) else None
        if isinstance(value, str):
            seen[value] += 1
            if seen[value] > 1:
                mistakes.append(
                    Mistake(("trunk", index, "value"), f"{value} is there twice", "Give each trunk its own value")
                )
    return mistakes


def _anchored(settings: Settings, folder: Path) -> Settings:
    """The settings with absolute paths; relative ones start at `folder`."""
    media, url = settings.media, settings.database.url.get_secret_value()
    sounds = folder / media.sounds if media.sounds else None
    file = url.removeprefix("sqlite:///")
    if file != url:
        url = f"sqlite:///{folder / file}"
    return settings.model_copy(
        update={
            "media": media.model_copy(update={"recordings": folder / media.recordings, "sounds": sounds}),
            "recording": settings.recording.model_copy(update={"folder": folder / settings.recording.folder}),
            "database": settings.database.model_copy(update={"url": SecretStr(url)}),
        }
    )
