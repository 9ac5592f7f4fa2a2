"""Runs coroutines that wait for nothing: no event loop is needed for those."""

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class WaitedError(AssertionError):
    """A coroutine waits for something, where all that it could wait for is there."""


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine comes to."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    coroutine.close()
    raise WaitedError("it waits, though everything is there")
