"""The menu language: what uncall.toml says about voice menus, as checked, immutable values. All pure."""

from uncall_ari.ivr.action import (
    Action,
    CallBack,
    CallExtension,
    GoMenu,
    GoQueue,
    GoStep,
    HangUp,
    Repeat,
    parse_action,
)
from uncall_ari.ivr.match import Complete, Invalid, NeedMore, Nothing, after_failure, match
from uncall_ari.ivr.menu import Menu, Step

__all__ = [
    "Action",
    "CallBack",
    "CallExtension",
    "Complete",
    "GoMenu",
    "GoQueue",
    "GoStep",
    "HangUp",
    "Invalid",
    "Menu",
    "NeedMore",
    "Nothing",
    "Repeat",
    "Step",
    "after_failure",
    "match",
    "parse_action",
]
