"""Reading and writing the headers of HTTP authentication."""

import base64
from contextlib import suppress
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acs.auth.headers import (
    MAX_HEADER_LENGTH,
    MAX_PARTS,
    BasicChallenge,
    BasicCredentials,
    DigestChallenge,
    DigestCredentials,
    HeaderError,
    basic_authorization,
    basic_challenge,
    parse_challenges,
    parse_credentials,
    quoted,
)

# What the FRITZ!Box of a public bug report sends since FRITZ!OS 7.12.
FRITZ: Final = (
    'Digest username="00040E-444E6DC3FC8B", realm="xaps", nonce="858b601a", uri="/tr069/", qop=auth, nc=00000001, '
    'cnonce="9cb0e325", response="2896290748b5580e506786cbfc9bf2a1", opaque="16e4c40ea15e", algorithm=MD'
)


def digest(header: str) -> DigestCredentials:
    credentials = parse_credentials(header)
    assert isinstance(credentials, DigestCredentials)
    return credentials


def basic(octets: bytes) -> BasicCredentials:
    credentials = parse_credentials("Basic " + base64.b64encode(octets).decode())
    assert isinstance(credentials, BasicCredentials)
    return credentials


def test_every_field_of_digest_credentials_is_read() -> None:
    assert digest(FRITZ) == DigestCredentials(
        username="00040E-444E6DC3FC8B",
        realm="xaps",
        nonce="858b601a",
        uri="/tr069/",
        qop="auth",
        nc="00000001",
        cnonce="9cb0e325",
        response="2896290748b5580e506786cbfc9bf2a1",
        algorithm="MD",
    )


@pytest.mark.parametrize(
    "header",
    [
        'Digest username="u",nonce="n",uri="/",response="r",qop="auth",nc="00000001"',
        "Digest username=u, nonce=n, uri=/, response=r, qop=auth, nc=00000001",
        'DIGEST Username="u", NONCE="n", Uri="/", rEsponse="r", QOP="auth", Nc=00000001',
        '  digest\tusername = "u" ,, nonce= "n",\t,uri ="/",response="r", qop=auth, nc=00000001 , ',
        'Digest username="u" nonce="n" uri="/" response="r" qop=auth nc=00000001',
        'Digest username="u", junk, "=", nonce="n", uri="/", response="r", qop=auth, nc=00000001',
        'Digest username="u", nonce="n", uri="/", response="r", qop=auth, nc="00000001',
        'Digest username="u", nonce="n", uri="/", response="r", qop=auth, nc=00000001, nc=00000002, username="v"',
    ],
    ids=["all quoted", "none quoted", "any case", "white space", "no commas", "junk", "no last quote", "said twice"],
)
def test_digest_credentials_are_read_however_they_are_spelt(header: str) -> None:
    assert digest(header) == DigestCredentials("u", "n", "/", "r", qop="auth", nc="00000001")


def test_a_quoted_value_may_hold_escaped_quotes_backslashes_and_commas() -> None:
    credentials = digest(r'Digest username="a\"b\\c, d=e", nonce=n, uri="/", response=r')
    assert credentials.username == r'a"b\c, d=e'
    assert credentials.nonce == "n"


def test_a_tab_within_a_quoted_value_stays_one() -> None:
    credentials = digest('Digest\tusername="a\tb", nonce=n, uri="/c\td", response=r')
    assert (credentials.username, credentials.uri) == ("a\tb", "/c\td")


def test_a_backslash_that_escapes_nothing_stays() -> None:
    assert digest(r'Digest username="DOMAIN\user", nonce=n, uri="/", response=r').username == r"DOMAIN\user"


@pytest.mark.parametrize("missing", ["username", "nonce", "uri", "response"])
def test_digest_credentials_without_what_is_hashed_are_an_error_that_names_it(missing: str) -> None:
    fields = {"username": "u", "nonce": "n", "uri": "/", "response": "r"}
    del fields[missing]
    with pytest.raises(HeaderError, match=f"no {missing}"):
        parse_credentials("Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items()))


def test_a_basic_password_may_hold_colons_and_the_name_may_be_empty() -> None:
    assert basic(b"user:a:b:c") == BasicCredentials("user", "a:b:c")
    assert basic(b":") == BasicCredentials("", "")


def test_basic_credentials_are_utf_8_or_else_latin_1() -> None:
    assert basic("jürgen:pässwort".encode()) == BasicCredentials("jürgen", "pässwort")
    assert basic("jürgen:pässwort".encode("latin-1")) == BasicCredentials("jürgen", "pässwort")


def test_basic_credentials_may_lack_their_padding() -> None:
    assert parse_credentials("basic  dTpw ") == BasicCredentials("u", "p")
    assert parse_credentials("Basic dTpwdw") == BasicCredentials("u", "pw")


@pytest.mark.parametrize("rest", ["", "!!!", "dTpw dTpw", "dQ==", "d", "dTpwÄ", base64.b64encode(b"u:p\0").decode()])
def test_basic_credentials_that_are_no_name_and_password_are_an_error(rest: str) -> None:
    with pytest.raises(HeaderError):
        parse_credentials(f"Basic {rest}")


@pytest.mark.parametrize("header", ["Bearer abc", "Negotiate YII=", "", "username=u", "Basicdtp"])
def test_other_schemes_give_no_credentials(header: str) -> None:
    assert parse_credentials(header) is None


@pytest.mark.parametrize("character", ["\0", "\r\n", "\n", "\x7f"])
def test_control_characters_are_refused_so_that_none_reaches_a_header_or_a_database(character: str) -> None:
    with pytest.raises(HeaderError, match="control"):
        parse_credentials(f'Digest username="u{character}", nonce=n, uri="/", response=r')
    with pytest.raises(HeaderError, match="control"):
        parse_challenges([f'Digest realm="r{character}", nonce=n'])


def test_bytes_that_are_not_utf_8_are_taken_for_latin_1() -> None:
    raw = 'Digest username="jürgen", nonce=n, uri="/", response=r'
    assert digest(raw).username == "jürgen"
    assert digest(raw.encode("latin-1").decode("utf-8", "surrogateescape")).username == "jürgen"
    with pytest.raises(HeaderError, match="not text"):
        parse_credentials('Digest username="\ud800"')


def test_an_oversized_header_is_refused() -> None:
    padding = "x" * (MAX_HEADER_LENGTH - len(FRITZ) - 4)
    assert digest(f"{FRITZ}, x={padding}").username == "00040E-444E6DC3FC8B"
    with pytest.raises(HeaderError, match="8192"):
        parse_credentials(f"{FRITZ}, x={padding}y")


def test_the_bound_holds_for_all_challenges_together() -> None:
    half = 'Digest realm="r", nonce="' + "n" * (MAX_HEADER_LENGTH // 2 - 26) + '"'
    assert len(parse_challenges([half, half])) == 2
    with pytest.raises(HeaderError, match="8192"):
        parse_challenges([half, half, "x"])


def test_a_username_too_long_to_look_up_is_refused() -> None:
    assert basic(b"u" * 256 + b":p").username == "u" * 256
    with pytest.raises(HeaderError, match="256"):
        basic(b"u" * 257 + b":p")
    with pytest.raises(HeaderError, match="256"):
        parse_credentials(f"Digest username={'u' * 257}, nonce=n, uri=/, response=r")


def test_several_challenges_in_one_header_are_told_apart() -> None:
    header = 'Basic realm="a, Digest b", Digest realm="c",nonce="n1",qop="auth", DIGEST nonce=n2, algorithm=SHA-256'
    assert parse_challenges([header]) == (
        BasicChallenge("a, Digest b"),
        DigestChallenge("c", "n1", qop=("auth",)),
        DigestChallenge("", "n2", algorithm="SHA-256"),
    )


def test_challenges_in_several_headers_keep_their_order() -> None:
    headers = ['Digest realm="r", nonce="n", stale=TRUE', "Basic realm=r"]
    assert parse_challenges(headers) == (DigestChallenge("r", "n", stale=True), BasicChallenge("r"))


@pytest.mark.parametrize(
    "header",
    [
        'Negotiate, Digest realm="r", nonce="n"',
        'Negotiate YIIBhg==, Digest realm="r", nonce="n"',
        'NTLM TlRMTVNTUAAB, Digest realm="r", nonce="n"',
        'Bearer realm="x", error="y", nonce="z", Digest realm="r", nonce="n"',
        'Digest realm="r", nonce="n", Newscheme nonce="z"',
        'Digest realm="no nonce", Digest realm="r", nonce="n"',
    ],
)
def test_challenges_of_unknown_schemes_are_skipped(header: str) -> None:
    assert parse_challenges([header]) == (DigestChallenge("r", "n"),)


def test_a_value_that_lacks_its_quotes_or_has_too_many_costs_no_more_than_itself() -> None:
    assert parse_challenges(["Digest realm=My TR069 Client, nonce=n"]) == (DigestChallenge("My", "n"),)
    assert parse_challenges(['Digest nonce="n"" , Basic realm=r']) == (DigestChallenge("", "n"), BasicChallenge("r"))


def test_a_bare_basic_challenge_counts() -> None:
    assert parse_challenges(["Basic"]) == (BasicChallenge(""),)
    assert parse_challenges(["Basic, Digest nonce=n"]) == (BasicChallenge(""), DigestChallenge("", "n"))


@pytest.mark.parametrize(
    ("qop", "offered"),
    [
        ('"auth"', ("auth",)),
        ("auth", ("auth",)),
        ('"auth,auth-int"', ("auth", "auth-int")),
        ('" AUTH-INT ,, Auth "', ("auth-int", "auth")),
        ("auth-int", ("auth-int",)),
        ("auth,auth-int", ("auth",)),
        ('""', ()),
    ],
)
def test_the_qualities_of_protection_are_listed_and_what_follows_is_not_lost(
    qop: str, offered: tuple[str, ...]
) -> None:
    assert parse_challenges([f'Digest realm="r", qop={qop}, nonce="n"']) == (DigestChallenge("r", "n", qop=offered),)


@pytest.mark.parametrize("opaque", ["plain", r"a\"b", r"a\\b", r"a\b"])
def test_the_opaque_is_kept_as_it_stands_in_the_header(opaque: str) -> None:
    assert parse_challenges([f'Digest nonce=n, opaque="{opaque}"']) == (DigestChallenge("", "n", opaque=opaque),)


def test_an_unquoted_or_unended_opaque_is_kept_fit_for_quotes() -> None:
    assert parse_challenges(["Digest nonce=n, opaque=a\\"]) == (DigestChallenge("", "n", opaque=r"a\\"),)
    assert parse_challenges(['Digest nonce=n, opaque="a\\']) == (DigestChallenge("", "n", opaque="a"),)


def test_secrets_do_not_show() -> None:
    assert "secret" not in repr(BasicCredentials("u", "secret"))
    assert "secret" not in repr(DigestCredentials("u", "n", "/", "secret"))
    with pytest.raises(HeaderError) as caught:
        parse_credentials("Basic secret!")
    assert "secret" not in str(caught.value)


def test_what_a_header_cannot_carry_is_not_written() -> None:
    with pytest.raises(ValueError, match="control"):
        quoted("a\r\nSet-Cookie: b")
    with pytest.raises(ValueError, match="colon"):
        basic_authorization("a:b", "c")
    with pytest.raises(ValueError, match="control"):
        basic_authorization("a", "c\n")


LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))


@given(LINE)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_a_quoted_realm_comes_back_as_it_was(realm: str) -> None:
    assert parse_challenges([basic_challenge(realm)]) == (BasicChallenge(realm),)


@given(LINE.filter(lambda name: ":" not in name and len(name) <= 256), LINE)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_basic_credentials_come_back_as_they_were(username: str, password: str) -> None:
    assert parse_credentials(basic_authorization(username, password)) == BasicCredentials(username, password)


# Not only any text, but also texts made of what the grammar is made of.
SHARD = st.sampled_from(
    ["Digest", "Basic", "nonce", "username", "uri", "response", "=", '"', "\\", ",", " ", "\t", "a"]
)
HOSTILE = st.text(st.characters()) | st.lists(SHARD, max_size=60).map("".join)


@given(HOSTILE)
@example("\ud800")
@settings(derandomize=True, deadline=None, max_examples=600)
def test_any_text_is_read_or_is_a_header_error(text: str) -> None:
    for header in (text, "Basic " + text, "Digest " + text):
        with suppress(HeaderError):
            parse_credentials(header)
        with suppress(HeaderError):
            for challenge in parse_challenges([header, text]):
                assert isinstance(challenge, BasicChallenge) or challenge.nonce


@pytest.mark.parametrize("piece", [" ", "a ", '"', "=", "\\", "a=", 'a="', "a,", ",", 'a="\\'])
def test_a_header_of_repeated_pieces_is_read_to_its_end(piece: str) -> None:
    # Patterns that make a careless expression look at every character again and again.
    text = (piece * MAX_HEADER_LENGTH)[: MAX_HEADER_LENGTH - len("Digest ") - len(" Basic")]
    with pytest.raises(HeaderError):
        parse_credentials("Digest " + text)
    with suppress(HeaderError):
        parse_challenges(["Digest " + text + " Basic"])


def test_a_header_has_few_parts_for_each_is_dear() -> None:
    needed = "Digest username=u, nonce=n, uri=/, response=r"
    fitting = needed + ", a=b" * (MAX_PARTS - 4)
    credentials = parse_credentials(fitting)
    assert isinstance(credentials, DigestCredentials)
    assert credentials.response == "r"
    for header in (f"{fitting}, a=b", f"{fitting} a", f'{fitting}, a=""'):
        with pytest.raises(HeaderError, match="more than 128 parts"):
            parse_credentials(header)
        with pytest.raises(HeaderError, match="more than 128 parts"):
            parse_challenges([header])
