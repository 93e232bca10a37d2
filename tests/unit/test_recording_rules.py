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


def talk(*names: str) -> Any:
    """A talk between channels of these names; digits are extensions."""
    return SimpleNamespace(
        parties=[
            SimpleNamespace(
                number=endpoint, is_extension=endpoint.isdigit(), leg=SimpleNamespace(name=f"PJSIP/{endpoint}-0000002a")
            )
            for endpoint in names
        ]
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
