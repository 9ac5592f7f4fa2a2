"""HTTP Digest in both directions, and the ways of devices."""

import hashlib
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs.auth.digest import (
    Algorithm,
    Ha1,
    Password,
    Secret,
    answer_challenge,
    digest_challenges,
    ha1_of,
    nonce_count,
)
from acs.auth.headers import (
    BasicChallenge,
    BasicCredentials,
    Challenge,
    DigestChallenge,
    parse_challenges,
    parse_credentials,
)
from tests.acs.auth.digests import answer, ask, hashed, read, right

ALL: Final = tuple(Algorithm)

HA1: Final = hashed("md5", "u", "r", "p")
HA2: Final = hashed("md5", "POST", "/acs")
WITH_QOP: Final = hashed("md5", HA1, "n", "00000001", "c", "auth", HA2)
WITHOUT_QOP: Final = hashed("md5", HA1, "n", HA2)


def test_a_challenge_carries_realm_domain_nonce_qop_and_algorithm() -> None:
    assert digest_challenges('the "realm"', "abc") == [
        r'Digest realm="the \"realm\"", domain="/", nonce="abc", qop="auth", algorithm=MD5'
    ]
    assert digest_challenges("r", "abc", stale=True) == [
        'Digest realm="r", domain="/", nonce="abc", qop="auth", algorithm=MD5, stale=true'
    ]


def test_there_is_one_challenge_for_each_algorithm_in_the_order_given() -> None:
    headers = digest_challenges("r", "abc", algorithms=(Algorithm.SHA_256, Algorithm.MD5_SESS))
    assert parse_challenges(headers) == (
        DigestChallenge("r", "abc", algorithm="SHA-256", qop=("auth",)),
        DigestChallenge("r", "abc", algorithm="MD5-sess", qop=("auth",)),
    )


def test_a_response_with_and_without_qop_is_right() -> None:
    assert right(ask(WITH_QOP))
    assert right(ask(WITH_QOP.upper(), algorithm="md5"))
    assert right(ask(WITHOUT_QOP, qop=None, nc=None, cnonce=None))
    assert right(ask(WITHOUT_QOP, qop=""))


def test_a_response_made_of_anything_else_is_wrong() -> None:
    assert not right(ask(WITH_QOP), Password("P"))
    assert not right(ask(WITH_QOP), method="GET")
    assert not right(ask(WITH_QOP), realm="R")
    assert not right(ask(WITH_QOP, nc="00000002"))
    assert not right(ask(WITH_QOP, nc="1"))
    assert not right(ask(WITH_QOP, cnonce="d"))
    assert not right(ask(WITH_QOP, username="U"))
    assert not right(ask(WITH_QOP, qop=None))
    assert not right(ask(WITHOUT_QOP))
    assert not right(ask(""))
    assert not right(ask("ä" * 32))


@pytest.mark.parametrize("name", ["md5", "sha256"])
def test_the_session_algorithms_hash_both_nonces_into_the_secret(name: str) -> None:
    algorithm = Algorithm.MD5_SESS if name == "md5" else Algorithm.SHA_256_SESS
    ha1 = hashed(name, hashed(name, "u", "r", "p"), "n", "c")
    credentials = ask(
        hashed(name, ha1, "n", "00000001", "c", "auth", hashed(name, "POST", "/acs")), algorithm=algorithm.value
    )
    assert right(credentials, offered=(algorithm,))
    assert right(credentials, ha1_of("u", "r", "p", algorithm), offered=(algorithm,))
    assert not right(credentials, offered=(algorithm.plain,))


def test_a_kept_hash_serves_its_own_algorithm_only() -> None:
    sha = ask("0" * 64, algorithm="SHA-256")
    assert right(ask(WITH_QOP), Ha1(HA1.upper()))
    assert not right(sha, Ha1(HA1), offered=ALL)
    assert not right(ask(WITH_QOP), Ha1(HA1, Algorithm.SHA_256))


def test_an_algorithm_that_was_not_offered_is_refused() -> None:
    assert not right(ask(WITH_QOP, algorithm="MD5"), offered=(Algorithm.SHA_256,))
    assert not right(ask(WITH_QOP), offered=(Algorithm.SHA_256,))


@pytest.mark.parametrize("algorithm", ["MD", "", "MD5,", "none", "SHA256"])
def test_a_broken_algorithm_is_taken_for_the_one_offered(algorithm: str) -> None:
    assert right(ask(WITH_QOP, algorithm=algorithm))
    assert right(ask(WITH_QOP, algorithm=algorithm), offered=(Algorithm.SHA_256, Algorithm.MD5))
    sha = hashed("sha256", "POST", "/acs")
    sha = hashed("sha256", hashed("sha256", "u", "r", "p"), "n", "00000001", "c", "auth", sha)
    assert right(ask(sha, algorithm=algorithm), offered=(Algorithm.MD5, Algorithm.SHA_256))


def test_a_missing_cnonce_or_count_is_hashed_as_nothing() -> None:
    assert right(ask(hashed("md5", HA1, "n", "00000001", "", "auth", HA2), cnonce=None))
    assert right(ask(hashed("md5", HA1, "n", "", "c", "auth", HA2), nc=None))


@pytest.mark.parametrize("qop", ["auth-int", "undefined", "auth,auth-int"])
def test_another_quality_of_protection_is_refused(qop: str) -> None:
    assert not right(ask(hashed("md5", HA1, "n", "00000001", "c", qop, HA2), qop=qop))


@pytest.mark.parametrize(
    ("uri", "target", "same"),
    [
        ("/acs?a=1", "/acs?a=1", True),
        ("http://acs.example:7547/acs?a=1", "/acs?a=1", True),
        ("/acs?a=1", "HTTPS://other.example/acs?a=1", True),
        ("http://a.example/acs", "http://b.example/acs", True),
        ("http://acs.example", "/", True),
        ("http://acs.example?a", "/?a", True),
        ("", "/", True),
        ("/acs#top", "/acs", True),
        ("/acs", "/acs?a=1", False),
        ("/acs?a=1", "/acs", False),
        ("/acs", "/ACS", False),
        ("/acs/", "/acs", False),
        ("/x?http://a.example/acs", "/acs", False),
        ("//acs.example/acs", "/acs", False),
    ],
)
def test_the_uri_must_name_the_path_and_query_of_the_request(uri: str, target: str, same: bool) -> None:
    response = hashed("md5", HA1, "n", "00000001", "c", "auth", hashed("md5", "POST", uri))
    assert right(ask(response, uri=uri), target=target) is same


def test_a_latin_1_device_is_understood() -> None:
    def latin(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode("latin-1")).hexdigest()

    ha1 = latin("jürgen", "r", "pässwort")
    response = latin(ha1, "n", "00000001", "c", "auth", HA2)
    assert right(ask(response, username="jürgen"), Password("pässwort"))
    assert not right(ask(response, username="jürgen"), Password("passwort"))
    assert not right(ask(response, username="jürgen"), Password("pässwort \N{SNOWMAN}"))


def test_the_count_of_a_nonce_is_what_the_digest_vouches_for() -> None:
    assert nonce_count(ask("", nc="0000000A")) == 10
    assert nonce_count(ask("", nc="1")) == 1
    assert nonce_count(ask("", nc="ffffffff")) == 2**32 - 1
    for nc in (None, "", "x", "0x1", "-1", "+1", "1_0", "100000000", "\N{ARABIC-INDIC DIGIT ONE}"):
        assert nonce_count(ask("", nc=nc)) is None
    assert nonce_count(ask("", qop=None)) is None
    assert nonce_count(ask("", qop="")) is None


def test_the_strongest_digest_is_answered_whatever_the_order() -> None:
    challenges: list[Challenge] = [
        BasicChallenge("r"),
        DigestChallenge("r", "n1"),
        DigestChallenge("r", "n2", algorithm="SHA-256-sess", qop=("auth",)),
        DigestChallenge("r", "n3", algorithm="SHA-256", qop=("auth",)),
        DigestChallenge("r", "n4", algorithm="MD5-sess", qop=("auth",)),
    ]
    for ordered in (challenges, challenges[::-1]):
        assert read(answer(ordered, allow_basic=True)).nonce == "n3"


def test_basic_is_answered_only_where_it_is_allowed_and_nothing_is_better() -> None:
    assert answer([BasicChallenge("r")]) is None
    header = answer([BasicChallenge("r")], allow_basic=True)
    assert header is not None
    assert parse_credentials(header) == BasicCredentials("u", "p")
    assert read(answer([BasicChallenge("r"), DigestChallenge("r", "n")], allow_basic=True)).nonce == "n"


@pytest.mark.parametrize(
    "challenge",
    [
        DigestChallenge("r", "n", qop=("auth-int",)),
        DigestChallenge("r", "n", algorithm="SHA-512-256", qop=("auth",)),
        DigestChallenge("r", "n", algorithm="AKAv1-MD5"),
    ],
)
def test_a_challenge_that_asks_for_what_we_do_not_speak_gets_no_answer(challenge: DigestChallenge) -> None:
    assert answer([challenge]) is None
    assert answer([]) is None
    assert read(answer([challenge, DigestChallenge("r", "other")])).nonce == "other"


def test_auth_is_chosen_when_auth_int_is_offered_beside_it() -> None:
    assert read(answer([DigestChallenge("r", "n", qop=("auth-int", "auth"))])).qop == "auth"


@pytest.mark.parametrize("algorithm", ["MD", "", "md 5"])
def test_a_broken_algorithm_is_answered_with_md5_and_not_repeated(algorithm: str) -> None:
    credentials = read(answer([DigestChallenge("r", "n", algorithm=algorithm, qop=("auth",))]))
    assert credentials.algorithm is None
    assert right(credentials, method="GET", target="/cr")


def test_the_algorithm_goes_back_as_it_was_spelt() -> None:
    assert read(answer([DigestChallenge("r", "n", algorithm="sha-256")])).algorithm == "sha-256"
    assert read(answer([DigestChallenge("r", "n")])).algorithm is None


def test_an_answer_without_qop_has_no_count_and_a_cnonce_only_for_the_session_algorithms() -> None:
    plain = read(answer([DigestChallenge("r", "n", algorithm="MD5")]))
    assert (plain.qop, plain.nc, plain.cnonce) == (None, None, None)
    session = read(answer([DigestChallenge("r", "n", algorithm="MD5-sess")]))
    assert (session.qop, session.nc, session.cnonce) == (None, None, "c")
    assert right(session, method="GET", target="/cr", offered=ALL)


def test_the_opaque_goes_back_letter_by_letter() -> None:
    for opaque in ("", "5ccc069c==", r"a\"b", r"a\b"):
        header = answer(list(parse_challenges([f'Digest nonce=n, opaque="{opaque}"'])))
        assert header is not None
        assert header.endswith(f', opaque="{opaque}"')


def test_the_count_is_eight_digits_of_hex() -> None:
    challenge = DigestChallenge("r", "n", qop=("auth",))
    header = answer_challenge([challenge], method="GET", uri="/", username="u", password="p", cnonce="c", nc=27)
    assert read(header).nc == "0000001b"


def test_names_that_no_header_can_carry_answer_nothing() -> None:
    challenges = (DigestChallenge("r", "n"), BasicChallenge("r"))
    for one in challenges:
        for username in ("a\r\nX: y", "a\0") if isinstance(one, DigestChallenge) else ("a\n", "a:b"):
            assert None is answer_challenge(
                [one], method="GET", uri="/", username=username, password="p", cnonce="c", allow_basic=True
            )


def test_secrets_do_not_show() -> None:
    assert "secret" not in repr(Password("secret"))
    assert "secret" not in repr(Ha1("secret"))


LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40)


@given(
    username=LINE,
    password=st.text(max_size=40),
    wrong=st.text(max_size=40),
    realm=LINE,
    nonce=LINE.filter(bool),
    path=LINE,
    algorithm=st.sampled_from(ALL),
    qop=st.sampled_from(["", ', qop="auth"', ', qop="auth,auth-int"']),
    opaque=LINE,
)
@settings(derandomize=True, deadline=None, max_examples=400)
def test_what_the_client_answers_the_server_accepts(
    username: str,
    password: str,
    wrong: str,
    realm: str,
    nonce: str,
    path: str,
    algorithm: Algorithm,
    qop: str,
    opaque: str,
) -> None:
    def text(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    challenge = f"Digest realm={text(realm)}, nonce={text(nonce)}, algorithm={algorithm}, opaque={text(opaque)}{qop}"
    header = answer_challenge(
        parse_challenges([challenge]), method="GET", uri="/" + path, username=username, password=password, cnonce="c"
    )
    credentials = read(header)
    assert (credentials.username, credentials.nonce, credentials.uri) == (username, nonce, "/" + path)

    def accepts(secret: Secret) -> bool:
        return right(credentials, secret, method="GET", target="/" + path, realm=realm, offered=ALL)

    assert accepts(Password(password))
    assert accepts(ha1_of(username, realm, password, algorithm))
    assert accepts(Password(wrong)) is (wrong == password)


def test_half_a_character_in_a_stored_password_is_wrong_and_no_error() -> None:
    assert not right(ask(WITH_QOP), Password("p\ud800"))
