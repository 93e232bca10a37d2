"""Settings: uncall.toml and the environment, checked, as immutable values."""

from uncall_ari.config.load import load_settings
from uncall_ari.config.models import (
    AmdSettings,
    AsteriskSettings,
    Choice,
    DatabaseSettings,
    DialerSettings,
    ExtensionSettings,
    MediaSettings,
    Queue,
    RetrySettings,
    RewriteSettings,
    Settings,
    Trunk,
    WebSettings,
)

__all__ = [
    "AmdSettings",
    "AsteriskSettings",
    "Choice",
    "DatabaseSettings",
    "DialerSettings",
    "ExtensionSettings",
    "MediaSettings",
    "Queue",
    "RetrySettings",
    "RewriteSettings",
    "Settings",
    "Trunk",
    "WebSettings",
    "load_settings",
]
