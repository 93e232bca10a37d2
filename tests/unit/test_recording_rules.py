"""Which talks are recorded: by extension, by trunk, in general."""

from types import SimpleNamespace
from typing import Any

import pytest

from uncall_ari.config import Settings
from uncall_ari.flows.means import Means

TRUNKS = [
    {"value": "sip/a/", "endpoint": "carrier-a", "allow": ["."], "record": False},
    {"value": "sip/b/", "endpoint": "carrier-b", "allow": ["."]},
    {"value": "sip/c/", "endpoint": "carrier-c", "allow": ["."], "record": True},
]


def talk(*names: str, queue: str = "") -> Any:
    """A talk between channels of these names; digits are extensions."""
    return SimpleNamespace(
        queue=queue,
        parties=[
            SimpleNamespace(
                number=endpoint, is_extension=endpoint.isdigit(), leg=SimpleNamespace(name=f"PJSIP/{endpoint}-0000002a")
            )
            for endpoint in names
        ],
    )


@pytest.mark.parametrize(
    ("enabled", "parties", "recorded"),
    [
        (True, ("803", "carrier-b"), True),
        (False, ("803", "carrier-b"), False),
        (True, ("803", "carrier-a"), False),  # the trunk says no
        (False, ("803", "carrier-c"), True),  # the trunk says yes
        (False, ("801", "carrier-a"), True),  # the extension says yes, and counts first
        (True, ("802", "carrier-c"), False),  # the extension says no
        (True, ("803", "804"), True),
        (True, ("803", "802"), False),
        (True, ("carrier-c", "carrier-a"), True),  # of two trunks the first party's
    ],
)
def test_what_is_said_of_an_extension_counts_then_of_the_trunk(
    enabled: bool, parties: tuple[str, str], recorded: bool
) -> None:
    settings = Settings.model_validate(
        {"trunk": TRUNKS, "recording": {"enabled": enabled, "extensions": {"801": True, "802": False}}}
    )
    assert Means.records(SimpleNamespace(settings=settings), talk(*parties)) is recorded  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("queue", "party", "recorded"),
    [("600", "803", True), ("601", "803", False), ("602", "803", False), ("600", "802", False), ("gone", "803", False)],
)
def test_a_queue_counts_before_the_trunk_and_after_the_extension(queue: str, party: str, recorded: bool) -> None:
    settings = Settings.model_validate(
        {
            "trunk": TRUNKS,
            "recording": {"enabled": True, "extensions": {"802": False}},
            "queue": {"600": {"record": True}, "601": {"record": False}, "602": {}},
        }
    )
    means = SimpleNamespace(settings=settings)
    assert Means.records(means, talk(party, "carrier-a", queue=queue)) is recorded  # type: ignore[arg-type]
