"""What a lab may be: names, numbers, secrets and ports are checked when the spec is made."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from uncall_ari.lab import LabSpec, Ports, TrunkSpec


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: LabSpec(name="../etc"), "a lab's name"),
        (lambda: LabSpec(name=""), "a lab's name"),
        (lambda: LabSpec(name="a" * 32), "a lab's name"),
        (lambda: LabSpec(app="uncall,x"), "the app's name"),
        (lambda: LabSpec(language="zh\n"), "the language"),
        (lambda: LabSpec(extensions=(("80a", "secret"),)), "an extension"),
        (lambda: LabSpec(extensions=(("801", "a;b"),)), "extension 801's secret"),
        (lambda: LabSpec(extensions=(("801", "a"), ("801", "b"))), "names of their own"),
        (lambda: LabSpec(trunks=(TrunkSpec("carrier"), TrunkSpec("carrier", port=5081))), "names of their own"),
        (lambda: TrunkSpec("801"), "a trunk's name"),
        (lambda: TrunkSpec("carrier]\n[evil"), "a trunk's name"),
        (lambda: TrunkSpec("carrier", host="192.0.2.1"), "a trunk's host"),
        (lambda: TrunkSpec("carrier", port=80), "no port"),
        (lambda: Ports(http=70000), "no port"),
        (lambda: Ports(rtp=63000), "4000 ports"),
    ],
)
def test_what_cannot_be_is_refused(make: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        make()


def test_a_spec_survives_its_state_file() -> None:
    spec = LabSpec(
        name="x",
        trunks=(TrunkSpec("carrier", port=20500),),
        extensions=(("801", "secret"),),
        mariadb=True,
        ports=Ports.based_on(20010),
        rootfs=Path("/srv/root"),
        keep=True,
    )
    assert LabSpec.from_plain(json.loads(json.dumps(asdict(spec), default=str))) == spec


def test_ports_on_a_base() -> None:
    assert Ports.based_on(20010) == Ports(http=20010, ami=20011, sip=20012, mariadb=20013, rtp=0)
