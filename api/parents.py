"""The things of one device: which device, said in the path or in the query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import Field

from acs.domain.device import ManagedDevice
from acs.services.finding import DeviceFinder
from api.families import BY_ID, BY_NAME, BY_SERIAL_NUMBER, Family, device_by, device_of
from api.fields import Line, Query, QueryNumber
from api.problems import Kind, invalid
from api.routing import AnyRoute, Ask, Route

KEYS: Final[Mapping[str, Family]] = {
    "parent_id": BY_ID,
    "parent__name": BY_NAME,
    "parent__serial_number": BY_SERIAL_NUMBER,
}
"""By which family each key names the device."""
PROBLEMS: Final = (Kind.NOT_FOUND, Kind.AMBIGUOUS)
"""What can be wrong with a key."""


class OfParent(Query):
    """Whose things are meant, where the path does not say it."""

    parent_id: Annotated[QueryNumber | None, Field(description="The number of the device")] = None
    parent__name: Annotated[Line | None, Field(description="The name of the device")] = None
    parent__serial_number: Annotated[Line | None, Field(description="The serial number of the device")] = None


def key_of(family: Family) -> str:
    """The key of a family: what its place in the path is called, too."""
    return next(key for key, each in KEYS.items() if each is family)


async def parent_of(finder: DeviceFinder, ask: Ask[OfParent, Any]) -> ManagedDevice:
    """The device that the path or the query means. One of the keys must be given, and only one."""
    given = {key: value for key in KEYS if (value := getattr(ask.query, key)) is not None}
    in_path = next((key for key in KEYS if key in ask.places), None)
    if in_path is not None:
        if given:
            raise invalid({key: ["cannot be given together with the device in the path"] for key in given})
        return await device_of(finder, KEYS[in_path], ask, in_path)
    if not given:
        raise invalid({key: ["one of the three is required"] for key in KEYS})
    if len(given) > 1:
        raise invalid({key: ["only one of the three may be given"] for key in given})
    ((key, value),) = given.items()
    return await device_by(finder, KEYS[key], ask, value)


def both(family: Family, suffix: str, make: Callable[[str], Route[Any, Any]]) -> Sequence[AnyRoute]:
    """A route with the device in the query, and the same with it in the path; ``make`` is given the path."""
    in_path = make(family.path_of_one(suffix, key_of(family)))
    if not family.may_be_ambiguous:
        in_path = replace(in_path, problems=tuple(each for each in in_path.problems if each is not Kind.AMBIGUOUS))
    in_query = make(family.path(suffix))
    # Titles that occur twice tell nobody which of the two it is.
    summary = in_query.summary.replace(family.words, f"{family.words}; the query names the device")
    return [replace(in_query, summary=summary), in_path]
