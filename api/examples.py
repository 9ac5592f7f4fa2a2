"""Examples for the document: of a model that says one, or put together from its fields."""

from collections.abc import Mapping
from typing import Any, Final

_REFERENCE: Final = "#/components/schemas/"
_BY_TYPE: Final[Mapping[str, Any]] = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}
_BY_FORMAT: Final = {"date-time": "2027-01-15T08:00:00Z", "uri": "https://example.net/", "uuid": "0" * 8}


def example_of(schema: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]], depth: int = 0) -> Any:  # noqa: ANN401  any JSON
    """A document that fits a schema."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].removeprefix(_REFERENCE)], components, depth + 1)
    for word in ("examples", "enum"):
        if schema.get(word):
            return schema[word][0]
    for word in ("const", "default"):
        if schema.get(word) is not None:
            return schema[word]
    for word in ("anyOf", "oneOf", "allOf"):
        if schema.get(word):
            return example_of(schema[word][0], components, depth + 1)
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: example_of(each, components, depth + 1) for name, each in properties.items()}
        case "array":
            return [example_of(schema["items"], components, depth + 1)] if schema.get("items") else []
        case "string" if schema.get("format") in _BY_FORMAT:
            return _BY_FORMAT[schema["format"]]
        case kind:
            return _BY_TYPE.get(str(kind))
