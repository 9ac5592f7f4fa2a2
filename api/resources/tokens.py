"""Tokens: who may use the API, and for what. A token itself is shown once, when it is made."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from acs.auth.passwords import hash_token, token_from
from acs.domain.access import Principal
from acs.domain.token import NewToken, Role, Token
from acs.services.first_token import TOKEN_OCTETS
from acs.services.management import Management
from api.fields import Body, Id, Name, NoQuery, Shown, Time, When, json_schema_example
from api.paging import Envelope, Paged, enveloped
from api.problems import forbidden, invalid, not_found
from api.routing import Answer, AnyRoute, Ask, Made, Route
from api.times import written

_TAG = "Tokens"
_WHAT = "token"
_MOST_ORGANIZATIONS = 1000


class TokenQuery(Paged):
    """In which order."""

    ordering: Literal["id", "-id", "name", "-name"] = "id"


class TokenBody(Body):
    """What a new token is for."""

    model_config = json_schema_example(
        {"name": "NOC tools", "role": "operator", "organizations": [1], "expires_at": "2030-01-01T00:00:00Z"}
    )

    name: Name
    role: Role
    organizations: Annotated[
        list[Id] | None,
        Field(min_length=1, max_length=_MOST_ORGANIZATIONS, description="Whose devices it sees; left out or null: all"),
    ] = None
    expires_at: Annotated[When | None, Field(description="From when on it is worth nothing; null: never")] = None


class TokenShown(Shown):
    """A token, without itself."""

    id: int
    name: str
    role: Role
    organizations: list[int] | None
    created: Time
    expires_at: Time | None
    last_used: Annotated[Time | None, Field(description="When it was last used, to a few minutes")]


class NewTokenShown(TokenShown):
    """A new token."""

    token: Annotated[str, Field(description="The token itself; it is shown this once")]


class Tokens:
    """The routes of tokens."""

    def __init__(self, management: Management) -> None:
        self._store = management.tokens
        self._organizations = management.organizations
        self._chance = management.tools.chance

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        many, one = "/token/", "/token/{id}/"
        bound = "A token that is bound to organizations has to do only with tokens that see no more than it does."
        return [
            Route("GET", many, Role.ADMIN, self.list, "List tokens", _TAG, TokenQuery,
                  answers={200: Envelope[TokenShown]}, description=bound),
            Route("POST", many, Role.ADMIN, self.create, "Make a token", _TAG, body=TokenBody,
                  again=self.create_again, answers={201: NewTokenShown},
                  description=f"The answer shows the token: nothing shows it ever again. {bound}"),
            Route("GET", one, Role.ADMIN, self.get, "Show what a token is for", _TAG, answers={200: TokenShown}),
            Route("DELETE", one, Role.ADMIN, self.revoke, "Take a token back", _TAG, answers={204: None},
                  description="It is worth nothing from now on, and shown no more."),
        ]  # fmt: skip

    async def list(self, ask: Ask[TokenQuery, None]) -> Answer:
        """Those that see no more than the token that asks."""
        query = ask.query
        found = await self._store.page(query.part, ask.principal.organizations, query.ordering)
        return Answer(enveloped(ask, query.part, found, [TokenShown(**shown_fields(each)) for each in found.items]))

    async def create(self, ask: Ask[NoQuery, TokenBody]) -> Answer:
        """Make one."""
        body = ask.body
        organizations = None if body.organizations is None else tuple(dict.fromkeys(body.organizations))
        if not _covers(ask.principal, organizations):
            raise forbidden("the token is bound to organizations: it makes none that sees others")
        await self._check(ask, organizations)
        text = token_from(self._chance.octets(TOKEN_OCTETS))
        new = NewToken(body.name, body.role, hash_token(text), organizations, body.expires_at)
        token = Token(0, new.name, new.role, new.organizations, ask.at, new.expires_at, None, None)
        entry = ask.entry(
            "create", _WHAT, organization_id=owner_of(organizations), after=told(token), found_by=new.hash
        )
        number = await self._store.create(new, ask.at, entry, ask.secret(text))
        return Answer(NewTokenShown(**shown_fields(token) | {"id": number}, token=text), 201)

    async def create_again(self, ask: Ask[NoQuery, TokenBody], made: Made) -> Answer:
        """Show one that was made, and itself, to whoever made it."""
        if not made.secret:
            raise not_found(_WHAT)
        known = await self._seen(replace(ask, places={"id": made.id}))
        return Answer(NewTokenShown(**shown_fields(known), token=made.secret), 201)

    async def get(self, ask: Ask[NoQuery, None]) -> Answer:
        """Show one."""
        return Answer(TokenShown(**shown_fields(await self._seen(ask))))

    async def revoke(self, ask: Ask[NoQuery, None]) -> Answer:
        """Take one back."""
        known = await self._seen(ask)
        entry = ask.entry("revoke", _WHAT, known.id, organization_id=owner_of(known.organizations), before=told(known))
        if not await self._store.revoke(known.id, ask.at, entry):
            raise not_found(_WHAT)
        return Answer(status=204)

    async def _check(self, ask: Ask[NoQuery, TokenBody], organizations: Sequence[int] | None) -> None:
        """All that a body alone does not tell."""
        errors: dict[str, list[str]] = {}
        if ask.body.expires_at is not None and ask.body.expires_at <= ask.at:
            errors["expires_at"] = ["must be in the future"]
        known = await self._organizations.known(organizations or ())
        for place, number in enumerate(ask.body.organizations or ()):
            if number not in known:
                errors[f"organizations[{place}]"] = ["there is no such organization"]
        if errors:
            raise invalid(errors)

    async def _seen(self, ask: Ask[NoQuery, Any]) -> Token:
        known = await self._store.by_id(ask.number("id", _WHAT))
        if known is None or known.revoked_at is not None or not _covers(ask.principal, known.organizations):
            raise not_found(_WHAT)
        return known


def _covers(principal: Principal, organizations: Sequence[int] | None) -> bool:
    """Whether a token of these organizations sees no more than the one that asks."""
    if organizations is None:
        return not principal.is_bound
    return all(map(principal.sees, organizations))


def owner_of(organizations: Sequence[int] | None) -> int | None:
    """Whose log tells of it: that of the one organization that it sees."""
    return organizations[0] if organizations is not None and len(organizations) == 1 else None


def shown_fields(token: Token) -> dict[str, Any]:
    """A token as it is shown."""
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "organizations": None if token.organizations is None else list(token.organizations),
        "created": token.created,
        "expires_at": token.expires_at,
        "last_used": token.last_used,
    }


def told(token: Token) -> str:
    """A token as the audit log tells of it."""
    return json.dumps(
        {
            "name": token.name,
            "role": token.role,
            "organizations": token.organizations,
            "expires_at": None if token.expires_at is None else written(token.expires_at),
        }
    )
