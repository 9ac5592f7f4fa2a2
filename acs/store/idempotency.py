"""Requests with a key of their own: sent again, they are answered as the first time, and nothing is done twice."""

from dataclasses import dataclass, field
from typing import TypeAlias

from acs.domain.request_key import RequestKey
from acs.store.database import Database
from acs.store.errors import StoreUnavailableError
from acs.store.statements import Step, batch, query
from acs.store.writer import GroupWriter

_CLAIM = batch("idempotency_key", "claim")
_BY_KEY = query("idempotency_key", "by_key")
_TAKE_OVER = batch("idempotency_key", "take_over")
_KEEP_SECRET = batch("idempotency_key", "keep_secret")
_ANSWER = batch("idempotency_key", "answer")
_RELEASE = batch("idempotency_key", "release")
_TO_PRUNE, _PRUNE = query("idempotency_key", "to_prune"), batch("idempotency_key", "prune")


@dataclass(frozen=True, slots=True)
class Claimed:
    """The first with this key: do it, then ``answer``; or ``release`` if nothing was done."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The same request was answered before: so again."""

    status: int
    """The answer's HTTP status."""
    answer: str = field(repr=False)
    """The answer as it was kept."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The same request has no answer yet: it is being carried out, or was when the process ended."""

    since: float
    """When it was claimed."""
    secret: str = field(default="", repr=False)
    """What only its answer was to tell, as it was kept; empty for most."""


@dataclass(frozen=True, slots=True)
class Differs:
    """The key was used for another request."""


@dataclass(frozen=True, slots=True)
class AnswerSecret:
    """What only the answer to a request tells, sealed by the caller."""

    key: RequestKey
    """The request's key."""
    text: str = field(repr=False)
    """As it is kept."""


def secret_step(secret: AnswerSecret | None) -> Step:
    """The step that keeps it with the change itself; None: the request has no key, and is not sent again."""
    if secret is None:
        return _KEEP_SECRET, []
    return _KEEP_SECRET, [(*_places(secret.key), secret.text)]


Claim: TypeAlias = Claimed | Answered | Pending | Differs


class IdempotencyStore:
    """The table ``idempotency_key``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def claim(self, key: RequestKey, fingerprint: str, at: float) -> Claim:
        """Claim a key for a request, by the request's fingerprint."""
        for _ in range(2):
            (claimed,) = await self._writer.write(str(key), (_CLAIM, [(*_places(key), fingerprint, at)]))
            if claimed:
                return Claimed()
            known = await self._database.fetch(_BY_KEY, {"owner": key.owner, "key": key.key})
            if known:
                first, status, answer, created = known[0]
                if first != fingerprint:
                    return Differs()
                return Answered(status, answer) if status else Pending(created, answer)
            # It was released or pruned just now.
        raise StoreUnavailableError("the key is claimed and released by others all the time")

    async def take_over(self, key: RequestKey, since: float, at: float) -> bool:
        """Claim a key anew whose holder is gone, at another time than it had; False if somebody else was quicker."""
        (taken,) = await self._writer.write(str(key), (_TAKE_OVER, [(*_places(key), since, at)]))
        return bool(taken)

    async def answer(self, key: RequestKey, status: int, answer: str) -> None:
        """Keep the answer; a secret in it (a new token) has to be sealed or left out by the caller."""
        await self._writer.write(str(key), (_ANSWER, [(*_places(key), status, answer)]))

    async def release(self, key: RequestKey, since: float) -> None:
        """Nothing was done: the request may be sent again. ``since`` is when it was claimed."""
        await self._writer.write(str(key), (_RELEASE, [(*_places(key), since)]))

    async def prune(self, before: float, most: int) -> int:
        """Forget keys of long ago, a few at a time; how many went."""
        old = await self._database.fetch(_TO_PRUNE, {"before": before, "most": most})
        if not old:
            return 0
        (pruned,) = await self._writer.write("prune idempotency keys", (_PRUNE, sorted(old)))
        return len(pruned)


def _places(key: RequestKey) -> tuple[str, str, str]:
    """What a row begins with."""
    return str(key), key.owner, key.key
