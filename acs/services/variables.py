"""What devices say about their parameters, as operators read it."""

from dataclasses import dataclass, field

from acs.domain.parameter import ParameterRecord
from acs.domain.secret_names import MASK
from acs.domain.selection import Selection
from acs.services.requested import is_secret
from acs.services.tools import Tools
from acs.store.listing import Found, Slice
from cwmp_schemas.datamodel import lookup

TABLE = "table"
"""The type of an object."""


@dataclass(frozen=True, slots=True)
class KnownVariable:
    """A parameter or an object, as far as the device has told of it."""

    path: str
    """Its path."""
    value: str | None = field(repr=False)
    """Its value, masked if it is a secret; None: not told, or an object."""
    type: str | None
    """Its type; None: not told."""
    writable: bool | None
    """Whether it can be set, as the device says or else the data model; None: neither says."""
    updated: float | None
    """When this was told first; None for an object."""


class Variables:
    """Reads what is known; nobody is asked."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def page(self, device_id: int, selection: Selection, part: Slice) -> Found[KnownVariable]:
        """A page of it, by path. The objects that are named come first, if there is anything below them."""
        objects = await self._tools.parameters.objects(device_id, selection.objects)
        first = [_object(path) for path in objects[part.offset : part.offset + part.limit] if part.after is None]
        rest = Slice(part.limit - len(first), max(0, part.offset - len(objects)), part.after)
        found = await self._tools.parameters.page(device_id, selection, rest)
        return Found(
            [*first, *(self._known(device_id, each) for each in found.items)],
            found.count + len(objects),
            found.following,
        )

    def _known(self, device_id: int, record: ParameterRecord) -> KnownVariable:
        path, value = record.path, record.value
        if value and is_secret(path):
            value = MASK
        elif value is not None:
            value = self._tools.vault.open(value, "parameter", (device_id, path), "value")
        facts = lookup(path)
        writable = record.writable if record.writable is not None or facts is None else facts.writable
        return KnownVariable(path, value, record.type, writable, record.updated)


def _object(path: str) -> KnownVariable:
    facts = lookup(path)
    return KnownVariable(path, None, TABLE, None if facts is None else facts.writable, None)
