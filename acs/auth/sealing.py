"""Secrets that must be read again, such as a device's password, sealed with AES-256-GCM for the place they are kept in.

A sealed value opens only in the table, row and column it was sealed for, so nobody who can write to the database can
move a secret to where they may read it. Its octets: version (1), key id (2), nonce (12), ciphertext, tag (16).
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_LENGTH: Final = 32
NONCE_LENGTH: Final = 12
_VERSION: Final = 1
_HEAD: Final = struct.Struct(">BH")
_TAG_LENGTH: Final = 16
_MAX_KEY_ID: Final = 2**16 - 1

Row = int | str | tuple[int | str, ...]
"""What identifies a row: its id, or the parts of its key. A number and its text are the same."""


class SealError(Exception):
    """A sealed value that cannot be opened: damaged, from another place, or for a key that is not there."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys by their ids. To change keys, add one, make it active, and drop the old one when all is sealed anew."""

    keys: Mapping[int, bytes] = field(repr=False)
    """Keys of 32 octets by ids from 1 to 65535."""
    active: int
    """The key that seals; the others only open."""

    def __post_init__(self) -> None:
        for key_id, key in self.keys.items():
            if not 1 <= key_id <= _MAX_KEY_ID:
                raise ValueError(f"key id {key_id} is not between 1 and {_MAX_KEY_ID}")
            if len(key) != KEY_LENGTH:
                raise ValueError(f"key {key_id} has {len(key)} octets instead of {KEY_LENGTH}")
        if self.active not in self.keys:
            raise ValueError(f"the active key {self.active} is not in the keyring")
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))

    def derive(self, purpose: str) -> tuple[bytes, ...]:
        """Keys of 32 octets for another purpose (signing nonces, say), that of the active key first."""
        others = (key_id for key_id in self.keys if key_id != self.active)
        return tuple(
            hmac.digest(self.keys[key_id], b"derive:" + purpose.encode(), hashlib.sha256)
            for key_id in (self.active, *others)
        )

    def seal(self, plaintext: bytes, *, table: str, row: Row, column: str, nonce: bytes) -> bytes:
        """Seal a secret for its place. The nonce is 12 random octets, never used twice."""
        if len(nonce) != NONCE_LENGTH:
            raise ValueError(f"a nonce has {NONCE_LENGTH} octets, not {len(nonce)}")
        head = _HEAD.pack(_VERSION, self.active)
        place = _place(head, table, row, column)
        return head + nonce + AESGCM(self.keys[self.active]).encrypt(nonce, plaintext, place)

    def unseal(self, blob: bytes, *, table: str, row: Row, column: str) -> bytes:
        """Open what was sealed for this place, or raise SealError."""
        key = self.keys.get(key_id := _key_id(blob))
        if key is None:
            raise SealError(f"the value was sealed with key {key_id}, which is not in the keyring")
        head, rest = blob[: _HEAD.size], blob[_HEAD.size :]
        try:
            return AESGCM(key).decrypt(rest[:NONCE_LENGTH], rest[NONCE_LENGTH:], _place(head, table, row, column))
        except InvalidTag:
            raise SealError(f"the value in {table}.{column} is damaged, or was sealed for another place") from None

    def needs_resealing(self, blob: bytes) -> bool:
        """Whether a value was sealed with a key that is no longer the active one. SealError if it is no such value."""
        return _key_id(blob) != self.active


def parse_keyring(text: str) -> Keyring:
    """Read a keyring: a line for each key, its id and its base64, the active key first.

    Empty lines and lines with ``#`` in front are passed over. Raises ValueError with the number of the wrong line.
    """
    keys: dict[int, bytes] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        key_id, key = _parse_key(words, number)
        if key_id in keys:
            raise ValueError(f"line {number} of the keyring repeats the id {key_id}")
        keys[key_id] = key
    if not keys:
        raise ValueError("the keyring holds no key")
    return Keyring(keys, active=next(iter(keys)))


def keyring_text(keyring: Keyring) -> str:
    """The text that ``parse_keyring`` reads."""
    ids = (keyring.active, *(key_id for key_id in keyring.keys if key_id != keyring.active))
    return "".join(f"{key_id} {base64.b64encode(keyring.keys[key_id]).decode('ascii')}\n" for key_id in ids)


def _parse_key(words: list[str], number: int) -> tuple[int, bytes]:
    """The id and the key. The messages name the line and never quote it."""
    if len(words) != 2:
        raise ValueError(f"line {number} of the keyring is not an id and a key")
    digits, encoded = words
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and 1 <= int(digits) <= _MAX_KEY_ID):
        raise ValueError(f"line {number} of the keyring does not begin with an id from 1 to {_MAX_KEY_ID}")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the key in line {number} of the keyring is not base64") from None
    if len(key) != KEY_LENGTH:
        raise ValueError(f"the key in line {number} of the keyring has {len(key)} octets instead of {KEY_LENGTH}")
    return int(digits), key


def _key_id(blob: bytes) -> int:
    if len(blob) < _HEAD.size + NONCE_LENGTH + _TAG_LENGTH:
        raise SealError("the value is too short to have been sealed")
    version, key_id = _HEAD.unpack_from(blob)
    if version != _VERSION:
        raise SealError(f"the value was sealed in version {version}, which this program does not know")
    return int(key_id)


def _place(head: bytes, table: str, row: Row, column: str) -> bytes:
    """The associated data: every part with its length before it, so that no two places read alike."""
    row_parts = row if isinstance(row, tuple) else (row,)
    parts = (table, column, *(str(part) for part in row_parts))
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    return head + b"".join(struct.pack(">I", len(part)) + part for part in encoded)
