"""Organizations: whose devices are."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from acs.domain.inventory import Organization, OrganizationDetails
from acs.domain.token import Role
from acs.services.management import Management
from acs.services.turns import Turns
from acs.store.listing import Slice
from api.fields import Body, Name, NoQuery, Shown, Text, Time, json_schema_example
from api.paging import Envelope, Paged, enveloped
from api.problems import Kind, forbidden, not_found
from api.routing import Answer, AnyRoute, Ask, Route, shown_again

_TAG = "Organizations"
_WHAT = "organization"


class OrganizationBody(Body):
    """What is said of an organization."""

    model_config = json_schema_example({"name": "Example Telecom", "description": "Customers in the north"})

    name: Name
    description: Text = ""


class OrganizationPatch(Body):
    """What is to be said otherwise."""

    model_config = json_schema_example({"description": "Customers in the north and in the east"})

    name: Name | None = None
    description: Text | None = None


class OrganizationShown(Shown):
    """An organization."""

    model_config = json_schema_example(
        {"id": 3, "name": "Example Telecom", "description": "Customers in the north", "created": "2027-01-15T08:00:00Z"}
    )

    id: int
    name: str
    description: str
    created: Time


class Organizations:
    """The routes of organizations."""

    def __init__(self, management: Management) -> None:
        self._store = management.organizations
        self._database = management.database
        self._turns = Turns()

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        many, one = "/organization/", "/organization/{id}/"
        shown = {200: OrganizationShown}
        return [
            Route("GET", many, Role.VIEWER, self.list, "List organizations", _TAG, Paged,
                  answers={200: Envelope[OrganizationShown]}),
            Route("POST", many, Role.ADMIN, self.create, "Make an organization", _TAG, body=OrganizationBody,
                  again=shown_again(self.get), answers={201: OrganizationShown}, problems=(Kind.CONFLICT,)),
            Route("GET", one, Role.VIEWER, self.get, "Show an organization", _TAG, answers=shown),
            Route("PUT", one, Role.ADMIN, self.replace, "Replace an organization", _TAG, body=OrganizationBody,
                  answers=shown, problems=(Kind.CONFLICT,)),
            Route("PATCH", one, Role.ADMIN, self.change, "Change an organization", _TAG, body=OrganizationPatch,
                  answers=shown, problems=(Kind.CONFLICT,)),
            Route("DELETE", one, Role.ADMIN, self.delete, "Delete an organization", _TAG, answers={204: None},
                  problems=(Kind.CONFLICT,),
                  description="One that has devices or locations is not deleted: that is a 409."),
        ]  # fmt: skip

    async def list(self, ask: Ask[Paged, None]) -> Answer:
        """Those that the token sees."""
        part: Slice = ask.query.part
        found = await self._store.page(part, ask.principal.organizations)
        return Answer(enveloped(ask, part, found, [_shown(each) for each in found.items]))

    async def create(self, ask: Ask[NoQuery, OrganizationBody]) -> Answer:
        """Make one; a token that is bound to some would not see it."""
        if ask.principal.is_bound:
            raise forbidden("the token is bound to organizations: it makes no others")
        details = OrganizationDetails(ask.body.name, ask.body.description)
        entry = ask.entry("create", _WHAT, after=_text(details), found_by=details.name)
        number = await self._store.create(details, ask.at, entry)
        return Answer(_shown(Organization(number, details, ask.at)), 201)

    async def get(self, ask: Ask[NoQuery, None]) -> Answer:
        """Show one."""
        return Answer(_shown(await self._seen(ask)))

    async def replace(self, ask: Ask[NoQuery, OrganizationBody]) -> Answer:
        """Say everything anew."""
        async with self._turn(ask) as known:
            return await self._update(ask, known, OrganizationDetails(ask.body.name, ask.body.description))

    async def change(self, ask: Ask[NoQuery, OrganizationPatch]) -> Answer:
        """Say some of it anew."""
        async with self._turn(ask) as known:
            old, body = known.details, ask.body
            details = OrganizationDetails(
                old.name if body.name is None else body.name,
                old.description if body.description is None else body.description,
            )
            return await self._update(ask, known, details)

    async def delete(self, ask: Ask[NoQuery, None]) -> Answer:
        """Delete one that nothing belongs to."""
        async with self._turn(ask) as known:
            entry = ask.entry("delete", _WHAT, known.id, organization_id=known.id, before=_text(known.details))
            if not await self._store.delete(known.id, entry):
                raise not_found(_WHAT)
            return Answer(status=204)

    @asynccontextmanager
    async def _turn(self, ask: Ask[NoQuery, object]) -> AsyncIterator[Organization]:
        """One that is to be changed, as whoever changed it before has left it."""
        async with self._turns.of(ask.number("id", _WHAT)):
            yield await self._seen(ask)

    async def _seen(self, ask: Ask[NoQuery, object]) -> Organization:
        number = ask.number("id", _WHAT)
        known = await self._store.by_id(number) if ask.principal.sees(number) else None
        if known is None:
            raise not_found(_WHAT)
        return known

    async def _update(self, ask: Ask[NoQuery, object], known: Organization, details: OrganizationDetails) -> Answer:
        entry = ask.entry(
            "update", _WHAT, known.id, organization_id=known.id, before=_text(known.details), after=_text(details)
        )
        if not await self._store.update(known.id, details, entry):
            raise not_found(_WHAT)
        return Answer(_shown(Organization(known.id, details, known.created)))


def _text(details: OrganizationDetails) -> str:
    return json.dumps({"name": details.name, "description": details.description})


def _shown(known: Organization) -> OrganizationShown:
    return OrganizationShown(
        id=known.id, name=known.details.name, description=known.details.description, created=known.created
    )
