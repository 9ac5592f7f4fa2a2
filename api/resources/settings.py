"""Settings: what devices are to have, pushed in their next session."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Final

from pydantic import ConfigDict, Field, RootModel, Tag

from acs.domain.audit import AuditEntry
from acs.domain.device import ManagedDevice
from acs.domain.selection import Selection, short_name_of
from acs.domain.token import Role
from acs.services.device_settings import ShownWish, WishState
from acs.services.knowledge import known_parameters
from acs.services.management import Management
from acs.services.turns import Turns
from acs.services.wanted import Shown as ShownSettings
from api.families import FAMILIES, WHAT, Family
from api.fields import Body, QueryFlag, Shown, Time, json_schema_example
from api.paging import Envelope, Paged, enveloped
from api.parents import PROBLEMS, OfParent, both, parent_of
from api.problems import invalid, not_found
from api.routing import Answer, AnyRoute, Ask, Route
from api.selecting import SelectionQuery
from api.several import OBJECT, ONE, SEVERAL, form, place_in
from api.variables import MOST
from api.wishes import SettingBody, WishReader
from cwmp_schemas.paths import template_of

_TAG: Final = "Settings"
_SUFFIX: Final = "_setting"
_WHAT: Final = "setting"
_RESOURCE: Final = "device_setting"


class SettingsQuery(Paged, SelectionQuery, OfParent):
    """Which settings."""

    pending: Annotated[
        QueryFlag | None, Field(description="Only those that the device is not known to have; false: only the others")
    ] = None


class ChangeQuery(OfParent):
    """Of which device, and when."""

    connection_request: Annotated[
        QueryFlag, Field(description="Call the device now; else it gets them when it calls by itself")
    ] = False


class DropQuery(SelectionQuery, OfParent):
    """Which settings are wanted no longer."""

    connection_request: Annotated[QueryFlag, Field(description="Call the device now")] = False


SettingBodies = Annotated[list[SettingBody], Field(max_length=MOST)]
"""Some settings, or none."""


class SettingsObject(Body):
    """Some settings."""

    model_config = json_schema_example({"settings": [{"variable_name": "Device.WiFi.SSID.1.SSID", "value": "home"}]})

    settings: SettingBodies


class SettingsBody(
    RootModel[
        Annotated[
            Annotated[SettingBody, Tag(ONE)]
            | Annotated[SettingBodies, Tag(SEVERAL)]
            | Annotated[SettingsObject, Tag(OBJECT)],
            form("settings"),
        ]
    ]
):
    """One setting, or an array of them, or an object with them."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @property
    def settings(self) -> Sequence[SettingBody]:
        """All of them."""
        match self.root:
            case SettingBody():
                return [self.root]
            case SettingsObject():
                return self.root.settings
            case _:
                return self.root

    def place(self, number: int, field: str) -> str:
        """Where a field of one of them stands."""
        return place_in("settings", self.root, number, field)


class ParameterShown(Shown):
    """A parameter."""

    id: Annotated[int, Field(description="The number of the path")]
    variable_name: Annotated[str, Field(description="The path")]
    name: Annotated[str, Field(description="What the data model calls it: with `{i}` for instances")]
    short_name: Annotated[str, Field(description="The last segment of the path")]


class SettingRow(Shown):
    """What a parameter is to be."""

    model_config = json_schema_example(
        {
            "id": 12,
            "parent_id": 17,
            "parameter": {
                "id": 5,
                "variable_name": "Device.WiFi.SSID.1.SSID",
                "name": "Device.WiFi.SSID.{i}.SSID",
                "short_name": "SSID",
            },
            "value": "home",
            "value_type": "string",
            "pending": False,
            "state": "applied",
            "fault": None,
            "is_own": True,
            "last_updated": "2027-01-15T08:00:00Z",
        }
    )

    id: Annotated[int | None, Field(description="Null for the interval that follows from an `update_frequency`")]
    parent_id: Annotated[int, Field(description="The device")]
    parameter: ParameterShown
    value: Annotated[str, Field(description="A secret is masked; the mask, sent back, stands for the secret")]
    value_type: str | None
    pending: Annotated[bool, Field(description="Whether the device is not known to have it")]
    state: Annotated[WishState, Field(description="`refused` is tried again after a change, sync, reconf or reset")]
    fault: Annotated[str | None, Field(description="Why the device has refused it")]
    is_own: Annotated[bool, Field(description="Whether it is the device's own, and not its type's")]
    last_updated: Annotated[Time | None, Field(description="When it was put")]


class Settings:
    """The routes of settings."""

    def __init__(self, management: Management) -> None:
        self._tools = management.tools
        self._wanted = management.wanted
        self._settings = management.settings
        self._waker = management.waker
        self._finder = management.finder
        self._turns = Turns()

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them, in each family."""
        return [route for family in FAMILIES for route in self._of(family)]

    def _of(self, family: Family) -> Sequence[AnyRoute]:
        shown = {200: Envelope[SettingRow]}
        reading = both(family, _SUFFIX, lambda path: Route(
            "GET", path, Role.VIEWER, self.list, f"List settings ({family.words})", _TAG, SettingsQuery, answers=shown,
            problems=PROBLEMS,
            description="What the device is to have: its own settings over those of its type.",
        ))  # fmt: skip
        replacing = both(family, _SUFFIX, lambda path: Route(
            "PUT", path, Role.OPERATOR, self.replace, f"Replace settings ({family.words})", _TAG, ChangeQuery,
            SettingsBody, answers=shown, problems=PROBLEMS,
            description="The device's own settings are these from now on. They are pushed in its next session.",
        ))  # fmt: skip
        changing = both(family, _SUFFIX, lambda path: Route(
            "PATCH", path, Role.OPERATOR, self.change, f"Change settings ({family.words})", _TAG, ChangeQuery,
            SettingsBody, answers=shown, problems=PROBLEMS,
            description="These settings are put, or dropped where the value is null; the others stay. They are pushed "
            "in the device's next session.",
        ))  # fmt: skip
        dropping = both(family, _SUFFIX, lambda path: Route(
            "DELETE", path, Role.OPERATOR, self.drop, f"Drop settings ({family.words})", _TAG, DropQuery,
            answers={204: None}, problems=PROBLEMS,
            description="Of the device's own settings those are dropped that the query means; it must mean some.",
        ))  # fmt: skip
        return [*reading, *replacing, *changing, *dropping]

    async def list(self, ask: Ask[SettingsQuery, None]) -> Answer:
        """What the device is to have."""
        device = await parent_of(self._finder, ask)
        part, query = ask.query.part, ask.query
        found = await self._settings.page(device, query.selection, part, is_pending=query.pending)
        return Answer(enveloped(ask, part, found, [_row(device, each) for each in found.items]))

    async def replace(self, ask: Ask[ChangeQuery, SettingsBody]) -> Answer:
        """Want just these of the device."""
        return await self._put(ask, replaces=True)

    async def change(self, ask: Ask[ChangeQuery, SettingsBody]) -> Answer:
        """Want these of the device, too."""
        return await self._put(ask, replaces=False)

    async def drop(self, ask: Ask[DropQuery, None]) -> Answer:
        """Want some of them no longer."""
        device = await parent_of(self._finder, ask)
        selection = ask.query.selection
        if selection == Selection():
            raise invalid({"parameter__variable_name": ["is required, or another key that means settings"]})
        async with self._turns.of(device.id):
            wanted = await self._settings.of_device(device)
            dropped = [path for path, each in wanted.items() if each.is_own and selection.takes(path)]
            if not dropped:
                raise not_found(_WHAT)
            if not await self._wanted.change(
                device, [], dropped, actor=ask.principal.actor, note=_note(ask, device, "delete")
            ):
                raise not_found(WHAT)
        self._call(device, is_wanted=ask.query.connection_request)
        return Answer(status=204)

    async def _put(self, ask: Ask[ChangeQuery, SettingsBody], *, replaces: bool) -> Answer:
        device = await parent_of(self._finder, ask)
        async with self._turns.of(device.id):
            await self._change(ask, device, replaces=replaces)
        self._call(device, is_wanted=ask.query.connection_request)
        part = Paged().part
        device = await self._tools.devices.by_id(device.id) or device
        found = await self._settings.page(device, Selection(), part)
        return Answer(enveloped(ask, part, found, [_row(device, each) for each in found.items]))

    async def _change(self, ask: Ask[ChangeQuery, SettingsBody], device: ManagedDevice, *, replaces: bool) -> None:
        bodies = ask.body.settings
        known = await known_parameters(self._tools, device.id, [each.variable_name for each in bodies])
        wanted = await self._settings.of_device(device)
        wishes = WishReader(known, wanted, ask.body.place).read(bodies, may_drop=not replaces)
        own = {path for path, each in wanted.items() if each.is_own} - set(wishes.dropped)
        if not replaces and len(own | {each.path for each in wishes.wanted}) > MOST:
            raise invalid({ask.body.place(0, "variable_name"): [f"a device has at most {MOST} settings of its own"]})
        if not await self._wanted.change(
            device,
            wishes.wanted,
            wishes.dropped,
            replaces=replaces,
            actor=ask.principal.actor,
            note=_note(ask, device, "update"),
        ):
            raise not_found(WHAT)

    def _call(self, device: ManagedDevice, *, is_wanted: bool) -> None:
        if is_wanted:
            self._waker.wake(device.id)


def _note(
    ask: Ask[OfParent, object], device: ManagedDevice, action: str
) -> Callable[[ShownSettings, ShownSettings], AuditEntry]:
    def note(before: ShownSettings, after: ShownSettings) -> AuditEntry:
        return ask.entry(
            action,
            _RESOURCE,
            device.id,
            organization_id=device.organization_id,
            before=json.dumps(dict(before)),
            after=json.dumps(dict(after)),
        )

    return note


def _row(device: ManagedDevice, wish: ShownWish) -> SettingRow:
    return SettingRow(
        id=wish.id,
        parent_id=device.id,
        parameter=ParameterShown(
            id=wish.path_id,
            variable_name=wish.path,
            name=template_of(wish.path),
            short_name=short_name_of(wish.path),
        ),
        value=wish.value,
        value_type=wish.value_type,
        pending=wish.state is WishState.PENDING,
        state=wish.state,
        fault=wish.fault or None,
        is_own=wish.is_own,
        last_updated=wish.updated,
    )
