"""Reads the settings: defaults, below uncall.toml, below the environment, below explicit overrides."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from uncall_ari.config.models import Settings, as_dict


def load_settings(path: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings from `path` and the environment; `overrides` (nested like the file) win."""
    values = tomllib.loads(path.read_text("utf-8")) if path else {}
    merge(values, as_dict(overrides or {}))
    return Settings.model_validate(values)


def merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    """Lays `above` over `below`, table by table; lists are replaced."""
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            merge(below[key], value)
        else:
            below[key] = value
