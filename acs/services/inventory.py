"""The inventory from the operators' side: devices are shown, registered, changed and deleted."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from acs.domain.access import Principal
from acs.domain.audit import AuditEntry
from acs.domain.device import Credential
from acs.domain.device_record import DeviceDetails, DeviceFilter, DeviceRecord
from acs.domain.operation import Operation, OperationKind
from acs.domain.pending import pending_words
from acs.domain.queue import OperationState, QueuedOperation
from acs.services.finding import NoDeviceError
from acs.services.operations import Operations, Terms
from acs.services.registration import LoginWish, References, decided_login, differences, plain
from acs.services.requested import Requested, read_requested
from acs.services.tools import Tools
from acs.store.device_changes import DeviceChange, DeviceChanges
from acs.store.device_list import DeviceList
from acs.store.listing import Found, Slice

_UUID_OCTETS: Final = 16

Note = Callable[[str, str, int | None], AuditEntry]
"""Makes an entry of the audit log of what was and what is, as JSON, and of whose device it is."""


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as an operator sees it."""

    record: DeviceRecord
    """What is known of it."""
    pending: tuple[str, ...] | None
    """What it has yet to do; None: nobody asked."""
    username: str = ""
    """The name of its login; looked up for one device alone."""


@dataclass(frozen=True, slots=True)
class DeviceWish:
    """What an operator wants of a device that is there."""

    details: DeviceDetails
    """What is to be said of it, what stays included."""
    login: LoginWish
    """With what it is to come in."""
    downloads: bool = False
    """Whether it is to fetch the image, once more if it did not arrive."""
    kinds: tuple[OperationKind, ...] = ()
    """What else it is to do, in this order."""


class Inventory:
    """Devices, for whoever may see them."""

    def __init__(
        self, tools: Tools, operations: Operations, devices: DeviceList, changes: DeviceChanges, references: References
    ) -> None:
        self._tools = tools
        self._operations = operations
        self._devices = devices
        self._changes = changes
        self._references = references

    async def page(self, which: DeviceFilter, ordering: str, part: Slice, *, pending: bool) -> Found[DeviceView]:
        """A page of a list."""
        found = await self._devices.page(which, ordering, part)
        return Found(await self._views(found.items, pending=pending), found.count, found.following)

    async def view(self, device_id: int, *, pending: bool = True) -> DeviceView:
        """One device; NoDeviceError if it is no more."""
        record = await self._devices.by_id(device_id)
        if record is None:
            raise NoDeviceError
        (view,) = await self._views([record], pending=pending)
        login = await self._login(device_id)
        return replace(view, username=record.details.username if login is None else login.username)

    async def create(self, principal: Principal, details: DeviceDetails, login: LoginWish, note: Note) -> int:
        """Register a device; its row. See ``acs.services.registration`` for what may be wrong."""
        tools, uuid = self._tools, self._tools.chance.octets(_UUID_OCTETS).hex()
        details = await self._references.checked(principal, None, details)
        decided = decided_login(tools, None, "", login)
        said = plain(details, decided.name, decided.change)
        audit = replace(note("", json.dumps(said), details.organization_id), found_by=uuid)
        details = replace(details, username=decided.label)
        return await self._changes.create(uuid, details, decided.change.login, tools.clock.wall(), audit)

    async def change(self, principal: Principal, record: DeviceRecord, wish: DeviceWish, note: Note) -> None:
        """Make a device what is wished, going by what it was, and queue what is wished of it, in one commit."""
        tools, at = self._tools, self._tools.clock.wall()
        device_id, before = record.id, record.details
        after = await self._references.checked(principal, before, wish.details)
        after = _following(record, after)
        login = decided_login(tools, await self._login(device_id), before.username, wish.login)
        after = replace(after, username=login.label)
        cancelled, has_download = await self._downloads(device_id, before, after)
        queued = self._queued(device_id, principal, wish, after, has_download=has_download, at=at)
        old = plain(before, login.before)
        new = plain(after, login.name, login.change)
        history = tuple(replace(each, actor=principal.actor) for each in differences(old, new))
        if not history and not queued and not cancelled:
            return
        asked = {"operations": [each.kind for each in queued]} if queued else {}
        audit = note(json.dumps(old), json.dumps(new | asked), after.organization_id)
        change = DeviceChange(before, after, login.change, queued, cancelled, history)
        gone = await self._changes.change(device_id, change, at, audit)
        if gone is None:
            raise NoDeviceError
        for public_id in gone:
            tools.endings.ended(public_id, OperationKind.DOWNLOAD.value, OperationState.CANCELLED.value)
        self._operations.announce(queued, at)

    async def delete(self, device_id: int, note: Note) -> None:
        """Delete a device with all that belongs to it."""
        record = await self._devices.by_id(device_id)
        if record is None:
            raise NoDeviceError
        login = await self._login(device_id)
        said = plain(record.details, record.details.username if login is None else login.username)
        audit = note(json.dumps(said), "", record.details.organization_id)
        if not await self._changes.delete(device_id, audit):
            raise NoDeviceError

    async def _views(self, records: Sequence[DeviceRecord], *, pending: bool) -> list[DeviceView]:
        if not pending or not records:
            return [DeviceView(record, None) for record in records]
        kinds = await self._devices.open_kinds([record.id for record in records])
        return [DeviceView(record, pending_words(record, kinds.get(record.id, ()))) for record in records]

    async def _login(self, device_id: int) -> Credential | None:
        """The login by which the device comes in; one that was pushed and not confirmed counts if there is no other."""
        logins = await self._tools.devices.logins_of(device_id, "cwmp")
        return logins[0] if logins else None

    async def _downloads(self, device_id: int, before: DeviceDetails, after: DeviceDetails) -> tuple[list[str], bool]:
        """The downloads that are no longer wanted; and whether one of the wanted image is open."""
        if before.firmware_image_id is None and after.firmware_image_id is None:
            return [], False
        unwanted: list[str] = []
        has_download = False
        for each in await self._tools.operations.open_of_device(device_id):
            if each.kind != OperationKind.DOWNLOAD:
                continue
            image_id = read_requested(self._tools.vault, each).firmware_image_id
            if image_id == after.firmware_image_id and after.firmware_image_is_pending:
                has_download = True
            elif image_id is not None and image_id == before.firmware_image_id and before.firmware_image_is_pending:
                unwanted.append(each.public_id)
        return unwanted, has_download

    def _queued(
        self,
        device_id: int,
        principal: Principal,
        wish: DeviceWish,
        after: DeviceDetails,
        *,
        has_download: bool,
        at: float,
    ) -> list[QueuedOperation]:
        asked = [Requested(Operation(kind)) for kind in wish.kinds]
        if wish.downloads and not has_download:
            # Before the device starts anew, if it is to do that, too.
            asked.insert(0, Requested(Operation(OperationKind.DOWNLOAD), after.firmware_image_id))
        terms = Terms(actor=principal.actor)
        return [self._operations.prepared(device_id, each, terms, at) for each in asked]


def _following(record: DeviceRecord, after: DeviceDetails) -> DeviceDetails:
    """What a client sends back as it was shown to it is still the location's, and follows that."""
    before, place = record.details, record.place

    def own(said: str, was: str, places: str) -> str:
        return "" if not was and said == places else said

    return replace(
        after,
        location_name=own(after.location_name, before.location_name, place.name),
        latitude=own(after.latitude, before.latitude, place.latitude),
        longitude=own(after.longitude, before.longitude, place.longitude),
    )
