"""Devices: listed, registered, shown, changed and deleted, in all three families."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from acs.domain.audit import AuditEntry
from acs.domain.device_record import DeviceDetails, DeviceFilter, DeviceRecord
from acs.domain.token import Role
from acs.services.finding import NoDeviceError
from acs.services.inventory import DeviceWish, Note
from acs.services.management import Management
from acs.services.registration import NotTheirsError, RegistrationError, WrongFieldsError
from acs.services.turns import Turns
from api.families import BY_ID, FAMILIES, WHAT, Family, device_by, device_of
from api.fields import NoQuery, Query, QueryFlag
from api.looking import NOT_REACHED, looked_at
from api.paging import Envelope, enveloped
from api.problems import Kind, Problem, forbidden, invalid, not_found
from api.resources.device_answers import DeviceItem, DeviceShown, item, shown
from api.resources.device_bodies import (
    DeviceBody,
    DeviceFields,
    DevicePatch,
    DeviceQuery,
    DeviceReplacement,
    Pending,
)
from api.routing import Answer, AnyRoute, Ask, Made, Route

_TAG = "Devices"


class OneDeviceQuery(Query):
    """How one device is shown."""

    pending: Pending = None
    update_status: Annotated[
        QueryFlag | None, Field(description="Look first whether it is Up, by the helpers of its type")
    ] = None


class Devices:
    """The routes of devices."""

    def __init__(self, management: Management) -> None:
        self._inventory = management.inventory
        self._finder = management.finder
        self._helpers = management.helpers
        self._turns = Turns()

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        return [route for family in FAMILIES for route in self._of(family)]

    def _of(self, family: Family) -> Sequence[AnyRoute]:
        many, one = family.path(), family.path_of_one()
        seen = {200: DeviceShown}
        words, found = family.words, (Kind.AMBIGUOUS,) if family.may_be_ambiguous else ()
        return [
            Route("GET", many, Role.VIEWER, self.list, f"List devices ({words})", _TAG, DeviceQuery,
                  answers={200: Envelope[DeviceItem]}, headers=(NOT_REACHED,),
                  description="`update_status` looks at the devices of the page for 10 seconds in all, at 50 of them "
                  "at once; those that no longer fit the filters then are left out."),
            Route("POST", many, Role.OPERATOR, self.create, f"Register a device ({words})", _TAG, body=DeviceBody,
                  again=self.create_again, answers={201: DeviceShown}, problems=(Kind.CONFLICT,), takes_unknown=True,
                  description="Before it ever calls: at its first Inform it is found by its serial number, with OUI "
                  "and product class where they are set, and its login, and is filled in from what it says. A name "
                  "or an identity that another device has is a 409."),
            Route("GET", one, Role.VIEWER, partial(self.get, family), f"Show a device ({words})", _TAG, OneDeviceQuery,
                  answers=seen, problems=found, headers=(NOT_REACHED,)),
            Route("PUT", one, Role.OPERATOR, partial(self.replace, family), f"Replace a device ({words})", _TAG,
                  body=DeviceReplacement, answers=seen, problems=(Kind.CONFLICT, *found), takes_unknown=True,
                  description="What is not said becomes what it is on a new device, the serial number as well. The "
                  "login stays unless it is said otherwise, and so does the firmware image."),
            Route("PATCH", one, Role.OPERATOR, partial(self.change, family), f"Change a device ({words})", _TAG,
                  body=DevicePatch, answers=seen, problems=(Kind.CONFLICT, *found), takes_unknown=True,
                  description="What is not said stays. Flags such as `reboot` queue operations, for a device that is "
                  "Down, too."),
            Route("DELETE", one, Role.OPERATOR, partial(self.delete, family), f"Delete a device ({words})", _TAG,
                  answers={204: None}, problems=found,
                  description="Its parameters, operations and history go with it. That cannot be undone."),
        ]  # fmt: skip

    async def list(self, ask: Ask[DeviceQuery, None]) -> Answer:
        """Those that the token sees."""
        query, part = ask.query, ask.query.part
        which = DeviceFilter(
            type_id=query.type,
            is_up=query.status,
            organization_id=query.organization,
            organizations=ask.principal.organizations,
            status_change_from=query.last_status_change_from,
            serial_number=query.serial_number,
            manufacturer=query.manufacturer,
            product_class=query.product_class,
            software_version=query.software_version,
            address=query.address,
            tag=query.tag,
            is_active=query.is_active,
            last_connection_from=query.last_connection_from,
            last_connection_to=query.last_connection_to,
            search=query.search,
        )
        headers: dict[str, str] = {}
        show = partial(self._inventory.page, which, query.ordering, pending=query.pending is not False)
        found = await show(part)
        if query.update_status:
            headers = await looked_at(self._helpers, [each.record.id for each in found.items])
            found = await show(part)
        return Answer(enveloped(ask, part, found, [item(each) for each in found.items]), headers=headers)

    async def create(self, ask: Ask[NoQuery, DeviceBody]) -> Answer:
        """Register one."""
        empty, body = DeviceDetails(ask.body.name), ask.body
        details = replace(empty, **body.onto(empty))
        try:
            device_id = await self._inventory.create(
                ask.principal, details, body.login(replaces=True), _note(ask, "create")
            )
        except RegistrationError as error:
            raise _problem(error, body) from None
        view = await self._inventory.view(device_id)
        return Answer(shown(view), 201)

    async def create_again(self, ask: Ask[NoQuery, DeviceBody], made: Made) -> Answer:
        """Show one that was registered."""
        device = await device_by(self._finder, BY_ID, ask, made.id)
        return replace(await self._shown(device.id, pending=True), status=201)

    async def get(self, family: Family, ask: Ask[OneDeviceQuery, None]) -> Answer:
        """Show one."""
        device = await device_of(self._finder, family, ask)
        headers: dict[str, str] = {}
        if ask.query.update_status:
            headers = await looked_at(self._helpers, [device.id])
        return await self._shown(device.id, pending=ask.query.pending is not False, headers=headers)

    async def replace(self, family: Family, ask: Ask[NoQuery, DeviceReplacement]) -> Answer:
        """Say everything anew."""
        body = ask.body
        async with self._turn(family, ask) as record:
            before = record.details
            # A bound token cannot leave a device to nobody: without a word it stays where it is.
            organization_id = before.organization_id if ask.principal.is_bound else None
            empty = DeviceDetails(body.name, organization_id=organization_id)
            details = replace(empty, **body.onto(empty) | body.firmware(before))
            return await self._changed(ask, record, details, body, replaces=True)

    async def change(self, family: Family, ask: Ask[NoQuery, DevicePatch]) -> Answer:
        """Say some of it anew."""
        async with self._turn(family, ask) as record:
            details = replace(record.details, **ask.body.onto(record.details) | ask.body.firmware(record.details))
            return await self._changed(ask, record, details, ask.body, replaces=False)

    async def delete(self, family: Family, ask: Ask[NoQuery, None]) -> Answer:
        """Delete one."""
        async with self._turn(family, ask) as record:
            try:
                await self._inventory.delete(record.id, _note(ask, "delete", record.id))
            except NoDeviceError:
                raise not_found(WHAT) from None
            return Answer(status=204)

    @asynccontextmanager
    async def _turn(self, family: Family, ask: Ask[NoQuery, Any]) -> AsyncIterator[DeviceRecord]:
        """One that is to be changed, as whoever changed it before has left it: perhaps to another organization."""
        device = await device_of(self._finder, family, ask)
        async with self._turns.of(device.id):
            try:
                view = await self._inventory.view(device.id, pending=False)
            except NoDeviceError:
                raise not_found(WHAT) from None
            if not ask.principal.sees(view.record.details.organization_id):
                raise not_found(WHAT)
            yield view.record

    async def _changed(
        self,
        ask: Ask[NoQuery, Any],
        record: DeviceRecord,
        details: DeviceDetails,
        body: DeviceReplacement | DevicePatch,
        *,
        replaces: bool,
    ) -> Answer:
        wish = DeviceWish(
            details, body.login(replaces=replaces), downloads=bool(body.firmware_image_is_pending), kinds=body.kinds
        )
        try:
            await self._inventory.change(ask.principal, record, wish, _note(ask, "update", record.id))
        except RegistrationError as error:
            raise _problem(error, body) from None
        except NoDeviceError:
            raise not_found(WHAT) from None
        return await self._shown(record.id, pending=True)

    async def _shown(self, device_id: int, *, pending: bool, headers: dict[str, str] | None = None) -> Answer:
        try:
            view = await self._inventory.view(device_id, pending=pending)
        except NoDeviceError:
            raise not_found(WHAT) from None
        return Answer(shown(view), headers=headers or {})


def _note(ask: Ask[Any, Any], action: str, device_id: int | str = "") -> Note:
    def note(before: str, after: str, organization_id: int | None) -> AuditEntry:
        return ask.entry(action, "device", device_id, organization_id=organization_id, before=before, after=after)

    return note


def _problem(error: RegistrationError, body: DeviceFields) -> Problem:
    match error:
        case WrongFieldsError():
            return invalid({body.as_said(name): sentences for name, sentences in error.errors.items()})
        case NotTheirsError():
            return forbidden(str(error))
        case _:
            raise error
