"""Which channels an engine takes over after a restart: its own, and nobody else's."""

from types import SimpleNamespace
from typing import Any

import pytest

from uncall_ari.ari.events import Channel, Dialplan
from uncall_ari.flows.takeover import is_ours

MEANS: Any = SimpleNamespace(ari=SimpleNamespace(app="uncall"))


@pytest.mark.parametrize(
    ("application", "data", "noted", "ours"),
    [
        ("Stasis", "uncall", "", True),
        ("Stasis", "uncall,trunk", "", True),
        ("Stasis", "uncall2,trunk", "", False),  # another engine's on the same Asterisk
        ("Stasis", "uncall-check", "", False),
        ("Playback", "uncall", "", False),
        ("AppDial2", "(Outgoing Line)", "agent 801", True),  # a leg of ours on its way
        ("Stasis", "uncall", "7/12/1", False),  # a campaign's: the dialler's
    ],
)
def test_only_channels_of_our_application_are_ours(application: str, data: str, noted: str, ours: bool) -> None:
    channel = Channel(
        id="1.1", dialplan=Dialplan(app_name=application, app_data=data), channelvars={"UNCALL_CALL": noted}
    )
    assert is_ours(MEANS, channel) is ours
