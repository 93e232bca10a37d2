"""Pacing: how many calls to start now, so that agents talk and customers do not wait. Pure: the clock is told."""

from uncall_ari.pacing.budget import DEFAULT_CEILING, Budget
from uncall_ari.pacing.forecast import PATIENCE
from uncall_ari.pacing.pacer import Clock, Pacer, simple_clock
from uncall_ari.pacing.situation import Mode, PastCall, Reason, Situation, Why

__all__ = [
    "DEFAULT_CEILING",
    "PATIENCE",
    "Budget",
    "Clock",
    "Mode",
    "Pacer",
    "PastCall",
    "Reason",
    "Situation",
    "Why",
    "simple_clock",
]
