"""Locations: where devices stand. Those of nobody are everybody's to see."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import Field

from acs.domain.access import Principal
from acs.domain.inventory import Location, LocationDetails
from acs.domain.token import Role
from acs.services.management import Management
from acs.services.turns import Turns
from acs.store.locations import LocationFilter
from api.fields import Body, Coordinate, Id, Line, Name, NoQuery, QueryNumber, Shown, Time, json_schema_example
from api.paging import Envelope, Paged, enveloped
from api.problems import Kind, Problem, forbidden, invalid, not_found
from api.routing import Answer, AnyRoute, Ask, Route, shown_again

_TAG = "Locations"
_WHAT = "location"


class LocationQuery(Paged):
    """Which locations, in which order."""

    name: Annotated[Line | None, Field(description="The one that is called so")] = None
    short_name: Annotated[Line | None, Field(description="Those that are called so for short")] = None
    organization: Annotated[QueryNumber | None, Field(description="Those of an organization")] = None
    ordering: Literal["id", "-id", "name", "-name", "short_name", "-short_name"] = "id"


class LocationBody(Body):
    """What is said of a location."""

    model_config = json_schema_example(
        {
            "name": "Exchange 12, Example Street",
            "short_name": "EX12",
            "organization_id": 1,
            "latitude": "52.5200",
            "longitude": "13.4050",
        }
    )

    name: Name
    short_name: Line = ""
    organization_id: Annotated[Id | None, Field(description="Whose it is; null: nobody's")] = None
    latitude: Coordinate = ""
    longitude: Coordinate = ""


class LocationPatch(Body):
    """What is to be said otherwise."""

    model_config = json_schema_example({"short_name": "EX12a"})

    name: Name | None = None
    short_name: Line | None = None
    organization_id: Annotated[Id | None, Field(description="Whose it is; null: nobody's")] = None
    latitude: Coordinate | None = None
    longitude: Coordinate | None = None


class LocationShown(Shown):
    """A location."""

    id: int
    name: str
    short_name: str
    organization_id: int | None
    latitude: str
    longitude: str
    created: Time


class Locations:
    """The routes of locations."""

    def __init__(self, management: Management) -> None:
        self._store = management.locations
        self._organizations = management.organizations
        self._turns = Turns()

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        many, one = "/location/", "/location/{id}/"
        shown = {200: LocationShown}
        whose = "A token that is bound to organizations changes only theirs: anything else is a 403."
        return [
            Route("GET", many, Role.VIEWER, self.list, "List locations", _TAG, LocationQuery,
                  answers={200: Envelope[LocationShown]},
                  description="Those of the organizations that the token sees, and those of nobody."),
            Route("POST", many, Role.ADMIN, self.create, "Make a location", _TAG, body=LocationBody,
                  again=shown_again(self.get), answers={201: LocationShown}, problems=(Kind.CONFLICT,),
                  description=whose),
            Route("GET", one, Role.VIEWER, self.get, "Show a location", _TAG, answers=shown),
            Route("PUT", one, Role.ADMIN, self.replace, "Replace a location", _TAG, body=LocationBody,
                  answers=shown, problems=(Kind.CONFLICT,), description=whose),
            Route("PATCH", one, Role.ADMIN, self.change, "Change a location", _TAG, body=LocationPatch,
                  answers=shown, problems=(Kind.CONFLICT,), description=whose),
            Route("DELETE", one, Role.ADMIN, self.delete, "Delete a location", _TAG, answers={204: None},
                  problems=(Kind.CONFLICT,),
                  description=f"One where devices stand is not deleted: that is a 409. {whose}"),
        ]  # fmt: skip

    async def list(self, ask: Ask[LocationQuery, None]) -> Answer:
        """Those that the token sees."""
        query = ask.query
        wanted = LocationFilter(query.name, query.short_name, query.organization, ask.principal.organizations)
        found = await self._store.page(query.part, wanted, query.ordering)
        return Answer(enveloped(ask, query.part, found, [_shown(each) for each in found.items]))

    async def create(self, ask: Ask[NoQuery, LocationBody]) -> Answer:
        """Make one."""
        details = _details(ask.body)
        await self._check_owner(ask.principal, details.organization_id)
        entry = ask.entry(
            "create",
            _WHAT,
            organization_id=details.organization_id,
            after=_text(details),
            found_by=details.name,
        )
        number = await self._store.create(details, ask.at, entry)
        return Answer(_shown(Location(number, details, ask.at)), 201)

    async def get(self, ask: Ask[NoQuery, None]) -> Answer:
        """Show one."""
        return Answer(_shown(await self._seen(ask)))

    async def replace(self, ask: Ask[NoQuery, LocationBody]) -> Answer:
        """Say everything anew."""
        async with self._turn(ask) as known:
            return await self._update(ask, known, _details(ask.body))

    async def change(self, ask: Ask[NoQuery, LocationPatch]) -> Answer:
        """Say some of it anew."""
        body = ask.body
        async with self._turn(ask) as known:
            old, is_moved = known.details, "organization_id" in body.model_fields_set
            details = LocationDetails(
                old.name if body.name is None else body.name,
                old.short_name if body.short_name is None else body.short_name,
                body.organization_id if is_moved else old.organization_id,
                old.latitude if body.latitude is None else body.latitude,
                old.longitude if body.longitude is None else body.longitude,
            )
            return await self._update(ask, known, details)

    async def delete(self, ask: Ask[NoQuery, None]) -> Answer:
        """Delete one where no device stands."""
        async with self._turn(ask) as known:
            owner = known.details.organization_id
            entry = ask.entry("delete", _WHAT, known.id, organization_id=owner, before=_text(known.details))
            if not await self._store.delete(known.id, entry):
                raise not_found(_WHAT)
            return Answer(status=204)

    async def _seen(self, ask: Ask[NoQuery, object]) -> Location:
        known = await self._store.by_id(ask.number("id", _WHAT))
        owner = None if known is None else known.details.organization_id
        if known is None or not (owner is None or ask.principal.sees(owner)):
            raise not_found(_WHAT)
        return known

    @asynccontextmanager
    async def _turn(self, ask: Ask[NoQuery, object]) -> AsyncIterator[Location]:
        """One that is to be changed, as whoever changed it before has left it."""
        async with self._turns.of(ask.number("id", _WHAT)):
            yield await self._own(ask)

    async def _own(self, ask: Ask[NoQuery, object]) -> Location:
        """One that the token may change."""
        known = await self._seen(ask)
        if not ask.principal.sees(known.details.organization_id):
            raise forbidden("the token is bound to organizations, and the location is none of theirs")
        return known

    async def _check_owner(self, principal: Principal, organization_id: int | None) -> None:
        """Whether the token may give a location to an organization, and whether there is such a one."""
        if not principal.sees(organization_id):
            raise forbidden("the token is bound to organizations: it gives locations to no others, and to one of them")
        if organization_id is not None and await self._organizations.by_id(organization_id) is None:
            raise invalid({"organization_id": ["there is no such organization"]})

    async def _update(self, ask: Ask[NoQuery, object], known: Location, details: LocationDetails) -> Answer:
        owner = details.organization_id
        await self._check_owner(ask.principal, owner)
        is_given = owner is not None and owner != known.details.organization_id
        if is_given and await self._store.is_used_by_others(known.id, owner or 0):
            raise Problem(Kind.CONFLICT, "devices of other organizations stand there")
        entry = ask.entry(
            "update",
            _WHAT,
            known.id,
            organization_id=details.organization_id,
            before=_text(known.details),
            after=_text(details),
        )
        if not await self._store.update(known.id, details, entry):
            raise not_found(_WHAT)
        return Answer(_shown(Location(known.id, details, known.created)))


def _details(body: LocationBody) -> LocationDetails:
    return LocationDetails(body.name, body.short_name, body.organization_id, body.latitude, body.longitude)


def _text(details: LocationDetails) -> str:
    return json.dumps(
        {
            "name": details.name,
            "short_name": details.short_name,
            "organization_id": details.organization_id,
            "latitude": details.latitude,
            "longitude": details.longitude,
        }
    )


def _shown(known: Location) -> LocationShown:
    details = known.details
    return LocationShown(
        id=known.id,
        name=details.name,
        short_name=details.short_name,
        organization_id=details.organization_id,
        latitude=details.latitude,
        longitude=details.longitude,
        created=known.created,
    )
