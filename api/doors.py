"""Who may come in: tokens, roles, and how often."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from aiohttp import web

from acs.auth.passwords import hash_token
from acs.domain.access import Principal
from acs.domain.token import Role, Token
from acs.services.management import Management
from acs.services.peers import forwarded_for, is_within, plain_address
from acs.services.rates import Rates
from acs.settings.values import Network
from acs.store.errors import StoreUnavailableError
from api.problems import Kind, Problem, forbidden

_PROTOCOLS: Final = frozenset({"http", "https"})
# A connection that has gone has no other end any more.
_NOWHERE: Final = "::"
_SCHEMES: Final = ("bearer ", "token ")
_LONGEST_TOKEN: Final = 512
_BUCKETS: Final = 10_000
_WRONG_RATE: Final = 5.0
_WRONG_BURST: Final = 50.0
NOBODY: Final = Token(0, "nobody", Role.VIEWER, (), 0.0, None, None, None)
"""Who asks where no token is needed: somebody who sees no device."""


class Doors:
    """Finds out who asks."""

    def __init__(self, management: Management) -> None:
        settings = management.tools.settings
        self._tokens = management.tokens
        self._clock = management.tools.clock
        self._proxies: Sequence[Network] = settings.trusted_proxies
        self._limits = Rates(settings.api_rate, settings.api_burst, _BUCKETS)
        self._wrong = Rates(_WRONG_RATE, _WRONG_BURST, _BUCKETS)
        self._open = Rates(settings.api_rate, settings.api_burst, _BUCKETS)
        watch = management.tools.metrics.memories.watch
        watch("rates of tokens", _BUCKETS, lambda: len(self._limits))
        watch("rates of failed logins", _BUCKETS, lambda: len(self._wrong))
        watch("rates of requests without a token", _BUCKETS, lambda: len(self._open))

    async def principal(self, request: web.Request, role: Role | None) -> Principal:
        """Who asks; a Problem if that one may not do what needs this role."""
        address = self.address(request)
        if role is None:
            self._admit(self._open, address)
            return Principal(NOBODY, address)
        token = await self._token(request, address)
        self._admit(self._limits, token.id)
        # Who may read can do so on a full disk, too.
        with suppress(StoreUnavailableError):
            await self._tokens.touch(token, self._clock.wall())
        principal = Principal(token, address)
        if not principal.may(role):
            raise forbidden(f"this needs the role {role.value}; the token's is {token.role.value}")
        return principal

    def address(self, request: web.Request) -> str:
        """Where a request came from; what a trusted proxy says of it is believed."""
        peer = _peer(request)
        if not is_within(peer, self._proxies):
            return peer
        return forwarded_for(request.headers.getall("X-Forwarded-For", []), peer, self._proxies)

    def scheme(self, request: web.Request) -> str:
        """``http`` or ``https``, as the client sees it."""
        said = request.headers.get("X-Forwarded-Proto", "").strip().lower()
        return said if said in _PROTOCOLS and is_within(_peer(request), self._proxies) else request.scheme

    async def _token(self, request: web.Request, address: str) -> Token:
        text = _token_text(request.headers.getall("Authorization", []))
        if text is not None:
            # What is looked up is a hash: how long that takes tells nothing of any token.
            token = await self._tokens.by_hash(hash_token(text))
            if token is not None and token.is_good(self._clock.wall()):
                return token
        self._admit(self._wrong, address)
        raise Problem(
            Kind.UNAUTHORIZED,
            "a token is needed: Authorization: Bearer <token>" if text is None else "the token is not good",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _admit(self, limiter: Rates, key: object) -> None:
        wait = limiter.wait(key, self._clock.monotonic())
        if wait:
            seconds = math.ceil(wait)
            raise Problem(
                Kind.TOO_MANY,
                f"more than {limiter.rate:g} requests a second; come again in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )


def _peer(request: web.Request) -> str:
    """The other end of the connection."""
    return plain_address(request.remote or _NOWHERE)


def _token_text(headers: Sequence[str]) -> str | None:
    """The token of the header: after a scheme word in any case, or bare."""
    if len(headers) != 1:
        return None
    text = headers[0].strip()
    for scheme in _SCHEMES:
        if text.lower().startswith(scheme):
            text = text[len(scheme) :].strip()
            break
    return text if text and len(text) <= _LONGEST_TOKEN else None
