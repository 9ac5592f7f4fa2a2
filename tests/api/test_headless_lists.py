"""Lists of headless operations: their shapes, filters and pages, and who sees what."""

import pytest

from acs.domain.device import Identity
from acs.domain.token import Role
from tests.api.asking import FAMILIES, NAME, SSID, ask, reads, sets
from tests.api.conftest import Api
from tests.api.routers import name_of, router
from tests.e2e.device import ScriptedDevice


@pytest.mark.parametrize("path", FAMILIES)
async def test_each_family_has_its_shape(api: Api, path: str) -> None:
    device = await router(api)
    ids = [await ask(api, device, "get", reads(SSID)) for _ in range(3)]
    plain, limited = await api.client.get(path), await api.client.get(f"{path}?limit=2")
    by_id, nothing = await api.client.get(f"{path}?id={ids[0]}"), await api.client.get(f"{path}?name=nobody")
    assert (plain.status, nothing.status) == (200, 200)
    envelope = limited.json
    assert [each["id"] for each in envelope["results"]] == [ids[2], ids[1]]
    assert (envelope["count"], envelope["previous"]) == (3, None)
    assert [each["id"] for each in (await api.client.get(envelope["next"])).json["results"]] == [ids[0]]
    if "serial" in path:
        assert [each["id"] for each in plain.json["results"]] == ids[::-1]
        assert [each["id"] for each in by_id.json["results"]] == [ids[0]]
        assert nothing.json["results"] == []
    else:
        assert [each["id"] for each in plain.json] == ids[::-1]
        assert plain.headers["X-Total-Count"] == "3"
        assert "Link" not in plain.headers
        assert [each["id"] for each in by_id.json] == [ids[0]]
        assert nothing.json == []


async def test_a_bare_array_leads_to_the_next_one(api: Api) -> None:
    device = await router(api)
    ids = [await ask(api, device, "get", reads(SSID)) for _ in range(102)]
    first = await api.client.get(NAME)
    assert [each["id"] for each in first.json] == ids[:1:-1]
    assert first.headers["X-Total-Count"] == "102"
    link, relation = first.headers["Link"].split("; ")
    assert relation == 'rel="next"'
    second = await api.client.get(link.strip("<>"))
    assert [each["id"] for each in second.json] == [ids[1], ids[0]]
    assert "Link" not in second.headers


async def test_lists_are_filtered(api: Api) -> None:
    one, other = await router(api), await router(api)
    done = await ask(api, one, "get", reads(SSID))
    await one.run_session()
    api.served.clock.advance(60)
    later = await ask(api, one, "set", sets(ssid="x"))
    others = await ask(api, other, "get", reads(SSID))
    for query, expected in (
        (f"name={name_of(one)}", [later, done]),
        (f"serial_number={other.id.serial}", [others]),
        ("status=completed", [done]),
        ("status=cancelled", []),
        ("operation=get", [others, done]),
        ("operation=get&status=queued", [others]),
        ("created_from=2027-01-15T08:01:00Z", [others, later]),
        ("created_to=2027-01-15T08:00:30Z", [done]),
        (f"id={done}&status=completed", [done]),
        (f"id={done}&status=failed", []),
        ("update_status=true", [others, later, done]),
    ):
        found = await api.client.get(f"{NAME}?{query}")
        assert (found.status, [each["id"] for each in found.json]) == (200, expected), query
    for query in ("status=lost", "operation=dance", "created_from=soon", "colour=red", "limit=-1", "update_status=7"):
        assert list((await api.client.get(f"{NAME}?{query}")).errors) == [query.partition("=")[0]]


@pytest.mark.parametrize("path", FAMILIES)
async def test_the_devices_are_looked_at_first_where_that_is_wanted(api: Api, path: str) -> None:
    device = await router(api)
    await ask(api, device, "get", reads(SSID))
    device_id, contacts = await api.served.id_of(device), api.served.server.services.tools.contacts
    api.served.clock.advance(100_000)
    assert (await api.client.get(f"{path}?update_status=true&limit=1")).headers["X-Status-Not-Reached"] == "0"
    contact = await contacts.of_device(device_id)
    assert contact is not None
    assert not contact.is_up


async def test_a_bound_token_sees_and_touches_its_own_alone(api: Api) -> None:
    mine, theirs = await api.organization("mine"), await api.organization("theirs")
    ids, names = [], []
    for organization in (mine, theirs, None):
        device = await owned(api, organization)
        names.append(f"device of {organization}")
        document = {"serial_number": device.id.serial, "operation": "get", "variables": reads(SSID)}
        ids.append((await api.client.post(NAME, document)).json["id"])
    bound = await api.token(Role.OPERATOR, mine)
    for path in FAMILIES:
        found = (await bound.get(f"{path}?limit=10")).json
        assert (found["count"], [each["id"] for each in found["results"]]) == (1, ids[:1])
    for public_id, name in zip(ids[1:], names[1:], strict=True):
        assert (await bound.get(f"{NAME}?id={public_id}")).status == 404
        assert (await bound.delete(f"{NAME}?id={public_id}")).status == 404
        assert (await bound.post(f"{NAME}{public_id}/retry/")).status == 404
        document = {"name": name, "operation": "get", "variables": reads(SSID)}
        assert (await bound.post(NAME, document)).status == 404
        assert (await bound.get(f"{NAME}?name={name.replace(' ', '%20')}")).json == []
    assert (await bound.delete(f"{NAME}?id={ids[0]}")).status == 204


async def owned(api: Api, organization_id: int | None) -> ScriptedDevice:
    """A router that was registered for an organization, and has called."""
    device = api.served.device()
    identity = Identity(device.id.oui, device.id.product_class, device.id.serial)
    name, at = f"device of {organization_id}", api.served.clock.wall()
    await api.served.server.services.tools.devices.create(
        uuid=name, name=name, identity=identity, at=at, organization_id=organization_id, is_registered=True
    )
    await device.run_session()
    return device
