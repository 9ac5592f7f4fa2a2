"""Makes numbers, texts and choices of the octets of an input, so that any octets are an input."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_LONG = 255


class Draw:
    """What is left of an input. Behind its end come zeros and empty texts."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._data)

    def octet(self) -> int:
        """The next octet."""
        at = self._at
        self._at = at + 1
        return self._data[at] if at < len(self._data) else 0

    def number(self, octets: int) -> int:
        """A number of so many octets."""
        return int.from_bytes(self.octets(octets), "big")

    def below(self, bound: int) -> int:
        """A number from 0, small ones more often than not."""
        return (self.octet() if bound <= 256 else self.number(4)) % bound

    def choice(self, of: Sequence[T]) -> T:
        """One of these."""
        return of[self.below(len(of))]

    def octets(self, count: int) -> bytes:
        """The next octets, so many if there are."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def piece(self) -> bytes:
        """Some octets, behind an octet that says how many; 255 stands before two more."""
        count = self.octet()
        return self.octets(self.number(2) if count == _LONG else count)

    def text(self) -> str:
        """Some text as HTTP libraries make it of octets."""
        return self.piece().decode("utf-8", "surrogateescape")

    def rest(self) -> bytes:
        """All that is left."""
        rest = self._data[self._at :]
        self._at = len(self._data)
        return rest


def pieces(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The data in pieces of these sizes, over and over; a size of 0 takes all."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        size = sizes[len(found) % len(sizes)] or len(data)
        found.append(data[at : at + size])
        at += size
    return found
