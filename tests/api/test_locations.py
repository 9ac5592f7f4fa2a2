"""Locations through the API."""

import pytest

from acs.domain.token import Role
from tests.api.conftest import Api
from tests.api.inventory import PATH as DEVICES
from tests.api.inventory import location, make

PATH = "/location/"
NEW = {"name": "Exchange 12", "short_name": "EX12", "latitude": "52.5", "longitude": "-13.4"}


async def test_one_is_made_shown_changed_and_deleted(api: Api) -> None:
    owner = await api.organization("owner")
    made = await api.client.post(PATH, NEW | {"organization_id": owner})
    assert made.status == 201
    number = made.json["id"]
    assert made.json == NEW | {"id": number, "organization_id": owner, "created": "2027-01-15T08:00:00Z"}
    assert (await api.client.get(f"{PATH}{number}/")).json == made.json
    for change in (
        {"latitude": "1"},
        {"name": "n"},
        {"short_name": "s"},
        {"longitude": "2"},
        {"organization_id": None},
    ):
        changed = await api.client.patch(f"{PATH}{number}/", change)
        assert (changed.status, changed.json) == (200, made.json | change)
        await api.client.patch(f"{PATH}{number}/", NEW | {"organization_id": owner})
    replaced = await api.client.put(f"{PATH}{number}/", {"name": "Other"})
    plain = {"short_name": "", "organization_id": None, "latitude": "", "longitude": ""}
    assert (replaced.status, replaced.json) == (200, made.json | plain | {"name": "Other"})
    deleted = await api.client.delete(f"{PATH}{number}/")
    assert (deleted.status, deleted.octets) == (204, b"")
    for method in ("GET", "DELETE"):
        assert (await api.client.ask(method, f"{PATH}{number}/")).status == 404


async def test_only_a_name_is_needed_and_it_is_one_locations(api: Api) -> None:
    assert (await api.client.post(PATH, {"name": "a"})).status == 201
    again = await api.client.post(PATH, {"name": "a"})
    assert (again.status, again.errors) == (409, {"name": ["another location has the same name"]})
    other = (await api.client.post(PATH, {"name": "b"})).json["id"]
    assert (await api.client.put(f"{PATH}{other}/", {"name": "a"})).status == 409
    assert (await api.client.patch(f"{PATH}{other}/", {"name": "a"})).status == 409


async def test_all_that_is_wrong_is_named(api: Api) -> None:
    wrong = await api.client.post(PATH, {"short_name": 1, "organization_id": "x", "latitude": 52.5, "colour": 1})
    assert wrong.status == 400
    assert set(wrong.errors) == {"name", "short_name", "organization_id", "latitude", "colour"}
    nobody = await api.client.post(PATH, {"name": "a", "organization_id": 99})
    assert (nobody.status, nobody.errors) == (400, {"organization_id": ["there is no such organization"]})
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_the_list_is_filtered_ordered_and_paged(api: Api) -> None:
    owner = await api.organization("owner")
    for name, short_name, whose in (("b", "x", owner), ("c", "x", None), ("a", "y", owner)):
        await api.client.post(PATH, {"name": name, "short_name": short_name, "organization_id": whose})

    async def names(query: str) -> list[str]:
        return [each["name"] for each in (await api.client.get(f"{PATH}?{query}")).json["results"]]

    assert await names("ordering=name") == ["a", "b", "c"]
    assert await names("ordering=-name&short_name=x") == ["c", "b"]
    assert await names(f"organization={owner}") == ["b", "a"]
    assert await names("name=c") == ["c"]
    page = (await api.client.get(f"{PATH}?ordering=-name&limit=2")).json
    assert (page["count"], [each["name"] for each in page["results"]]) == (3, ["c", "b"])
    assert [each["name"] for each in (await api.client.get(page["next"])).json["results"]] == ["a"]
    wrong = await api.client.get(f"{PATH}?ordering=colour&organization=x&limit=-1")
    assert (wrong.status, set(wrong.errors)) == (400, {"ordering", "organization", "limit"})


async def test_a_bound_token_sees_its_own_and_nobodys_and_changes_its_own(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    numbers = {
        whose: (await api.client.post(PATH, {"name": f"l{whose}", "organization_id": whose})).json["id"]
        for whose in (mine, other, None)
    }
    admin = await api.token(Role.ADMIN, mine)
    assert [each["name"] for each in (await admin.get(PATH)).json["results"]] == [f"l{mine}", "lNone"]
    assert (await admin.get(f"{PATH}?organization={other}")).json["count"] == 0
    for number, status in ((numbers[mine], 200), (numbers[None], 403), (numbers[other], 404)):
        assert (await admin.get(f"{PATH}{number}/")).status == (200 if status == 403 else status)
        assert (await admin.patch(f"{PATH}{number}/", {"latitude": "1"})).status == status
        assert (await admin.put(f"{PATH}{number}/", {"name": "n", "organization_id": mine})).status == status
        assert (await admin.delete(f"{PATH}{number}/")).status == (204 if status == 200 else status)
    assert (await admin.post(PATH, {"name": "x", "organization_id": mine})).status == 201
    for whose in (other, None, 99):
        assert (await admin.post(PATH, {"name": "y", "organization_id": whose})).status == 403


async def test_a_location_is_not_moved_out_of_reach(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    admin = await api.token(Role.ADMIN, mine)
    number = (await admin.post(PATH, {"name": "x", "organization_id": mine})).json["id"]
    for whose in (other, None):
        assert (await admin.patch(f"{PATH}{number}/", {"organization_id": whose})).status == 403
    assert (await admin.put(f"{PATH}{number}/", {"name": "x"})).status == 403
    assert (await api.client.get(f"{PATH}{number}/")).json["organization_id"] == mine


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_others_than_admins_only_look(api: Api, role: Role) -> None:
    number = (await api.client.post(PATH, NEW)).json["id"]
    client = await api.token(role)
    assert (await client.get(PATH)).status == (await client.get(f"{PATH}{number}/")).status == 200
    assert (await client.post(PATH, NEW)).status == 403
    for method in ("PUT", "PATCH"):
        assert (await client.ask(method, f"{PATH}{number}/", NEW)).status == 403
        assert (await client.ask(method, f"{PATH}99/", NEW)).status == 403, "the role comes first"
    assert (await client.delete(f"{PATH}{number}/")).status == 403


async def test_one_where_a_device_stands_stays(api: Api) -> None:
    number = (await api.client.post(PATH, NEW)).json["id"]
    devices = "/inventory_device_name/"
    assert (await api.client.post(devices, {"name": "a", "location": number})).status == 201
    refused = await api.client.delete(f"{PATH}{number}/")
    assert (refused.status, refused.json["detail"]) == (409, "the location is still referred to by a device")
    log = (await api.client.get("/audit_log/?resource=location")).json["results"]
    assert [each["action"] for each in log] == ["create"], "what did not take place is not told"
    await api.client.delete(f"{devices}a/")
    assert (await api.client.delete(f"{PATH}{number}/")).status == 204


async def test_changes_are_in_the_audit_log_of_the_organization(api: Api) -> None:
    owner = await api.organization("owner")
    number = (await api.client.post(PATH, NEW | {"organization_id": owner})).json["id"]
    await api.client.patch(f"{PATH}{number}/", {"latitude": "1"})
    await api.client.delete(f"{PATH}{number}/")
    log = (await (await api.token(Role.ADMIN, owner)).get("/audit_log/")).json["results"]
    assert [(each["action"], each["resource"], each["resource_id"]) for each in log] == [
        (action, "location", str(number)) for action in ("delete", "update", "create")
    ]
    assert (log[1]["before"]["latitude"], log[1]["after"]["latitude"]) == ("52.5", "1")
    assert (log[0]["after"], log[2]["before"]) == (None, None)


async def test_one_where_devices_of_others_stand_is_not_given_away(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    place = await location(api, "a", organization_id=mine)
    await make(api, "a", organization_id=mine, location=place)
    for method in (api.client.put, api.client.patch):
        said = await method(f"/location/{place}/", {"name": "a", "organization_id": other})
        assert (said.status, said.json["detail"]) == (409, "devices of other organizations stand there")
    await api.client.patch(f"{DEVICES}a/", {"location": None})
    said = await api.client.patch(f"/location/{place}/", {"organization_id": other})
    assert (said.status, said.json["organization_id"]) == (200, other)


async def test_everybodys_location_is_given_to_those_who_alone_stand_there(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    place = await location(api, "a")
    await make(api, "a", organization_id=mine, location=place)
    assert (await api.client.patch(f"/location/{place}/", {"organization_id": other})).status == 409
    assert (await api.client.patch(f"/location/{place}/", {"organization_id": mine})).status == 200
