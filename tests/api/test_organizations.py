"""Organizations through the API."""

import re

from acs.domain.token import Role
from acs.store.listing import Slice
from tests.api.conftest import Api

PATH = "/organization/"


async def test_one_is_made_shown_changed_and_deleted(api: Api) -> None:
    made = await api.client.post(PATH, {"name": "Example Telecom", "description": "north"})
    assert made.status == 201
    number = made.json["id"]
    assert made.json == {
        "id": number,
        "name": "Example Telecom",
        "description": "north",
        "created": "2027-01-15T08:00:00Z",
    }
    assert (await api.client.get(f"{PATH}{number}/")).json == made.json
    changed = await api.client.patch(f"{PATH}{number}/", {"description": "south"})
    assert (changed.status, changed.json) == (200, made.json | {"description": "south"})
    replaced = await api.client.put(f"{PATH}{number}/", {"name": "Other"})
    assert (replaced.status, replaced.json) == (200, made.json | {"name": "Other", "description": ""})
    deleted = await api.client.delete(f"{PATH}{number}/")
    assert (deleted.status, deleted.octets) == (204, b"")
    assert (await api.client.get(f"{PATH}{number}/")).status == 404


async def test_a_name_is_one_organizations(api: Api) -> None:
    await api.client.post(PATH, {"name": "a"})
    again = await api.client.post(PATH, {"name": "a"})
    assert again.status == 409
    assert again.errors == {"name": ["another organization has the same name"]}
    assert again.headers["Content-Type"] == "application/problem+json"


async def test_all_that_is_wrong_is_named(api: Api) -> None:
    wrong = await api.client.post(PATH, {"name": "", "description": 7, "colour": "red", "nu\0l": 1})
    assert wrong.status == 400
    assert set(wrong.errors) == {"name", "description", "colour", "nu\0l"}
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_pages_lead_to_their_neighbours(api: Api) -> None:
    for number in range(5):
        await api.organization(f"o{number}")
    first = (await api.client.get(f"{PATH}?limit=2")).json
    assert (first["count"], first["previous"], len(first["results"])) == (5, None, 2)
    second = (await api.client.get(first["next"])).json
    third = (await api.client.get(second["next"])).json
    assert third["next"] is None
    assert [each["name"] for page in (first, second, third) for each in page["results"]] == [
        "o0",
        "o1",
        "o2",
        "o3",
        "o4",
    ]
    assert (await api.client.get(third["previous"])).json["results"] == second["results"]
    behind = (await api.client.get(f"{PATH}?limit=3&cursor={first['next_cursor']}")).json
    assert [each["name"] for each in behind["results"]] == ["o2", "o3", "o4"]


async def test_a_bound_token_sees_its_own_and_makes_none(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    admin = await api.token(Role.ADMIN, mine)
    assert [each["id"] for each in (await admin.get(PATH)).json["results"]] == [mine]
    assert (await admin.get(f"{PATH}{other}/")).status == 404
    assert (await admin.patch(f"{PATH}{other}/", {"name": "x"})).status == 404
    assert (await admin.post(PATH, {"name": "third"})).status == 403


async def test_a_change_is_in_the_audit_log_and_a_refused_one_is_not(api: Api) -> None:
    number = (await api.client.post(PATH, {"name": "a"})).json["id"]
    await api.client.post(PATH, {"name": "a"})
    await api.client.patch(f"{PATH}{number}/", {"description": "d"})
    await api.client.delete(f"{PATH}{number}/")
    log = (await api.served.server.services.management.audit.page(Slice())).items
    assert [(each.entry.action, each.entry.resource_id) for each in reversed(log)] == [
        ("create", str(number)),
        ("update", str(number)),
        ("delete", str(number)),
    ]
    assert re.fullmatch(r"token \d+ \(first\)", log[0].entry.actor)
    assert log[0].entry.address == "127.0.0.1"


async def test_a_request_with_a_key_is_done_once(api: Api) -> None:
    first = await api.client.post(PATH, {"name": "a"}, Idempotency_Key="k1")
    again = await api.client.post(PATH, {"name": "a"}, Idempotency_Key="k1")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert again.headers["Idempotent-Replay"] == "true"
    other = await api.client.post(PATH, {"name": "b"}, Idempotency_Key="k1")
    assert other.status == 409
    assert (await api.client.get(PATH)).json["count"] == 1
    taken = await api.client.post(PATH, {"name": "a"}, Idempotency_Key="k2")
    assert (taken.status, taken.json["type"]) == (409, "urn:aioacs:problem:conflict")
    refused = await api.client.post(PATH, {"name": ""}, Idempotency_Key="k2")
    mended = await api.client.post(PATH, {"name": "c"}, Idempotency_Key="k2")
    assert (refused.status, mended.status) == (400, 201)
