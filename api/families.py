"""The three families of paths over the same devices: by name, by number, by serial number."""

from dataclasses import dataclass
from typing import Any, Final

from acs.domain.device import ManagedDevice
from acs.services.finding import AmbiguousDeviceError, DeviceFinder, NoDeviceError
from api.problems import Kind, Problem, not_found
from api.routing import Ask

WHAT: Final = "device"


@dataclass(frozen=True, slots=True)
class Family:
    """One family."""

    infix: str
    """What stands in its paths: ``/inventory_device<infix>_setting/``."""
    place: str
    """The place in its paths, and the name of the field that selects a device."""
    words: str
    """What it is called in the document."""

    @property
    def may_be_ambiguous(self) -> bool:
        """Whether a path may mean several devices."""
        return self.place == "serial_number"

    def path(self, suffix: str = "") -> str:
        """Where its lists are."""
        return f"/inventory_device{self.infix}{suffix}/"

    def path_of_one(self, suffix: str = "", place: str = "") -> str:
        """Where one device's things are; the place may be called otherwise."""
        return f"{self.path(suffix)}{{{place or self.place}}}/"


BY_NAME: Final = Family("_name", "name", "by name")
BY_ID: Final = Family("", "id", "by number")
BY_SERIAL_NUMBER: Final = Family("_serial", "serial_number", "by serial number")
FAMILIES: Final = (BY_NAME, BY_ID, BY_SERIAL_NUMBER)
"""All three."""


async def device_of(finder: DeviceFinder, family: Family, ask: Ask[Any, Any], place: str = "") -> ManagedDevice:
    """The device that the path means; a 404, or a 409 that lists the numbers of those that it may mean."""
    place = place or family.place
    key: str | int = ask.number(place, WHAT) if family is BY_ID else ask.places[place]
    return await device_by(finder, family, ask, key)


async def device_by(finder: DeviceFinder, family: Family, ask: Ask[Any, Any], key: str | int) -> ManagedDevice:
    """The device that is meant by a name, a number or a serial number; problems as for ``device_of``."""
    try:
        if family is BY_NAME:
            return await finder.by_name(ask.principal, str(key))
        if family is BY_SERIAL_NUMBER:
            return await finder.by_serial_number(ask.principal, str(key))
        return await finder.by_id(ask.principal, int(key))
    except NoDeviceError:
        raise not_found(WHAT) from None
    except AmbiguousDeviceError as error:
        raise ambiguous(error) from None


def ambiguous(error: AmbiguousDeviceError) -> Problem:
    """Several devices have the serial number."""
    return Problem(Kind.AMBIGUOUS, str(error), ids=list(error.ids))
