"""Logging in at a server: the challenge that was seen last, and how often it was answered."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from acs.auth.digest import answer_challenge
from acs.auth.headers import Challenge, DigestChallenge, HeaderError, parse_challenges
from simulators.device.quirks import PLAIN_HTTP, HttpQuirks

MAX_STALE: Final = 2
"""How often a device believes in a row that only its nonce was too old."""
_ALGORITHM: Final = re.compile(r", algorithm=[A-Za-z0-9-]+(?=,|$)")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in."""

    username: str
    """The name."""
    password: str = field(repr=False)
    """The password."""


class Login:
    """What is known about logging in at one server."""

    __slots__ = ("_challenges", "_quirks", "_uses")

    def __init__(self, quirks: HttpQuirks = PLAIN_HTTP) -> None:
        self._challenges: tuple[Challenge, ...] = ()
        self._uses = 0
        self._quirks = quirks

    @property
    def is_stale(self) -> bool:
        """Whether the server says that only the nonce was too old (RFC 7616 3.3)."""
        return any(isinstance(each, DigestChallenge) and each.stale for each in self._challenges)

    def learn(self, headers: Sequence[str]) -> None:
        """Take the challenges of a 401; nothing is left to answer if they cannot be read."""
        try:
            challenges = parse_challenges(headers)
        except HeaderError:
            challenges = ()
        if limit := self._quirks.nonce_limit:
            challenges = tuple(
                replace(each, nonce=each.nonce[:limit]) if isinstance(each, DigestChallenge) else each
                for each in challenges
            )
        self._challenges = challenges
        self._uses = 0

    def answer(self, who: Credentials, method: str, path: str, cnonce: str) -> bytes | None:
        """The line that goes out with a request; each is one more use of the nonce. None if none can be made."""
        self._uses += 1
        answer = answer_challenge(
            self._challenges,
            method=method,
            uri=path,
            username=who.username,
            password=who.password,
            cnonce=cnonce,
            nc=self._uses,
            allow_basic=True,
        )
        if answer is None:
            return None
        if (algorithm := self._quirks.digest_algorithm) and answer.startswith("Digest "):
            answer = f"{_ALGORITHM.sub('', answer)}, algorithm={algorithm}"
        # Lone surrogates in a name equal nothing a server knows, and must not be an error either.
        return b"Authorization: %b\r\n" % answer.encode("utf-8", "surrogatepass")
