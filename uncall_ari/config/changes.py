"""What differs between two settings, and which of it takes effect only after a restart."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel

from uncall_ari.config.models import Settings


class Change(NamedTuple):
    """One setting that differs: its dotted key, and whether the engine must restart for it."""

    key: str
    restart: bool


def changes(old: Settings, new: Settings) -> list[Change]:
    """The settings that differ, in the order of the reference. Trunks, queues and menus count as one each."""
    return list(_compare(old, new, ""))


def needs_restart(old: Settings, new: Settings) -> list[str]:
    """The dotted keys of changed settings that a reload cannot bring into effect; empty: reload is enough."""
    return [change.key for change in changes(old, new) if change.restart]


def _compare(old: BaseModel, new: BaseModel, above: str) -> Iterator[Change]:
    for name, field in type(old).model_fields.items():
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        if isinstance(before, BaseModel) and type(before) is type(after):
            yield from _compare(before, after, f"{above}{name}.")
        else:
            extra = field.json_schema_extra
            yield Change(f"{above}{name}", isinstance(extra, dict) and extra.get("restart") is True)
