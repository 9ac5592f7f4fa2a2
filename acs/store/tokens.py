"""Tokens of the management API; only their hashes are kept."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from acs.domain.audit import AuditEntry
from acs.domain.token import NewToken, Role, Token
from acs.store.audit import audit_if_gone, audit_step
from acs.store.database import Database
from acs.store.idempotency import AnswerSecret, secret_step
from acs.store.listing import Condition, Found, Listing, Order, Slice, Wanted, ordered
from acs.store.statements import Row, batch, query
from acs.store.writer import GroupWriter

_CREATE = batch("token", "create")
_CREATE_FIRST = batch("token", "create_first")
_REVOKE = batch("token", "revoke")
_TOUCH = batch("token", "touch")
_BY_HASH = query("token", "by_hash")
_BY_ID = query("token", "by_id")
_KEY: Final = "token.id"
# A token that is bound to none of its own is a part of any; one that is not bound is a part of none.
_WITHIN: Final = Condition(
    "token.organizations IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(token.organizations) AS own "
    "WHERE own.value NOT IN (SELECT value FROM json_each(:organizations)))",
    "token.organizations IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
    "json_array_elements_text(CAST(token.organizations AS json)) AS own "
    "WHERE own.value NOT IN (SELECT json_array_elements_text(CAST(:organizations AS json))))",
)

ORDERS: Final[Mapping[str, Order]] = {"id": Order(_KEY, _KEY), "name": Order("token.name", _KEY)}
"""By what tokens can be in order."""

TOUCH_INTERVAL: Final = 300.0
"""Seconds within which the use of a token is not noted again: a busy client costs no write per request."""


class TokenStore:
    """The table ``token``."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database = database
        self._writer = writer

    async def create(
        self, token: NewToken, at: float, audit: AuditEntry | None = None, secret: AnswerSecret | None = None
    ) -> int:
        """Keep a token; its row. ConflictError if the very same token is there. ``secret`` is the token itself."""
        created, *_ = await self._writer.write(
            token.hash, (_CREATE, [_columns(token, at)]), audit_step(audit), secret_step(secret)
        )
        number: int = created[0][1]
        return number

    async def create_first(self, token: NewToken, at: float) -> int | None:
        """Keep a token if there has never been one; its row, or None."""
        (created,) = await self._writer.write("first token", (_CREATE_FIRST, [_columns(token, at)]))
        return created[0][1] if created else None

    async def revoke(self, number: int, at: float, audit: AuditEntry | None = None) -> bool:
        """Take a token back; False if there is none or it was taken back before."""
        revoked, _ = await self._writer.write(_key(number), (_REVOKE, [(number, at)]), audit_if_gone(audit))
        return bool(revoked)

    async def touch(self, token: Token, at: float) -> None:
        """Note that a token was used, now and then."""
        before = at - TOUCH_INTERVAL
        if token.last_used is None or token.last_used <= before:
            await self._writer.write(_key(token.id), (_TOUCH, [(token.id, at, before)]))

    async def by_hash(self, token_hash: str) -> Token | None:
        """The token of this hash, good or not."""
        rows = await self._database.fetch(_BY_HASH, {"hash": token_hash})
        return _token(rows[0]) if rows else None

    async def by_id(self, number: int) -> Token | None:
        """A token."""
        rows = await self._database.fetch(_BY_ID, {"id": number})
        return _token(rows[0]) if rows else None

    async def page(self, part: Slice, within: Sequence[int] | None = None, ordering: str = "id") -> Found[Token]:
        """A page of those that were not taken back, good or not; of those that see no more than these organizations.

        ``ordering`` is one of ``ORDERS``, perhaps with a minus before it.
        """
        wanted = Wanted(ordered(ORDERS, ordering))
        if within is not None:
            wanted = Wanted(wanted.order, (_WITHIN,), {"organizations": json.dumps(list(within))})
        return await _LIST.page(self._database, wanted, part)


def _key(number: int) -> str:
    return f"token {number}"


def _columns(token: NewToken, at: float) -> Row:
    organizations = None if token.organizations is None else json.dumps(token.organizations)
    return token.hash, token.name, token.role.value, organizations, token.expires_at, at


def _token(row: Row) -> Token:
    fields: list[Any] = list(row)
    fields[2] = Role(fields[2])
    fields[3] = None if fields[3] is None else tuple(json.loads(fields[3]))
    return Token(*fields)


_LIST = Listing("token", "list", _token)
