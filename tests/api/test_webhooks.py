"""Whoever asks through the API is told of the end, and the API shows how that went."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acs.domain.token import Role
from tests.acs.webhooks.receiver import Receiver, receiving, status
from tests.acs.webhooks.smtp import mail_server
from tests.api.client import ADMIN, Client
from tests.api.conftest import Api
from tests.api.routers import name_of, router
from tests.contract.opened import Probe
from tests.e2e.device import Fault
from tests.e2e.serving import serving

PATIENCE = 20.0
SSID = "Device.WiFi.SSID.1.SSID"
PATH = "/webhook/"
HEADLESS = "/inventory_device_serial_headless_operation/"
# The clock stands still, and so does what a token may ask.
ASKED_OFTEN: dict[str, Any] = {"bootstrap_token": ADMIN, "api_rate": 100_000, "api_burst": 100_000}


@pytest.fixture
async def telling(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """An API whose webhooks may go to this machine."""
    async with (
        serving(database_url, tmp_path, webhook_networks="127.0.0.0/8", **ASKED_OFTEN) as served,
        aiohttp.ClientSession() as session,
    ):
        yield Api(served, Client(served.server.api_ports[0], session))


async def get_done(api: Api, notification: dict[str, Any]) -> str:
    """A get that is completed, of whose end somebody is to be told; its public id."""
    device = await router(api)
    document = {"name": name_of(device), "operation": "get", "variables": [{"variable_name": SSID}]}
    asked = await api.client.post(
        "/inventory_device_name_headless_operation/", document | {"notification": notification}
    )
    assert asked.status == 201, asked.octets
    public_id: str = asked.json["id"]
    await device.run_session()
    await api.served.sweep()
    return public_id


def hook(receiver: Receiver) -> dict[str, Any]:
    return {"webhook_url": f"http://127.0.0.1:{receiver.port}/T0P-SECRET?key=T0P-SECRET"}


async def until(api: Api, public_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The one delivery of an operation, once something holds of it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (found,) = (await api.client.get(f"{PATH}?operation_id={public_id}")).json["results"]
            if holds(found):
                shown: dict[str, Any] = found
                return shown


async def test_whoever_asks_is_told_of_the_end(telling: Api) -> None:
    async with receiving() as receiver:
        public_id = await get_done(telling, hook(receiver))
        request = await receiver.next()
        assert json.loads(request.body)["transaction_id"] == public_id
        found = await until(telling, public_id, lambda each: each["status"] == "delivered")
        assert found == {
            "id": request.headers["X-Aioacs-Delivery"],
            "event": "operation.completed",
            "operation_id": public_id,
            "organization_id": None,
            "channel": "webhook",
            "target": f"http://127.0.0.1:{receiver.port}/",
            "status": "delivered",
            "attempts": 1,
            "last_error": "",
            "created_at": "2027-01-15T08:00:00Z",
            "next_attempt_at": None,
            "ended_at": "2027-01-15T08:00:00Z",
            "payload": json.loads(request.body),
        }
        assert (await telling.client.get(f"{PATH}{found['id']}/")).json == found


async def test_one_that_has_ended_is_sent_once_more_on_request(telling: Api) -> None:
    async with receiving(status(410)) as receiver:
        public_id = await get_done(telling, hook(receiver))
        failed = await until(telling, public_id, lambda each: each["status"] == "failed")
        assert failed["last_error"] == "the receiver answered with status 410"
        again = await telling.client.post(f"{PATH}{failed['id']}/retry/")
        assert (again.status, again.json["status"], again.json["attempts"]) == (200, "waiting", 0)
        assert (await telling.client.post(f"{PATH}{failed['id']}/retry/")).status == 409
        await telling.served.sweep()
        await until(telling, public_id, lambda each: each["status"] == "delivered")
        assert len({each.headers["X-Aioacs-Delivery"] for each in receiver.received}) == 1
        log = (await telling.client.get("/audit_log/?resource=delivery")).json["results"]
        assert [(each["action"], each["resource_id"]) for each in log] == [("retry", failed["id"])]


async def test_they_are_filtered_by_status_and_channel(telling: Api) -> None:
    async with receiving(status(410)) as receiver:
        failed = await get_done(telling, hook(receiver))
        await until(telling, failed, lambda each: each["status"] == "failed")
        delivered = await get_done(telling, hook(receiver))
        await until(telling, delivered, lambda each: each["status"] == "delivered")
        for query, expected in [
            ("", [delivered, failed]),
            ("?status=failed", [failed]),
            ("?status=delivered&channel=webhook", [delivered]),
            ("?channel=email", []),
            ("?limit=1", [delivered]),
        ]:
            results = (await telling.client.get(f"{PATH}{query}")).json["results"]
            assert [each["operation_id"] for each in results] == expected, query
    wrong = await telling.client.get(f"{PATH}?status=lost&channel=fax")
    assert (wrong.status, set(wrong.errors)) == (400, {"status", "channel"})


async def test_a_token_sees_what_is_about_devices_of_its_organizations(telling: Api, probe: Probe) -> None:
    own, other = await telling.organization("own"), await telling.organization("other")
    async with receiving() as receiver:
        public_id = await get_done(telling, hook(receiver))
        found = await until(telling, public_id, lambda each: each["status"] == "delivered")
    one = f"{PATH}{found['id']}/"
    for organization, expected in ((None, 404), (other, 404), (own, 200)):
        await probe.execute(f"UPDATE delivery SET organization_id = {organization or 'NULL'}")
        client = await telling.token(Role.OPERATOR, own)
        assert (await client.get(one)).status == expected
        assert (await client.get(PATH)).json["count"] == (expected == 200)
        assert (await client.post(f"{one}retry/")).status == expected
    viewer = await telling.token(Role.VIEWER, own)
    assert (await viewer.get(one)).status == 200
    assert (await viewer.post(f"{one}retry/")).status == 403


async def test_what_is_told_of_a_device_goes_where_the_device_goes(telling: Api) -> None:
    old, new = await telling.organization("old"), await telling.organization("new")
    async with receiving() as receiver:
        public_id = await get_done(telling, hook(receiver))
        found = await until(telling, public_id, lambda each: each["status"] == "delivered")
    (device,) = (await telling.client.get("/inventory_device/")).json["results"]
    for organization in (old, new):
        said = await telling.client.patch(f"/inventory_device/{device['id']}/", {"organization_id": organization})
        assert said.status == 200
        for seen in (old, new):
            client = await telling.token(Role.VIEWER, seen)
            assert (await client.get(f"{PATH}{found['id']}/")).status == (200 if seen == organization else 404)


@pytest.mark.parametrize("name", ["dlv_0", "%00", "x" * 300, "%F0%9F%98%80"])
async def test_there_is_nothing_under_another_name(sqlite_api: Api, name: str) -> None:
    assert (await sqlite_api.client.get(f"{PATH}{name}/")).status in {400, 404}
    assert (await sqlite_api.client.post(f"{PATH}{name}/retry/")).status in {400, 404}


async def test_mail_is_sent_when_a_server_for_it_is_set(database_url: str, tmp_path: Path) -> None:
    async with mail_server() as mails:
        settings = {"smtp_url": f"smtp://127.0.0.1:{mails.port}", "smtp_from": "acs@example.net"}
        async with (
            serving(database_url, tmp_path, **settings, **ASKED_OFTEN) as served,
            aiohttp.ClientSession() as session,
        ):
            api = Api(served, Client(served.server.api_ports[0], session))
            public_id = await get_done(api, {"email": "noc@example.org"})
            mail = await mails.next()
            assert (mail["To"], "completed" in mail["Subject"]) == ("noc@example.org", True)
            found = await until(api, public_id, lambda each: each["status"] == "delivered")
            assert (found["channel"], found["target"]) == ("email", "noc@example.org")


async def test_the_address_of_a_receiver_is_shown_whole_to_the_sender_alone(api: Api) -> None:
    device = await router(api)
    wish = {
        "variables": [{"variable_name": SSID}],
        "notification": {"webhook_url": "https://noc.example.net/T0P-SECRET"},
    }
    one = await api.client.post(HEADLESS, wish | {"name": name_of(device), "operation": "get"})
    targets = {"operation_type": "get", "device_targets": [name_of(device)]}
    many = await api.client.post(HEADLESS, wish | targets | {"schedule": {"execute_at": "2027-02-01"}})
    for made in (one, many):
        assert made.status == 201, made.octets
        assert made.json["notification"]["webhook_url"] == "https://noc.example.net/T0P-SECRET"
    log = (await api.client.get("/audit_log/")).json["results"]
    for each in (log[0], log[1]):
        assert each["after"]["notification"]["webhook_url"] == "https://noc.example.net/"
    assert "T0P-SECRET" not in json.dumps(log)


async def test_a_request_for_many_that_is_tried_again_does_not_tell_where_its_receiver_is(api: Api) -> None:
    device = await router(api)
    device.on_rpc["GetParameterValues"] = lambda _: Fault(9002, "Internal error")
    made = await api.client.post(
        HEADLESS,
        {
            "operation_type": "get",
            "variables": [{"variable_name": SSID}],
            "device_targets": [name_of(device)],
            "notification": {"webhook_url": "https://noc.example.net/T0P-SECRET"},
        },
    )
    await api.served.sweep()
    await device.run_session()
    await api.served.sweep()
    again = await api.client.post(f"{HEADLESS}{made.json['id']}/retry/")
    assert (again.status, again.json["notification"]["webhook_url"]) == (201, "https://noc.example.net/")
