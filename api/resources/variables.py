"""Variables: what devices say about their parameters, and sets that are queued."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import ConfigDict, Field, RootModel, Tag

from acs.domain.audit import AuditEntry
from acs.domain.device import ManagedDevice
from acs.domain.operation import Operation, OperationKind
from acs.domain.token import Role
from acs.provisioning.errors import PlanningError
from acs.services.management import Management
from acs.services.operations import NoSuchDeviceError, Terms
from acs.services.requested import Requested
from acs.services.variables import KnownVariable
from api.families import FAMILIES, WHAT, Family
from api.fields import Body, QueryFlag, QueryWait, Shown, Sparse, Time, json_schema_example
from api.paging import Envelope, Paged, enveloped
from api.parents import PROBLEMS, OfParent, both, parent_of
from api.problems import Kind, forbidden, invalid, not_found
from api.routing import Answer, AnyRoute, Ask, Route
from api.selecting import SelectionQuery
from api.several import OBJECT, ONE, SEVERAL, form, place_in
from api.variables import VariableBodies, VariableBody, VariableShown, echoed, unfit

_TAG: Final = "Variables"
_SUFFIX: Final = "_variables"


class VariablesQuery(Paged, SelectionQuery, OfParent):
    """Which variables, and what of them."""

    force_update: Annotated[
        QueryFlag,
        Field(
            description="Ask the device first. `X-Fresh` says whether it has answered in time; needs the role operator"
        ),
    ] = False
    wait: Annotated[QueryWait, Field(description="So many seconds `force_update` waits for the device")] = 10
    pending: Annotated[
        QueryFlag,
        Field(
            description="Tell also what is going to be set, by operations or by settings: `pending`, `pending_value`"
        ),
    ] = False
    extra: Annotated[QueryFlag, Field(description="Tell also `writable` and `notification`")] = False
    dates: Annotated[QueryFlag, Field(description="Tell also when each was told: `last_updated`")] = False


class SetQuery(OfParent):
    """For which device, and when."""

    connection_request: Annotated[QueryFlag, Field(description="Call the device now")] = True


class VariablesObject(Body):
    """Some variables."""

    model_config = json_schema_example(
        {"variables": [{"variable_name": "Device.WiFi.SSID.1.SSID", "value": "home", "value_type": "string"}]}
    )

    variables: VariableBodies


class VariablesBody(
    RootModel[
        Annotated[
            Annotated[VariableBody, Tag(ONE)]
            | Annotated[VariableBodies, Tag(SEVERAL)]
            | Annotated[VariablesObject, Tag(OBJECT)],
            form("variables"),
        ]
    ]
):
    """One variable, or an array of them, or an object with them."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @property
    def variables(self) -> Sequence[VariableBody]:
        """All of them."""
        match self.root:
            case VariableBody():
                return [self.root]
            case VariablesObject():
                return self.root.variables
            case _:
                return self.root

    def place(self, number: int, field: str = "") -> str:
        """Where a field of one of them stands."""
        return place_in("variables", self.root, number, field)


class VariableRow(Sparse):
    """What the device says about a parameter."""

    model_config = json_schema_example(
        {
            "name": "Device.WiFi.SSID.1.SSID",
            "variable_name": "Device.WiFi.SSID.1.SSID",
            "value": "home",
            "type": "string",
        }
    )

    name: str
    variable_name: str
    value: str | None
    type: Annotated[str | None, Field(description="A type of CWMP, or `table` for an object")]
    writable: Annotated[bool | None, Field(description="As the device says, or else the data model")] = None
    notification: Annotated[int | None, Field(description="0 off, 1 passive, 2 active; null: not known")] = None
    last_updated: Annotated[Time | None, Field(description="Since when it is known to be so")] = None
    pending: Annotated[bool, Field(description="Whether it is going to be set")] = False
    pending_value: Annotated[str | None, Field(description="To what; secrets are masked")] = None


class SetShown(Shown):
    """A set that is queued."""

    model_config = json_schema_example(
        {
            "id": "op_9f2c",
            "transaction_id": "op_9f2c",
            "name": "router-17",
            "operation": "set",
            "variables": [{"variable_name": "Device.WiFi.SSID.1.SSID", "value": "home", "value_type": "string"}],
            "status": "queued",
            "created_at": "2027-01-15T08:00:00Z",
        }
    )

    id: str
    transaction_id: str
    name: str
    operation: str
    variables: Sequence[VariableShown]
    status: str
    created_at: Time


class DeviceVariables:
    """The routes of variables."""

    def __init__(self, management: Management) -> None:
        self._variables = management.variables
        self._operations = management.operations
        self._finder = management.finder

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them, in each family."""
        return [route for family in FAMILIES for route in self._of(family)]

    def _of(self, family: Family) -> Sequence[AnyRoute]:
        reading = both(family, _SUFFIX, lambda path: Route(
            "GET", path, Role.VIEWER, self.list, f"List variables ({family.words})", _TAG, VariablesQuery,
            answers={200: Envelope[VariableRow]}, problems=(*PROBLEMS, Kind.FORBIDDEN),
            headers=("X-Fresh", "X-Operation-ID"),
            description="What the device has said, by path; secrets are masked.",
        ))  # fmt: skip
        writing = both(family, _SUFFIX, lambda path: Route(
            "PUT", path, Role.OPERATOR, self.put, f"Set variables ({family.words})", _TAG, SetQuery, VariablesBody,
            answers={200: SetShown}, problems=PROBLEMS,
            description="Queues one set of all of them, which the device does as a whole or not at all; `id` is the "
            "operation's. What the device is to have in the long run is a setting.",
        ))  # fmt: skip
        return [*reading, *writing]

    async def list(self, ask: Ask[VariablesQuery, None]) -> Answer:
        """What the device has said."""
        query, part = ask.query, ask.query.part
        if query.force_update and not ask.principal.may(Role.OPERATOR):
            raise forbidden(f"force_update asks the device: that needs the role {Role.OPERATOR.value}")
        device = await parent_of(self._finder, ask)
        headers = await self._refresh(ask, device) if query.force_update else {}
        found = await self._variables.page(device.id, query.selection, part)
        pending = await self._variables.pending(device, {each.path for each in found.items}) if query.pending else {}
        rows = [_row(each, query, pending) for each in found.items]
        return Answer(enveloped(ask, part, found, rows), headers=headers)

    async def _refresh(self, ask: Ask[VariablesQuery, None], device: ManagedDevice) -> Mapping[str, str]:
        def note(public_id: str, names: Sequence[str]) -> AuditEntry:
            after = json.dumps(
                {"operation": OperationKind.GET, "variables": [{"variable_name": each} for each in names]}
            )
            return ask.entry("create", "operation", public_id, organization_id=device.organization_id, after=after)

        try:
            done = await self._variables.refresh(
                device, ask.query.selection, ask.query.wait, actor=ask.principal.actor, note=note
            )
        except PlanningError as error:
            raise invalid({"parameter__variable_name": [each.what for each in error.problems]}) from None
        except NoSuchDeviceError:
            raise not_found(WHAT) from None
        return {"X-Fresh": "true" if done.is_fresh else "false", "X-Operation-ID": done.public_id}

    async def put(self, ask: Ask[SetQuery, VariablesBody]) -> Answer:
        """Queue a set."""
        device = await parent_of(self._finder, ask)
        bodies = ask.body.variables
        missing = [ask.body.place(number, "value") for number, each in enumerate(bodies) if each.value is None]
        if missing:
            raise invalid({key: ["is required"] for key in missing})
        shown = [echoed(each) for each in bodies]
        operation = Operation(OperationKind.SET, tuple(each.variable for each in bodies))
        after = json.dumps({"operation": operation.kind, "variables": [each.model_dump() for each in shown]})
        try:
            view = await self._operations.queue(
                device.id,
                Requested(operation),
                Terms(wakes=ask.query.connection_request, actor=ask.principal.actor),
                lambda public_id: ask.entry(
                    "create", "operation", public_id, organization_id=device.organization_id, after=after
                ),
            )
        except PlanningError as error:
            raise unfit(error, ask.body.place) from None
        except NoSuchDeviceError:
            raise not_found(WHAT) from None
        record = view.record
        return Answer(
            SetShown(
                id=record.public_id,
                transaction_id=record.public_id,
                name=device.name,
                operation=record.kind,
                variables=shown,
                status=record.state.value,
                created_at=record.created,
            )
        )


def _row(known: KnownVariable, query: VariablesQuery, pending: Mapping[str, str]) -> VariableRow:
    told: dict[str, object] = {}
    if query.extra:
        told |= {"writable": known.writable, "notification": None}
    if query.dates:
        told |= {"last_updated": known.updated}
    if query.pending:
        told |= {"pending": known.path in pending, "pending_value": pending.get(known.path)}
    return VariableRow.model_validate(
        {"name": known.path, "variable_name": known.path, "value": known.value, "type": known.type, **told}
    )
