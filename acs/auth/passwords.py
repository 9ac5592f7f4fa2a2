"""Secrets that are only ever compared: people's passwords, API tokens. What is stored does not give them away."""

import base64
import binascii
import hashlib
import hmac
from typing import Final, NamedTuple

TOKEN_PREFIX: Final = "aioacs_"  # noqa: S105 - how scanners for leaked secrets recognise a token, not one itself

_HASH_LENGTH: Final = 32
_SALT_LENGTH: Final = 16


class _Cost(NamedTuple):
    """The parameters of scrypt (RFC 7914): memory is 128 * n * r octets, work n * r * p."""

    n: int
    """How large the table is; a power of two."""
    r: int
    """How large a block of it is."""
    p: int
    """How many passes there are."""


# 16 MiB make a check dear on a graphics card, yet a burst of logins does not exhaust the server. The five passes make
# up for the memory saved (OWASP holds n=2^14, r=8, p=5 as strong as 128 MiB and one pass).
_COST: Final = _Cost(2**14, 8, 5)

# What a stored text may ask for: 64 MiB, and about three times the work of ours.
_MAX_MEMORY: Final = 64 * 2**20
_MAX_WORK: Final = 2**21
_MAX_STORED_LENGTH: Final = 512

_NOBODY: Final = f"scrypt${_COST.n}${_COST.r}${_COST.p}${'A' * 22}${'A' * 43}"


def hash_password(password: str, salt: bytes) -> str:
    """What to store for a password: ``scrypt$n$r$p$salt$hash``. The salt is 16 random octets. Slow on purpose."""
    if len(salt) < _SALT_LENGTH:
        raise ValueError(f"a salt has at least {_SALT_LENGTH} octets, not {len(salt)}")
    digest = _scrypt(password, salt, _COST, _HASH_LENGTH)
    return f"scrypt${_COST.n}${_COST.r}${_COST.p}${_base64(salt)}${_base64(digest)}"


def verify_password(password: str, stored: str | None) -> bool:
    """Whether a password is the stored one. Nothing stored (no such user) is never right, and takes as long.

    Raises ValueError if what is stored is malformed, or asks for more memory or work than a password is worth.
    """
    cost, salt, digest = _parse(_NOBODY if stored is None else stored)
    right = hmac.compare_digest(_scrypt(password, salt, cost, len(digest)), digest)
    return right and stored is not None


def token_from(random: bytes) -> str:
    """A token of random octets, 32 to be safe: a prefix and letters that survive a double click."""
    if len(random) < 20:
        raise ValueError(f"a token needs at least 20 random octets, not {len(random)}")
    return TOKEN_PREFIX + base64.b32encode(random).decode("ascii").rstrip("=").lower()


def hash_token(token: str) -> str:
    """What to store, and to look a token up by. A token is random, so nothing slower than SHA-256 is called for."""
    return hashlib.sha256(_octets(token)).hexdigest()


def verify_token(token: str, stored: str) -> bool:
    """Whether a token is the one whose hash is stored."""
    return same_secret(hash_token(token), stored)


def same_secret(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(_octets(one), _octets(other))


def _parse(stored: str) -> tuple[_Cost, bytes, bytes]:
    parts = stored.split("$") if len(stored) <= _MAX_STORED_LENGTH else []
    if len(parts) != 6 or parts[0] != "scrypt":
        raise ValueError("the stored password is not of the form scrypt$n$r$p$salt$hash")
    n, r, p = (_number(part) for part in parts[1:4])
    if n < 2 or n & (n - 1) or 128 * r * (n + p) > _MAX_MEMORY or n * r * p > _MAX_WORK:
        raise ValueError("the stored password asks for scrypt parameters that are not allowed")
    salt, digest = (_from_base64(part) for part in parts[4:])
    # A hash cut short would let every password in.
    if len(salt) < _SALT_LENGTH or len(digest) < _HASH_LENGTH:
        raise ValueError("the salt or the hash of the stored password is too short")
    return _Cost(n, r, p), salt, digest


def _scrypt(password: str, salt: bytes, cost: _Cost, length: int) -> bytes:
    # OpenSSL counts a little more against its limit than we do.
    limit = 2 * _MAX_MEMORY
    return hashlib.scrypt(_octets(password), salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=limit, dklen=length)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 8 and int(text) > 0):
        raise ValueError("the scrypt parameters of the stored password are not numbers")
    return int(text)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii").rstrip("=")


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the salt or the hash of the stored password is not base64") from None


def _octets(text: str) -> bytes:
    # Surrogates stand for bytes that are not UTF-8. They equal nothing we store, and must not be an error either.
    return text.encode("utf-8", "surrogatepass")
