"""Nonces that need no memory until they are used, and the little memory that keeps each use from being repeated.

A nonce carries its time of issue and some chance under a signature, so any worker with the key can check one that
another gave out, on whatever connection it comes back (a FRITZ!Box opens a new one after the 401). Only what a device
has rightly answered is remembered, in a table that never outgrows its bound.
"""

import base64
import hashlib
import hmac
import math
import re
from dataclasses import dataclass, field
from enum import Enum, auto
from heapq import heappop, heappush
from typing import Final

# Time (6 octets of milliseconds), chance (6), signature (12): 32 characters in base64, and there is a client that cuts
# longer ones. 96 bits of signature cannot be guessed within a lifetime.
NONCE_LENGTH: Final = 32
RANDOM_LENGTH: Final = 6
_TIME_LENGTH: Final = 6
_SIGNATURE_LENGTH: Final = 12
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{32}")

_WINDOW: Final = 64
_MASK: Final = (1 << _WINDOW) - 1


class NonceState(Enum):
    """What a nonce is worth."""

    VALID = auto()
    """Ours and young enough."""
    STALE = auto()
    """Ours, but too old, or from a clock too far ahead."""
    FORGED = auto()
    """Not ours."""


@dataclass(frozen=True, slots=True)
class CheckedNonce:
    """A nonce and what it is worth."""

    text: str
    """The nonce."""
    state: NonceState
    """What it is worth."""
    issued_at: float = 0.0
    """When it was issued, in seconds since 1970; means nothing if it was forged."""


@dataclass(frozen=True, slots=True)
class NonceSigner:
    """Issues nonces and tells its own from others. Time is wall clock, for workers on other machines read it too."""

    keys: tuple[bytes, ...] = field(repr=False)
    """The first signs, all verify; at least 16 octets each."""
    lifetime: float = 300.0
    """For how many seconds a nonce is good."""
    skew: float = 5.0
    """How many seconds the clock of another worker may be ahead."""

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) < 16 for key in self.keys):
            raise ValueError("a nonce signer needs a key, and keys of at least 16 octets")

    def issue(self, now: float, random: bytes) -> str:
        """A new nonce, from RANDOM_LENGTH octets of chance. It may stand in quotes without escapes."""
        if len(random) != RANDOM_LENGTH:
            raise ValueError(f"a nonce takes {RANDOM_LENGTH} octets of chance, not {len(random)}")
        body = int(now * 1000).to_bytes(_TIME_LENGTH, "big") + random
        return base64.urlsafe_b64encode(body + _signature(self.keys[0], body)).decode("ascii")

    def check(self, nonce: str, now: float) -> CheckedNonce:
        """What a nonce is worth now."""
        # Only the one spelling: two texts for one nonce would be two uses of it.
        if _NONCE.fullmatch(nonce) is None:
            return CheckedNonce(nonce, NonceState.FORGED)
        octets = base64.urlsafe_b64decode(nonce)
        body, signature = octets[:-_SIGNATURE_LENGTH], octets[-_SIGNATURE_LENGTH:]
        ours = False
        for key in self.keys:
            ours |= hmac.compare_digest(_signature(key, body), signature)
        if not ours:
            return CheckedNonce(nonce, NonceState.FORGED)
        issued_at = int.from_bytes(body[:_TIME_LENGTH], "big") / 1000
        good = -self.skew <= now - issued_at <= self.lifetime
        return CheckedNonce(nonce, NonceState.VALID if good else NonceState.STALE, issued_at)


@dataclass(slots=True)
class _Uses:
    """Which uses of one nonce have been seen."""

    highest: int
    """The highest count."""
    seen: int = 1
    """One bit for each of the last 64 counts, the highest count in bit 0."""

    def take(self, count: int) -> bool:
        """Whether a count is new; then it no longer is."""
        ahead = count - self.highest
        if ahead > 0:
            self.highest = count
            # A shift of 2^32 bits would be half a gigabyte.
            self.seen = ((self.seen << ahead) & _MASK | 1) if ahead < _WINDOW else 1
            return True
        if ahead <= -_WINDOW or self.seen >> -ahead & 1:
            return False
        self.seen |= 1 << -ahead
        return True


# Higher than any count (8 hex digits), with room below for the whole window.
_USED_UP: Final = 1 << 33


class NonceWindow:
    """Remembers the uses of nonces so that none is accepted twice (RFC 7616 section 5.4).

    Feed it VALID nonces with a right digest only: strangers then cannot fill it. When it is full the nonce issued first
    goes, and so do nonces past their lifetime. Whatever goes raises the floor: a nonce issued no later than the floor
    and not in the table may have been used before, so it counts as used. That also covers a clock that is set back.
    The table is that of one process; another worker has its own.
    """

    def __init__(self, *, lifetime: float, capacity: int = 65_536, floor: float = -math.inf) -> None:
        """A window for nonces of this lifetime. A floor of the process's start refuses what its predecessor saw."""
        if capacity < 1:
            raise ValueError("a nonce window needs room for one nonce at least")
        self.lifetime = lifetime
        """How long a nonce is remembered: at least as long as it is good."""
        self._capacity = capacity
        self._floor = floor
        self._uses: dict[str, _Uses] = {}
        self._by_age: list[tuple[float, str]] = []
        self.evicted = 0
        """How many nonces had to go before their time: what to watch when devices see many stale nonces."""

    def __len__(self) -> int:
        """How many nonces are remembered."""
        return len(self._uses)

    def use(self, nonce: CheckedNonce, count: int | None, now: float) -> bool:
        """Take one use of a VALID nonce; False if it was taken before, or may have been.

        The count is the ``nc`` the digest vouches for. Without one the nonce is good for a single use.
        """
        self._forget_expired(now)
        uses = self._uses.get(nonce.text)
        if uses is not None:
            return count is not None and uses.take(count)
        if nonce.issued_at <= self._floor:
            return False
        self._uses[nonce.text] = _Uses(_USED_UP if count is None else count)
        heappush(self._by_age, (nonce.issued_at, nonce.text))
        if len(self._uses) > self._capacity:
            self._forget_oldest()
            self.evicted += 1
        return True

    def _forget_expired(self, now: float) -> None:
        while self._by_age and self._by_age[0][0] < now - self.lifetime:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        # Never below the floor as it was: only younger nonces came in, and the oldest of them goes first.
        self._floor, nonce = heappop(self._by_age)
        del self._uses[nonce]


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"nonce:" + body, hashlib.sha256)[:_SIGNATURE_LENGTH]
