"""The document of the API: complete, well-formed, and of use."""

import json
import re
from collections import Counter
from typing import Any

import openapi_spec_validator
import pytest

from api.openapi import document, operation_id, rendered
from api.openapi_3_0 import in_3_0
from api.problems import Kind
from api.routes import routes
from api.routing import AnyRoute
from api.told import HEADERS, PLACES, PROBLEMS, TAGS
from tests.api.conftest import Api


@pytest.fixture
async def found(sqlite_api: Api) -> list[AnyRoute]:
    """Every route."""
    return routes(sqlite_api.served.server.services.management)


async def test_it_is_served_to_everybody_and_always_the_same(sqlite_api: Api, found: list[AnyRoute]) -> None:
    first = await sqlite_api.client.as_(None).get("/openapi.json")
    assert (first.status, first.headers["Content-Type"]) == (200, "application/json")
    assert first.octets == rendered(document(found))
    assert (await sqlite_api.client.get("/openapi.json")).octets == first.octets


async def test_it_is_openapi_in_either_version(found: list[AnyRoute]) -> None:
    described = document(found)
    openapi_spec_validator.OpenAPIV31SpecValidator(described).validate()
    older = in_3_0(described)
    openapi_spec_validator.OpenAPIV30SpecValidator(older).validate()
    assert (described["openapi"], older["openapi"]) == ("3.1.0", "3.0.3")


async def test_it_has_every_route(found: list[AnyRoute]) -> None:
    shown = {(method.upper(), path) for path, methods in document(found)["paths"].items() for method in methods}
    assert shown == {(each.method, each.path) for each in found if each.is_document}
    assert [each.path for each in found if not each.is_document] == ["/docs/{file}"]


async def test_every_operation_has_a_name_of_its_own(found: list[AnyRoute]) -> None:
    names = [operation_id(each) for each in found]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", each) for each in names)


async def test_every_operation_has_a_title_of_its_own(found: list[AnyRoute]) -> None:
    titles = Counter(each.summary for each in found if each.is_document)
    assert not [title for title, count in titles.items() if count > 1]


async def test_every_tag_place_and_header_is_explained(found: list[AnyRoute]) -> None:
    """Say what it is in ``api/told.py``."""
    assert {each.tag for each in found} == set(TAGS)
    places = {name for each in found for name in re.findall(r"\{(\w+)\}", each.path) if name not in each.places}
    assert places - {"file"} <= set(PLACES)
    assert {name for each in found for name in each.headers} <= set(HEADERS)
    assert set(PROBLEMS) == set(Kind)


async def test_every_body_has_an_example(found: list[AnyRoute]) -> None:
    """Give the model one: ``model_config = json_schema_example({...})``."""
    described = document(found)
    without = {
        name
        for methods in described["paths"].values()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for name, schema in _models(content["schema"], described["components"]["schemas"])
        if not schema.get("examples")
    }
    assert not without


async def test_every_reference_leads_somewhere_and_every_schema_is_used(found: list[AnyRoute]) -> None:
    described = document(found)
    references = set(re.findall(r'"#/components/(\w+/[\w.\-]+)"', json.dumps(described)))
    there = {f"{kind}/{name}" for kind in ("schemas", "examples", "headers") for name in described["components"][kind]}
    assert references <= there
    assert {each for each in there - references if each.startswith("schemas/")} == set()


def _models(schema: dict[str, Any], components: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The models that may stand as a whole body."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return (
            [(name, components[name])]
            if components[name].get("type") == "object"
            else _models(components[name], components)
        )
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())] or ([schema["items"]] if "items" in schema else [])
    return [each for one in inner for each in _models(one, components)]
