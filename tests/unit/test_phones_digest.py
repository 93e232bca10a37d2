"""Digest authentication against the worked examples of the RFCs."""

import pytest

from uncall_ari.lab.phones.digest import (
    Challenge,
    authorization,
    choose_challenge,
    digest_response,
    parse_challenge,
)
from uncall_ari.lab.phones.errors import SipSyntaxError

RFC_2617 = Challenge(
    realm="testrealm@host.com",
    nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
    qop="auth",
    opaque="5ccc069c403ebaf9f0171e9517f40e41",
)
RFC_7616 = Challenge(realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", qop="auth")
CNONCE_7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("challenge", "password", "uri", "cnonce", "expected"),
    [
        # RFC 2617, 3.5
        (RFC_2617, "Circle Of Life", "/dir/index.html", "0a4f113b", "6629fae49393a05397450978507c4ef1"),
        # RFC 7616, 3.9.1, MD5 and SHA-256
        (RFC_7616, "Circle of Life", "/dir/index.html", CNONCE_7616, "8ca523f5e9506fed4657c9700eebdbec"),
        (
            Challenge(RFC_7616.realm, RFC_7616.nonce, "SHA-256", "auth"),
            "Circle of Life",
            "/dir/index.html",
            CNONCE_7616,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        # RFC 2069's form (its erratum 749): no qop
        (
            Challenge("testrealm@host.com", RFC_2617.nonce),
            "CircleOfLife",
            "/dir/index.html",
            "",
            "1949323746fe6a43ef61f9606e7febea",
        ),
    ],
)
def test_worked_examples(challenge: Challenge, password: str, uri: str, cnonce: str, expected: str) -> None:
    assert digest_response(challenge, "Mufasa", password, "GET", uri, cnonce, 1) == expected


def test_a_challenge_is_read() -> None:
    header = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", algorithm=md5, '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert parse_challenge(header) == RFC_2617


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic realm=x",
        "Digest",
        'Digest realm="a", nonce="b", algorithm=MD5-sess',
        'Digest realm="a", nonce="b", qop="auth-int"',
    ],
)
def test_challenges_that_cannot_be_met(header: str) -> None:
    with pytest.raises(SipSyntaxError):
        parse_challenge(header)


def test_the_first_that_can_be_met_is_chosen() -> None:
    headers = ['Digest realm="a", nonce="1", algorithm=SHA-512-256', 'Digest realm="a", nonce="2", algorithm=MD5']
    assert choose_challenge(headers).nonce == "2"
    with pytest.raises(SipSyntaxError):
        choose_challenge(headers[:1])


def test_the_header_carries_what_the_registrar_needs_and_not_the_password() -> None:
    value = authorization(RFC_2617, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b")
    assert value == (
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", response="6629fae49393a05397450978507c4ef1", algorithm=MD5, qop=auth, '
        'cnonce="0a4f113b", nc=00000001, opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
