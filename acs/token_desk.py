"""Tokens from the command line: made, listed and taken back in the database itself, beside a running server or without.

Whoever may write the database needs no token. What is done is in the audit log, as done by the command line.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from acs.auth.passwords import hash_token, token_from
from acs.domain.audit import AuditEntry
from acs.domain.token import NewToken, Role, Token
from acs.logs import printable
from acs.services.first_token import TOKEN_OCTETS
from acs.settings import Settings
from acs.settings.values import sqlite_path
from acs.store.listing import Slice
from acs.store.migrations import check_migrated
from acs.store.opening import AnyDatabase, open_database
from acs.store.organizations import OrganizationStore
from acs.store.tokens import TokenStore
from acs.store.writer import GroupWriter
from api import times
from api.resources.tokens import NewTokenShown, TokenShown, owner_of, shown_fields, told

T = TypeVar("T")

ACTOR: Final = "command line"
"""Who did it, in the audit log."""
_MOST: Final = 1000
_LONGEST: Final = 255
_COLUMNS: Final = ("id", "name", "role", "organizations", "expires_at", "last_used")
_NOTHING: Final = {"organizations": "all", "expires_at": "never", "last_used": "never"}
"""What it means that nothing is there."""


class TokenDeskError(Exception):
    """What was asked for cannot be done; a sentence says why."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status
        """With which status the command ends: 2 where it was given wrongly."""


@dataclass(frozen=True, slots=True)
class NewTokenWish:
    """What a new token is to be, in the words of the command line."""

    name: str
    """What it is for."""
    role: Role
    """What it may do."""
    organizations: Sequence[str]
    """The names or numbers of organizations; none: all."""
    expires: str | None
    """From when on it is worth nothing."""


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token."""

    id: int
    """Its row."""
    name: str
    """What it is for."""
    text: str = field(repr=False)
    """The token itself."""
    shown: Mapping[str, Any] = field(repr=False)
    """As the API shows a new one."""


class TokenDesk:
    """Does what is asked for."""

    def __init__(self, database: AnyDatabase, writer: GroupWriter, now: float) -> None:
        self._tokens = TokenStore(database, writer)
        self._organizations = OrganizationStore(database, writer)
        self._now = now

    async def create(self, wish: NewTokenWish) -> MadeToken:
        """Make a token."""
        if not 0 < len(wish.name) <= _LONGEST or not wish.name.isprintable():
            raise TokenDeskError(f"--name must be 1 to {_LONGEST} printable characters", 2)
        expires = self._expiry(wish.expires)
        organizations = tuple(dict.fromkeys([await self._organization(each) for each in wish.organizations])) or None
        text = token_from(secrets.token_bytes(TOKEN_OCTETS))
        new = NewToken(wish.name, wish.role, hash_token(text), organizations, expires)
        token = Token(0, new.name, new.role, new.organizations, self._now, new.expires_at, None, None)
        entry = self._entry("create", token, after=told(token), found_by=new.hash)
        number = await self._tokens.create(new, self._now, entry)
        shown = NewTokenShown(**shown_fields(token) | {"id": number}, token=text)
        return MadeToken(number, new.name, text, shown.model_dump(mode="json"))

    async def all(self) -> list[dict[str, Any]]:
        """The tokens that were not taken back, as the API shows them."""
        found: list[dict[str, Any]] = []
        part: Slice | None = Slice(_MOST)
        while part is not None:
            page = await self._tokens.page(part)
            found += [TokenShown(**shown_fields(each)).model_dump(mode="json") for each in page.items]
            part = None if page.following is None else Slice(_MOST, after=page.following)
        return found

    async def revoke(self, number: int) -> str:
        """Take a token back; its name."""
        known = await self._tokens.by_id(number) if 0 < number < 2**63 else None
        if known is None:
            raise TokenDeskError(f"there is no token {number}")
        entry = self._entry("revoke", known, resource_id=str(number), before=told(known))
        if known.revoked_at is not None or not await self._tokens.revoke(number, self._now, entry):
            raise TokenDeskError(f"token {number} ({known.name}) was revoked before")
        return known.name

    def _entry(self, action: str, token: Token, **said: str) -> AuditEntry:
        return AuditEntry(self._now, ACTOR, "", action, "token", organization_id=owner_of(token.organizations), **said)

    def _expiry(self, text: str | None) -> float | None:
        if text is None:
            return None
        try:
            expires = times.read(text)
        except ValueError:
            raise TokenDeskError("--expires must be a time such as 2030-01-31T10:00:00Z", 2) from None
        if expires <= self._now:
            raise TokenDeskError("--expires must be in the future", 2)
        return expires

    async def _organization(self, text: str) -> int:
        named = await self._organizations.by_name(text)
        found = {named.id} if named is not None else set()
        if text.isascii() and text.isdigit() and len(text) < 19:
            found |= await self._organizations.known([int(text)])
        if len(found) > 1:
            raise TokenDeskError(f"{text} is the number of one organization and the name of another")
        if not found:
            raise TokenDeskError(f"there is no organization {text}")
        return found.pop()


def table(tokens: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tokens as lines for people."""
    rows = [_COLUMNS, *(tuple(_cell(column, each[column]) for column in _COLUMNS) for each in tokens)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


async def at_token_desk(settings: Settings, ask: Callable[[TokenDesk], Awaitable[T]]) -> T:
    """Ask something at the desk of a database that has its tables already."""
    path = sqlite_path(settings.database_url)
    if path is not None and not path.exists():
        raise TokenDeskError(f"there is no database {path} yet: start the server, or run aioacs migrate")
    database = await open_database(settings.database_url.get_secret_value(), pool_size=2)
    try:
        await check_migrated(database)
        writer = GroupWriter(database)
        running = asyncio.create_task(writer.run())
        try:
            return await ask(TokenDesk(database, writer, time.time()))
        finally:
            writer.stop()
            with suppress(asyncio.CancelledError):
                await running
    finally:
        await database.close()


def _cell(column: str, value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    # A token is named by whoever makes it through the API.
    return _NOTHING[column] if value is None else printable(str(value))
