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
from api.problems import Kind, Problem, invalid

HEADER: Final = "Idempotency-Key"
"""Names a request."""
_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)
_COME_AGAIN: Final = "1"


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
        self._vault = management.tools.vault
        self._clock = management.tools.clock

    async def once(
        self, principal: Principal, key: str | None, request: bytes, do: Callable[[], Awaitable[Rendered]]
    ) -> Rendered:
        """Do it, or answer as when it was done. ``request`` tells requests of one key apart."""
        if key is None:
            return await do()
        if not _KEY.fullmatch(key):
            raise invalid({HEADER: ["must be 1 to 255 printable ASCII characters without spaces"]})
        owner, fingerprint = str(principal.token.id), hashlib.sha256(request).hexdigest()
        match await self._store.claim(owner, key, fingerprint, self._clock.wall()):
            case Answered(status, answer):
                return self._opened(owner, key, status, answer)
            case Differs():
                raise Problem(Kind.KEY_REUSED, f"this {HEADER} was used for another request")
            case Pending():
                raise Problem(
                    Kind.KEY_PENDING,
                    "the first request with this key has no answer yet: it is being carried out, or the server was "
                    "stopped before it could answer. Look whether it was done before you use another key",
                    headers={"Retry-After": _COME_AGAIN},
                )
            case Claimed():
                return await self._first(owner, key, do)

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


def _text(answer: Rendered) -> str:
    return json.dumps({"headers": answer.headers, "body": base64.b64encode(answer.body).decode("ascii")})
