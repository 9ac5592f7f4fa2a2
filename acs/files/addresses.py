"""Where a device finds its file: addresses that are good for one transfer, and for nobody who was not told.

Two forms, both checked without a look at the database::

    /files/d12-<signature>/<name>   the address is the key; no query string, for some devices drop those
    /files/d12/<name>               the transfer's own user name and password, with Basic authentication

The letter says which way the file goes (d: download, u: upload), the number is the transfer's. The name is there for
devices that judge a file by it (some want ``.bin`` at the end); it is never looked at.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from acs.auth.headers import BasicCredentials, HeaderError, parse_credentials
from acs.auth.passwords import same_secret
from acs.domain.transfer import TransferDirection

PREFIX: Final = "/files/"

# TR-069 gives the URL of a Download or Upload 256 characters (A.3.2.8, A.4.1.5).
MAX_URL_LENGTH: Final = 256
# Of these a name keeps 40 whatever the transfer's number.
MAX_BASE_LENGTH: Final = 150

_LETTERS: Final = {TransferDirection.DOWNLOAD: "d", TransferDirection.UPLOAD: "u"}
_DIRECTIONS: Final = {letter: direction for direction, letter in _LETTERS.items()}

# 128 bits, which nobody guesses within the life of a transfer.
_SECRET_LENGTH: Final = 16
_PATH: Final = re.compile(r"/files/(?P<subject>[du](?P<id>[1-9][0-9]{0,18}))(?:-(?P<signature>[0-9a-f]{32}))?(?:/.*)?")
# What would be a part of the path, or what devices written in C cannot hold.
_UNFIT: Final = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]")


class AddressError(Exception):
    """Why an address leads nowhere::

    AddressError
     +-- UnknownAddressError   there is no such address, or its signature is not ours
     +-- CredentialsError      the address needs the transfer's user name and password
    """


class UnknownAddressError(AddressError):
    """There is no such address. It is not told apart from one with a signature that is not ours."""

    def __init__(self) -> None:
        super().__init__("there is no such address, or its signature is not ours")


class CredentialsError(AddressError):
    """The address needs the transfer's user name and password, and they were missing or wrong."""

    def __init__(self) -> None:
        super().__init__("the transfer's user name and password are missing or wrong")


@dataclass(frozen=True, slots=True)
class TransferKey:
    """Which transfer an address is about, once that is proved."""

    direction: TransferDirection
    """Which way its file goes."""
    transfer_id: int
    """Its number."""


@dataclass(frozen=True, slots=True)
class TransferCredentials:
    """What a device is told to log in with, for one transfer."""

    username: str
    """The user name."""
    password: str = field(repr=False)
    """The password."""


class FileAddresses:
    """Makes the addresses of transfers and tells its own from others.

    The base is the URL under which devices reach the listener: ``http://acs.example.com:7547``, with a path only if
    something in front of the listener takes it away.
    """

    def __init__(self, base_url: str, keys: tuple[bytes, ...]) -> None:
        """Addresses below a base. The first key signs, all verify; at least 16 octets each."""
        if not keys or any(len(key) < 16 for key in keys):
            raise ValueError("the addresses of files need a key, and keys of at least 16 octets")
        self._base = _checked_base(base_url)
        self._keys = keys

    def download_url(self, transfer_id: int, file_name: str, *, signed: bool = True) -> str:
        """Where a device fetches a file. Unsigned, it is asked for the transfer's credentials."""
        return self._url(TransferDirection.DOWNLOAD, transfer_id, file_name, signed=signed)

    def upload_url(self, transfer_id: int, file_name: str, *, signed: bool = True) -> str:
        """Where a device sends a file. Unsigned, it is asked for the transfer's credentials."""
        return self._url(TransferDirection.UPLOAD, transfer_id, file_name, signed=signed)

    def credentials(self, direction: TransferDirection, transfer_id: int) -> TransferCredentials:
        """What a device logs in with at an unsigned address."""
        subject = _subject(direction, transfer_id)
        return TransferCredentials(subject, _password(self._keys[0], subject))

    def transfer_of(self, path: str, authorization: str | None) -> TransferKey:
        """Which transfer a path is about, as it stood in the request line; AddressError if it proves none."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise UnknownAddressError
        if match["signature"] is not None:
            if not self._proves(_signature, match["subject"], match["signature"]):
                raise UnknownAddressError
        elif not self._logs_in(match["subject"], authorization):
            raise CredentialsError
        return TransferKey(_DIRECTIONS[match["subject"][0]], int(match["id"]))

    def _logs_in(self, subject: str, authorization: str | None) -> bool:
        try:
            credentials = None if authorization is None else parse_credentials(authorization)
        except HeaderError:
            return False
        if not isinstance(credentials, BasicCredentials):
            return False
        named = same_secret(credentials.username, subject)
        return self._proves(_password, subject, credentials.password) and named

    def _proves(self, secret_of: Callable[[bytes, str], str], subject: str, claimed: str) -> bool:
        proved = False
        for key in self._keys:
            proved |= same_secret(secret_of(key, subject), claimed)
        return proved

    def _url(self, direction: TransferDirection, transfer_id: int, file_name: str, *, signed: bool) -> str:
        subject = _subject(direction, transfer_id)
        token = f"{subject}-{_signature(self._keys[0], subject)}" if signed else subject
        start = f"{self._base}{PREFIX}{token}/"
        return start + _fitting_name(file_name, MAX_URL_LENGTH - len(start))


def _subject(direction: TransferDirection, transfer_id: int) -> str:
    subject = f"{_LETTERS[direction]}{transfer_id}"
    if _PATH.fullmatch(PREFIX + subject) is None:
        raise ValueError(f"{transfer_id} is no number of a transfer")
    return subject


def _signature(key: bytes, subject: str) -> str:
    return _secret(key, "file-address:" + subject)


def _password(key: bytes, subject: str) -> str:
    return _secret(key, "file-password:" + subject)


def _secret(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("ascii"), hashlib.sha256)[:_SECRET_LENGTH].hex()


def _checked_base(url: str) -> str:
    if len(url) > MAX_BASE_LENGTH:
        raise ValueError(f"the base of file addresses has more than {MAX_BASE_LENGTH} characters")
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise ValueError("the base of file addresses has spaces or other characters that no URL may hold")
    try:
        parts = urlsplit(url)
        named = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an IPv6 address without its brackets, among others
        named = False
    if not named:
        raise ValueError("the base of file addresses is no http or https URL with a host")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError("the base of file addresses has a user, a query or a fragment")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _fitting_name(file_name: str, room: int) -> str:
    """A name as the end of a path, cut before its ending if it is too long."""
    name = _UNFIT.sub("_", file_name)
    # A client takes these two for a move within the path.
    if name in {"", ".", ".."}:
        name = "file"
    stem, dot, ending = name.rpartition(".")
    if not stem or len(_quoted(dot + ending)) > room // 2:
        stem, ending = name, ""
    else:
        ending = dot + ending
    while len(_quoted(stem + ending)) > room:
        stem = stem[:-1]
    return _quoted(stem + ending)


def _quoted(name: str) -> str:
    return quote(name, safe="")
