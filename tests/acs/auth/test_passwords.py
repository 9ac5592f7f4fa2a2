"""Hashed passwords and tokens."""

import hashlib
import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs.auth.passwords import (
    TOKEN_PREFIX,
    hash_password,
    hash_token,
    same_secret,
    token_from,
    verify_password,
    verify_token,
)

SALT: Final = b"0123456789abcdef"
SALT_TEXT: Final = "MDEyMzQ1Njc4OWFiY2RlZg"
# A cheap one, to spare the tests the real cost: n=16, r=1, p=1, password "pässword".
CHEAP: Final = f"scrypt$16$1$1${SALT_TEXT}$pqMU02JS1zspCgsfhkqRk7zjkquTHxnVW4ZO2EHHl88"


def test_a_password_is_the_one_that_was_hashed() -> None:
    stored = hash_password("correct horse", SALT)
    assert verify_password("correct horse", stored)
    assert not verify_password("correct hors", stored)


def test_a_hash_carries_its_parameters_of_16_mib_and_its_salt() -> None:
    stored = hash_password("correct horse", SALT)
    assert re.fullmatch(rf"scrypt\$16384\$8\$5\${SALT_TEXT}\$[A-Za-z0-9+/]{{43}}", stored)
    assert stored != hash_password("correct horse", SALT[::-1])


def test_a_hash_made_with_other_parameters_is_understood() -> None:
    assert verify_password("pässword", CHEAP)
    assert not verify_password("password", CHEAP)
    assert not verify_password("", CHEAP)
    assert not verify_password("p\udce4ssword", CHEAP)


def test_nobody_has_a_password() -> None:
    assert not verify_password("", None)


def test_a_salt_must_be_long_enough() -> None:
    with pytest.raises(ValueError, match="salt"):
        hash_password("p", b"short")


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "plain text",
        CHEAP.replace("scrypt", "bcrypt"),
        CHEAP + "$",
        CHEAP.replace("$16$", "$x$"),
        CHEAP.replace("$16$", "$-16$"),
        CHEAP.replace("$16$", "$0$"),
        CHEAP.replace("$16$", "$1$"),
        CHEAP.replace("$16$", "$15$"),
        CHEAP.replace("$16$", "$\N{ARABIC-INDIC DIGIT ONE}6$"),
        CHEAP.replace(SALT_TEXT, ""),
        CHEAP.replace(SALT_TEXT, "!" * 22),
        CHEAP[: CHEAP.rindex("$") + 1],
        CHEAP[:-22],
        CHEAP + "!",
    ],
)
def test_a_malformed_hash_is_an_error(stored: str) -> None:
    with pytest.raises(ValueError, match="stored password"):
        verify_password("pässword", stored)


@pytest.mark.parametrize(
    "cost",
    ["1048576$8$1", "16384$64$1", "16$1$1048576", "2$1$99999999", "16384$8$32", "99999999$99999999$1", "2$262144$1"],
)
def test_a_tampered_hash_cannot_ask_for_endless_memory_or_work(cost: str) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        verify_password("pässword", CHEAP.replace("16$1$1", cost))
    with pytest.raises(ValueError, match="stored password"):
        verify_password("pässword", CHEAP + "A" * 1000)


def test_an_error_does_not_quote_what_is_stored() -> None:
    with pytest.raises(ValueError, match="stored password") as caught:
        verify_password("p", "plain text secret")
    assert "secret" not in str(caught.value)


def test_a_token_has_the_prefix_and_all_of_its_chance() -> None:
    token = token_from(bytes(range(32)))
    assert re.fullmatch(r"aioacs_[a-z2-7]{52}", token)
    assert token.startswith(TOKEN_PREFIX)
    assert len({token_from(bytes([octet]) + bytes(31)) for octet in range(256)}) == 256
    assert len({token_from(bytes(31) + bytes([octet])) for octet in range(256)}) == 256


def test_a_token_of_too_little_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="20 random octets"):
        token_from(bytes(19))


@given(st.text(), st.text())
@settings(derandomize=True, deadline=None, max_examples=200)
def test_a_token_is_the_one_whose_hash_is_stored(token: str, other: str) -> None:
    stored = hash_token(token)
    assert stored == hashlib.sha256(token.encode()).hexdigest()
    assert verify_token(token, stored)
    assert verify_token(other, stored) is (other == token)


def test_any_text_can_be_compared() -> None:
    assert not verify_token("\udcff\ud800", hash_token("token"))
    assert not verify_token("token", "ä")
    assert same_secret("ä\udcff", "ä\udcff")
    assert not same_secret("a", "ab")
    assert not same_secret("", "a")
