"""Reads a session's snapshot, which comes from a database: every value is checked before a session is made of it."""

import math
from collections.abc import Mapping
from typing import Final, TypeVar

from acs.session.errors import SnapshotError
from acs.session.rpcs import REMEMBERED, SentRpc
from acs.session.states import State

VERSION: Final = 1
"""The layout of a snapshot; one of another layout is refused."""

_FOREVER: Final = 1e9
"""More seconds than any limit allows."""

T = TypeVar("T", str, int, bool)


class SnapshotReader:
    """Takes the values of a snapshot one by one; SnapshotError names the key that is wrong."""

    __slots__ = ("_values",)

    def __init__(self, snapshot: Mapping[str, object]) -> None:
        self._values = snapshot
        version = self.count("version")
        if version != VERSION:
            raise SnapshotError("version", f"is {version}, not {VERSION}")

    def text(self, key: str) -> str:
        """A string."""
        return _checked(key, self._value(key), str)

    def flag(self, key: str) -> bool:
        """A boolean."""
        return _checked(key, self._value(key), bool)

    def count(self, key: str, below: float = math.inf) -> int:
        """An integer that is not negative, and below a bound."""
        count = _checked(key, self._value(key), int)
        if not 0 <= count < below:
            raise SnapshotError(key, "is out of range")
        return count

    def seconds(self, key: str) -> float | None:
        """A time that remains, or None; negative when it has run out."""
        value = self._value(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _FOREVER:
            raise SnapshotError(key, "is no number of seconds")
        return float(value)

    def state(self, key: str) -> State:
        """A state, by its name."""
        name = self.text(key)
        if name not in State.__members__:
            raise SnapshotError(key, "is no state of a session")
        return State[name]

    def identity(self, key: str) -> tuple[str, str, str] | None:
        """OUI, product class and serial number, or None."""
        value = self._value(key)
        if value is None:
            return None
        oui, product_class, serial_number = (_checked(key, part, str) for part in _items(key, value, 3))
        return oui, product_class, serial_number

    def rpc(self, key: str) -> SentRpc | None:
        """One RPC, or None."""
        value = self._value(key)
        return None if value is None else _rpc(key, value)

    def rpcs(self, key: str) -> dict[str, SentRpc]:
        """RPCs by their ID, oldest first."""
        value = self._value(key)
        if not isinstance(value, list | tuple) or len(value) > REMEMBERED:
            raise SnapshotError(key, f"is no list of at most {REMEMBERED} RPCs")
        return {rpc.rpc_id: rpc for rpc in (_rpc(key, item) for item in value)}

    def _value(self, key: str) -> object:
        try:
            return self._values[key]
        except (KeyError, TypeError, IndexError):
            raise SnapshotError(key, "is missing") from None


def written_rpc(rpc: SentRpc) -> list[object]:
    """An RPC as ``SnapshotReader`` reads it."""
    return [rpc.rpc_id, rpc.method, rpc.lost]


def _rpc(key: str, value: object) -> SentRpc:
    rpc_id, method, lost = _items(key, value, 3)
    return SentRpc(_checked(key, rpc_id, str), _checked(key, method, str), _checked(key, lost, bool))


def _items(key: str, value: object, count: int) -> list[object]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise SnapshotError(key, f"is no list of {count}")
    return list(value)


def _checked(key: str, value: object, kind: type[T]) -> T:
    # bool is an int to Python, but not here.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SnapshotError(key, f"holds no {kind.__name__}")
    return value
