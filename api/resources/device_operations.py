"""Operations on one device that is Up, by one word (PUT)."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from acs.domain.audit import AuditEntry
from acs.domain.device import ManagedDevice
from acs.domain.operation import Operation, OperationKind
from acs.domain.token import Role
from acs.services.management import Management
from acs.services.operations import DeviceBusyError, NoSuchDeviceError, NotNowError, Terms
from acs.services.requested import Requested
from api.estimates import estimated_seconds
from api.families import FAMILIES, WHAT, Family, device_of
from api.fields import Body, NoQuery, Shown, Time, json_schema_example
from api.problems import Kind, Problem, not_found
from api.routing import Answer, AnyRoute, Ask, Route

_TAG = "Operations on one device"
Word = Literal["reboot", "factory", "device_factory", "sync", "reconf"]
"""What can be done by one word."""


class DeviceOperationBody(Body):
    """What is to be done."""

    model_config = json_schema_example({"operation": "reboot"})

    operation: Word


class DeviceOperationShown(Shown):
    """What was begun."""

    id: Annotated[int, Field(description="The number of its row")]
    operation: Word
    device_name: str
    status: Literal["initiated"] = "initiated"
    timestamp: Time
    execution_id: Annotated[str, Field(description="What the operation is called where it is looked at")]
    estimated_completion: Annotated[Time, Field(description="About when it will be done")]


class DeviceOperations:
    """The routes of operations by one word."""

    def __init__(self, management: Management) -> None:
        self._finder = management.finder
        self._operations = management.operations

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """All of them."""
        return [self._of(family) for family in FAMILIES]

    def _of(self, family: Family) -> AnyRoute:
        ambiguous = (Kind.AMBIGUOUS,) if family.may_be_ambiguous else ()
        return Route(
            "PUT",
            family.path_of_one("_operation"),
            Role.OPERATOR,
            partial(self.begin, family),
            f"Begin an operation ({family.words})",
            _TAG,
            body=DeviceOperationBody,
            answers={200: DeviceOperationShown},
            problems=(Kind.CONFLICT, *ambiguous),
            description="A device that is Down, or that a user has another operation open for now, is a 409; the "
            "problem names the other one in `execution_id`, `operation` and `operation_status`. What the server does "
            "by itself is in nobody's way, and neither is what is scheduled for later.",
        )

    async def begin(self, family: Family, ask: Ask[NoQuery, DeviceOperationBody]) -> Answer:
        """Queue it, if the device is Up and free."""
        device = await device_of(self._finder, family, ask)
        word = ask.body.operation
        requested = Requested(Operation(OperationKind(word)))

        def note(public_id: str) -> AuditEntry:
            return _entry(ask, device, public_id)

        try:
            view = await self._operations.queue_alone(device.id, requested, Terms(actor=ask.principal.actor), note)
        except NoSuchDeviceError:
            raise not_found(WHAT) from None
        except DeviceBusyError as error:
            other = error.other
            raise Problem(
                Kind.CONFLICT,
                str(error),
                execution_id=other.public_id,
                operation=other.kind,
                operation_status=other.state,
            ) from None
        except NotNowError as error:
            raise Problem(Kind.CONFLICT, str(error)) from None
        record = view.record
        return Answer(
            DeviceOperationShown(
                id=record.id,
                operation=word,
                device_name=device.name,
                timestamp=record.created,
                execution_id=record.public_id,
                estimated_completion=record.created + estimated_seconds(word),
            )
        )


def _entry(ask: Ask[NoQuery, DeviceOperationBody], device: ManagedDevice, public_id: str) -> AuditEntry:
    after = json.dumps({"operation": ask.body.operation, "device": device.id})
    return ask.entry("create", "operation", public_id, organization_id=device.organization_id, after=after)
