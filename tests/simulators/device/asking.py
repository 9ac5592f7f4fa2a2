"""Short ways to ask a device for something, and to read what it answers."""

from functools import cache

from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, Message
from cwmp_schemas.rpc.control import AddObject, AddObjectResponse, DeleteObject, DeleteObjectResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.values import XsdType
from simulators.device.capture import read_capture
from simulators.device.cpe import Cpe
from simulators.device.model import Model
from tests.simulators.device.conversing import SMALL, START, ask, device

ALIASES = """\
Device.ManagementServer.AliasBasedAddressing,false,false,true,xsd:boolean
Device.ManagementServer.InstanceMode,false,true,InstanceNumber,xsd:string
Device.ManagementServer.AutoCreateInstances,false,true,false,xsd:boolean
"""
"""What a device that knows aliases has beside the parameters of ``SMALL``."""


@cache
def model_with(rows: str = "") -> Model:
    """The small model with some rows more."""
    return read_capture((SMALL + rows).splitlines(keepends=True))


def router(rows: str = "") -> Cpe:
    """A device of the small model with some rows more."""
    return device(model_with(rows))


def answer(cpe: Cpe, rpc: AcsRequest, now: float = START) -> Message:
    """What the device answers to one RPC, in a session of its own."""
    (message,) = ask(cpe, now, rpc)
    return message


def code(cpe: Cpe, rpc: AcsRequest) -> int:
    """The code of the fault that the RPC gets; 0 for none."""
    message = answer(cpe, rpc)
    return message.code if isinstance(message, Fault) else 0


def values(cpe: Cpe, *paths: str, now: float = START) -> dict[str, str]:
    """What the device says to GetParameterValues."""
    message = answer(cpe, GetParameterValues(paths), now)
    assert isinstance(message, GetParameterValuesResponse), message
    return {parameter.name: parameter.value for parameter in message.parameter_list}


def value(cpe: Cpe, path: str, now: float = START) -> str:
    """The value of one parameter."""
    return values(cpe, path, now=now)[path]


def names(cpe: Cpe, path: str, *, next_level: bool = False) -> list[tuple[str, bool]]:
    """What the device says to GetParameterNames."""
    message = answer(cpe, GetParameterNames(path, next_level))
    assert isinstance(message, GetParameterNamesResponse), message
    return [(info.name, info.writable) for info in message.parameter_list]


def of(path: str, text: str, kind: XsdType = XsdType.STRING) -> ParameterValue:
    """A value to set."""
    return ParameterValue(path, text, kind)


def number(path: str, text: str) -> ParameterValue:
    """An unsignedInt to set."""
    return ParameterValue(path, text, XsdType.UNSIGNED_INT)


def flag(path: str, text: str) -> ParameterValue:
    """A boolean to set."""
    return ParameterValue(path, text, XsdType.BOOLEAN)


def put(cpe: Cpe, *parameters: ParameterValue, key: str = "") -> int | list[tuple[str, int]]:
    """The status of a SetParameterValues, or what was wrong with each parameter of it."""
    message = answer(cpe, SetParameterValues(parameters, key))
    if isinstance(message, SetParameterValuesResponse):
        return message.status
    assert isinstance(message, Fault), message
    assert message.code == 9003, message
    return [(fault.name, fault.code) for fault in message.parameters]


def add(cpe: Cpe, table: str, key: str = "") -> int:
    """The number of a new instance."""
    message = answer(cpe, AddObject(table, key))
    assert isinstance(message, AddObjectResponse), message
    assert message.status == 0
    return message.instance_number


def delete(cpe: Cpe, instance: str, key: str = "") -> None:
    """Delete an instance that can be."""
    assert answer(cpe, DeleteObject(instance, key)) == DeleteObjectResponse(0)
