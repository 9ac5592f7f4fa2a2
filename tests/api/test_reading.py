"""JSON of strangers: what it may hold, and where it is read."""

import json
import threading
from typing import Any

import pytest

from api import app
from api.problems import Kind, Problem
from api.reading import read_json
from tests.api.conftest import Api


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ([{}] * 25_001, "the body holds more than 25000 objects"),
        ({"a": [{"b": [{}] * 12_500}, {"b": [{}] * 12_500}]}, "the body holds more than 25000 objects"),
        ({str(number): 0 for number in range(1_001)}, "the body holds an object of more than 1000 names"),
    ],
    ids=["many", "many below", "names"],
)
def test_no_body_holds_more_objects_or_names_than_anything_needs(document: object, detail: str) -> None:
    with pytest.raises(Problem) as raised:
        read_json(json.dumps(document).encode())
    assert (raised.value.kind, raised.value.detail) == (Kind.MALFORMED, detail)


def test_as_many_as_may_be_are_read() -> None:
    documents: list[Any] = [[{}] * 25_000, {str(number): 0 for number in range(1_000)}, list(range(100_000))]
    for document in documents:
        assert read_json(json.dumps(document).encode()) == document


@pytest.mark.parametrize(("count", "is_large"), [(10, False), (2_000, True)])
async def test_a_large_body_is_read_where_it_holds_up_no_device(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch, count: int, is_large: bool
) -> None:
    threads: set[int] = set()

    def noted(octets: bytes) -> Any:
        threads.add(threading.get_ident())
        return read_json(octets)

    monkeypatch.setattr(app, "read_json", noted)
    body = {"name": "a", "parameters": [{"variable_name": f"Device.X_{number}.Value"} for number in range(count)]}
    assert (await sqlite_api.client.post("/inventory_device_name_headless_operation/", body)).status == 400
    assert (threading.get_ident() not in threads) is is_large
