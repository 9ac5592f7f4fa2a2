"""Operations asked for through the API, carried out by scripted routers, and shown again."""

import asyncio
from typing import Any

import pytest

from acs.domain.token import Role
from acs.store.listing import Slice
from tests.api.asking import CHANNEL, ENABLE, NAME, NOW, SSID, ask, item, reads, sets, status
from tests.api.conftest import Api
from tests.api.routers import name_of, router
from tests.e2e.device import EndedBy, Fault
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


async def test_only_admins_ask_for_a_method_or_ask_for_it_once_more(api: Api) -> None:
    device = await router(api)
    operator = await api.token(Role.OPERATOR)
    document = {"name": name_of(device), "operation": "rpc", "method": "Reboot"}
    said = await operator.post(NAME, document)
    assert (said.status, said.json["detail"]) == (403, "rpc needs the role admin")
    assert (await api.client.get(NAME)).json == []
    made = await api.client.post(NAME, document)
    await api.client.delete(f"{NAME}?id={made.json['id']}")
    again = await operator.post(f"{NAME}{made.json['id']}/retry/")
    assert (again.status, again.json["detail"]) == (403, "rpc needs the role admin")
    assert [each["status"] for each in (await api.client.get(NAME)).json] == ["cancelled"]
    assert not (await device.run_session()).rpcs


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
