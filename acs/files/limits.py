"""How much the file server bears, and who may come in."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The bounds of the file server; settings. ValueError for a bound under which nothing could be transferred."""

    downloads: int = 64
    """How many files go out at once."""
    uploads: int = 16
    """How many files come in at once."""
    per_transfer: int = 2
    """How many requests of one transfer are served at once: a device may call again before the old call is given up."""
    block_timeout: float = 60.0
    """Seconds for 64 KiB (or what is left) to go out or come in: about 1 KiB/s is the slowest device that is borne."""
    retry_after_least: int = 10
    """Seconds after which a device that was turned away may call again, at least."""
    retry_after_most: int = 60
    """The same, at most; chance decides, so that they do not all come at once."""

    def __post_init__(self) -> None:
        for name in ("downloads", "uploads", "per_transfer", "retry_after_least"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not self.block_timeout > 0:
            raise ValueError(f"block_timeout must be more than 0 seconds, not {self.block_timeout}")
        if self.retry_after_most < self.retry_after_least:
            raise ValueError("retry_after_most must not be less than retry_after_least")


class Gate:
    """Lets in so many at once, and so many of each transfer."""

    def __init__(self, places: int, per_transfer: int) -> None:
        self._places = places
        self._per_transfer = per_transfer
        self._inside: Counter[int] = Counter()

    @property
    def inside(self) -> int:
        """How many are inside."""
        return self._inside.total()

    @contextmanager
    def entered(self, transfer_id: int) -> Iterator[bool]:
        """Whether there was a place; it is held until the end of the block."""
        if self.inside >= self._places or self._inside[transfer_id] >= self._per_transfer:
            yield False
            return
        self._inside[transfer_id] += 1
        try:
            yield True
        finally:
            self._inside[transfer_id] -= 1
            if not self._inside[transfer_id]:
                del self._inside[transfer_id]
