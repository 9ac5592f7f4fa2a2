"""Hypothesis strategies for every message, derived from the types of its fields."""

import dataclasses
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from cwmp_schemas.codec import Boolean, Codec, Integer, Name
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import AcsFault, CpeFault, Fault, ParameterFault
from cwmp_schemas.messages import MESSAGES
from cwmp_schemas.rpc.parameters import ParameterList, ParameterValue
from cwmp_schemas.rpc.vendor import VendorField, VendorMessage
from cwmp_schemas.values import INTEGER_RANGES, XsdType, to_text

Strategy = st.SearchStrategy[Any]

_ANY_CHARACTER: Final = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
NAMES: Final = st.text(_ANY_CHARACTER, max_size=20)
TEXTS: Final = st.text(_ANY_CHARACTER | st.sampled_from("\t\n\r&<>'\" "), max_size=20)
MOMENTS: Final = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)

Overrides = Mapping[str, Strategy]
"""Strategies by field name, for what the schemas restrict beyond the type."""

_FILE_TYPES: Final = st.sampled_from(["1 Firmware Upgrade Image", "2 Web Content", "X 00D09E Logs"])

# What the official schemas restrict: lengths, enumerations and patterns.
SCHEMA_VALID: Final[Overrides] = {
    "access_list": st.lists(st.just("Subscriber"), max_size=2).map(tuple),
    "command_key": st.text(_ANY_CHARACTER, max_size=32),
    "current_state": st.sampled_from(["Installed", "Uninstalled", "Failed"]),
    "event_code": st.sampled_from(["0 BOOTSTRAP", "2 PERIODIC", "M Reboot", "M X_00D09E_Foo", "X 00D09E Something"]),
    "fault_code": st.sampled_from([0, 9001, 9012]),
    "file_type": _FILE_TYPES,
    "is_transferable": st.integers(0, 1),
    "mode": st.integers(0, 2),
    "notification": st.integers(0, 2),
    "object_name": st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20).map(lambda n: f"{n}."),
    "operation_performed": st.sampled_from(["Install", "Update", "Uninstall"]),
    "oui": st.from_regex(r"[0-9A-F]{6}", fullmatch=True),
    "state": st.integers(1, 3),
    "status": st.integers(0, 1),
    "instance_number": st.integers(1, 2**32 - 1),
    "url": st.sampled_from(["http://files.example/image.bin", "https://[2001:db8::1]/a?b=c&d=e"]),
    "uuid": st.uuids().map(str),
    "window_mode": st.sampled_from(["1 At Any Time", "4 Confirmation Needed"]),
    "parameter_names": st.lists(NAMES, min_size=1, max_size=4).map(tuple),
    "method_list": st.lists(NAMES, min_size=1, max_size=4).map(tuple),
    "voucher_list": st.lists(st.binary(max_size=30), min_size=1, max_size=3).map(tuple),
}
_NEVER_EMPTY: Final = frozenset({"results", "operations"})
_NEVER_EMPTY_BY_SCHEMA: Final = frozenset({"time_window_list", "parameter_list"})


def typed_values(kind: XsdType) -> st.SearchStrategy[str]:
    """Texts that are values of a type."""
    match kind:
        case XsdType.STRING:
            return TEXTS
        case XsdType.BOOLEAN:
            return st.sampled_from(["0", "1"])
        case XsdType.DATE_TIME:
            return MOMENTS.map(lambda moment: to_text(kind, moment))
        case XsdType.BASE64 | XsdType.HEX_BINARY:
            return st.binary(max_size=20).map(lambda data: to_text(kind, data))
        case XsdType.DECIMAL | XsdType.FLOAT | XsdType.DOUBLE:
            return st.sampled_from(["0", "1.5", "-2.25"])
        case _:
            return st.integers(*INTEGER_RANGES[kind]).map(str)


_KINDS: Final = st.sampled_from(XsdType)
PARAMETERS: Final = st.builds(
    lambda name, typed: ParameterValue(name, typed[1], typed[0]),
    NAMES.filter(bool),
    _KINDS.flatmap(lambda kind: st.tuples(st.just(kind), typed_values(kind))),
)


def _of_annotation(annotation: Any, overrides: Overrides, least: int) -> Strategy:
    if get_origin(annotation) is Annotated:
        inner, codec = get_args(annotation)[:2]
        assert isinstance(codec, Codec)
        if isinstance(codec, ParameterList):
            return st.lists(PARAMETERS, max_size=4).map(tuple)
        if isinstance(codec, Integer):
            return st.integers(*INTEGER_RANGES[codec.kind])
        if isinstance(codec, Name):
            return NAMES
        if isinstance(codec, Boolean):
            return st.booleans()
        return _of_annotation(inner, overrides, least)
    if get_origin(annotation) in {Union, types.UnionType}:
        return st.one_of([_of_annotation(part, overrides, least) for part in get_args(annotation)])
    if get_origin(annotation) is tuple:
        item = get_args(annotation)[0]
        return st.lists(_of_annotation(item, overrides, 0), min_size=least, max_size=2).map(tuple)
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return of_class(annotation, overrides)
    plain: dict[object, Strategy] = {
        str: TEXTS,
        bool: st.booleans(),
        datetime: MOMENTS,
        bytes: st.binary(max_size=20),
        types.NoneType: st.none(),
    }
    return plain[annotation]


def of_class(cls: type, overrides: Overrides = {}) -> Strategy:  # noqa: B006
    """Instances of a message or struct class."""
    hints = get_type_hints(cls, include_extras=True)
    fields = {}
    for field in dataclasses.fields(cls):
        strategy = overrides.get(field.name)
        if strategy is None:
            never_empty = field.name in _NEVER_EMPTY or (overrides and field.name in _NEVER_EMPTY_BY_SCHEMA)
            strategy = _of_annotation(hints[field.name], overrides, 1 if never_empty else 0)
        elif field.default is None:
            strategy = st.none() | strategy
        fields[field.name] = strategy
    return st.builds(cls, **fields)


_CODES: Final = st.sampled_from([*AcsFault, *CpeFault]).map(int) | st.integers(9800, 9899) | st.integers(8800, 8899)
_CPE_CODES: Final = st.sampled_from(CpeFault).map(int) | st.integers(9800, 9899)
FAULTS: Final = st.builds(
    Fault, _CODES, TEXTS, st.lists(st.builds(ParameterFault, NAMES, _CPE_CODES, TEXTS), max_size=3).map(tuple)
)

_VENDOR_NAMES: Final = st.from_regex(r"X_[0-9A-F]{6}_[A-Za-z]{1,10}(Response)?", fullmatch=True)
_ELEMENT_NAMES: Final = st.from_regex(r"[A-Z][A-Za-z0-9]{0,10}", fullmatch=True).filter(
    lambda name: name != "FaultCode"
)
_VENDOR_FIELDS: Final = st.recursive(
    st.builds(VendorField, _ELEMENT_NAMES, TEXTS, st.none() | _KINDS),
    lambda inner: st.builds(VendorField, _ELEMENT_NAMES, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    max_leaves=6,
)
VENDOR_MESSAGES: Final = st.builds(VendorMessage, _VENDOR_NAMES, st.lists(_VENDOR_FIELDS, max_size=3).map(tuple))


def envelopes(messages: Strategy) -> Strategy:
    """Envelopes around messages, with every header there is."""
    return st.builds(
        Envelope,
        id=st.none() | NAMES.filter(bool),
        message=messages,
        minor=st.integers(0, 4),
        hold_requests=st.booleans(),
        no_more_requests=st.booleans(),
        session_timeout=st.none() | st.integers(0, 2**32 - 1),
        supported_versions=st.lists(st.sampled_from(["1.0", "1.2", "1.4"]), max_size=3).map(tuple),
        use_version=st.none() | st.sampled_from(["1.0", "1.4"]),
    )


def messages_named(name: str, overrides: Overrides = {}) -> Strategy:  # noqa: B006
    """Messages of one kind, by its name on the wire; ``vendor`` for a vendor's own."""
    if name == "Fault":
        return FAULTS
    if name == "vendor":
        return VENDOR_MESSAGES
    if name == "Upload" and overrides:
        overrides = {**overrides, "file_type": st.sampled_from(["1 Vendor Configuration File", "X 00D09E Logs"])}
    messages = of_class(MESSAGES[name], overrides)
    if name == "Inform":
        return messages.filter(lambda inform: inform.device_id.serial_number.strip())
    return messages


ALL_NAMES: Final = (*sorted(MESSAGES), "Fault", "vendor")
