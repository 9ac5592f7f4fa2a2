"""Addresses that are good for one transfer."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acs.auth.headers import basic_authorization
from acs.domain.transfer import TransferDirection
from acs.files.addresses import (
    MAX_BASE_LENGTH,
    MAX_URL_LENGTH,
    CredentialsError,
    FileAddresses,
    TransferKey,
    UnknownAddressError,
)

KEY: Final = b"k" * 32
OLD_KEY: Final = b"o" * 32
BASE: Final = "http://acs.example.com:7547"
ADDRESSES: Final = FileAddresses(BASE, (KEY,))
LARGEST: Final = 2**63 - 1
DOWNLOAD: Final = TransferDirection.DOWNLOAD
UPLOAD: Final = TransferDirection.UPLOAD


def path(url: str) -> str:
    return urlsplit(url).path


def authorization(direction: TransferDirection, transfer_id: int, addresses: FileAddresses = ADDRESSES) -> str:
    credentials = addresses.credentials(direction, transfer_id)
    return basic_authorization(credentials.username, credentials.password)


@given(st.integers(1, LARGEST), st.text(max_size=300), st.sampled_from([BASE, "https://[2001:db8::1]"]))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_an_address_leads_to_its_transfer_and_fits_into_what_tr_069_allows(
    transfer_id: int, name: str, base: str
) -> None:
    addresses = FileAddresses(base, (KEY,))
    for url, direction in (
        (addresses.download_url(transfer_id, name), DOWNLOAD),
        (addresses.upload_url(transfer_id, name), UPLOAD),
    ):
        assert len(url) <= MAX_URL_LENGTH
        assert re.fullmatch(r"[\x21-\x7e]+", url)
        assert "?" not in url
        assert "#" not in url
        assert addresses.transfer_of(path(url), None) == TransferKey(direction, transfer_id)


def test_the_longest_base_and_number_leave_room_for_a_name() -> None:
    base = "http://" + "a" * (MAX_BASE_LENGTH - 7)
    url = FileAddresses(base, (KEY,)).download_url(LARGEST, "n" * 100 + ".bin")
    assert len(url) <= MAX_URL_LENGTH
    assert re.search(r"/n{30,}\.bin$", url)


def test_a_name_is_kept_with_its_ending_when_it_has_to_be_cut() -> None:
    url = ADDRESSES.download_url(1, "ä" * 300 + ".bin")
    assert len(url) <= MAX_URL_LENGTH
    name = unquote(url.rpartition("/")[2])
    assert re.fullmatch(r"ä{10,}\.bin", name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("image 1.bin", "image%201.bin"),
        ("a/b\\c", "a_b_c"),
        ("..", "file"),
        ("", "file"),
        ("nul\0\r\n", "nul___"),
        ("100%?#", "100%25%3F%23"),
        ("\ud800", "_"),
    ],
)
def test_a_name_cannot_change_the_path(name: str, shown: str) -> None:
    assert ADDRESSES.download_url(1, name).rpartition("/")[2] == shown


def test_the_name_at_the_end_of_an_address_means_nothing() -> None:
    signed = path(ADDRESSES.download_url(5, "image.bin")).rpartition("/")[0]
    for end in ("", "/", "/other", "/../../etc/passwd", "/a/b"):
        assert ADDRESSES.transfer_of(signed + end, None) == TransferKey(DOWNLOAD, 5)


def test_an_ipv6_address_stays_in_its_brackets() -> None:
    url = FileAddresses("http://[2001:db8::7]:7547/", (KEY,)).download_url(1, "f")
    assert url.startswith("http://[2001:db8::7]:7547/files/d1-")


def test_a_path_of_the_base_stands_before_the_files() -> None:
    assert FileAddresses("https://acs/tr069/", (KEY,)).upload_url(1, "f").startswith("https://acs/tr069/files/u1-")


@pytest.mark.parametrize(
    "base",
    [
        "",
        "acs.example.com",
        "ftp://acs",
        "http://",
        "http://2001:db8::1:7547",
        "http://[2001:db8::1",
        "http://acs:99999",
        "http://user:pass@acs",
        "http://acs/?a",
        "http://acs/#a",
        "http://acs/ ",
        "http://acs\r\n",
        "http://äcs",
        "http://" + "a" * 200,
    ],
)
def test_a_base_that_makes_no_address_is_refused(base: str) -> None:
    with pytest.raises(ValueError, match="base of file addresses"):
        FileAddresses(base, (KEY,))


@pytest.mark.parametrize("keys", [(), (b"short",), (KEY, b"short")])
def test_keys_must_be_there_and_long(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="key"):
        FileAddresses(BASE, keys)


def test_the_signature_of_one_transfer_is_none_for_another() -> None:
    mine = path(ADDRESSES.download_url(12, "f"))
    for theirs in (mine.replace("d12-", "d13-"), mine.replace("d12-", "u12-"), mine.replace("d12-", "d1-")):
        with pytest.raises(UnknownAddressError):
            ADDRESSES.transfer_of(theirs, None)


@pytest.mark.parametrize("position", range(32))
def test_a_forged_signature_is_refused(position: int) -> None:
    start, signature = path(ADDRESSES.download_url(12, "f")).rpartition("/")[0].split("-")
    digit = "0" if signature[position] != "0" else "1"
    forged = signature[:position] + digit + signature[position + 1 :]
    for wrong in (forged, signature[:position], signature + digit, signature.upper() if position == 0 else forged):
        with pytest.raises(UnknownAddressError):
            ADDRESSES.transfer_of(f"{start}-{wrong}/f", None)


@pytest.mark.parametrize(
    "wrong",
    [
        "/files/",
        "/files",
        "/",
        "*",
        "/files/../../etc/passwd",
        "/files/%2e%2e/%2e%2e/etc/passwd",
        "/files/d0-" + "0" * 32,
        "/files/d01-" + "0" * 32,
        "/files/x1-" + "0" * 32,
        "/files/d1/../d2",
        "/files/d1\n",
        "/files/d\u0661/f",
        "/files/d" + "9" * 30 + "/f",
        "//files/d1/f",
        "/files//d1/f",
    ],
)
def test_any_other_path_leads_nowhere(wrong: str) -> None:
    with pytest.raises((UnknownAddressError, CredentialsError)):
        ADDRESSES.transfer_of(wrong, None)


@given(st.text())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_whatever_the_path_it_leads_to_a_transfer_or_nowhere(text: str) -> None:
    for wrong in (text, "/files/" + text, "/files/d1-" + text):
        with pytest.raises((UnknownAddressError, CredentialsError)):
            ADDRESSES.transfer_of(wrong, text)


@pytest.mark.parametrize("direction", TransferDirection)
def test_an_unsigned_address_takes_the_transfers_own_credentials(direction: TransferDirection) -> None:
    unsigned = {
        DOWNLOAD: ADDRESSES.download_url(12, "f", signed=False),
        UPLOAD: ADDRESSES.upload_url(12, "f", signed=False),
    }[direction]
    assert re.search(r"/files/[du]12/f$", unsigned)
    assert ADDRESSES.transfer_of(path(unsigned), authorization(direction, 12)) == TransferKey(direction, 12)


def test_an_unsigned_address_takes_no_other_credentials() -> None:
    right = ADDRESSES.credentials(DOWNLOAD, 12)
    for header in (
        None,
        "",
        "Basic",
        "Basic !!!",
        "Bearer " + right.password,
        'Digest username="d12", nonce="a", uri="/", response="b"',
        authorization(DOWNLOAD, 13),
        authorization(UPLOAD, 12),
        basic_authorization(right.username, right.password[:-1]),
        basic_authorization(right.username, ""),
        basic_authorization("d13", right.password),
        basic_authorization("", right.password),
        authorization(DOWNLOAD, 12, FileAddresses(BASE, (OLD_KEY,))),
    ):
        with pytest.raises(CredentialsError):
            ADDRESSES.transfer_of("/files/d12/f", header)


def test_a_signature_is_no_password_and_a_password_no_signature() -> None:
    signature = path(ADDRESSES.download_url(12, "f")).split("-")[1].removesuffix("/f")
    with pytest.raises(CredentialsError):
        ADDRESSES.transfer_of("/files/d12/f", basic_authorization("d12", signature))
    with pytest.raises(UnknownAddressError):
        ADDRESSES.transfer_of(f"/files/d12-{ADDRESSES.credentials(DOWNLOAD, 12).password}/f", None)


def test_the_first_key_signs_and_all_verify() -> None:
    before = FileAddresses(BASE, (OLD_KEY,))
    after = FileAddresses(BASE, (KEY, OLD_KEY))
    assert after.download_url(1, "f") == ADDRESSES.download_url(1, "f")
    assert after.credentials(UPLOAD, 1) == ADDRESSES.credentials(UPLOAD, 1)
    assert after.transfer_of(path(before.download_url(1, "f")), None) == TransferKey(DOWNLOAD, 1)
    assert after.transfer_of("/files/d1/f", authorization(DOWNLOAD, 1, before)) == TransferKey(DOWNLOAD, 1)
    with pytest.raises(UnknownAddressError):
        before.transfer_of(path(after.download_url(1, "f")), None)


@pytest.mark.parametrize("transfer_id", [0, -1, 10**19])
def test_a_number_that_no_address_can_hold_gets_none(transfer_id: int) -> None:
    with pytest.raises(ValueError, match="number of a transfer"):
        ADDRESSES.download_url(transfer_id, "f")


def test_no_secret_is_shown() -> None:
    credentials = ADDRESSES.credentials(DOWNLOAD, 12)
    assert credentials.password not in repr(credentials)
    assert KEY.decode() not in repr(ADDRESSES)
