"""Which devices a request for many of them means."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from acs.domain.bulk import Targets, TargetStatus
from acs.domain.bulk_progress import Target
from acs.store.database import Database
from acs.store.listing import Condition, all_of, among, condition
from acs.store.statements import Query, Template, query, template

_TARGETS, _COUNT = template("bulk", "targets"), template("bulk", "count_targets")
_NAMED, _TYPES = query("bulk", "named"), query("bulk", "types")

_OF_ORGANIZATIONS: Final = among("device.organization_id", "organizations")
_OF_TYPES: Final = Condition(
    "device.type_id IN (SELECT device_type.id FROM device_type JOIN json_each(:types) AS named "
    "ON device_type.short_name = named.value)",
    "device.type_id IN (SELECT device_type.id FROM device_type JOIN json_array_elements_text(CAST(:types AS json)) "
    "AS named(value) ON device_type.short_name = named.value)",
)
_NAMED_SO: Final = Condition(
    "device.id IN (SELECT named.id FROM json_each(:names) AS names JOIN device AS named ON named.name = names.value "
    "UNION SELECT named.id FROM json_each(:names) AS names JOIN device AS named "
    "ON named.serial_number = names.value)",
    "device.id IN (SELECT named.id FROM json_array_elements_text(CAST(:names AS json)) AS names(value) "
    "JOIN device AS named ON named.name = names.value "
    "UNION SELECT named.id FROM json_array_elements_text(CAST(:names AS json)) AS names(value) "
    "JOIN device AS named ON named.serial_number = names.value)",
)
_FAILED: Final = condition(
    "device.id IN (SELECT bulk_device.device_id FROM bulk_device "
    "WHERE bulk_device.execution_id = :failed_in AND bulk_device.state = 'failed')"
)
_STATUSES: Final = {
    TargetStatus.ACTIVE: "device.is_active",
    TargetStatus.UP: "contact.is_up",
    TargetStatus.DOWN: "NOT contact.is_up",
    TargetStatus.PENDING: "device.firmware_image_is_pending OR contact.settings_due OR EXISTS (SELECT 1 FROM operation "
    "WHERE operation.device_id = device.id AND operation.state IN ('scheduled', 'queued', 'in_progress'))",
}


class TargetStore:
    """Finds the devices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, targets: Targets) -> dict[int | None, int]:
        """How many devices are meant now, by whose they are."""
        text, values = _filled(_COUNT, targets)
        return {row[0]: row[1] for row in await self._database.fetch(text, values)}

    async def some(self, targets: Targets, *, after: int, most: int) -> list[Target]:
        """The next of them, in the order of their rows."""
        text, values = _filled(_TARGETS, targets)
        rows = await self._database.fetch(text, {**values, "after": after, "most": most})
        return [Target(*row) for row in rows]

    async def unknown(self, names: Sequence[str], organizations: Sequence[int] | None) -> list[str]:
        """Those of some names and serial numbers that no device has, or none of these organizations."""
        rows = await self._database.fetch(_NAMED, {"names": json.dumps(list(names))})
        known = {row[0] for row in rows if organizations is None or row[1] in organizations}
        return [each for each in names if each not in known]

    async def unknown_types(self, names: Sequence[str]) -> list[str]:
        """Those of some short names that no type has."""
        rows = await self._database.fetch(_TYPES, {"names": json.dumps(list(names))})
        known = {row[0] for row in rows}
        return [each for each in names if each not in known]


def _filled(text: Template, targets: Targets) -> tuple[Query, Mapping[str, object]]:
    conditions: list[Condition] = []
    values: dict[str, object] = {}
    if targets.organizations is not None:
        conditions.append(_OF_ORGANIZATIONS)
        values["organizations"] = json.dumps(targets.organizations)
    if targets.types:
        conditions.append(_OF_TYPES)
        values["types"] = json.dumps(targets.types)
    if targets.names:
        conditions.append(_NAMED_SO)
        values["names"] = json.dumps(targets.names)
    if targets.failed_in is not None:
        conditions.append(_FAILED)
        values["failed_in"] = targets.failed_in
    if targets.statuses:
        conditions.append(condition(" OR ".join(f"({_STATUSES[each]})" for each in targets.statuses)))
    return text.filled({"where": all_of(conditions)}), values
