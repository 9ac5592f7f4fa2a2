"""STUN messages: what a device says and hears to learn how it is reached behind a NAT (TR-069 Annex G, RFC 3489).

Annex G is about the STUN of RFC 3489. Servers of today speak RFC 5389, which can be told by the magic cookie with which
a transaction begins; both are read, and each has its own way to make MESSAGE-INTEGRITY.
"""

import hmac
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

MAX_MESSAGE: Final = 2048
"""How long a message may be."""
TRANSACTION_LENGTH: Final = 16
"""How long the name of a transaction is; RFC 5389 calls the first four octets a cookie."""
CONNECTION_REQUEST_BINDING: Final = b"dslforum.org/TR-111 "
"""What the attribute of that name always holds (G.2.1.1)."""
_COOKIE: Final = bytes.fromhex("2112a442")
_HEADER: Final = struct.Struct("!HH16s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_PORT: Final = struct.Struct("!H")
_DIGEST_LENGTH: Final = 20
_BLOCK: Final = 64


class StunError(ValueError):
    """A datagram that is no STUN message, and why."""


class Kind(IntEnum):
    """What a message is; others are not for devices."""

    BINDING_REQUEST = 0x0001
    BINDING_RESPONSE = 0x0101
    BINDING_ERROR = 0x0111


class Attribute(IntEnum):
    """The attributes that matter here."""

    MAPPED_ADDRESS = 0x0001
    RESPONSE_ADDRESS = 0x0002
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    XOR_MAPPED_ADDRESS = 0x0020
    CONNECTION_REQUEST_BINDING = 0xC001
    BINDING_CHANGE = 0xC002


@dataclass(frozen=True, slots=True)
class Address:
    """Where a datagram goes or comes from."""

    host: str
    """An IP address."""
    port: int
    """A port."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class StunMessage:
    """A message."""

    kind: Kind
    """What it is."""
    transaction: bytes
    """What ties an answer to its request, 16 octets."""
    attributes: tuple[tuple[int, bytes], ...] = ()
    """Types and values, as they stand there."""

    def value(self, kind: Attribute) -> bytes | None:
        """The value of the first attribute of a type; None without one."""
        return next((value for number, value in self.attributes if number == kind), None)

    @property
    def mapped(self) -> Address | None:
        """Where the server sees the client; None if the message does not say that, or not so that it can be read."""
        plain, mixed = self.value(Attribute.MAPPED_ADDRESS), self.value(Attribute.XOR_MAPPED_ADDRESS)
        if mixed is not None:
            return _address(mixed, self.transaction)
        return None if plain is None else _address(plain, bytes(TRANSACTION_LENGTH))

    @property
    def error(self) -> int:
        """The code of an error response; 0 if there is none."""
        value = self.value(Attribute.ERROR_CODE)
        return 0 if value is None or len(value) < 4 else (value[2] & 7) * 100 + value[3]


def decode_stun(data: bytes) -> StunMessage:
    """Read a message; StunError says why a datagram is none."""
    if not _HEADER.size <= len(data) <= MAX_MESSAGE:
        raise StunError(f"a STUN message has from {_HEADER.size} to {MAX_MESSAGE} octets, not {len(data)}")
    number, length, transaction = _HEADER.unpack_from(data)
    if length != len(data) - _HEADER.size:
        raise StunError(f"{length} octets are announced behind the head, and {len(data) - _HEADER.size} are there")
    try:
        kind = Kind(number)
    except ValueError:
        raise StunError(f"messages of type {number:#06x} are not read") from None
    return StunMessage(kind, transaction, tuple((type_, value) for type_, value, _ in _attributes(data)))


def encode_stun(message: StunMessage, password: str | None = None) -> bytes:
    """Write a message; with a password it is signed, and the signature is its last attribute."""
    body = b"".join(_ATTRIBUTE.pack(kind, len(value)) + _padded(value, 4) for kind, value in message.attributes)
    signed = 0 if password is None else _ATTRIBUTE.size + _DIGEST_LENGTH
    data = _HEADER.pack(message.kind, len(body) + signed, message.transaction) + body
    if password is None:
        return data
    return data + _ATTRIBUTE.pack(Attribute.MESSAGE_INTEGRITY, _DIGEST_LENGTH) + _signature(data, password)


def is_signed(data: bytes, password: str) -> bool:
    """Whether a message is signed with a password; what stands behind the signature is not covered by it."""
    try:
        for kind, value, begins_at in _attributes(data):
            if kind == Attribute.MESSAGE_INTEGRITY:
                # The length that is signed is that of a message which ends with the signature.
                length = begins_at + _ATTRIBUTE.size + _DIGEST_LENGTH - _HEADER.size
                signed = data[:2] + _PORT.pack(length) + data[4:begins_at]
                return hmac.compare_digest(value, _signature(signed, password))
    except StunError:
        pass
    return False


def address_value(address: Address) -> bytes:
    """The value of an attribute that holds an address in clear (RFC 3489 section 11.2.1)."""
    octets = ip_address(address.host).packed
    return bytes((0, 1 if len(octets) == 4 else 2)) + _PORT.pack(address.port) + octets


def text_value(text: str) -> bytes:
    """The value of an attribute that holds a text: RFC 3489 wants its length to be a multiple of four."""
    return _padded(text.encode("utf-8", "surrogatepass"), 4, b" ")


def _attributes(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Types and values of all attributes, and where each begins."""
    at = _HEADER.size
    while at < len(data):
        if len(data) - at < _ATTRIBUTE.size:
            raise StunError("the last attribute is cut off")
        kind, length = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + _ATTRIBUTE.size : at + _ATTRIBUTE.size + length]
        if len(value) < length:
            raise StunError(f"the attribute {kind:#06x} is cut off")
        yield kind, value, at
        at += _ATTRIBUTE.size + length + -length % 4


def _address(value: bytes, mask: bytes) -> Address | None:
    length = {1: 4, 2: 16}.get(value[1] if len(value) > 1 else 0, 0)
    if not length or len(value) != 4 + length:
        return None
    (port,) = _PORT.unpack_from(value, 2)
    octets = bytes(octet ^ other for octet, other in zip(value[4:], mask, strict=False))
    host = IPv4Address(octets) if length == 4 else IPv6Address(octets)
    return Address(str(host), port ^ _PORT.unpack_from(mask)[0])


def _signature(data: bytes, password: str) -> bytes:
    is_new = data[4:8] == _COOKIE
    # RFC 3489 section 11.2.8: filled up to whole blocks of 64 octets, which RFC 5389 section 15.4 does no more.
    text = data if is_new else _padded(data, _BLOCK)
    return hmac.digest(password.encode("utf-8", "surrogatepass"), text, "sha1")


def _padded(value: bytes, unit: int, filler: bytes = b"\0") -> bytes:
    return value + filler * (-len(value) % unit)
