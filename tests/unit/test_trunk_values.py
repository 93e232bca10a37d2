"""By which values clients and rows may name a trunk: as configured, or as in chan_sip's days."""

from typing import Any

import pytest

from uncall_ari.config import Settings, load_settings

NUMBER = "13800138000"
TRUNK: dict[str, Any] = {"endpoint": "test", "allow": ["1[3-9]XXXXXXXXX", "0."]}


def settings(*trunks: dict[str, Any]) -> Settings:
    plain = {"asterisk": {"password": "p"}, "trunk": [TRUNK | each for each in trunks]}
    return load_settings(None, plain)


@pytest.mark.parametrize(
    ("configured", "sent", "fits"),
    [
        ("sip/test/", "sip/test/", True),
        ("sip/test/", "sip/test", True),
        ("sip/test", "sip/test/", True),
        ("sip/test/", "SIP/test/", True),
        ("sip/test/", "Sip/test", True),
        ("sip/test/", "PJSIP/test", True),
        ("PJSIP/test", "sip/test/", True),
        ("sip/test/", "sip/test//", True),
        ("sip/test/", " sip/test/ ", True),
        ("SIP/test/9", "sip/test/9/", True),
        ("dahdi/g1/", "DAHDI/g1", True),
        ("carrier", "carrier", True),
        ("sip/test/", "sip/TEST/", False),  # a name is a name
        ("sip/test/", "sip/test2/", False),
        ("sip/test/", "iax2/test/", False),
        ("sip/test/", "sip/", False),
        ("sip/test/", "sip//test/", False),
        ("sip/test/", "/test/", False),
        ("sip/test/", "test", False),
        ("sip/test/", "", False),
        ("sip/test/", "sip/te st/", False),
        ("sip/test/", "sip/test/9", False),  # no prefix is allowed
        ("sip/test/", "sip/test/9/9", False),
        ("sip/test/", "sip/test/9&SIP/other/9", False),
        ("sip/test/", "sip/test/${NUMBER}", False),
        ("sip/test/", "sip/test/٩", False),  # a digit, of another script
        ("carrier", "CARRIER", False),
        ("carrier", "carrier/", False),
    ],
)
def test_a_value_names_a_trunk(configured: str, sent: str, fits: bool) -> None:
    found = settings({"value": configured}).find_trunk(sent)
    assert (found is not None) == fits
    if found is not None:
        assert found.value == configured
        assert found.number_rules.dial_string(NUMBER) == NUMBER


@pytest.mark.parametrize(
    ("sent", "dialled"),
    [
        ("sip/test/9", "9" + NUMBER),
        ("SIP/test/9", "9" + NUMBER),
        ("sip/test/17951", "17951" + NUMBER),
        ("sip/test/", NUMBER),
        ("sip/test/8", None),
        ("sip/test/99", None),
        ("sip/test/9*", None),
    ],
)
def test_a_prefix_that_the_trunk_allows_goes_in_front_of_each_number(sent: str, dialled: str | None) -> None:
    found = settings({"value": "sip/test/", "prefixes": ["9", "17951"]}).find_trunk(sent)
    assert (found.number_rules.dial_string(NUMBER) if found else None) == dialled


def test_a_prefix_stands_before_the_trunks_own_and_loosens_nothing() -> None:
    rules = [{"match": "0.", "strip": 1, "prefix": "0086"}]
    found = settings({"value": "sip/test/", "prefix": "5", "prefixes": ["9"], "rules": rules}).find_trunk("sip/test/9")
    assert found is not None
    assert found.number_rules.dial_string(NUMBER) == "95" + NUMBER
    assert found.number_rules.dial_string("02161234567") == "900862161234567"
    assert found.number_rules.dial_string("110") is None, "what may be dialled is decided by the number alone"


def test_a_trunk_with_a_prefix_keeps_its_name_and_is_one_and_the_same() -> None:
    """Its channels and its rate are counted by its value, and a task's trunk is looked up at each look at the task."""
    found = settings({"value": "sip/test/", "prefixes": ["9"], "channels": 7})
    first, second = found.find_trunk("sip/test/9"), found.find_trunk("SIP/test/9")
    assert first is second
    assert first is not None
    assert (first.value, first.channels, first.endpoint) == ("sip/test/", 7, "test")


def test_the_value_that_is_written_exactly_so_wins() -> None:
    found = settings({"value": "sip/test/", "prefixes": ["9"]}, {"value": "SIP/test"}, {"value": "sip/test/9"})
    assert [trunk and trunk.value for trunk in map(found.find_trunk, ("SIP/test", "sip/test/9", "PJSIP/test/9"))] == [
        "SIP/test",
        "sip/test/9",
        "sip/test/9",
    ]
    first = found.find_trunk("pjsip/test")
    assert first is not None
    assert first.value == "sip/test/", "of several that fit, the first"


def test_a_prefix_must_be_dialable() -> None:
    with pytest.raises(Exception, match="a prefix has at most 16"):
        settings({"value": "sip/test/", "prefixes": ["9&"]})
