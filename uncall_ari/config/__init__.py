"""Settings: uncall.toml and the environment, checked, as immutable values."""

from uncall_ari.config.asking import FastAgiSettings
from uncall_ari.config.calling import InboundSettings, RecordingSettings, SurveySettings
from uncall_ari.config.changes import Change, changes, needs_restart
from uncall_ari.config.dialling import AmdSettings, DialerSettings, RetrySettings
from uncall_ari.config.load import load_settings
from uncall_ari.config.models import (
    AsteriskSettings,
    Choice,
    DatabaseSettings,
    ExtensionSettings,
    MediaSettings,
    Settings,
    WebSettings,
)
from uncall_ari.config.queueing import AgentSettings, MemberSettings, QueueSettings
from uncall_ari.config.trunk import RewriteSettings, Trunk
from uncall_ari.ivr.menu import Menu, Step

__all__ = [
    "AgentSettings",
    "AmdSettings",
    "AsteriskSettings",
    "Change",
    "Choice",
    "DatabaseSettings",
    "DialerSettings",
    "ExtensionSettings",
    "FastAgiSettings",
    "InboundSettings",
    "MediaSettings",
    "MemberSettings",
    "Menu",
    "QueueSettings",
    "RecordingSettings",
    "RetrySettings",
    "RewriteSettings",
    "Settings",
    "Step",
    "SurveySettings",
    "Trunk",
    "WebSettings",
    "changes",
    "load_settings",
    "needs_restart",
]
