"""Variables as clients write them: a path, perhaps a value and what its type is called."""

import math
import re
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from acs.domain.operation import Variable
from acs.provisioning.errors import InvalidDataError
from acs.provisioning.value_types import explicit_type, typed_value
from acs.services.secret_values import masked_value
from acs.services.values import MAX_VALUE
from api.fields import Body, Shown, json_schema_example
from api.problems import Problem, invalid
from cwmp_schemas.paths import Path, PathError
from cwmp_schemas.values import XsdType

JsonValue = str | bool | int | float
"""A value as it stands in JSON."""
MOST: Final = 10_000
"""So many variables come with one request at most."""

# What XML cannot carry (XML 1.0, 2.2).
_UNSENDABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BOOLEANS: Final = frozenset({"true", "false", "1", "0"})


def _path(text: str) -> str:
    if _UNSENDABLE.search(text):
        raise PydanticCustomError("path", "must not hold what XML cannot carry")
    try:
        Path.parse(text)
    except PathError as error:
        raise PydanticCustomError(
            "path",
            "is no parameter path: {what} (at position {position})",
            {"what": error.what, "position": error.position},
        ) from None
    return text


def _value(value: object) -> JsonValue | None:
    match value:
        case float() if not math.isfinite(value):
            raise PydanticCustomError("value", "must be a number that is not too large")
        case None | bool() | int() | float():
            return value
        case str() if len(value) > MAX_VALUE:
            raise PydanticCustomError("value", "must have at most {most} characters", {"most": MAX_VALUE})
        case str() if _UNSENDABLE.search(value):
            raise PydanticCustomError("value", "must not hold what XML cannot carry")
        case str():
            return value
    raise PydanticCustomError("value", "must be a string, a number, true or false")


def _value_type(text: str) -> str:
    try:
        explicit_type(text)
    except ValueError:
        types = ", ".join(XsdType)
        raise PydanticCustomError(
            "value_type", "must be string, integer, boolean or one of {types}", {"types": types}
        ) from None
    return text


VariableName = Annotated[str, StringConstraints(strict=True, min_length=1), AfterValidator(_path)]
"""The path of a parameter; with a dot at its end that of an object."""
VariableValue = Annotated[
    JsonValue | None,
    PlainValidator(_value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": MAX_VALUE},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "null"},
            ]
        }
    ),
]
"""The value of a parameter; numbers and booleans of JSON are taken for their text."""
ValueType = Annotated[str, StringConstraints(strict=True), AfterValidator(_value_type)]
"""``string``, ``integer``, ``boolean``, or a type of CWMP."""


class VariableBody(Body):
    """A variable."""

    model_config = json_schema_example(
        {"variable_name": "Device.WiFi.SSID.1.SSID", "value": "home", "value_type": "string"}
    )

    variable_name: VariableName
    value_type: ValueType | None = Field(
        None, description="`string`, `integer`, `boolean`, or a type of CWMP such as `unsignedInt`"
    )
    value: VariableValue = Field(
        None, repr=False, description="A string; numbers and booleans are taken for their text"
    )

    @field_validator("value")
    @classmethod
    def _parses(cls, value: JsonValue | None, info: ValidationInfo) -> JsonValue | None:
        """It must be what its type says. The value itself is not quoted: it may be a secret."""
        kind: str | None = info.data.get("value_type")
        if value is None or kind is None:
            return value
        text = text_of(value)
        is_boolean = kind.strip().lower() == "boolean" or explicit_type(kind) is XsdType.BOOLEAN
        try:
            typed_value(text, kind)
            is_wrong = is_boolean and text.strip().lower() not in _BOOLEANS
        except ValueError:
            is_wrong = True
        if is_wrong:
            raise PydanticCustomError("value", "cannot be read as {kind}", {"kind": kind})
        return value

    @property
    def variable(self) -> Variable:
        """As operations take it. What is said without a type is of the type that it has in JSON."""
        if self.value is None:
            return Variable(self.variable_name, None, self.value_type)
        return Variable(self.variable_name, text_of(self.value), self.value_type or _json_type(self.value))


VariableBodies = Annotated[list[VariableBody], Field(min_length=1, max_length=MOST)]
"""Some variables."""


class VariableShown(Shown):
    """A variable of a request, as it was sent; a secret is masked."""

    variable_name: str
    value: str | bool | int | float | None = None
    value_type: str | None = None


def echoed(body: VariableBody) -> VariableShown:
    """A variable as it is shown to whoever has sent it."""
    text = None if body.value is None else text_of(body.value)
    shown = masked_value(body.variable_name, text)
    value = body.value if shown == text else shown
    return VariableShown(variable_name=body.variable_name, value=value, value_type=body.value_type)


def text_of(value: JsonValue) -> str:
    """The text that a value is sent as."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def unfit(error: InvalidDataError, place: Callable[[int, str], str] | None = None) -> Problem:
    """What cannot be carried out as it is asked for: every field that is wrong.

    ``place`` says where a field of a variable stands, in a body that has them elsewhere than under ``variables``.
    """
    errors: dict[str, list[str]] = {}
    for each in error.problems:
        where = each.where
        if place is not None and each.variable is not None:
            where = place(each.variable, where.rpartition(".")[2])
        errors.setdefault(where, []).append(each.what)
    return invalid(errors)


def _json_type(value: JsonValue) -> str | None:
    if isinstance(value, bool):
        return "boolean"
    return "integer" if isinstance(value, int) else None
