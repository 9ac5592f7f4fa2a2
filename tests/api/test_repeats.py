"""Requests with a key of their own that were cut off: done once in the end, and never twice."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acs.domain.request_key import RequestKey
from acs.store.idempotency import Claim, Pending
from acs.store.statements import Dialect
from api.problems import Kind, Problem
from api.repeats import Rendered, Repeats
from api.routes import routes
from api.routing import Made
from tests.api.asking import ID, NAME, SERIAL, reads
from tests.api.client import ADMIN, Client
from tests.api.conftest import Api
from tests.api.forms import NEW, form, send
from tests.api.routers import name_of, router
from tests.contract.opened import Probe
from tests.e2e.device import Fault
from tests.e2e.serving import serving

PATH = "/organization/"
DEVICES = "/inventory_device_name/"
READ = reads("Device.WiFi.SSID.1.SSID")
HOOK = {"webhook_url": "http://127.0.0.1:9/T0P-SECRET"}
BODY = {"name": "Example Telecom"}
LONG = 301.0


async def cut_off(api: Api, key: str, *, ahead: float = 0.0) -> None:
    """A request with a key was being carried out when its process ended, whose clock was ahead by so much."""
    owner = str((await api.client.get("/token/")).json["results"][0]["id"])
    identity = f"POST /api/v1{PATH}\n".encode() + json.dumps(BODY).encode()
    store = api.served.server.services.management.idempotency
    await store.claim(RequestKey(owner, key), hashlib.sha256(identity).hexdigest(), api.served.clock.wall() + ahead)


async def waited_for(api: Api, key: str) -> None:
    """It is sent again, and then not for so long that no process can still be at it."""
    said = await api.client.post(PATH, BODY, Idempotency_Key=key)
    assert said.status == (201 if api.served.server.services.management.database.dialect is Dialect.SQLITE else 409)
    api.served.clock.advance(LONG)


@pytest.mark.parametrize("ahead", [0.0, -400.0, 30 * 86_400.0])
async def test_what_was_cut_off_before_it_did_anything_is_done_whatever_the_clocks_say(api: Api, ahead: float) -> None:
    await cut_off(api, "k", ahead=ahead)
    await waited_for(api, "k")
    made = await api.client.post(PATH, BODY, Idempotency_Key="k")
    assert made.status == 201
    again = await api.client.post(PATH, BODY, Idempotency_Key="k")
    assert (again.status, again.json) == (201, made.json)
    assert (await api.client.get(PATH)).json["count"] == 1


async def test_what_may_still_be_carried_out_elsewhere_is_waited_for(api: Api) -> None:
    await cut_off(api, "k")
    api.served.clock.advance(1)
    said = await api.client.post(PATH, BODY, Idempotency_Key="k")
    if api.served.server.services.management.database.dialect is Dialect.SQLITE:
        # It bears one server: there is no elsewhere.
        assert said.status == 201
        return
    assert (said.status, said.json["type"]) == (409, "urn:aioacs:problem:key-pending")
    assert said.headers["Retry-After"] == "1"
    assert (await api.client.get(PATH)).json["count"] == 0


@pytest.mark.parametrize("stands_still", ["when it is claimed", "when it is carried out"])
async def test_who_stood_still_for_so_long_that_another_may_be_at_it_changes_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, stands_still: str
) -> None:
    management = api.served.server.services.management
    repeats, key = Repeats(management), RequestKey("1", "k")
    store, clock = management.idempotency, api.served.clock
    claim = store.claim

    async def overtaken() -> None:
        """In between another process has waited, and has taken its place."""
        clock.advance(LONG)
        assert await store.take_over(key, clock.wall() - LONG, clock.wall())

    async def claim_slowly(*claimed: Any) -> Claim:
        made = await claim(*claimed)
        await overtaken()
        return made

    async def do() -> Rendered:
        if stands_still == "when it is carried out":
            await overtaken()
        repeats.check_in_time(key)
        raise AssertionError("it goes on")

    async def again(_: Made) -> Rendered:
        raise AssertionError("nothing was made")

    if stands_still == "when it is claimed":
        monkeypatch.setattr(store, "claim", claim_slowly)
    with pytest.raises(Problem) as caught:
        await repeats.once(key, b"", do, again)
    assert caught.value.kind is Kind.KEY_PENDING
    kept = await claim(key, hashlib.sha256(b"").hexdigest(), clock.wall())
    assert kept == Pending(clock.wall()), "what the other one has claimed stays claimed"


async def lost(*_: object) -> None:
    """Keeps no answer, for whoever would is no more."""


@pytest.fixture
def is_killed(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Until ``undo`` of the monkeypatch, nothing of an answer is kept: as if the process ended when it is to go out."""
    monkeypatch.setattr(api.served.server.services.management.idempotency, "answer", lost)
    yield
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("path", "body", "listed"),
    [
        (PATH, BODY, PATH),
        ("/location/", {"name": "Exchange 12", "latitude": "52.5200"}, "/location/"),
        ("/inventory_type/", {"name": "a type", "short_name": "t"}, "/inventory_type/"),
        ("/token/", {"name": "NOC tools", "role": "operator"}, "/token/"),
        ("/inventory_device_name/", {"name": "two", "model": "x", "password": "hush", "username": "u"}, DEVICES),
        ("/inventory_device/", {"name": "two", "serial_number": "S2"}, DEVICES),
        ("/inventory_device_serial/", {"name": "two"}, DEVICES),
        (NAME, {"name": "one", "operation": "get", "variables": READ, "scheduled_at": "2027-01-16"}, SERIAL),
        (ID, {"device_name": "one", "operation": "set", "variables": [READ[0] | {"value": "s"}], "wait": 1}, SERIAL),
        (SERIAL, {"device_name": "one", "operation_type": "get", "parameters": {"variables": READ, "x": 1}}, SERIAL),
        (NAME, {"name": "one", "operation": "rpc", "method": "GetRPCMethods", "arguments": {}}, SERIAL),
        (SERIAL, {"operation_type": "get", "device_targets": ["one", "none"], "variables": READ}, SERIAL),
        (NAME, {"operation_type": "reboot", "device_targets": ["one"], "notification": HOOK}, SERIAL),
    ],
)
async def test_what_was_carried_out_and_not_answered_is_answered_as_then_and_not_done_again(
    api: Api,
    probe: Probe,
    monkeypatch: pytest.MonkeyPatch,
    is_killed: None,
    path: str,
    body: dict[str, Any],
    listed: str,
) -> None:
    await api.client.post("/inventory_device_name/", {"name": "one"})
    first = await api.client.post(path, body, Idempotency_Key="k")
    assert first.status == 201, first.octets
    monkeypatch.undo()
    count, audited = [(await api.client.get(each)).json["count"] for each in (f"{listed}?limit=9", "/audit_log/")]
    for seconds in (1, LONG):
        api.served.clock.advance(seconds)
        again = await api.client.post(path, body, Idempotency_Key="k")
        assert (again.status, again.json) == (201, first.json)
        assert again.headers["Idempotent-Replay"] == "true"
        for name in ("Location", "X-Ignored-Fields", "Content-Type"):
            assert again.headers.get(name) == first.headers.get(name)
    now = [(await api.client.get(each)).json["count"] for each in (f"{listed}?limit=9", "/audit_log/")]
    assert now == [count, audited]
    assert (await api.client.post(path, body | {"name": "another"}, Idempotency_Key="k")).status in {400, 409}


async def given_up(api: Api) -> str:
    """A delivery that was given up, for its receiver may not be called."""
    async with asyncio.timeout(20):
        while True:
            await api.served.sweep()
            failed = (await api.client.get("/webhook/?status=failed")).json["results"]
            if failed:
                public_id: str = failed[0]["id"]
                return public_id


async def test_so_it_is_with_what_is_asked_for_once_more(
    api: Api, monkeypatch: pytest.MonkeyPatch, is_killed: None
) -> None:
    device = await router(api)
    device.on_rpc["GetParameterValues"] = lambda _: Fault(9002, "not now")
    wish = {"variables": READ, "notification": HOOK}
    one = await api.client.post(NAME, wish | {"name": name_of(device), "operation": "get"})
    many = await api.client.post(NAME, wish | {"device_targets": [name_of(device)], "operation_type": "get"})
    for _ in range(3):
        await device.run_session()
        await api.served.sweep()
    delivery = await given_up(api)
    paths = [f"{NAME}{each.json['id']}/retry/" for each in (one, many)] + [f"/webhook/{delivery}/retry/"]
    first = [await api.client.post(path, None, Idempotency_Key=f"k{place}") for place, path in enumerate(paths)]
    assert [each.status for each in first] == [201, 201, 200]
    monkeypatch.undo()
    again = [await api.client.post(path, None, Idempotency_Key=f"k{place}") for place, path in enumerate(paths)]
    assert [(each.status, each.json) for each in again] == [(each.status, each.json) for each in first]


async def test_so_it_is_with_an_image(api: Api, monkeypatch: pytest.MonkeyPatch, is_killed: None) -> None:
    first = await send(api.client, form(NEW), Idempotency_Key="k")
    monkeypatch.undo()
    again = await send(api.client, form(NEW), Idempotency_Key="k")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert (await api.client.get("/firmware_image/")).json["count"] == 1


async def test_the_text_of_a_token_waits_sealed_for_whoever_asks_again(
    api: Api, probe: Probe, monkeypatch: pytest.MonkeyPatch, is_killed: None
) -> None:
    body = {"name": "NOC tools", "role": "viewer"}
    first = await api.client.post("/token/", body, Idempotency_Key="k")
    text = first.json["token"]
    assert (await api.client.as_(text).get(PATH)).status == 200
    assert text not in str(await probe.content())
    monkeypatch.undo()
    assert (await api.client.post("/token/", body, Idempotency_Key="k")).json["token"] == text
    assert text not in str(await probe.content())


async def test_another_process_gives_the_answer_as_well(database_url: str, tmp_path: Path) -> None:
    token, device = {"name": "NOC tools", "role": "viewer"}, {"name": "one"}
    get = {"name": "one", "operation": "get", "variables": READ}
    wishes = [("/token/", token, "a"), (DEVICES, device, "b"), (NAME, get, "c")]
    said: list[list[object]] = []
    async with aiohttp.ClientSession() as session:
        for turn in range(2):
            async with serving(database_url, tmp_path, bootstrap_token=ADMIN) as served:
                if not turn:
                    served.server.services.management.idempotency.answer = lost  # type: ignore[method-assign,assignment]
                client = Client(served.server.api_ports[0], session)
                said.append([(await client.post(path, body, Idempotency_Key=key)).json for path, body, key in wishes])
    assert said[0] == said[1]


async def test_what_was_made_and_is_gone_is_named_and_not_made_again(
    api: Api, monkeypatch: pytest.MonkeyPatch, is_killed: None
) -> None:
    made = await api.client.post(PATH, BODY, Idempotency_Key="k")
    monkeypatch.undo()
    await api.client.delete(f"{PATH}{made.json['id']}/")
    said = await api.client.post(PATH, BODY, Idempotency_Key="k")
    assert (said.status, said.json["type"]) == (409, "urn:aioacs:problem:key-pending")
    assert (said.json["resource"], said.json["resource_id"]) == ("organization", str(made.json["id"]))
    assert (await api.client.get(PATH)).json["count"] == 0


async def test_what_another_request_has_made_under_the_key_days_ago_is_no_answer(api: Api, probe: Probe) -> None:
    made = await api.client.post(PATH, {"name": "of last week"}, Idempotency_Key="k")
    api.served.clock.advance(7 * 86_400)
    await probe.execute("DELETE FROM idempotency_key")
    await cut_off(api, "k")
    await waited_for(api, "k")
    said = await api.client.post(PATH, BODY, Idempotency_Key="k")
    assert (said.status, said.json["name"]) == (201, BODY["name"])
    assert said.json["id"] != made.json["id"]


def test_every_request_with_a_key_can_be_answered_again(sqlite_api: Api) -> None:
    every = routes(sqlite_api.served.server.services.management)
    assert [each.path for each in every if (each.method == "POST") is not (each.again is not None)] == []


async def test_each_kind_of_work_names_its_key_in_its_own_commit(api: Api, probe: Probe) -> None:
    client = api.client
    await client.post("/inventory_device_name/", {"name": "one"}, Idempotency_Key="device")
    path = "/inventory_device_name_headless_operation/"
    get = {"name": "one", "operation": "get", "variables": [{"variable_name": "Device.DeviceInfo."}]}
    one = await client.post(path, get, Idempotency_Key="one")
    many = {"operation_type": "get", "device_targets": ["one"], "variables": get["variables"]}
    bulk = await client.post(path, many, Idempotency_Key="many")
    await client.delete(f"{path}?id={one.json['id']}")
    await client.post(f"{path}{one.json['id']}/retry/", None, Idempotency_Key="retry")
    rows = await probe.rows("SELECT request_key, resource FROM audit WHERE request_key <> '' ORDER BY id")
    assert [(key.partition(" ")[2], resource) for key, resource in rows] == [
        ("device", "device"),
        ("one", "operation"),
        ("many", "bulk"),
        ("retry", "operation"),
    ]
    assert bulk.status == 201
