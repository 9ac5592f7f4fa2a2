"""``Idempotency-Key``: the same request, sent again, is answered as the first time and does nothing."""

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import Final

from acs.auth.sealing import SealError
from acs.domain.access import Principal
from acs.services.management import Management
from acs.store.errors import RecordError, StoreBusyError
from acs.store.idempotency import Answered, AnswerSecret, Claimed, Differs, Pending
from acs.store.statements import Dialect
from api.problems import Kind, Problem, invalid
from api.routing import KEY_HEADER, Made, request_key

_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)
_COME_AGAIN: Final = "1"
# Longer than any request takes.
_PATIENCE: Final = 300.0
# A key may come again a day after it was first used. By so much the clock may be set meanwhile.
_SLACK: Final = 43_200.0
_TABLE: Final = "idempotency_key"


class Rendered:
    """An answer as octets."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.status = status
        self.body = body
        self.headers = headers


class Repeats:
    """Remembers the answers to requests that name themselves. What is kept is sealed: it may show a new token.

    The answer is kept after the change. Where the server stops in between, it is given again from what was made: only a
    secret that nothing else keeps is kept by the commit of the change.
    """

    def __init__(self, management: Management) -> None:
        self._store = management.idempotency
        self._audit = management.audit
        self._vault = management.tools.vault
        self._clock = management.tools.clock
        # SQLite bears one server: what is not under way here is under way nowhere.
        self._patience = 0.0 if management.database.dialect is Dialect.SQLITE else _PATIENCE
        self._running: set[tuple[str, str]] = set()

    async def once(
        self,
        principal: Principal,
        key: str | None,
        request: bytes,
        do: Callable[[], Awaitable[Rendered]],
        again: Callable[[Made], Awaitable[Rendered]],
    ) -> Rendered:
        """Do it, or answer as when it was done. ``request`` tells requests of one key apart; ``again`` gives the answer
        to one that was done and not answered.
        """
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
            case Pending() as pending:
                rendered = await self._of_before(principal, key, pending, again)
                if rendered is not None:
                    return rendered
            case Claimed():
                pass
        self._running.add((owner, key))
        try:
            return await self._first(owner, key, do)
        finally:
            self._running.discard((owner, key))

    def secret(self, principal: Principal, key: str | None, text: str) -> AnswerSecret | None:
        """What only the answer to a request tells, to be kept by the commit of the change."""
        if key is None:
            return None
        owner = str(principal.token.id)
        return AnswerSecret(owner, key, self._vault.seal(text, _TABLE, (owner, key), "secret"))

    async def _of_before(
        self, principal: Principal, key: str, pending: Pending, again: Callable[[Made], Awaitable[Rendered]]
    ) -> Rendered | None:
        """The answer to a request that was cut off after it had done something; None: it had not, and is to be done."""
        owner, now = str(principal.token.id), self._clock.wall()
        if (owner, key) in self._running:
            raise _pending("the first request with this key is being carried out")
        # Each change names the key in its own commit.
        changed = await self._audit.of_request(request_key(principal, key), pending.since - _SLACK)
        if changed is None:
            if now - pending.since < self._patience:
                raise _pending("the first request with this key is being carried out, or was cut off a moment ago")
            if not await self._store.take_over(owner, key, pending.since, now):
                raise _pending("another request with this key came first")
            return None
        resource, resource_id = changed
        try:
            rendered = await again(Made(resource_id, self._secret_of(owner, key, pending)))
        except Problem:
            raise Problem(
                Kind.KEY_PENDING,
                f"the first request with this key was carried out, and what it made ({resource} {resource_id}) cannot "
                "be shown any more; the server stopped before it answered",
                headers={"Retry-After": _COME_AGAIN},
                resource=resource,
                resource_id=resource_id,
            ) from None
        await self._keep(owner, key, rendered)
        return _replayed(rendered)

    async def _first(self, owner: str, key: str, do: Callable[[], Awaitable[Rendered]]) -> Rendered:
        try:
            rendered = await do()
        except (Problem, RecordError, StoreBusyError):
            # Nothing was done. Of a database that failed in the midst that cannot be told.
            await self._store.release(owner, key)
            raise
        await self._keep(owner, key, rendered)
        return rendered

    async def _keep(self, owner: str, key: str, rendered: Rendered) -> None:
        kept = self._vault.seal(_text(rendered), _TABLE, (owner, key), "answer")
        await self._store.answer(owner, key, rendered.status, kept)

    def _opened(self, owner: str, key: str, status: int, answer: str) -> Rendered:
        kept = json.loads(self._vault.open(answer, _TABLE, (owner, key), "answer"))
        return _replayed(Rendered(status, base64.b64decode(kept["body"]), kept["headers"]))

    def _secret_of(self, owner: str, key: str, pending: Pending) -> str:
        """What it kept; nothing if the key is gone that has sealed it."""
        if not pending.secret:
            return ""
        try:
            return self._vault.open(pending.secret, _TABLE, (owner, key), "secret")
        except SealError:
            return ""


def _replayed(rendered: Rendered) -> Rendered:
    return Rendered(rendered.status, rendered.body, rendered.headers | {"Idempotent-Replay": "true"})


def _pending(detail: str) -> Problem:
    return Problem(Kind.KEY_PENDING, detail, headers={"Retry-After": _COME_AGAIN})


def _text(answer: Rendered) -> str:
    return json.dumps({"headers": answer.headers, "body": base64.b64encode(answer.body).decode("ascii")})
