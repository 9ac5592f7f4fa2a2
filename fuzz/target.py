"""A target: what is done with an input, and how much it may cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parent / "corpus"
"""The inputs that are kept, in a folder for each target."""
PACKAGES: Final = ("cwmp_schemas", "acs", "api", "simulators")
"""What is fuzzed: only of these is looked at what an input reaches."""
_TRIES: Final = 3


class SlowError(AssertionError):
    """An input took longer than any of its size may."""


@dataclass(frozen=True, slots=True)
class Target:
    """One parser of what strangers send."""

    name: str
    """What it is called on the command line, and its folder in the corpus."""
    check: Callable[[bytes], None]
    """Reads an input; raises only if something is wrong with the parser."""
    longest: int = 1024
    """How many octets an input of the guided run has at most."""
    seconds: float = 0.1
    """How much of the processor's time an input may take."""
    words: tuple[bytes, ...] = ()
    """What inputs are made of: the guided run puts them in."""

    def judge(self, data: bytes, patience: float = 1.0) -> None:
        """Check an input, and that it takes no more than its time; ``patience`` is how many times as much it gets."""
        allowed = self.seconds * patience
        took = self._seconds_of(data)
        if took > allowed:
            # Another process may have had the processor's caches; a slow input is slow every time.
            took = min(self._seconds_of(data) for _ in range(_TRIES))
            if took > allowed:
                raise SlowError(f"{took:.3f} s for {len(data)} octets, where {allowed:.3f} s are allowed")

    def corpus(self) -> list[bytes]:
        """The inputs that are kept, the shortest first."""
        inputs = [path.read_bytes() for path in (CORPUS / self.name).iterdir()]
        return sorted(inputs, key=lambda data: (len(data), data))

    def _seconds_of(self, data: bytes) -> float:
        started = time.thread_time()
        self.check(data)
        return time.thread_time() - started
