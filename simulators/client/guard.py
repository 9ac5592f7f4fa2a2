"""Whether whoever calls a device may do so: Digest with the names the ACS has given it (TR-069 3.2.2), or Basic."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from acs.auth.digest import Algorithm, Password, nonce_count, verify_response
from acs.auth.headers import (
    BasicCredentials,
    DigestCredentials,
    HeaderError,
    basic_challenge,
    parse_credentials,
    quoted,
)
from acs.auth.nonces import RANDOM_LENGTH, NonceSigner, NonceState, NonceWindow
from acs.auth.passwords import same_secret
from simulators.device.management import Management

_KEY_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """How the devices of a fleet ask for a login."""

    realm: str = "cpe"
    """What they call themselves."""
    algorithm: Algorithm = Algorithm.MD5
    """The digest that they want."""
    has_qop: bool = True
    """Whether they ask for qop auth; without it a digest is that of RFC 2069."""
    is_basic: bool = False
    """Whether they want the password in clear, as some do against 3.2.2."""
    nonce_lifetime: float = 60.0
    """For how many seconds a nonce is good."""
    max_nonces: int = 65_536
    """How many used nonces are remembered."""


class Shown(Enum):
    """What a request shows of whoever sends it."""

    MISSING = auto()
    """Nothing."""
    RIGHT = auto()
    """The name and the password of the device, for the first time."""
    WRONG = auto()
    """Something else."""
    STALE = auto()
    """The right ones, for a nonce that is too old."""
    REPLAYED = auto()
    """The right ones, for a use of a nonce that has been seen."""


class Guard:
    """Asks for logins and checks them. Times are seconds of a clock that never goes back."""

    def __init__(self, settings: GuardSettings, chance: Callable[[int], bytes]) -> None:
        """Chance gives so many octets that nobody can guess."""
        self._settings = settings
        self._chance = chance
        self._signer = NonceSigner((chance(_KEY_LENGTH),), settings.nonce_lifetime)
        self._window = NonceWindow(lifetime=settings.nonce_lifetime, capacity=settings.max_nonces)

    def challenge(self, seconds: float, *, is_stale: bool = False) -> str:
        """The value of ``WWW-Authenticate``."""
        settings = self._settings
        if settings.is_basic:
            return basic_challenge(settings.realm)
        nonce = self._signer.issue(seconds, self._chance(RANDOM_LENGTH))
        parts = [f"Digest realm={quoted(settings.realm)}", f"nonce={quoted(nonce)}"]
        if settings.has_qop:
            parts.append('qop="auth"')
        parts.append(f"algorithm={settings.algorithm}")
        if is_stale:
            parts.append("stale=true")
        return ", ".join(parts)

    def check(self, header: str | None, target: str, management: Management, seconds: float) -> Shown:
        """What the login of a GET is worth to a device that is managed so."""
        if header is None:
            return Shown.MISSING
        try:
            credentials = parse_credentials(header)
        except HeaderError:
            return Shown.WRONG
        if self._settings.is_basic:
            return Shown.RIGHT if _is_basic_right(credentials, management) else Shown.WRONG
        if not isinstance(credentials, DigestCredentials):
            return Shown.WRONG
        return self._check_digest(credentials, target, management, seconds)

    def _check_digest(
        self, credentials: DigestCredentials, target: str, management: Management, seconds: float
    ) -> Shown:
        settings = self._settings
        nonce = self._signer.check(credentials.nonce, seconds)
        is_right = verify_response(
            credentials,
            Password(management.called_password),
            method="GET",
            target=target,
            realm=settings.realm,
            offered=(settings.algorithm,),
        )
        named = same_secret(credentials.username, management.called_username)
        if not (is_right and named) or nonce.state is NonceState.FORGED:
            return Shown.WRONG
        if nonce.state is NonceState.STALE:
            return Shown.STALE
        return Shown.RIGHT if self._window.use(nonce, nonce_count(credentials), seconds) else Shown.REPLAYED


def _is_basic_right(credentials: object, management: Management) -> bool:
    if not isinstance(credentials, BasicCredentials):
        return False
    named = same_secret(credentials.username, management.called_username)
    return same_secret(credentials.password, management.called_password) and named
