"""The document in the words of OpenAPI 3.0, for what does not know 3.1: the page that shows it, and some generators."""

from collections.abc import Callable, Mapping
from typing import Any, Final

Schema = dict[str, Any]

_VERSION: Final = "3.0.3"
_NULL: Final = {"type": "null"}
_UNKNOWN: Final = frozenset(
    {"propertyNames", "prefixItems", "patternProperties", "contentMediaType", "contentEncoding"}
)
_CHOICES: Final = ("anyOf", "oneOf", "allOf")


def in_3_0(document: Mapping[str, Any]) -> Schema:
    """A document of 3.1 as one of 3.0. What 3.0 cannot say is left out."""
    older: Schema = _walked(document)
    older["openapi"] = _VERSION
    older["info"]["license"].pop("identifier")
    return older


def _walked(piece: Any) -> Any:  # noqa: ANN401  any JSON
    """A piece of the document with all schemas in it translated; examples are data and stay as they are."""
    if isinstance(piece, list):
        return [_walked(each) for each in piece]
    if not isinstance(piece, Mapping):
        return piece
    return {key: _TRANSLATED[key](value) if key in _TRANSLATED else _walked(value) for key, value in piece.items()}


def _by_name(schemas: Mapping[str, Any]) -> Schema:
    return {name: _schema(each) for name, each in schemas.items()}


def _as_it_is(value: Any) -> Any:  # noqa: ANN401  any JSON
    return value


_TRANSLATED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "schema": lambda schema: _schema(schema),  # noqa: PLW0108  it stands further down
    "schemas": _by_name,
    "example": _as_it_is,
    "examples": _as_it_is,
}


def _schema(schema: Any) -> Any:  # noqa: ANN401  a schema, or true or false
    if not isinstance(schema, Mapping):
        return {}
    older = {key: value for key, value in schema.items() if key not in _UNKNOWN}
    _say_otherwise(older)
    for word in _CHOICES:
        if word in older:
            older |= _choice(word, older.pop(word))
    if "properties" in older:
        older["properties"] = _by_name(older["properties"])
    for word in ("items", "not", "additionalProperties"):
        if isinstance(older.get(word), Mapping):
            older[word] = _schema(older[word])
    return older


def _say_otherwise(schema: Schema) -> None:
    """Words that 3.0 has others for."""
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if "examples" in schema:
        schema["example"] = schema.pop("examples")[0]
    for word, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if word in schema:
            schema[plain], schema[word] = schema[word], True
    if schema.get("type") == "null":
        del schema["type"]
        schema |= {"nullable": True, "enum": [None]}
    if schema.get("type") == "array":
        schema.setdefault("items", {})


def _choice(word: str, members: list[Schema]) -> Schema:
    """A choice; "or null" is a word of its own in 3.0."""
    others = [_schema(each) for each in members if each != _NULL]
    found: Schema = {word: others}
    if len(others) < len(members):
        found["nullable"] = True
        if len(others) == 1 and "$ref" not in others[0]:
            found = others[0] | {"nullable": True}
    return found
