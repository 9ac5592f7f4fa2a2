"""HTTP Digest against the examples of the RFCs and other implementations."""

import urllib.request
from typing import Final

import pytest

from acs.auth.digest import (
    Algorithm,
    Password,
    answer_challenge,
    digest_challenges,
    ha1_of,
    nonce_count,
    verify_response,
)
from acs.auth.headers import (
    parse_challenges,
)
from tests.acs.auth.digests import read, right

ALL: Final = tuple(Algorithm)

RFC_7616: Final = {
    Algorithm.MD5: "8ca523f5e9506fed4657c9700eebdbec",
    Algorithm.SHA_256: "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
}
RFC_7616_REALM: Final = "http-auth@example.org"
RFC_7616_NONCE: Final = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
RFC_7616_CNONCE: Final = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
RFC_7616_OPAQUE: Final = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


@pytest.mark.parametrize("algorithm", RFC_7616)
def test_the_example_of_rfc_7616_is_right(algorithm: Algorithm) -> None:
    header = (
        f'Digest username="Mufasa", realm="{RFC_7616_REALM}", uri="/dir/index.html", algorithm={algorithm}, '
        f'nonce="{RFC_7616_NONCE}", nc=00000001, cnonce="{RFC_7616_CNONCE}", qop=auth, '
        f'response="{RFC_7616[algorithm]}", opaque="{RFC_7616_OPAQUE}"'
    )
    for password, expected in (("Circle of Life", True), ("Circle of life", False)):
        for secret in (Password(password), ha1_of("Mufasa", RFC_7616_REALM, password, algorithm)):
            assert expected is verify_response(
                read(header), secret, method="GET", target="/dir/index.html", realm=RFC_7616_REALM, offered=ALL
            )


@pytest.mark.parametrize("algorithm", RFC_7616)
def test_the_challenge_of_rfc_7616_is_answered_as_there(algorithm: Algorithm) -> None:
    challenge = (
        f'Digest realm="{RFC_7616_REALM}", qop="auth, auth-int", algorithm={algorithm}, '
        f'nonce="{RFC_7616_NONCE}", opaque="{RFC_7616_OPAQUE}"'
    )
    header = answer_challenge(
        parse_challenges([challenge]),
        method="GET",
        uri="/dir/index.html",
        username="Mufasa",
        password="Circle of Life",
        cnonce=RFC_7616_CNONCE,
    )
    assert header == (
        f'Digest username="Mufasa", realm="{RFC_7616_REALM}", nonce="{RFC_7616_NONCE}", uri="/dir/index.html", '
        f'response="{RFC_7616[algorithm]}", algorithm={algorithm}, qop=auth, nc=00000001, '
        f'cnonce="{RFC_7616_CNONCE}", opaque="{RFC_7616_OPAQUE}"'
    )


def test_the_example_of_rfc_2617_is_right() -> None:
    header = (
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert right(
        read(header), Password("Circle Of Life"), method="GET", target="/dir/index.html", realm="testrealm@host.com"
    )


def test_the_example_of_rfc_2069_is_right_and_answered_as_there() -> None:
    # The response is that of the RFC's erratum 749; the one printed in the RFC is wrong.
    challenge = (
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    header = answer_challenge(
        parse_challenges([challenge]),
        method="GET",
        uri="/dir/index.html",
        username="Mufasa",
        password="CircleOfLife",
        cnonce="unused",
    )
    assert header == (
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    credentials = read(header)
    secret = Password("CircleOfLife")
    assert right(credentials, secret, method="GET", target="/dir/index.html", realm="testrealm@host.com")
    assert nonce_count(credentials) is None


class FixedCnonce(urllib.request.AbstractDigestAuthHandler):
    def get_cnonce(self, nonce: str) -> str:
        return "0123456789abcdef"


@pytest.mark.parametrize("stale", [False, True])
def test_the_client_of_the_standard_library_answers_our_challenge(stale: bool) -> None:
    passwords = urllib.request.HTTPPasswordMgr()
    passwords.add_password("my realm", "http://acs.example", "u", 'p"w: x')
    request = urllib.request.Request("http://acs.example/acs?x=1", method="POST")
    (challenge,) = digest_challenges("my realm", "abc", stale=stale)
    values = urllib.request.parse_keqv_list(urllib.request.parse_http_list(challenge.partition(" ")[2]))
    header = FixedCnonce(passwords).get_authorization(request, values)
    assert right(read(f"Digest {header}"), Password('p"w: x'), target="/acs?x=1", realm="my realm")
