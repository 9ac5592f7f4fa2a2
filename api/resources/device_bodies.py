"""What clients say of devices, and which they ask for."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from acs.domain.device import Identity
from acs.domain.device_record import DeviceDetails
from acs.domain.operation import OperationKind
from acs.services.registration import LoginWish
from acs.store.device_list import ORDERINGS
from api.fields import (
    LARGEST,
    Coordinate,
    Flag,
    Id,
    Line,
    Name,
    OpenBody,
    QueryFlag,
    QueryNumber,
    QueryStatus,
    Seconds,
    Text,
    When,
    json_schema_example,
)
from api.paging import Paged
from api.problems import invalid

_MOST_TAGS: Final = 100
_ORDERINGS: Final = [f"{sign}{name}" for name in ORDERINGS for sign in ("", "-")]


def _tag(text: str) -> str:
    if "," in text or '"' in text or text != text.strip():
        raise PydanticCustomError("tag", "must not hold commas or quotes, nor begin or end with a space")
    return text


def _each_once(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))


def _place(value: object) -> int | str | None:
    """A location's number; older clients say its name here."""
    if value is None or isinstance(value, str):
        return _line(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST:
        return value
    raise PydanticCustomError("place", "must be the number of a location")


def _line(text: str | None) -> str | None:
    if text is not None and (len(text) > 255 or re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", text)):
        raise PydanticCustomError("text", "must be one line of at most 255 characters")
    return text


def _ordering(text: str) -> str:
    if text not in _ORDERINGS:
        raise PydanticCustomError("ordering", f"must be one of {', '.join(ORDERINGS)}, perhaps with - before it")
    return text


Tag = Annotated[Name, StringConstraints(max_length=64), AfterValidator(_tag)]
"""A word to find devices by."""
Tags = Annotated[tuple[Tag, ...], Field(max_length=_MOST_TAGS), AfterValidator(_each_once)]
"""A few of them."""
Place = Annotated[
    int | str | None,
    PlainValidator(_place),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}, {"type": "null"}]}),
]
"""Where a device stands."""
Ordering = Annotated[Line, AfterValidator(_ordering), WithJsonSchema({"type": "string", "enum": _ORDERINGS})]
"""By what a list is in order."""
Pending = Annotated[QueryFlag | None, Field(description="Whether to report pending work; so it is if nothing is said")]
"""Whether to look for pending work."""

_FLAGS: Final = {
    "sync": OperationKind.SYNC,
    "reconf": OperationKind.RECONF,
    "reboot": OperationKind.REBOOT,
    "factory": OperationKind.FACTORY,
    "device_factory": OperationKind.DEVICE_FACTORY,
}
# As the field is called here, and in the record of a device.
_FIELDS: Final = {
    "name": "name",
    "customer_id": "customer_id",
    "is_active": "is_active",
    "type": "type_id",
    "description": "description",
    "organization_id": "organization_id",
    "location_name": "location_name",
    "latitude": "latitude",
    "longitude": "longitude",
    "update_frequency": "update_frequency",
    "debug": "debug",
    "tags": "tags",
}
_NOTHING_SAID: Final = DeviceDetails("")


class DeviceQuery(Paged):
    """Which devices."""

    type: Annotated[QueryNumber | None, Field(description="Of a type, by its number")] = None
    status: QueryStatus | None = None
    organization: Annotated[QueryNumber | None, Field(description="Of an organization, by its number")] = None
    last_status_change_from: Annotated[When | None, Field(description="Went Up or Down then or later")] = None
    serial_number: Line | None = None
    manufacturer: Line | None = None
    product_class: Line | None = None
    software_version: Line | None = None
    address: Annotated[Line | None, Field(description="Last called from this address")] = None
    tag: Line | None = None
    is_active: QueryFlag | None = None
    last_connection_from: Annotated[When | None, Field(description="Last heard then or later")] = None
    last_connection_to: Annotated[When | None, Field(description="Last heard then or before")] = None
    search: Annotated[
        Line | None, Field(description="A part of name, serial number, address or customer id, in any case of letters")
    ] = None
    ordering: Annotated[Ordering, Field(description="`-` before it: the greatest first")] = "id"
    pending: Pending = None
    update_status: Annotated[
        QueryFlag | None,
        Field(
            description="Look first whether the devices of the page are Up, by the helpers of their types. "
            "`X-Status-Not-Reached` says how many could not be looked at in time"
        ),
    ] = None


class DeviceFields(OpenBody):
    """What may be said of a device; null stands for what is so if nothing is said."""

    customer_id: Line | None = None
    is_active: Annotated[Flag | None, Field(description="Whether it is let in; true if nothing is said")] = None
    type: Annotated[Id | None, Field(description="Its type, by number")] = None
    serial_number: Line | None = None
    oui: Line | None = None
    product_class: Line | None = None
    description: Text | None = None
    organization_id: Annotated[Id | None, Field(description="Whose it is, by number")] = None
    organization: Annotated[
        Id | None, Field(description="The same in older clients", json_schema_extra={"deprecated": True})
    ] = None
    location_name: Annotated[
        Line | None, Field(description="Where it stands, in your words; they are shown in place of the location's name")
    ] = None
    location: Annotated[
        Place, Field(description="Where it stands: the number of a location. A text is taken as location_name")
    ] = None
    latitude: Annotated[Coordinate | None, Field(description="Degrees as text; its location's if nothing is said")] = (
        None
    )
    longitude: Annotated[Coordinate | None, Field(description="Degrees as text; its location's if nothing is said")] = (
        None
    )
    username: Annotated[Line | None, Field(description="The login with which it calls")] = None
    password: Annotated[
        Annotated[str, StringConstraints(strict=True, max_length=255), AfterValidator(_line)] | None,
        Field(
            description="Its password; never shown. An empty one takes the login away",
            json_schema_extra={"writeOnly": True, "format": "password"},
            repr=False,
        ),
    ] = None
    update_frequency: Annotated[
        Seconds | None, Field(description="How often it is to inform, in seconds; as its type says if nothing is said")
    ] = None
    debug: Annotated[Flag | None, Field(description="Whether its messages are traced")] = None
    tags: Tags | None = None

    def onto(self, base: DeviceDetails) -> dict[str, Any]:
        """The fields of a record that are said; ``base`` has what is said of it so far."""
        said, found = self.model_fields_set, dict[str, Any]()
        for name, kept in _FIELDS.items():
            if name in said:
                value = getattr(self, name)
                found[kept] = getattr(_NOTHING_SAID, kept) if value is None else value
        parts = [
            (getattr(self, name) or "") if name in said else getattr(base.identity, name)
            for name in ("oui", "product_class", "serial_number")
        ]
        return found | {"identity": Identity(*parts)} | self._of_older_clients()

    def as_said(self, name: str) -> str:
        """A field by the name that the client has for it."""
        said = self.model_fields_set
        return "organization" if name == "organization_id" and "organization" in said and name not in said else name

    def _of_older_clients(self) -> dict[str, Any]:
        said, found = self.model_fields_set, dict[str, Any]()
        errors: dict[str, list[str]] = {}
        if "organization" in said:
            if "organization_id" in said and self.organization_id != self.organization:
                errors["organization"] = ["is not the same as organization_id"]
            found["organization_id"] = self.organization
        if isinstance(self.location, str):
            if "location_name" in said and (self.location_name or "") != self.location:
                errors["location"] = ["is not the same as location_name"]
            found["location_name"] = self.location
        elif "location" in said:
            found["location_id"] = self.location
        if errors:
            raise invalid(errors)
        return found

    def login(self, *, replaces: bool) -> LoginWish:
        """What is said of its login."""
        said = self.model_fields_set
        return LoginWish(
            (self.username or "") if "username" in said else None,
            # Null is what is so if nothing is said: the password stays.
            self.password,
            replaces,
        )


class DeviceBody(DeviceFields):
    """A device that is to be registered."""

    model_config = json_schema_example(
        {
            "name": "home-router-0042",
            "customer_id": "C-42",
            "type": 1,
            "serial_number": "SN0042",
            "oui": "00AABB",
            "organization_id": 1,
            "location_name": "Main street 1",
            "latitude": "59.9139",
            "longitude": "10.7522",
            "username": "router-0042",
            "password": "a long random text",
            "update_frequency": 3600,
            "tags": ["pilot"],
        }
    )

    name: Name


class DeviceActions(DeviceFields):
    """What may be wanted of a device that is there."""

    firmware_image: Annotated[Id | None, Field(description="The firmware that it is to have, by number")] = None
    firmware_image_is_pending: Annotated[
        Flag | None, Field(description="true: fetch it; false: an order to fetch it that has not begun is withdrawn")
    ] = None
    reboot: Annotated[Flag | None, Field(description="Queue a reboot")] = None
    factory: Annotated[Flag | None, Field(description="Queue a reset to factory defaults")] = None
    device_factory: Annotated[Flag | None, Field(description="The same, and forget the device's own settings")] = None
    sync: Annotated[Flag | None, Field(description="Queue a comparison with the wanted settings")] = None
    reconf: Annotated[Flag | None, Field(description="Queue a push of all wanted settings")] = None

    @property
    def kinds(self) -> tuple[OperationKind, ...]:
        """What is to be done, in this order."""
        return tuple(kind for name, kind in _FLAGS.items() if getattr(self, name))

    def firmware(self, before: DeviceDetails) -> dict[str, Any]:
        """What is said of the firmware; another image than before is on its way only if that is said."""
        image_id = self.firmware_image if "firmware_image" in self.model_fields_set else before.firmware_image_id
        is_pending = self.firmware_image_is_pending
        if is_pending is None:
            is_pending = before.firmware_image_is_pending and image_id == before.firmware_image_id
        return {"firmware_image_id": image_id, "firmware_image_is_pending": is_pending}


class DeviceReplacement(DeviceActions):
    """All that is to be said of a device."""

    model_config = json_schema_example(
        {"name": "home-router-0042", "customer_id": "C-42", "type": 1, "serial_number": "SN0042", "oui": "00AABB"}
    )

    name: Name


class DevicePatch(DeviceActions):
    """Some of what is to be said of a device."""

    model_config = json_schema_example({"description": "moved to the attic", "reboot": True})

    name: Name = Field(default_factory=str)
