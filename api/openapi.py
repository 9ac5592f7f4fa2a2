"""The document of the API, OpenAPI 3.1: made of the routes, their models and the problems they may answer."""

import json
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from acs.domain.token import Role
from api.examples import example_of
from api.fields import NoQuery
from api.problems import MEDIA_TYPE, Kind, Problem
from api.routing import BASE, JSON, KEY_HEADER, AnyRoute, Place
from api.told import ABOUT, HEADERS, PLACES, PROBLEMS, TAGS

Schema = dict[str, Any]
"""A piece of the document."""

_VERSION: Final = "3.1.0"
_SCHEMAS: Final = "#/components/schemas/"
_PLACE: Final = re.compile(r"\{(\w+)\}")
_EVERYWHERE: Final = (Kind.MALFORMED, Kind.INVALID, Kind.TOO_MANY, Kind.INTERNAL)
_WITH_TOKEN: Final = (Kind.UNAUTHORIZED, Kind.UNAVAILABLE)
_WITH_BODY: Final = (Kind.TIMEOUT, Kind.TOO_LARGE, Kind.UNSUPPORTED)
_WITH_KEY: Final = (Kind.KEY_REUSED, Kind.KEY_PENDING)
_ITS_HEADERS: Final = {
    Kind.UNAUTHORIZED: "WWW-Authenticate",
    Kind.TOO_MANY: "Retry-After",
    Kind.UNAVAILABLE: "Retry-After",
    Kind.KEY_PENDING: "Retry-After",
}
_REQUEST_ID: Final = "3f6c1d2a9b8e7f40"


class _Schemas(GenerateJsonSchema):
    """Schemas without a title for each field that only repeats its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401  pydantic's own
        return False


def rendered(document: Schema) -> bytes:
    """A document as octets, always the same for the same routes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def document(routes: Sequence[AnyRoute]) -> Schema:
    """The document of these routes."""
    shown = [route for route in routes if route.is_document]
    schemas, components = _schemas(shown)
    paths: dict[str, Schema] = {}
    for number, route in enumerate(shown):
        operation = _Operation(route, number, schemas, components).document()
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    tags = dict.fromkeys(route.tag for route in shown)
    return {
        "openapi": _VERSION,
        "info": {
            "title": "aioacs management API",
            "version": version("aioacs"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": BASE}],
        "tags": [{"name": tag, "description": TAGS.get(tag, "")} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, **components},
            "examples": {kind.word: _problem_example(kind) for kind in Kind},
            "headers": {name: {"description": words, "schema": {"type": "string"}} for name, words in HEADERS.items()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A token; see `POST /token/`."}
            },
        },
    }


def possible(route: AnyRoute) -> frozenset[Kind]:
    """Everything that may be wrong when this route is asked."""
    kinds = {*_EVERYWHERE, *route.problems}
    if route.role is not None:
        kinds.update(_WITH_TOKEN)
    if route.role not in {None, Role.VIEWER}:
        kinds.add(Kind.FORBIDDEN)
    if _PLACE.search(route.path):
        kinds.add(Kind.NOT_FOUND)
    if route.body is not None or route.streams:
        kinds.update(_WITH_BODY)
    if takes_key(route):
        kinds.update(_WITH_KEY)
    return frozenset(kinds)


def takes_key(route: AnyRoute) -> bool:
    """Whether a request may bring an idempotency key."""
    return route.method == "POST"


def _schemas(routes: Sequence[AnyRoute]) -> tuple[Mapping[tuple[Any, JsonSchemaMode], Schema], dict[str, Schema]]:
    """The schema of each body, query and answer by number and place of its route; and what they refer to."""
    inputs: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = []
    for number, route in enumerate(routes):
        if route.body is not None:
            inputs.append(((number, "body"), "validation", TypeAdapter(route.body)))
        if route.form is not None:
            inputs.append(((number, "form"), "validation", TypeAdapter(route.form)))
        if route.query is not NoQuery:
            inputs.append(((number, "query"), "validation", TypeAdapter(route.query)))
        inputs += [
            ((number, status), "serialization", TypeAdapter(answer))
            for status, answer in route.answers.items()
            if answer is not None and not isinstance(answer, str)
        ]
    found, rest = TypeAdapter.json_schemas(inputs, ref_template=_SCHEMAS + "{model}", schema_generator=_Schemas)
    components: dict[str, Schema] = rest.get("$defs", {})
    queries = [schema for ((_, place), _), schema in found.items() if place == "query"]
    resolved = {id(schema): _resolved(schema, components) for schema in queries}
    for schema in queries:
        # The members of a query stand in the document one by one.
        components.pop(schema.get("$ref", "").removeprefix(_SCHEMAS), None)
    return {key: resolved.get(id(schema), schema) for key, schema in found.items()}, components


def _resolved(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    name = schema.get("$ref", "").removeprefix(_SCHEMAS)
    return components[name] if name else schema


class _Operation:
    """One route's part of the document."""

    def __init__(
        self,
        route: AnyRoute,
        number: int,
        schemas: Mapping[tuple[Any, JsonSchemaMode], Schema],
        components: Mapping[str, Schema],
    ) -> None:
        self._route = route
        self._number = number
        self._schemas = schemas
        self._components = components

    def document(self) -> Schema:
        """All of it."""
        route = self._route
        operation: Schema = {
            "operationId": operation_id(route),
            "tags": [route.tag],
            "summary": route.summary,
            "description": self._description(),
            "parameters": [*self._places(), *self._query(), *self._key()],
            "responses": dict(sorted({**self._answers(), **self._problems()}.items())),
            "security": [] if route.role is None else [{"bearer": []}],
        }
        body = self._body()
        if body:
            operation["requestBody"] = body
        return operation

    def _description(self) -> str:
        role = self._route.role
        needs = "Needs no token." if role is None else f"Needs the role `{role.value}`."
        return "\n\n".join(each for each in (self._route.description, needs) if each)

    def _places(self) -> list[Schema]:
        places = self._route.places
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": (place := places.get(name) or PLACES.get(name) or Place("")).words,
                "schema": dict(place.schema),
            }
            for name in _PLACE.findall(self._route.path)
        ]

    def _query(self) -> list[Schema]:
        schema = self._schemas.get(((self._number, "query"), "validation"), {})
        required = schema.get("required", ())
        parameters = []
        for name, member in schema.get("properties", {}).items():
            plain = _without_null(member)
            description = plain.pop("description", "")
            parameters.append(
                {"name": name, "in": "query", "required": name in required, "description": description, "schema": plain}
            )
        return parameters

    def _key(self) -> list[Schema]:
        if not takes_key(self._route):
            return []
        return [
            {
                "name": KEY_HEADER,
                "in": "header",
                "required": False,
                "description": "Names the request: sent again within 24 hours it is answered as the first time, and "
                "nothing is done twice",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        ]

    def _body(self) -> Schema | None:
        route = self._route
        if route.streams:
            schema = self._schemas.get(((self._number, "form"), "validation"), {})
            return {"required": True, "content": {route.streams: {"schema": schema}}}
        if route.body is None:
            return None
        return {"required": True, "content": {JSON: self._content(self._schemas[(self._number, "body"), "validation"])}}

    def _content(self, schema: Schema) -> Schema:
        return {"schema": schema, "example": example_of(schema, self._components)}

    def _answers(self) -> dict[str, Schema]:
        answers: dict[str, Schema] = {}
        for status, shown in self._route.answers.items():
            names = ["X-Request-ID", *self._route.headers]
            if self._route.takes_unknown:
                names.append("X-Ignored-Fields")
            if takes_key(self._route):
                names.append("Idempotent-Replay")
            answer: Schema = {"description": _GOOD.get(status, "Done"), "headers": _headers(names)}
            if isinstance(shown, str):
                media_type = shown.partition(";")[0]
                is_text = media_type.startswith("text/")
                answer["content"] = {media_type: {"schema": {"type": "string"} if is_text else {}}}
            elif shown is not None:
                answer["content"] = {JSON: self._content(self._schemas[(self._number, status), "serialization"])}
            answers[str(status)] = answer
        return answers

    def _problems(self) -> dict[str, Schema]:
        by_status: dict[int, list[Kind]] = {}
        may_be = possible(self._route)
        for kind in Kind:
            if kind in may_be:
                by_status.setdefault(kind.status, []).append(kind)
        return {
            str(status): {
                "description": "; or: ".join(kind.title for kind in kinds),
                "headers": _headers(
                    ["X-Request-ID", *dict.fromkeys(_ITS_HEADERS[k] for k in kinds if k in _ITS_HEADERS)]
                ),
                "content": {
                    MEDIA_TYPE: {
                        "schema": {"$ref": f"{_SCHEMAS}Problem"},
                        "examples": {kind.word: {"$ref": f"#/components/examples/{kind.word}"} for kind in kinds},
                    }
                },
            }
            for status, kinds in by_status.items()
        }


_GOOD: Final = {200: "Done", 201: "Made", 202: "Begun", 204: "Done; there is nothing to show"}
_PROBLEM: Final = {
    "type": "object",
    "description": "What is wrong with a request (RFC 9457). Programs look at `type`; people read `detail`.",
    "properties": {
        "type": {"type": "string", "format": "uri", "enum": [kind.uri for kind in Kind]},
        "title": {"type": "string", "description": "The same for all of a type"},
        "status": {"type": "integer", "description": "The HTTP status"},
        "detail": {"type": "string", "description": "What is wrong with this request"},
        "request_id": {"type": "string", "description": "By which the log knows the request"},
        "errors": {
            "type": "object",
            "description": "All fields that are wrong, by their place in the body or the query",
            "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        },
    },
    "required": ["type", "title", "status", "detail", "request_id"],
    "additionalProperties": True,
}


def operation_id(route: AnyRoute) -> str:
    """What generated clients call an operation: its method and its path."""
    words = _PLACE.sub(r"by_\1", route.path)
    return re.sub(r"[\W_]+", "_", f"{route.method.lower()}_{words}").strip("_")


def _headers(names: Sequence[str]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem_example(kind: Kind) -> Schema:
    detail, members = PROBLEMS[kind]
    return {"summary": kind.title, "value": json.loads(Problem(kind, detail, **members).body(_REQUEST_ID))}


def _without_null(schema: Schema) -> Schema:
    """A member of a query: it may be left out, and cannot be null."""
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    plain = {key: value for key, value in schema.items() if not (key == "default" and value is None)}
    if isinstance(plain.get("default"), bool):
        # A query is text.
        plain["default"] = "true" if plain["default"] else "false"
    if len(choices) == 1:
        del plain["anyOf"]
        plain = choices[0] | plain
    elif choices:
        plain["anyOf"] = choices
    return plain
