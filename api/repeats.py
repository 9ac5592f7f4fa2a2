"""``Idempotency-Key``: the same request, sent again, is answered as the first time and does nothing."""

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import Final

from acs.domain.access import Principal
from acs.services.management import Management
from acs.store.errors import RecordError, StoreBusyError
from acs.store.idempotency import Answered, Claimed, Differs, Pending
from acs.store.statements import Dialect
from api.problems import Kind, Problem, invalid
from api.routing import KEY_HEADER, request_key

_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)
_COME_AGAIN: Final = "1"
# Longer than any request takes.
_PATIENCE: Final = 300.0


class Rendered:
    """An answer as octets."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers


class Repeats:
    """Remembers the answers to requests that name themselves. What is kept is sealed: it may show a new token."""

    def __init__(self, management: Management) -> None:
        self._store = management.idempotency
        self._audit = management.audit
        self._vault = management.tools.vault
        self._clock = management.tools.clock
        # SQLite bears one server: what is not under way here is under way nowhere.
        self._patience = 0.0 if management.database.dialect is Dialect.SQLITE else _PATIENCE
        self._running: set[tuple[str, str]] = set()

    async def once(
        self, principal: Principal, key: str | None, request: bytes, do: Callable[[], Awaitable[Rendered]]
    ) -> Rendered:
        """Do it, or answer as when it was done. ``request`` tells requests of one key apart."""
        if key is None:
            return await do()
        if not _KEY.fullmatch(key):
            raise invalid({KEY_HEADER: ["must be 1 to 255 printable ASCII characters without spaces"]})
        owner, fingerprint = str(principal.token.id), hashlib.sha256(request).hexdigest()
        match await self._store.claim(owner, key, fingerprint, self._clock.wall()):
            case Answered(status, answer):
                return self._opened(owner, key, status, answer)
            case Differs():
                raise Problem(Kind.KEY_REUSED, f"this {KEY_HEADER} was used for another request")
            case Pending(since):
                await self._take_over(principal, owner, key, since)
            case Claimed():
                pass
        self._running.add((owner, key))
        try:
            return await self._first(owner, key, do)
        finally:
            self._running.discard((owner, key))

    async def _take_over(self, principal: Principal, owner: str, key: str, since: float) -> None:
        """Go on in the place of a request that was cut off before it did anything; a Problem if that is not so."""
        now = self._clock.wall()
        if (owner, key) in self._running or now - since < self._patience:
            raise _pending("the first request with this key is being carried out, or was cut off a moment ago")
        # Each change names the key in its own commit.
        changed = await self._audit.of_request(request_key(principal, key))
        if changed is not None:
            resource, resource_id = changed
            what = f"{resource} {resource_id}"
            raise Problem(
                Kind.KEY_PENDING,
                f"the first request with this key was carried out ({what}); the server stopped before it answered",
                headers={"Retry-After": _COME_AGAIN},
                resource=resource,
                resource_id=resource_id,
            )
        if not await self._store.take_over(owner, key, since, now):
            raise _pending("another request with this key came first")

    async def _first(self, owner: str, key: str, do: Callable[[], Awaitable[Rendered]]) -> Rendered:
        try:
            rendered = await do()
        except (Problem, RecordError, StoreBusyError):
            # Nothing was done. Of a database that failed in the midst that cannot be told.
            await self._store.release(owner, key)
            raise
        kept = self._vault.seal(_text(rendered), "idempotency_key", (owner, key), "answer")
        await self._store.answer(owner, key, rendered.status, kept)
        return rendered

    def _opened(self, owner: str, key: str, status: int, answer: str) -> Rendered:
        kept = json.loads(self._vault.open(answer, "idempotency_key", (owner, key), "answer"))
        return Rendered(status, base64.b64decode(kept["body"]), kept["headers"] | {"Idempotent-Replay": "true"})


def _pending(detail: str) -> Problem:
    return Problem(Kind.KEY_PENDING, detail, headers={"Retry-After": _COME_AGAIN})


def _text(answer: Rendered) -> str:
    return json.dumps({"headers": answer.headers, "body": base64.b64encode(answer.body).decode("ascii")})
