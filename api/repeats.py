"""``Idempotency-Key``: the same request, sent again, is answered as the first time and does nothing."""

import base64
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from acs.auth.sealing import SealError
from acs.domain.request_key import RequestKey
from acs.services.management import Management
from acs.store.errors import RecordError, StoreBusyError
from acs.store.idempotency import Answered, AnswerSecret, Claimed, Differs, Pending
from acs.store.statements import Dialect
from api.problems import Kind, Problem, invalid
from api.routing import KEY_HEADER, Made

_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)
_COME_AGAIN: Final = "1"
# For so long a request with a key may be carried out before it changes something; then it may no longer.
_LASTS: Final = 120.0
# After so long, by the clock of whoever waits, another process may carry it out.
_PATIENCE: Final = 300.0
_MOST_SEEN: Final = 10_000
_TICK: Final = 0.001
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
        # Since when each is carried out here.
        self._running: dict[RequestKey, float] = {}
        # Of those that another process has in hand: which turn of theirs was seen, and when first.
        self._seen: OrderedDict[RequestKey, tuple[float, float]] = OrderedDict()

    async def once(
        self,
        key: RequestKey | None,
        request: bytes,
        do: Callable[[], Awaitable[Rendered]],
        again: Callable[[Made], Awaitable[Rendered]],
    ) -> Rendered:
        """Do it, or answer as when it was done. ``request`` tells requests of one key apart; ``again`` gives the answer
        to one that was done and not answered.
        """
        if key is None:
            return await do()
        if not _KEY.fullmatch(key.key):
            raise invalid({KEY_HEADER: ["must be 1 to 255 printable ASCII characters without spaces"]})
        # From before the claim: this process may stand still when that is made and before it is known here.
        began = self._clock.monotonic()
        fingerprint, at = hashlib.sha256(request).hexdigest(), self._clock.wall()
        match await self._store.claim(key, fingerprint, at):
            case Answered(status, answer):
                return self._opened(key, status, answer)
            case Differs():
                raise Problem(Kind.KEY_REUSED, f"this {KEY_HEADER} was used for another request")
            case Pending() as pending:
                # Another time than it had, or nobody would see that somebody has taken its place.
                at = at if at != pending.since else at + _TICK
                rendered = await self._of_before(key, pending, at, again)
                if rendered is not None:
                    return rendered
            case Claimed():
                pass
        self._running[key] = began
        try:
            return await self._first(key, at, do)
        finally:
            del self._running[key]

    def check_in_time(self, key: RequestKey | None) -> None:
        """A Problem if a request has been carried out for so long (this process stood still) that another process may
        have taken its place: it must change nothing any more.
        """
        began = None if key is None else self._running.get(key)
        if began is not None and self._clock.monotonic() - began > _LASTS:
            raise _pending("it took too long; another process may be at it")

    def secret(self, key: RequestKey | None, text: str) -> AnswerSecret | None:
        """What only the answer to a request tells, to be kept by the commit of the change."""
        if key is None:
            return None
        return AnswerSecret(key, self._vault.seal(text, _TABLE, _row(key), "secret"))

    async def _of_before(
        self, key: RequestKey, pending: Pending, at: float, again: Callable[[Made], Awaitable[Rendered]]
    ) -> Rendered | None:
        """The answer to a request that was cut off after it had done something; None: it had not, and is to be done."""
        if key in self._running:
            raise _pending("the first request with this key is being carried out")
        # Each change names the key in its own commit.
        changed = await self._audit.of_request(key, pending.since - _SLACK)
        if changed is None:
            if self._waited(key, pending.since) < self._patience:
                raise _pending("the first request with this key is being carried out, or was cut off a moment ago")
            if not await self._store.take_over(key, pending.since, at):
                raise _pending("another request with this key came first")
            return None
        resource, resource_id = changed
        try:
            rendered = await again(Made(resource_id, self._secret_of(key, pending)))
        except Problem:
            raise Problem(
                Kind.KEY_PENDING,
                f"the first request with this key was carried out, and what it made ({resource} {resource_id}) cannot "
                "be shown any more; the server stopped before it answered",
                headers={"Retry-After": _COME_AGAIN},
                resource=resource,
                resource_id=resource_id,
            ) from None
        await self._keep(key, rendered)
        return _replayed(rendered)

    def _waited(self, key: RequestKey, since: float) -> float:
        """For how long it has been seen here that a request is in hand elsewhere: the clocks of two machines differ."""
        now = self._clock.monotonic()
        seen, first = self._seen.get(key, (None, now))
        if seen != since:
            first = now
        self._seen[key] = since, first
        if len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)
        return now - first

    async def _first(self, key: RequestKey, at: float, do: Callable[[], Awaitable[Rendered]]) -> Rendered:
        try:
            rendered = await do()
        except (Problem, RecordError, StoreBusyError):
            # Nothing was done. Of a database that failed in the midst that cannot be told.
            await self._store.release(key, at)
            raise
        await self._keep(key, rendered)
        return rendered

    async def _keep(self, key: RequestKey, rendered: Rendered) -> None:
        kept = self._vault.seal(_text(rendered), _TABLE, _row(key), "answer")
        await self._store.answer(key, rendered.status, kept)

    def _opened(self, key: RequestKey, status: int, answer: str) -> Rendered:
        kept = json.loads(self._vault.open(answer, _TABLE, _row(key), "answer"))
        return _replayed(Rendered(status, base64.b64decode(kept["body"]), kept["headers"]))

    def _secret_of(self, key: RequestKey, pending: Pending) -> str:
        """What it kept; nothing if the key is gone that has sealed it."""
        if not pending.secret:
            return ""
        try:
            return self._vault.open(pending.secret, _TABLE, _row(key), "secret")
        except SealError:
            return ""


def _row(key: RequestKey) -> tuple[str, str]:
    """Which row of the table it is, for what is sealed in it."""
    return key.owner, key.key


def _replayed(rendered: Rendered) -> Rendered:
    return Rendered(rendered.status, rendered.body, rendered.headers | {"Idempotent-Replay": "true"})


def _pending(detail: str) -> Problem:
    return Problem(Kind.KEY_PENDING, detail, headers={"Retry-After": _COME_AGAIN})


def _text(answer: Rendered) -> str:
    return json.dumps({"headers": answer.headers, "body": base64.b64encode(answer.body).decode("ascii")})
