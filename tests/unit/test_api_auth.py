"""Who is let in, as a table."""

import base64

import pytest

from api.auth import Refused, admit, cross_site
from uncall_ari.config import WebSettings

LOOPBACK = WebSettings()
KEYS = WebSettings(api_keys=("key-one", "schlüssel-zwei"))
USERS = WebSettings(users={"crm": "geheim", "林": "密码:1"})
BOTH = WebSettings(networks=("10.1.0.0/16",), api_keys=("key-one",), users={"crm": "geheim"})
NOBODY = WebSettings(networks=())


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def key(value: str) -> dict[str, str]:
    return {"X-API-Key": value}


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


@pytest.mark.parametrize(
    ("settings", "peer", "headers", "who"),
    [
        (LOOPBACK, "127.0.0.1", {}, "address 127.0.0.1"),
        (LOOPBACK, "127.9.9.9", {}, "address 127.9.9.9"),
        (LOOPBACK, "::1", {}, "address ::1"),
        (LOOPBACK, "::ffff:127.0.0.1", {}, "address 127.0.0.1"),
        (LOOPBACK, "127.0.0.1", key("anything") | basic("a", "b"), "address 127.0.0.1"),  # none configured
        (BOTH, "10.1.2.3", {}, "address 10.1.2.3"),
        (BOTH, "10.1.2.3", key("key-one"), "key 1"),
        (BOTH, "192.0.2.1", key(" key-one "), "key 1"),
        (BOTH, "192.0.2.1", bearer("key-one"), "key 1"),
        (BOTH, "192.0.2.1", {"Authorization": "bearer key-one"}, "key 1"),
        (BOTH, "192.0.2.1", basic("crm", "geheim"), "user crm"),
        (BOTH, "192.0.2.1", key("key-one") | basic("crm", "geheim"), "key 1"),
        (BOTH, "", basic("crm", "geheim"), "user crm"),
        (KEYS, "192.0.2.1", key("schlüssel-zwei"), "key 2"),
        (USERS, "192.0.2.1", basic("林", "密码:1"), "user 林"),
        (KEYS, "127.0.0.1", basic("crm", "x"), "address 127.0.0.1"),  # no passwords are configured
        (BOTH, "10.1.2.3", {"Authorization": "Negotiate abc"}, "address 10.1.2.3"),
    ],
)
def test_who_is_let_in(settings: WebSettings, peer: str, headers: dict[str, str], who: str) -> None:
    assert admit(settings, peer, headers) == who


@pytest.mark.parametrize(
    ("settings", "peer", "headers", "status"),
    [
        (LOOPBACK, "192.0.2.1", {}, 403),
        (LOOPBACK, "", {}, 403),
        (LOOPBACK, "not an address", {}, 403),
        (LOOPBACK, "192.0.2.1", {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"}, 403),
        (NOBODY, "127.0.0.1", {}, 403),
        (KEYS, "192.0.2.1", {}, 401),
        (USERS, "192.0.2.1", {}, 401),
        (BOTH, "10.2.0.1", {}, 401),
        (BOTH, "10.1.2.3", key("wrong"), 401),  # even from an allowed address
        (BOTH, "10.1.2.3", key(""), 401),
        (BOTH, "10.1.2.3", bearer("key-on"), 401),
        (BOTH, "10.1.2.3", bearer("key-one2"), 401),
        (BOTH, "10.1.2.3", basic("crm", "wrong"), 401),
        (BOTH, "10.1.2.3", basic("other", "geheim"), 401),
        (BOTH, "10.1.2.3", basic("", ""), 401),
        (BOTH, "10.1.2.3", {"Authorization": "Basic ???"}, 401),
        (BOTH, "10.1.2.3", {"Authorization": "Basic"}, 401),
        (BOTH, "10.1.2.3", {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()}, 401),
        (BOTH, "10.1.2.3", key("key-one") | basic("crm", "wrong"), 401),
        (BOTH, "10.1.2.3", key("wrong") | basic("crm", "geheim"), 401),
        (BOTH, "10.1.2.3", key("\udcff"), 401),
    ],
)
def test_who_is_not(settings: WebSettings, peer: str, headers: dict[str, str], status: int) -> None:
    with pytest.raises(Refused) as refused:
        admit(settings, peer, headers)
    assert refused.value.status == status
    assert not any(secret in refused.value.reason for secret in ("key-one", "geheim", "wrong-"))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "pbx:8080"}, False),
        ({"Host": "pbx:8080", "Origin": "http://pbx:8080"}, False),
        ({"Host": "PBX", "Origin": "https://pbx"}, False),
        ({"Host": "pbx:8080", "Origin": "http://pbx"}, True),
        ({"Host": "pbx:8080", "Origin": "http://evil.example"}, True),
        ({"Host": "pbx:8080", "Origin": "null"}, True),
        ({"Host": "", "Origin": ""}, False),
    ],
)
def test_pages_of_other_sites(headers: dict[str, str], expected: bool) -> None:
    assert cross_site(headers) is expected
