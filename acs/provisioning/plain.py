"""Dataclasses as plain JSON data and back, derived once per class from the types of its fields.

One mechanism serves the arguments and answers of RPCs, quirks, and the progress of a plan. Times are ISO 8601, bytes
base64. A field may be spelt as here or as in the CWMP schema (``parameter_names``, ``ParameterNames``) and is written
as here. Of several dataclasses allowed in one place, the key ``type`` names the one that is meant.
"""

import dataclasses
import types
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from acs.domain.operation import JSON, JSONObject
from acs.provisioning.errors import InvalidDataError, Problem
from cwmp_schemas.binding import wire_name
from cwmp_schemas.codec import Integer
from cwmp_schemas.values import (
    INTEGER_RANGES,
    XsdType,
    date_time_text,
    parse_base64,
    parse_boolean,
    parse_date_time,
    parse_integer,
    parse_type,
    to_text,
)

T = TypeVar("T")

_Read: TypeAlias = Callable[[object, str, list[Problem]], Any]
_Write: TypeAlias = Callable[[Any], JSON]


@dataclass(frozen=True, slots=True)
class Between:
    """Annotates a whole number with its bounds."""

    low: int
    """The smallest allowed."""
    high: int
    """The largest allowed."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind of value is read, noting problems instead of raising, and how it is written."""

    read: _Read
    write: _Write


def from_plain(cls: type[T], data: object, error: type[InvalidDataError] = InvalidDataError, where: str = "") -> T:
    """The dataclass that plain data describes; raises ``error`` with every problem there is."""
    problems: list[Problem] = []
    value = _form(cls, True).read(data, where, problems)  # type: ignore[arg-type]
    if problems:
        raise error(problems)
    found: T = value
    return found


def to_plain(value: object, *, secrets: bool) -> dict[str, JSON]:
    """A dataclass as plain data. Without ``secrets``, fields that are kept out of its repr are left out."""
    form = _form(type(value), secrets)  # type: ignore[arg-type]
    plain: dict[str, JSON] = form.write(value)  # type: ignore[assignment]
    return plain


@cache
def _form(annotation: Hashable, secrets: bool) -> _Form:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if origin is Annotated:
        bounds = next(filter(None, map(_bounds_of, arguments[1:])), None)
        return _number(bounds) if bounds else _form(arguments[0], secrets)
    if origin in {Union, types.UnionType}:
        return _one_of([part for part in arguments if part is not types.NoneType], arguments, secrets)
    if origin in {list, tuple, Sequence}:
        return _many(list if origin is list else tuple, _form(arguments[0], secrets))
    if origin is Mapping:
        # JSON of any shape: it is data already.
        return _scalar("an object", (Mapping,), None, _as_is)
    if origin is dict:
        return _table(_form(arguments[1], secrets))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _member(annotation)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _record(annotation, secrets)
    raise TypeError(f"{annotation} has no plain form")


def _scalar(wanted: str, accepted: tuple[type, ...], parse: Callable[[str], object] | None, write: _Write) -> _Form:
    """A single value: of one of the types accepted, or a text that can be parsed."""

    def read(data: object, where: str, problems: list[Problem]) -> object:
        if isinstance(data, accepted) and (not isinstance(data, bool) or bool in accepted):
            return data
        if isinstance(data, str) and parse:
            try:
                return parse(data)
            except ValueError as error:
                problems.append(Problem(where, str(error)))
                return None
        problems.append(Problem(where, f"must be {wanted}"))
        return None

    return _Form(read, write)


def _as_is(value: Any) -> JSON:  # noqa: ANN401
    unchanged: JSON = value
    return unchanged


def _number(bounds: Between) -> _Form:
    whole = _SCALARS[int]

    def read(data: object, where: str, problems: list[Problem]) -> object:
        number = whole.read(data, where, problems)
        if number is not None and not bounds.low <= number <= bounds.high:
            problems.append(Problem(where, f"must be from {bounds.low} to {bounds.high}"))
        return number

    return _Form(read, _as_is)


def _bounds_of(extra: object) -> Between | None:
    if isinstance(extra, Integer):
        return Between(*INTEGER_RANGES[extra.kind])
    return extra if isinstance(extra, Between) else None


def _member(cls: type[Enum]) -> _Form:
    def read(data: object, where: str, problems: list[Problem]) -> object:
        try:
            return cls(data)
        except ValueError:
            known = ", ".join(str(member.value) for member in cls)
            problems.append(Problem(where, f"must be one of {known}"))
            return None

    return _Form(read, lambda member: member.value)


def _many(container: type, item: _Form) -> _Form:
    def read(data: object, where: str, problems: list[Problem]) -> object:
        if not isinstance(data, list | tuple):
            problems.append(Problem(where, "must be a list"))
            return None
        return container([item.read(part, f"{where}[{place}]", problems) for place, part in enumerate(data)])

    return _Form(read, lambda items: [item.write(part) for part in items])


def _table(item: _Form) -> _Form:
    def read(data: object, where: str, problems: list[Problem]) -> object:
        if not isinstance(data, Mapping):
            problems.append(Problem(where, "must be an object"))
            return None
        return {key: item.read(part, f"{where}[{key}]", problems) for key, part in data.items()}

    return _Form(read, lambda items: {key: item.write(part) for key, part in items.items()})


def _one_of(options: Sequence[Any], arguments: Sequence[Any], secrets: bool) -> _Form:
    if len(options) == 1:
        only = _form(options[0], secrets)
        return _Form(
            lambda data, where, problems: None if data is None else only.read(data, where, problems),
            lambda value: None if value is None else only.write(value),
        )
    forms = {cls: _form(cls, secrets) for cls in options}
    by_name = {spelling: forms[cls] for cls in options for spelling in _spellings(cls)}

    def read(data: object, where: str, problems: list[Problem]) -> object:
        if data is None and types.NoneType in arguments:
            return None
        form = by_name.get(str(data.get("type")).lower()) if isinstance(data, Mapping) else None
        if form is None or not isinstance(data, Mapping):
            known = ", ".join(_spellings(cls)[0] for cls in options)
            problems.append(Problem(where, f"must be an object whose type is one of {known}"))
            return None
        return form.read({key: part for key, part in data.items() if key != "type"}, where, problems)

    def write(value: object) -> JSON:
        if value is None:
            return None
        plain: JSONObject = forms[type(value)].write(value)  # type: ignore[assignment]
        return {"type": _spellings(type(value))[0], **plain}

    return _Form(read, write)


def _spellings(cls: type) -> tuple[str, ...]:
    """``install`` and ``installopstruct`` for the schema's InstallOpStruct."""
    name = str(cls.TYPES[0]).lower()  # type: ignore[attr-defined]
    return name.removesuffix("struct").removesuffix("op"), name


def _record(cls: type, secrets: bool) -> _Form:
    hints = get_type_hints(cls, include_extras=True)
    fields = [(field, _form(hints[field.name], secrets)) for field in dataclasses.fields(cls)]
    by_name = {name: (field, form) for field, form in fields for name in (field.name, wire_name(field.name))}
    written = [(field.name, form.write) for field, form in fields if secrets or field.repr]

    def read(data: object, where: str, problems: list[Problem]) -> object:
        if not isinstance(data, Mapping):
            problems.append(Problem(where, "must be an object"))
            return None
        before = len(problems)
        values: dict[str, Any] = {}
        for key, part in data.items():
            place = f"{where}.{key}" if where else str(key)
            if key not in by_name:
                known = ", ".join(field.name for field, _ in fields) or "none"
                problems.append(Problem(place, f"is unknown; known are: {known}"))
                continue
            field, form = by_name[key]
            if field.name in values:
                problems.append(Problem(place, "is given twice"))
            values[field.name] = form.read(part, place, problems)
        for field, _ in fields:
            if field.name not in values and _is_required(field):
                problems.append(Problem(f"{where}.{field.name}" if where else field.name, "is required"))
        return cls(**values) if len(problems) == before else None

    return _Form(read, lambda value: {name: write(getattr(value, name)) for name, write in written})


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _parse_type(text: str) -> XsdType:
    kind = parse_type(text)
    if kind is None:
        raise ValueError(f"{ascii(text)[:60]} names no type; known are: {', '.join(XsdType)}")
    return kind


_SCALARS: Final[dict[object, _Form]] = {
    str: _scalar("a text", (str,), None, _as_is),
    bool: _scalar("true or false", (bool,), parse_boolean, _as_is),
    int: _scalar("a whole number", (int,), parse_integer, _as_is),
    datetime: _scalar("a time in ISO 8601", (), parse_date_time, date_time_text),
    float: _scalar("a number", (int, float), None, _as_is),
    bytes: _scalar("a text in base64", (), parse_base64, lambda data: to_text(XsdType.BASE64, data)),
    XsdType: _scalar("the name of a type", (XsdType,), _parse_type, lambda kind: str(kind.value)),
    Any: _scalar("anything", (object, bool), None, _as_is),
}
