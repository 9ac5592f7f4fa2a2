"""Every message that a simulated device without quirks emits in a test is kept, to be checked like those of the ACS."""

import re

from tests.e2e.check import Kept

_MAX_KEPT = 5000
_ID = re.compile(rb"(<cwmp:ID[^>]*>)[^<]*")
_METHOD = re.compile(rb"<soap-env:Body><(?:cwmp|soap-env):(\w+)")


class Emitted:
    """What devices said; messages that differ in their cwmp:ID alone are kept once."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Kept] = {}

    def add(self, post: bytes, *, asked_without_id: bool = False) -> None:
        """Take a post."""
        method = _METHOD.search(post)
        if method is not None and not method[1].startswith(b"X_") and len(self._kept) < _MAX_KEPT:
            self._kept.setdefault(_ID.sub(rb"\1", post), Kept(post, method[1].decode(), asked_without_id))

    @property
    def kept(self) -> tuple[Kept, ...]:
        """The messages for the official check."""
        return tuple(self._kept.values())


EMITTED = Emitted()
"""What all devices of a test run emit."""
