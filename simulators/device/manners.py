"""What the manners of a device (``quirks.Manners``) make of what it is asked and of what it says."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import CpeFault, ParameterFault
from cwmp_schemas.messages import AcsRequest, CpeRequest, CpeResponse, Message
from cwmp_schemas.rpc.control import AddObject, DeleteObject
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterValue,
    SetParameterAttributes,
    SetParameterValues,
)
from cwmp_schemas.rpc.session import DeviceId, GetRPCMethodsResponse
from cwmp_schemas.rpc.transfers import Download, TransferComplete, TransferFault
from cwmp_schemas.values import XsdType
from simulators.device.configuration import is_secret
from simulators.device.errors import AcsError, RefusedError
from simulators.device.identity import Identity
from simulators.device.model import Leaf, Model, blank, find, put
from simulators.device.names import find_asked
from simulators.device.quirks import Manners

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

_CONFIGURES: Final = (SetParameterValues, SetParameterAttributes, AddObject, DeleteObject, Download)
_NULL: Final = "(null)"


class _Same:
    """A model as a key: the same one, not one that says the same, which would take long to find out."""

    __slots__ = ("model",)

    def __init__(self, model: Model) -> None:
        self.model = model

    def __hash__(self) -> int:
        return id(self.model)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.model is self.model


def fitted_model(model: Model, manners: Manners) -> Model:
    """The model as devices with these manners have it; the same one for all of them."""
    return _without_key(_Same(model)) if manners.no_parameter_key else model


@lru_cache(maxsize=256)
def _without_key(same: _Same) -> Model:
    model = same.model
    path = model.management("ParameterKey")
    if find(model.root, path) is None:
        return model
    root = put(model.root, path.split("."), None)
    return replace(model, root=root, informed=tuple(name for name in model.informed if name != path))


def fitted_identity(identity: Identity, manners: Manners) -> Identity:
    """Who a device with these manners says it is."""
    who: DeviceId = identity.device_id
    if manners.serial:
        who = replace(who, serial_number=manners.serial)
    if manners.spaces_in_product_class:
        head, tail = who.product_class[:1], who.product_class[1:]
        who = replace(who, product_class=f"{head} {tail} ")
    return replace(identity, device_id=who)


def bear(cpe: "Cpe", body: bytes, envelope: Envelope) -> None:
    """Look at what the ACS sent; AcsError is raised by a device that hangs up on it."""
    manners = cpe.quirks.manners
    if manners.hangs_up_on_namespace and envelope.minor != cpe.quirks.namespace:
        raise AcsError("unbearable namespace", f"cwmp-1-{envelope.minor}")
    if manners.hangs_up_on_declaration and body.startswith(b"<?xml"):
        raise AcsError("unbearable declaration")
    if manners.hangs_up_on_newline and b">\n<" in body:
        raise AcsError("unbearable newlines")
    if manners.hangs_up_on_next_level and (b"<NextLevel>1<" in body or b"<NextLevel>0<" in body):
        raise AcsError("unbearable NextLevel")


def bear_another_rpc(manners: Manners, count: int) -> None:
    """Look at how many RPCs there were, this one among them; AcsError is raised by a device that hangs up."""
    if 0 < manners.rpcs_per_session < count:
        raise AcsError("one RPC too many", f"more than {manners.rpcs_per_session}")


def bear_answer(answer: Message) -> None:
    """Look at the answer to GetRPCMethods; AcsError if it is not exactly that."""
    if not isinstance(answer, GetRPCMethodsResponse) or "Inform" not in answer.method_list:
        raise AcsError("no list of methods")


def pause(manners: Manners, rpc: AcsRequest) -> float:
    """How many seconds the device takes for an RPC."""
    if isinstance(rpc, SetParameterValues) and any(".WiFi." in each.name for each in rpc.parameter_list):
        return manners.silent_after_wifi_write
    if isinstance(rpc, GetParameterValues) and any(_is_root(name) for name in rpc.parameter_names):
        return manners.full_read_takes
    return 0.0


def carry_out(
    cpe: "Cpe", handler: Callable[["Cpe", AcsRequest, float], CpeResponse], rpc: AcsRequest, now: float
) -> CpeResponse:
    """Do what the ACS asks, the device's way; RefusedError is the fault."""
    manners = cpe.quirks.manners
    if isinstance(rpc, _CONFIGURES) and now < cpe.tree.booted_at + manners.config_delay:
        raise RefusedError(CpeFault.REQUEST_DENIED, "still starting")
    match rpc:
        case GetParameterNames(parameter_path=path):
            _refuse_paths(manners, (path,))
        case GetParameterValues(parameter_names=names):
            _refuse_paths(manners, names)
            _refuse_batch(manners, len(names))
        case SetParameterValues(parameter_list=values):
            _refuse_batch(manners, len(values))
            _refuse_spellings(cpe, values)
            heeded = tuple(each for each in values if not _holds(each.name, manners.ignores_writes))
            rpc = replace(rpc, parameter_list=heeded)
    return _told(cpe, handler(cpe, rpc, now), now)


def said(cpe: "Cpe", values: tuple[ParameterValue, ...], now: float) -> tuple[ParameterValue, ...]:
    """Values as the device tells them."""
    return tuple(_value(cpe, each, now) for each in values)


def request(manners: Manners, message: CpeRequest) -> CpeRequest | None:
    """A request of the device's own as it makes it; None where it makes none."""
    if not isinstance(message, TransferComplete):
        return message
    if manners.no_transfer_complete and not message.fault_struct.fault_code:
        return None
    if manners.forgets_command_key:
        message = replace(message, command_key="")
    return message


def upload_result(manners: Manners, result: TransferFault) -> TransferFault:
    """How the device says that an upload ended."""
    if manners.fails_good_uploads and not result.fault_code:
        return TransferFault(int(CpeFault.UPLOAD_FAILED), "Upload failure")
    return result


def _refuse_paths(manners: Manners, paths: tuple[str, ...]) -> None:
    for path in paths:
        if (not path and manners.refuses_empty_path) or (
            not path.endswith(".") and _holds(path, manners.refuses_listed)
        ):
            raise RefusedError(CpeFault.INVALID_PARAMETER_NAME, f"Invalid parameter name: {path}")


def _refuse_batch(manners: Manners, count: int) -> None:
    if 0 < manners.batch_limit < count:
        if not manners.batch_fault:
            raise AcsError("too much at once", f"{count} parameters")
        raise RefusedError(manners.batch_fault, f"more than {manners.batch_limit} parameters")


def _refuse_spellings(cpe: "Cpe", values: tuple[ParameterValue, ...]) -> None:
    manners = cpe.quirks.manners
    wrong = tuple(
        ParameterFault(each.name, int(CpeFault.INVALID_PARAMETER_VALUE), "Invalid parameter value")
        for each in values
        for kind in (_type_of(cpe, each),)
        if (manners.numeric_booleans and kind is XsdType.BOOLEAN and each.value not in {"0", "1"})
        or (manners.worded_booleans and kind is XsdType.BOOLEAN and each.value not in {"true", "false"})
        or (manners.wants_milliseconds and kind is XsdType.DATE_TIME and "." not in each.value)
    )
    if wrong:
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, "Invalid arguments", wrong)


def _type_of(cpe: "Cpe", value: ParameterValue) -> XsdType:
    asked = find_asked(cpe.tree, value.name)
    return asked.item.type if asked is not None and isinstance(asked.item, Leaf) else value.type


def _told(cpe: "Cpe", answer: CpeResponse, now: float) -> CpeResponse:
    manners = cpe.quirks.manners
    match answer:
        case GetParameterValuesResponse(parameter_list=values):
            values = values[: manners.values_limit or None]
            return replace(answer, parameter_list=said(cpe, values, now))
        case GetParameterNamesResponse(parameter_list=infos) if manners.reports_read_only:
            told = (info if info.name.endswith(".") else replace(info, writable=False) for info in infos)
            return replace(answer, parameter_list=tuple(told))
        case _:
            return answer


def _value(cpe: "Cpe", parameter: ParameterValue, now: float) -> ParameterValue:
    manners, name = cpe.quirks.manners, parameter.name
    last = name.rpartition(".")[2]
    if manners.null_udp_address and last == "UDPConnectionRequestAddress":
        return replace(parameter, value=_NULL)
    if not (manners.secrets_read_empty or manners.secrets_told):
        return parameter
    asked = find_asked(cpe.tree, name)
    if asked is None or not isinstance(asked.item, Leaf) or not is_secret(asked.path, asked.item):
        return parameter
    return replace(parameter, value=_secret(cpe, asked.path, asked.item, now))


def _secret(cpe: "Cpe", path: str, leaf: Leaf, now: float) -> str:
    return cpe.tree.value_of(path, leaf, now) if cpe.quirks.manners.secrets_told else blank(leaf.type)


def _is_root(path: str) -> bool:
    return path.removesuffix(".") in {"", "Device", "InternetGatewayDevice"}


def _holds(name: str, parts: tuple[str, ...]) -> bool:
    return any(part in name for part in parts)
