"""Chance that can be repeated: numbers from a seed, small enough to give each of 50,000 devices its own."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar

T = TypeVar("T")

_MASK: Final = 2**64 - 1


class Chance:
    """A splitmix64 generator: 64 bits of state where ``random.Random`` has 2,500 octets."""

    __slots__ = ("_state",)

    def __init__(self, *seed: object) -> None:
        """Numbers that depend on the seed alone; each part of it is taken by its text."""
        text = "\0".join(map(str, seed)).encode("utf-8", "surrogatepass")
        self._state = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")

    def bits(self) -> int:
        """The next 64 bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def share(self) -> float:
        """A number from 0 up to but not 1."""
        return (self.bits() >> 11) / 2**53

    def between(self, low: float, high: float) -> float:
        """A number from one to the other."""
        return low + (high - low) * self.share()

    def whole(self, low: int, high: int) -> int:
        """A whole number from one to the other, both among them."""
        return low + self.bits() % (high - low + 1)

    def happens(self, share: float) -> bool:
        """Whether something happens that happens in this share of all cases; takes no number where it never does."""
        return share > 0 and self.share() < share

    def pick(self, choices: Sequence[T]) -> T:
        """One of several."""
        return choices[self.bits() % len(choices)]
