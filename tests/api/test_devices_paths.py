"""Which device a path means: odd names, serial numbers that several have, and whose device it is."""

from urllib.parse import quote

import pytest

from acs.domain.token import Role
from tests.api.client import Said
from tests.api.conftest import Api
from tests.api.inventory import PATH, location, make

NAMES = [
    "a/b", "ä", "漢字 😀", "two words", "100%", "%2F", "%41", "a+b", "..", ".", "a..b", "{name}", "{}", "a?b=c", "a#b",
    "a;b", "a&b", "~!$'()*,:@", '"quoted"', "back\\slash", "<script>", "-", "0", "x" * 255, "ü" * 255, "name/",
]  # fmt: skip


def _encoded(text: str) -> str:
    # A client that knows dot segments writes them so that nobody removes them.
    return quote(text, safe="").replace(".", "%2E")


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:12]))
async def test_a_name_is_found_however_odd(sqlite_api: Api, name: str) -> None:
    number = await make(sqlite_api, name, serial_number=name)
    by_name = await sqlite_api.client.get(f"{PATH}{_encoded(name)}/")
    assert (by_name.status, by_name.json["name"]) == (200, name)
    by_serial = f"/inventory_device_serial/{_encoded(name)}/"
    assert (await sqlite_api.client.get(by_serial)).json["id"] == number
    changed = await sqlite_api.client.patch(f"{PATH}{_encoded(name)}/", {"description": "d"})
    assert changed.json["description"] == "d"
    begun = await sqlite_api.client.put(f"/inventory_device_name_operation/{_encoded(name)}/", {"operation": "sync"})
    assert begun.status == 409, "it is Down"
    assert (await sqlite_api.client.delete(f"{PATH}{_encoded(name)}/")).status == 204


@pytest.mark.parametrize("name", ["", "x" * 256, "two\nlines", "nul\0", "\ud800", 7, ["a"]])
async def test_what_is_no_name(sqlite_api: Api, name: object) -> None:
    said = await sqlite_api.client.post(PATH, {"name": name})
    assert (said.status, set(said.errors)) == (400, {"name"})


@pytest.mark.parametrize("number", ["0", "999", "x", "-1", "1.0", "9" * 30, "%31%20", "٣"])
async def test_what_is_no_number_of_a_device_is_not_found(sqlite_api: Api, number: str) -> None:
    assert (await sqlite_api.client.get(f"/inventory_device/{quote(number, safe='%')}/")).status == 404
    put = await sqlite_api.client.put(f"/inventory_device_operation/{quote(number, safe='%')}/", {"operation": "sync"})
    assert put.status == 404


async def test_a_serial_number_of_several_is_a_conflict_that_lists_them(api: Api) -> None:
    mine = await api.organization("mine")
    first = await make(api, "a", serial_number="S", oui="00AABB")
    second = await make(api, "b", serial_number="S", oui="00AABC", organization_id=mine)
    one = "/inventory_device_serial/S/"
    for said in (
        await api.client.get(one),
        await api.client.put(one, {"name": "c"}),
        await api.client.patch(one, {"description": "c"}),
        await api.client.delete(one),
        await api.client.put("/inventory_device_serial_operation/S/", {"operation": "reboot"}),
    ):
        assert (said.status, said.json["ids"]) == (409, [first, second])
        assert said.json["type"] == "urn:aioacs:problem:ambiguous"
    bound = await api.token(Role.OPERATOR, mine)
    assert (await bound.get(one)).json["id"] == second, "it sees one of them only"
    assert (await api.client.get("/inventory_device_serial/s/")).status == 404


async def test_what_a_token_does_not_see_is_not_there(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    number = await make(api, "a", serial_number="S", organization_id=other)
    nobodys = await make(api, "b")
    bound = await api.token(Role.OPERATOR, mine)
    for path, operation in (
        (f"{PATH}a/", "/inventory_device_name_operation/a/"),
        (f"/inventory_device/{number}/", f"/inventory_device_operation/{number}/"),
        ("/inventory_device_serial/S/", "/inventory_device_serial_operation/S/"),
        (f"/inventory_device/{nobodys}/", f"/inventory_device_operation/{nobodys}/"),
    ):
        assert (await bound.get(path)).status == 404
        assert (await bound.put(path, {"name": "x"})).status == 404
        assert (await bound.patch(path, {"description": "x"})).status == 404
        assert (await bound.delete(path)).status == 404
        assert (await bound.put(operation, {"operation": "reboot"})).status == 404
    assert (await api.client.get(f"{PATH}a/")).json["description"] == ""


async def test_a_bound_token_registers_in_its_own_organizations(api: Api) -> None:
    mine, second, other = [await api.organization(name) for name in ("mine", "second", "other")]
    bound, both = await api.token(Role.OPERATOR, mine), await api.token(Role.OPERATOR, mine, second)
    assert (await bound.post(PATH, {"name": "a"})).json["organization_id"] == mine
    assert (await bound.post(PATH, {"name": "b", "organization_id": mine})).status == 201
    assert (await bound.post(PATH, {"name": "c", "organization_id": other})).status == 403
    assert (await bound.post(PATH, {"name": "c", "organization_id": 999})).status == 403, "there or not"
    assert (await bound.post(PATH, {"name": "c", "organization": other})).status == 403
    said = await both.post(PATH, {"name": "c"})
    assert (said.status, set(said.errors)) == (400, {"organization_id"})
    assert (await both.post(PATH, {"name": "c", "organization_id": second})).status == 201
    assert (await api.client.get(PATH)).json["count"] == 3


async def test_a_bound_token_moves_devices_among_its_own_organizations(api: Api) -> None:
    mine, second, other = [await api.organization(name) for name in ("mine", "second", "other")]
    both = await api.token(Role.OPERATOR, mine, second)
    await make(api, "a", organization_id=mine)
    one = f"{PATH}a/"
    assert (await both.patch(one, {"organization_id": second})).json["organization_id"] == second
    assert (await both.put(one, {"name": "a"})).json["organization_id"] == second, "without a word it stays"
    for said in ({"organization_id": other}, {"organization_id": None}, {"organization": other}):
        assert (await both.patch(one, said)).status == 403
        assert (await both.put(one, {"name": "a"} | said)).status == 403
    assert (await api.client.get(one)).json["organization_id"] == second
    assert (await api.client.put(one, {"name": "a"})).json["organization_id"] is None


async def test_the_operations_of_a_device_move_with_it(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    number = await make(api, "a", organization_id=mine)
    await api.client.patch(f"{PATH}a/", {"reboot": True})
    await api.client.patch(f"{PATH}a/", {"organization_id": other, "sync": True})
    found = await api.served.server.services.tools.operations.of_device(number, before=2**62, most=9)
    assert [(each.kind, each.organization_id) for each in found] == [("sync", other), ("reboot", other)]
    await api.client.patch(f"{PATH}a/", {"organization_id": None})
    found = await api.served.server.services.tools.operations.of_device(number, before=2**62, most=9)
    assert [each.organization_id for each in found] == [None, None]


async def test_a_location_must_be_one_that_the_token_sees(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    theirs, ours = (
        await location(api, "theirs", organization_id=other),
        await location(api, "ours", organization_id=mine),
    )
    anybodys = await location(api, "anybody's")
    bound = await api.token(Role.OPERATOR, mine)
    said = await bound.post(PATH, {"name": "a", "location": theirs})
    assert (said.status, said.errors) == (400, {"location": ["there is no such location"]})
    assert (await bound.post(PATH, {"name": "a", "location": ours})).json["location_name"] == "ours"
    assert (await bound.patch(f"{PATH}a/", {"location": anybodys})).json["location_name"] == "anybody's"
    assert (await bound.patch(f"{PATH}a/", {"location": theirs})).status == 400


async def test_no_organization_is_shown_the_places_of_another(api: Api) -> None:
    mine, other = await api.organization("mine"), await api.organization("other")
    theirs = await location(api, "theirs", organization_id=other, latitude="66.6")
    anybodys = await location(api, "anybody's")
    wrong = await api.client.post(PATH, {"name": "b", "organization_id": mine, "location": theirs})
    assert (wrong.status, wrong.errors) == (400, {"location": ["is another organization's"]})
    await make(api, "a", organization_id=other, location=theirs)
    shown = (await api.client.get(f"{PATH}a/")).json
    moves: list[tuple[Said, int | None]] = [
        (await api.client.patch(f"{PATH}a/", {"organization_id": mine}), None),
        (await api.client.patch(f"{PATH}a/", {"organization_id": other, "location": theirs}), theirs),
        (await api.client.put(f"{PATH}a/", shown | {"organization_id": mine}), None),
        (await api.client.patch(f"{PATH}a/", {"organization_id": None, "location": theirs}), theirs),
        (await api.client.patch(f"{PATH}a/", {"organization_id": mine}), None),
        (await api.client.patch(f"{PATH}a/", {"location": anybodys}), anybodys),
        (await api.client.patch(f"{PATH}a/", {"organization_id": other}), anybodys),
    ]
    assert [(said.status, said.json["location"]) for said, _ in moves] == [(200, place) for _, place in moves]
    bound = await api.token(Role.OPERATOR, mine)
    await api.client.patch(f"{PATH}a/", {"organization_id": other, "location": theirs})
    await api.client.patch(f"{PATH}a/", {"organization_id": mine})
    seen = await bound.get(f"{PATH}a/")
    assert (seen.json["location_name"], seen.json["latitude"]) == ("", "")
