"""Operations asked for through the API, carried out by scripted routers, and shown again."""

import asyncio
from typing import Any

import pytest

from acs.domain.device import Identity
from acs.domain.token import Role
from acs.store.listing import Slice
from tests.api.asking import CHANNEL, ENABLE, FAMILIES, NAME, NOW, SSID, ask, item, reads, sets, status
from tests.api.conftest import Api
from tests.api.routers import name_of, router
from tests.e2e.device import EndedBy, Fault, ScriptedDevice
from tests.e2e.quirks import VANISH, VANISH_AFTER

MAPPING = "Device.NAT.PortMapping."


async def test_a_get_shows_each_value_or_its_fault_in_the_order_of_the_request(api: Api) -> None:
    device = await router(api)
    name = name_of(device)
    public_id = await ask(api, device, "get", reads("Device.Nothing.Here", "Device.WiFi.SSID.", ENABLE))
    waiting = await item(api.client, public_id)
    assert (waiting["status"], waiting["progress"], waiting["fault"], waiting["result"]) == ("queued", 0, None, None)
    assert waiting["variables"] == reads("Device.Nothing.Here", "Device.WiFi.SSID.", ENABLE)
    await device.run_session()
    assert await item(api.client, public_id) == {
        "id": public_id,
        "transaction_id": public_id,
        "name": name,
        "device_name": name,
        "serial_number": device.id.serial,
        "operation": "get",
        "variables": [
            {
                "variable_name": "Device.Nothing.Here",
                "fault": {
                    "code": 9005,
                    "string": "Invalid parameter name: Device.Nothing.Here",
                    "parameters": [],
                },
            },
            {
                "variable_name": "Device.WiFi.SSID.",
                "values": [
                    {"name": SSID, "value": "home", "type": "string"},
                    {"name": ENABLE, "value": "1", "type": "boolean"},
                ],
            },
            {"variable_name": ENABLE, "value": "1", "value_type": "boolean"},
        ],
        "status": "completed",
        "progress": 100,
        "created_at": NOW,
        "scheduled_at": NOW,
        "started_at": NOW,
        "completed_at": NOW,
        "updated_at": NOW,
        "attempts": 1,
        "fault": None,
        "result": {},
    }


async def test_a_get_of_which_nothing_is_answered_fails(api: Api) -> None:
    device = await router(api)
    public_id = await ask(api, device, "get", reads("Device.Nothing.Here"))
    await device.run_session()
    shown = await item(api.client, public_id)
    assert (shown["status"], shown["fault"]["code"]) == ("failed", 9005)


async def test_a_set_is_read_back_unless_that_is_not_wanted(api: Api) -> None:
    device = await router(api)
    read_back = await ask(api, device, "set", sets(ssid="one", enable="FALSE", channel=11))
    not_read_back = await ask(api, device, "set", sets(ssid="two"), verify=False)
    log = await device.run_session()
    assert log.methods == ("SetParameterValues", "GetParameterValues", "SetParameterValues")
    assert 'xsi:type="xsd:boolean">0<' in log.rpcs[0].raw.decode()
    assert 'xsi:type="xsd:unsignedInt">11<' in log.rpcs[0].raw.decode(), "as the device has told its type"
    shown = await item(api.client, read_back)
    assert shown["status"] == "completed"
    assert shown["variables"] == [
        {"variable_name": SSID, "value": "one", "value_type": "string", "verified": True},
        {"variable_name": ENABLE, "value": "FALSE", "value_type": "boolean", "verified": True},
        {"variable_name": CHANNEL, "value": "11", "value_type": "integer", "verified": True},
    ]
    assert shown["result"] == {"status": 0, "applied": True, "verified": True, "mismatches": []}
    assert (await item(api.client, not_read_back))["result"]["verified"] is None


async def test_a_value_that_the_device_did_not_take_is_reported(api: Api) -> None:
    device = await router(api)
    device.model.parameters[SSID].ignores = True
    public_id = await ask(api, device, "set", sets(ssid="new"))
    await device.run_session()
    shown = await item(api.client, public_id)
    assert shown["variables"] == [
        {"variable_name": SSID, "value": "new", "value_type": "string", "verified": False, "found": "home"}
    ]
    assert (shown["result"]["verified"], shown["result"]["mismatches"]) == (False, [SSID])


async def test_a_refused_set_names_each_refused_parameter(api: Api) -> None:
    device = await router(api)
    device.on_rpc["SetParameterValues"] = lambda _: Fault(9003, "Invalid arguments", ((SSID, 9007, "too long"),))
    public_id = await ask(api, device, "set", sets(ssid="x" * 40, enable=True))
    await device.run_session()
    shown = await item(api.client, public_id)
    too_long = {"name": SSID, "code": 9007, "string": "too long"}
    assert (shown["status"], shown["attempts"]) == ("failed", 1), "a fault is final"
    assert shown["fault"] == {"code": 9003, "string": "Invalid arguments", "parameters": [too_long]}
    assert shown["variables"][0]["fault"] == {"code": 9007, "string": "too long", "parameters": []}
    assert "fault" not in shown["variables"][1]


async def test_an_object_is_added_with_what_is_set_in_it(api: Api) -> None:
    device = await router(api)
    follow_ups = [
        {"variable_name": f"{MAPPING}{{i}}.Enable", "value": True},
        {"variable_name": f"{MAPPING}{{i}}.ExternalPort", "value": 8080},
    ]
    public_id = await ask(api, device, "add.obj", [{"variable_name": MAPPING}, *follow_ups])
    await device.run_session()
    shown = await item(api.client, public_id)
    assert shown["status"] == "completed"
    added, enable, port = shown["variables"]
    assert added == {"variable_name": MAPPING, "path": f"{MAPPING}1.", "instance_number": 1}
    assert (enable["path"], enable["value"]) == (f"{MAPPING}1.Enable", "true")
    assert port["verified"] is True
    (told,) = shown["result"]["objects"]
    assert (told["instance_number"], told["path"]) == (1, f"{MAPPING}1.")
    assert device.model.parameters[f"{MAPPING}1.ExternalPort"].value == "8080"
    deleted = await ask(api, device, "del.obj", [{"variable_name": f"{MAPPING}1."}])
    await device.run_session()
    assert await status(api.client, deleted) == "completed"
    assert f"{MAPPING}1.Enable" not in device.model.parameters


async def test_any_other_method_is_called_and_its_answer_shown(api: Api) -> None:
    device = await router(api)
    name = name_of(device)
    document = {"name": name, "operation": "rpc", "method": "GetParameterNames"}
    arguments = {"ParameterPath": "Device.WiFi.", "NextLevel": True}
    made = await api.client.post(NAME, document | {"arguments": arguments})
    assert (made.status, made.json["arguments"]) == (201, arguments)
    await device.run_session()
    shown = await item(api.client, made.json["id"])
    assert (shown["status"], shown["operation"], shown["variables"]) == ("completed", "rpc", [])
    assert "Device.WiFi.SSID." in {each["name"] for each in shown["result"]["parameter_list"]}


async def test_the_device_is_called_unless_that_is_not_wanted(api: Api) -> None:
    first, second = await router(api), await router(api)
    quiet = await ask(api, first, "get", reads(SSID), connection_request=False)
    await ask(api, second, "get", reads(SSID))
    await api.served.calls.made(1)
    await api.served.sweep(120)
    await first.run_session()
    assert await status(api.client, quiet) == "completed"
    urls = {each.url for each in api.served.calls.targets}
    assert len(urls) == 1, "the first was never called"


async def test_the_urgent_is_done_first(api: Api) -> None:
    device = await router(api)
    for priority, path in (("low", SSID), (0, ENABLE), ("high", CHANNEL), (50, "Device.DeviceInfo.SoftwareVersion")):
        await ask(api, device, "get", reads(path), priority=priority)
    asked = [rpc.raw.decode() for rpc in (await device.run_session()).rpcs]
    order = ["SoftwareVersion", CHANNEL, ENABLE, SSID]
    assert [path in raw for path, raw in zip(order, asked, strict=True)] == [True] * 4


async def test_what_is_for_later_begins_when_its_time_has_come(api: Api) -> None:
    device = await router(api)
    public_id = await ask(api, device, "get", reads(SSID), scheduled_at="2027-01-15T09:00:00Z")
    await device.run_session()
    assert await status(api.client, public_id) == "scheduled"
    await api.served.sweep(3_600)
    assert await status(api.client, public_id) == "queued"
    await api.served.calls.made(1)
    await device.run_session()
    shown = await item(api.client, public_id)
    assert (shown["status"], shown["started_at"]) == ("completed", "2027-01-15T09:00:00Z")


@pytest.mark.parametrize("end", [{"expires_at": "2027-01-15T08:10:00Z"}, {"timeout_minutes": 10}])
async def test_what_was_not_begun_in_time_expires(api: Api, end: dict[str, Any]) -> None:
    device = await router(api)
    public_id = await ask(api, device, "get", reads(SSID), **end)
    await api.served.sweep(599)
    assert await status(api.client, public_id) == "queued"
    await api.served.sweep(1)
    shown = await item(api.client, public_id)
    assert (shown["status"], shown["progress"], shown["attempts"]) == ("expired", 0, 0)
    assert shown["fault"]["string"] == "its time was over before it could be begun"
    assert not (await device.run_session()).rpcs
    again = await api.client.post(f"{NAME}{public_id}/retry/")
    await api.served.sweep(600)
    assert await status(api.client, again.json["id"]) == "expired", "it has as much time as the first had"


async def test_lost_sessions_are_attempts(api: Api) -> None:
    device = await router(api)
    policy = {"max_attempts": 2, "retry_delay_minutes": 1}
    public_id = await ask(api, device, "get", reads(SSID), retry_policy=policy)
    device.on_rpc["GetParameterValues"] = lambda _: VANISH
    assert (await device.run_session()).ended_by is EndedBy.VANISHED
    await api.served.sweep(120)
    shown = await item(api.client, public_id)
    assert (shown["status"], shown["attempts"]) == ("queued", 1)
    await api.served.sweep(90)
    await api.served.calls.made(2)
    await device.run_session()
    await api.served.sweep(120)
    shown = await item(api.client, public_id)
    assert (shown["status"], shown["attempts"]) == ("failed", 2)


async def test_what_must_not_be_repeated_and_was_not_answered_is_unknown(api: Api) -> None:
    device = await router(api)
    device.on_rpc["AddObject"] = lambda _: VANISH_AFTER
    public_id = await ask(api, device, "add.obj", [{"variable_name": MAPPING}])
    await device.run_session()
    await api.served.sweep(120)
    assert await status(api.client, public_id) == "unknown"
    assert len(device.journal.carried_out("AddObject")) == 1


async def test_how_far_it_is_can_be_seen(api: Api) -> None:
    device = await router(api)
    public_id = await ask(api, device, "get", reads(SSID))
    await device.inform()
    asked = await device.empty_post()
    shown = await item(api.client, public_id)
    assert (shown["status"], shown["progress"], shown["started_at"]) == ("in_progress", 25, NOW)
    assert (await api.client.delete(f"{NAME}?id={public_id}")).status == 409
    assert (await api.client.post(f"{NAME}{public_id}/retry/")).status == 409
    await device.answer(asked)
    assert (await item(api.client, public_id))["progress"] == 100
    await device.close()


async def test_what_has_not_begun_is_cancelled_once_and_that_is_noted_once(api: Api) -> None:
    device = await router(api)
    public_id = await ask(api, device, "get", reads(SSID))
    cancelled = await api.client.delete(f"{NAME}?id={public_id}")
    assert (cancelled.status, cancelled.octets) == (204, b"")
    assert await status(api.client, public_id) == "cancelled"
    assert (await api.client.delete(f"{NAME}?id={public_id}")).status == 409
    assert not (await device.run_session()).rpcs
    for unknown in ("op_none", "bulk_none"):
        assert (await api.client.delete(f"{NAME}?id={unknown}")).status == 404
        assert (await api.client.post(f"{NAME}{unknown}/retry/")).status == 404
        assert (await api.client.get(f"{NAME}?id={unknown}")).status == 404
    log = (await api.served.server.services.management.audit.page(Slice())).items
    noted = [(each.entry.action, each.entry.resource, each.entry.resource_id) for each in reversed(log)]
    assert noted == [("create", "operation", public_id), ("cancel", "operation", public_id)]
    contacts, device_id = api.served.server.services.tools.contacts, await api.served.id_of(device)
    history = [entry for _, _, entry in await contacts.history(device_id, before=2**62, most=10)]
    told = [(each.new, each.actor) for each in history if each.subject == public_id]
    assert told == [("get cancelled", log[0].entry.actor), ("get queued", log[0].entry.actor)]


async def test_what_has_ended_is_asked_for_once_more(api: Api) -> None:
    device = await router(api)
    first = await ask(api, device, "set", sets(ssid="again"), priority="high")
    assert (await api.client.post(f"{NAME}{first}/retry/")).status == 409, "it is still to be done"
    await device.run_session()
    device.model.parameters[SSID].value = "other"
    again = await api.client.post(f"{NAME}{first}/retry/")
    assert again.status == 201
    second = again.json["id"]
    assert (second != first, again.json["status"], again.json["variables"][0]["value"]) == (True, "queued", "again")
    await device.run_session()
    assert device.model.parameters[SSID].value == "again"
    assert await status(api.client, second) == "completed"
    (entry, *_) = (await api.served.server.services.management.audit.page(Slice())).items
    assert (entry.entry.action, entry.entry.resource_id) == ("retry", second)
    assert first in entry.entry.before


async def test_the_answer_waits_until_it_is_done(api: Api) -> None:
    device = await router(api)
    document = {"name": name_of(device), "operation": "get", "variables": reads(SSID), "wait": 20}
    asking = asyncio.create_task(api.client.post(NAME, document))
    await api.served.calls.made(1)
    await device.run_session()
    said = await asking
    assert (said.status, said.json["status"]) == (201, "completed")
    assert said.json["variables"] == [{"variable_name": SSID, "value": "home", "value_type": "string"}]
    assert said.json == await item(api.client, said.json["id"])


async def test_the_answer_comes_when_the_time_is_over(api: Api) -> None:
    device = await router(api)
    document = {"name": name_of(device), "operation": "get", "variables": reads(SSID), "wait": 0.05}
    said = await api.client.post(NAME, document)
    assert (said.status, said.json["status"], said.json["progress"]) == (201, "queued", 0)


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
