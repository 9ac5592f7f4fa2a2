"""The decision whether a request may come in, in two steps around the look-up of a name.

    credentials or verdict = read(header)
    secrets                = (look the username up)
    verdict                = check(credentials, secrets, ...)

A verdict that is not ACCEPTED is answered 401 with ``challenges``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from acs.auth.digest import Algorithm, Ha1, Password, Secret, digest_challenges, ha1_of, nonce_count, verify_response
from acs.auth.headers import (
    BasicCredentials,
    Credentials,
    DigestCredentials,
    HeaderError,
    basic_challenge,
    parse_credentials,
    quoted,
)
from acs.auth.nonces import NonceSigner, NonceState, NonceWindow
from acs.auth.passwords import same_secret


class Outcome(Enum):
    """How a login ended."""

    ACCEPTED = auto()
    """The secret is proven."""
    MISSING = auto()
    """No credentials of a kind that is accepted here: nothing was tried, nothing has failed."""
    REFUSED = auto()
    """The credentials are wrong or unreadable."""
    STALE = auto()
    """The digest is right, but its nonce is too old or was used before: to be tried again with a new one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a request's credentials."""

    outcome: Outcome
    """How it ended."""
    username: str | None = None
    """The name that was claimed; it is proven only when the outcome is ACCEPTED."""
    proven: int | None = None
    """Which of the secrets was proven, when the outcome is ACCEPTED: a device shows which password it has taken."""


# Stands in for the secret of a name nobody has, so that its login takes the way of any other.
_NOBODY: Final = (Password(""),)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The rules and the memory of one listener."""

    realm: str
    """What the passwords are for; names the same thing in every challenge."""
    signer: NonceSigner
    """Issues the nonces."""
    window: NonceWindow
    """Remembers their uses."""
    algorithms: tuple[Algorithm, ...] = (Algorithm.MD5,)
    """The digests on offer, in the order of the challenges. None: no Digest."""
    allow_basic: bool = False
    """Whether passwords in clear are asked for and accepted."""

    def __post_init__(self) -> None:
        if not self.algorithms and not self.allow_basic:
            raise ValueError("an authenticator offers Digest, Basic or both")
        if self.window.lifetime < self.signer.lifetime:
            raise ValueError("the window must remember a nonce for as long as it is good")
        quoted(self.realm)

    def challenges(self, *, now: float, random: bytes, stale: bool = False) -> list[str]:
        """The ``WWW-Authenticate`` headers of a 401. Say stale after the outcome STALE, and only then."""
        nonce = self.signer.issue(now, random)
        asked = digest_challenges(self.realm, nonce, algorithms=self.algorithms, stale=stale)
        return [*asked, basic_challenge(self.realm)] if self.allow_basic else asked

    def read(self, header: str | None) -> Credentials | Verdict:
        """The credentials in an ``Authorization`` header, whose username is to be looked up; or at once the verdict."""
        if not header or header.isspace():
            return Verdict(Outcome.MISSING)
        try:
            credentials = parse_credentials(header)
        except HeaderError:
            return Verdict(Outcome.REFUSED)
        if credentials is None or not self._accepts(credentials):
            return Verdict(Outcome.MISSING)
        return credentials

    def check(
        self,
        credentials: Credentials,
        secrets: Sequence[Secret],
        *,
        method: str,
        target: str,
        now: float,
        is_again: bool = False,
    ) -> Verdict:
        """Whether the credentials prove one of the secrets their username may have; none for a name nobody has.

        Several secrets are tried alike: a device whose password is being changed may still have the old one. A request
        that was let in and is looked at once more has used its nonce already.
        """
        if not self._accepts(credentials):
            return Verdict(Outcome.MISSING)
        proven = None
        for index, secret in enumerate(secrets or _NOBODY):
            if self._proves(credentials, secret, method=method, target=target) and proven is None:
                proven = index
        username = credentials.username
        if proven is None or not secrets:
            return Verdict(Outcome.REFUSED, username)
        if isinstance(credentials, DigestCredentials) and not is_again:
            outcome = self._take_nonce(credentials, now)
            if outcome is not Outcome.ACCEPTED:
                return Verdict(outcome, username)
        return Verdict(Outcome.ACCEPTED, username, proven)

    def _accepts(self, credentials: Credentials) -> bool:
        return self.allow_basic if isinstance(credentials, BasicCredentials) else bool(self.algorithms)

    def _proves(self, credentials: Credentials, secret: Secret, *, method: str, target: str) -> bool:
        if isinstance(credentials, DigestCredentials):
            return verify_response(
                credentials, secret, method=method, target=target, realm=self.realm, offered=self.algorithms
            )
        if isinstance(secret, Ha1):
            given = ha1_of(credentials.username, self.realm, credentials.password, secret.algorithm)
            return same_secret(given.digest, secret.digest.lower())
        return same_secret(credentials.password, secret.text)

    def _take_nonce(self, credentials: DigestCredentials, now: float) -> Outcome:
        """Whether the nonce of a right digest is good for one more use.

        A nonce that is not ours gets a plain challenge: RFC 7616 3.3 lets only a nonce we once issued be called stale,
        and ``stale`` would tell whoever makes up nonces that the password was right.
        """
        nonce = self.signer.check(credentials.nonce, now)
        if nonce.state is NonceState.FORGED:
            return Outcome.REFUSED
        if nonce.state is NonceState.STALE or not self.window.use(nonce, nonce_count(credentials), now):
            return Outcome.STALE
        return Outcome.ACCEPTED
