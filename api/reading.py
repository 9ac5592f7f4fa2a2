"""From untrusted octets to a checked body or query. Whatever is wrong is told by name, all of it at once."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType

from api.fields import is_carriable
from api.problems import Kind, Problem, invalid

M = TypeVar("M")

_DEEPEST: Final = 32
# Each costs a microsecond or more, in a process that serves devices as well; nothing that is asked for has so many.
_MOST_OBJECTS: Final = 25_000
_MOST_NAMES: Final = 1_000
_MOST_ERRORS: Final = 100
_LONGEST_NAME: Final = 200
_UNKNOWN: Final = "extra_forbidden"
# The library's own sentences begin with a capital. Ours may begin with a path, which is as it is.
_LIBRARYS: Final = frozenset(get_args(ErrorType))


class _RefusedError(ValueError):
    pass


def read_json(octets: bytes) -> Any:  # noqa: ANN401  any JSON
    """The JSON document of a body; a Problem if it is none, or one that two programs could read in two ways."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"the body is not UTF-8 (octet {error.start})") from None
    try:
        document = json.loads(text, object_pairs_hook=_Objects().made, parse_constant=_constant)
    except RecursionError:
        raise _malformed(f"the body is nested deeper than {_DEEPEST} levels") from None
    except _RefusedError as error:
        raise _malformed(str(error)) from None
    except json.JSONDecodeError as error:
        raise _malformed(f"the body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except ValueError:
        raise _malformed("the body holds a number that is too long") from None
    if _depth(document) > _DEEPEST:
        raise _malformed(f"the body is nested deeper than {_DEEPEST} levels")
    return document


def checked(adapter: TypeAdapter[M], document: object) -> M:
    """A document that fits; a Problem that names all that does not."""
    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        raise invalid(field_errors(error)) from None


def checked_query(adapter: TypeAdapter[M], pairs: Sequence[tuple[str, str]]) -> M:
    """A query that fits. A key that comes twice is an error: one of the two would be passed over."""
    values: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for key, value in pairs:
        if not is_carriable(key + value):
            errors[_shown(key)] = ["must be UTF-8 without NUL characters"]
        elif key in values:
            errors[_shown(key)] = ["must be given once"]
        values[key] = value
    if errors:
        raise invalid(errors)
    return checked(adapter, values)


def together(*checks: Callable[[], Any]) -> list[Any]:
    """What several checks find; a Problem that names what is wrong with any of them."""
    found: list[Any] = []
    errors: dict[str, list[str]] = {}
    for check in checks:
        try:
            found.append(check())
        except Problem as problem:
            if not problem.extras.errors:
                raise
            for name, sentences in problem.extras.errors.items():
                errors.setdefault(name, []).extend(sentences)
    if errors:
        raise invalid(errors)
    return found


def passed_over(model: type[BaseModel], document: object) -> list[str]:
    """The names in a body that its model does not know, where that is no error."""
    known = {field.alias or name for name, field in model.model_fields.items()}
    return [name for name in document if name not in known] if isinstance(document, Mapping) else []


def field_errors(error: ValidationError) -> dict[str, list[str]]:
    """What is wrong with which field. No value is quoted: it may be a secret."""
    found: dict[str, list[str]] = {}
    for each in error.errors(include_url=False, include_context=True, include_input=False)[:_MOST_ERRORS]:
        sentences = found.setdefault(_place(each["loc"], is_unknown=each["type"] == _UNKNOWN), [])
        sentence = _sentence(each["type"], each["msg"])
        if sentence not in sentences:
            sentences.append(sentence)
    return found


def _sentence(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "is required"
        case str() if kind == _UNKNOWN:
            return "is not a field of this"
        case "value_error":
            return message.removeprefix("Value error, ")
        case "model_type" | "model_attributes_type" | "dict_type":
            # What the library says names a class of ours.
            return "input should be an object"
        case "list_type" | "tuple_type":
            return "input should be a list"
        case "too_short" | "too_long":
            said = message.partition(" after validation")[0]
            return (said[:1].lower() + said[1:]).replace("tuple ", "list ", 1)
        case _:
            return message[:1].lower() + message[1:] if kind in _LIBRARYS else message


def _place(location: Sequence[str | int], *, is_unknown: bool) -> str:
    """``variables[0].value``. The names of a union's members are no part of it: they begin with a capital.

    A key that is unknown is the client's own word, whatever it looks like.
    """
    place, last = "", len(location) - 1
    for number, part in enumerate(location):
        if isinstance(part, int):
            place += f"[{part}]"
        elif (is_unknown and number == last) or not _is_type_name(part):
            place += f".{part}" if place else part
    return _shown(place) or "body"


def _is_type_name(part: str) -> bool:
    return part[:1].isupper() or "[" in part or part in {"int", "str", "float", "bool", "list", "dict", "none"}


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")[:_LONGEST_NAME]


class _Objects:
    """Makes the objects of a document, within bounds."""

    def __init__(self) -> None:
        self._made = 0

    def made(self, pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
        """An object of these names."""
        self._made += 1
        if self._made > _MOST_OBJECTS:
            raise _RefusedError(f"the body holds more than {_MOST_OBJECTS} objects")
        if len(pairs) > _MOST_NAMES:
            raise _RefusedError(f"the body holds an object of more than {_MOST_NAMES} names")
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for double, _ in pairs:
                if double in seen:
                    break
                seen.add(double)
            raise _RefusedError(f"the body names {json.dumps(_shown(double))} twice")
        return found


def _constant(name: str) -> None:
    raise _RefusedError(f"the body holds {name}, which is not JSON")


def _depth(document: object) -> int:
    """How deep a document is nested; no deeper than it matters is looked."""
    level, depth = [document], 0
    while level and depth <= _DEEPEST:
        inner: list[object] = []
        for each in level:
            if isinstance(each, Mapping):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        level, depth = [each for each in inner if isinstance(each, Mapping | list)], depth + 1
    return depth


def _malformed(detail: str) -> Problem:
    return Problem(Kind.MALFORMED, detail)
