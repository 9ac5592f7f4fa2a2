"""The kinds of fields that bodies, queries and answers are made of. Everything is checked here, once."""

import math
import re
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
    model_serializer,
)
from pydantic_core import PydanticCustomError

from api import times

MOST_LISTED: Final = 100
"""So many texts may stand in a list of a query."""
LARGEST: Final = 2**63 - 1
"""The largest number that the database holds."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_UNCARRIABLE: Final = re.compile(r"[\x00\ud800-\udfff]")
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_STATES: Final = {"true": True, "1": True, "up": True, "false": False, "0": False, "down": False}


def is_carriable(text: str) -> bool:
    """Whether UTF-8 and the database hold a text as it is."""
    return _UNCARRIABLE.search(text) is None


def _text(text: str) -> str:
    if _CONTROLS.search(text):
        raise PydanticCustomError("text", "must not hold control characters or lone surrogates")
    return text


def _line(text: str) -> str:
    if _LINE_CONTROLS.search(text):
        raise PydanticCustomError("text", "must be one line without control characters or lone surrogates")
    return text


def _carriable(document: dict[str, Any]) -> dict[str, Any]:
    """JSON can hold what neither UTF-8 nor JSON itself can carry on: halves of characters, and numbers without end."""
    waiting: list[object] = [document]
    while waiting:
        match waiting.pop():
            case str() as text if not is_carriable(text):
                raise PydanticCustomError("text", "must not hold NUL characters or lone surrogates")
            case float() as number if not math.isfinite(number):
                raise PydanticCustomError("number", "must not hold numbers that are too large")
            case dict() as inner:
                waiting += [*inner, *inner.values()]
            case list() as inner:
                waiting += inner
    return document


def _when(value: object) -> float:
    if isinstance(value, str):
        try:
            return times.read(value)
        except ValueError:
            pass
    raise PydanticCustomError("when", "must be a time such as 2024-01-31T10:00:00Z")


def _flag_of(words: dict[str, bool], example: str) -> BeforeValidator:
    def flag(value: object) -> bool:
        found = words.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise PydanticCustomError("flag", f"must be {example}")
        return found

    return BeforeValidator(flag)


def _number(value: object) -> object:
    """A query holds numbers as text: digits and nothing else."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value, re.ASCII):
        return int(value)
    raise PydanticCustomError("number", "must be a whole number")


def _list(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = [each.strip() for each in value.split(",") if each.strip()]
    if len(names) > MOST_LISTED:
        raise PydanticCustomError("list", "must list at most {most}", {"most": MOST_LISTED})
    return tuple(dict.fromkeys(names))


Line = Annotated[str, StringConstraints(strict=True, max_length=255), AfterValidator(_line)]
"""One line of text."""
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255), AfterValidator(_line)]
"""One line of text that is not empty."""
Text = Annotated[str, StringConstraints(strict=True, max_length=4096), AfterValidator(_text)]
"""Text of several lines."""
Coordinate = Annotated[str, StringConstraints(strict=True, max_length=64), AfterValidator(_line)]
"""A latitude or a longitude, as it was typed."""
Id = Annotated[StrictInt, Field(ge=1, le=LARGEST)]
"""The number of a thing."""
Flag = StrictBool
"""True or false."""
Seconds = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
"""A span of time."""
JsonObject = Annotated[dict[str, Any], AfterValidator(_carriable)]
"""Whatever a client likes to say, as long as it can be said back."""

When = Annotated[float, BeforeValidator(_when), WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time that somebody writes."""
Time = Annotated[
    float,
    PlainSerializer(times.written, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time that we write."""

QueryNumber = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(_number)]
"""A number in a query."""
QueryWait = Annotated[int, Field(ge=0, le=60), BeforeValidator(_number)]
"""So many seconds somebody waits, in a query."""
QueryFlag = Annotated[
    bool,
    _flag_of(_FLAGS, "true or false"),
    WithJsonSchema({"type": "string", "enum": ["true", "false", "1", "0"]}),
]
"""Yes or no in a query."""
QueryStatus = Annotated[
    bool,
    _flag_of(_STATES, "Up or Down"),
    WithJsonSchema({"type": "string", "enum": ["Up", "Down", "true", "True", "1", "false", "False", "0"]}),
]
"""Up or Down in a query."""


QueryList = Annotated[
    tuple[Annotated[str, StringConstraints(max_length=512), AfterValidator(_line)], ...],
    BeforeValidator(_list),
    WithJsonSchema({"type": "string"}),
]
"""Texts in a query, with commas between them."""


class Body(BaseModel):
    """What a request's body may hold; an unknown key is an error that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class OpenBody(Body):
    """A body whose unknown keys are passed over; for routes that say so."""

    model_config = ConfigDict(extra="ignore")


class Shown(BaseModel):
    """What an answer holds."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, hide_input_in_errors=True)


class Sparse(Shown):
    """What an answer holds; what nobody has set is left out, and not null."""

    # An annotated result would hide the fields from the document.
    @model_serializer(mode="wrap")
    def _set_ones(self, handler: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}


class Query(BaseModel):
    """What a request's query may hold; an unknown key is an error that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=False)


class NoQuery(Query):
    """Nothing."""


def json_schema_example(example: Any) -> ConfigDict:  # noqa: ANN401  any JSON
    """An example for the document of the API."""
    return ConfigDict(json_schema_extra={"examples": [example]})
