"""What some routes of a family are seen to answer in tests of their own, seen on all routes of all families."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from acs.domain.token import Role
from tests.api.client import Client
from tests.api.conftest import Api
from tests.api.forms import NEW, form, send
from tests.api.inventory import location, make
from tests.api.routers import router
from tests.contract.opened import probing

SSID = "Device.WiFi.SSID.1.SSID"
WANTED = [{"variable_name": SSID, "value": "wanted"}]


@dataclass(frozen=True, slots=True)
class Family:
    """One of the three families of paths."""

    infix: str
    place: str
    key: str

    def path(self, suffix: str = "") -> str:
        return f"/inventory_device{self.infix}{suffix}/"

    def of(self, device: dict[str, str], suffix: str = "") -> str:
        return f"{self.path(suffix)}{device[self.place]}/"

    def both(self, device: dict[str, str], suffix: str) -> list[str]:
        return [self.of(device, suffix), f"{self.path(suffix)}?{self.key}={device[self.place]}"]


FAMILIES = (
    Family("_name", "name", "parent__name"),
    Family("", "id", "parent_id"),
    Family("_serial", "serial_number", "parent__serial_number"),
)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=["by name", "by number", "by serial number"])


async def devices(api: Api) -> tuple[dict[str, str], dict[str, str]]:
    """Two devices, by all that they are called."""
    found = []
    for name in ("one", "two"):
        number = await make(api, name, serial_number=f"serial-{name}")
        found.append({"name": name, "id": str(number), "serial_number": f"serial-{name}"})
    return found[0], found[1]


async def twins(api: Api) -> str:
    """The serial number of two devices."""
    for oui in ("000001", "000002"):
        await make(api, f"twin {oui}", serial_number="TWIN", oui=oui)
    return "TWIN"


@each_family
async def test_a_name_that_is_taken_is_a_conflict(sqlite_api: Api, family: Family) -> None:
    one, two = await devices(sqlite_api)
    client = sqlite_api.client
    assert (await client.post(family.path(), {"name": one["name"]})).status == 409
    assert (await client.put(family.of(two), {"name": one["name"], "serial_number": "x"})).status == 409
    assert (await client.patch(family.of(two), {"name": one["name"]})).status == 409
    assert (await client.get(family.of(two))).json["name"] == "two"


@each_family
async def test_a_serial_number_of_two_is_ambiguous_wherever_it_is_said(sqlite_api: Api, family: Family) -> None:
    serial, client = await twins(sqlite_api), sqlite_api.client
    headless = {"serial_number": serial, "operation": "get", "variables": [{"variable_name": SSID}]}
    assert (await client.post(family.path("_headless_operation"), headless)).status == 409
    paths = [f"{family.path(suffix)}?parent__serial_number={serial}" for suffix in ("_variables", "_setting")]
    if family.place == "serial_number":
        paths += [f"{family.path(suffix)}{serial}/" for suffix in ("_variables", "_setting")]
    for path in paths:
        for method, body in (("GET", None), ("PUT", WANTED), ("PATCH", WANTED), ("DELETE", None)):
            if method in {"PATCH", "DELETE"} and "_variables" in path:
                continue
            asked = (
                f"{path}{'&' if '?' in path else '?'}parameter__variable_name={SSID}" if method == "DELETE" else path
            )
            said = await client.ask(method, asked, body)
            assert (said.status, said.json["type"]) == (409, "urn:aioacs:problem:ambiguous"), (method, asked)
            assert len(said.json["ids"]) == 2


@each_family
async def test_a_setting_is_wanted_and_wanted_no_longer(sqlite_api: Api, family: Family) -> None:
    one, _ = await devices(sqlite_api)
    for path in family.both(one, "_setting"):
        assert (await sqlite_api.client.put(path, WANTED)).json["count"] == 1
        mark = "&" if "?" in path else "?"
        dropped = await sqlite_api.client.delete(f"{path}{mark}parameter__variable_name={SSID}")
        assert dropped.status == 204
        assert (await sqlite_api.client.get(path)).json["count"] == 0


@each_family
async def test_a_variable_is_set_once_and_who_only_reads_asks_no_device(sqlite_api: Api, family: Family) -> None:
    device = await router(sqlite_api, serial="serial-router")
    number = str(await sqlite_api.served.id_of(device))
    one = {"name": f"00D09E-EX5501-{device.id.serial}", "id": number, "serial_number": device.id.serial}
    viewer = await sqlite_api.token(Role.VIEWER)
    for path in family.both(one, "_variables"):
        said = await sqlite_api.client.put(path, WANTED)
        assert (said.status, said.json["status"]) == (200, "queued")
        mark = "&" if "?" in path else "?"
        assert (await viewer.get(f"{path}{mark}force_update=true")).status == 403


@each_family
async def test_an_operation_is_cancelled_once_and_tried_again_when_it_has_ended(
    sqlite_api: Api, family: Family
) -> None:
    one, _ = await devices(sqlite_api)
    client, path = sqlite_api.client, family.path("_headless_operation")
    asked = {family.place: int(one["id"]) if family.place == "id" else one[family.place]}
    made = await client.post(path, asked | {"operation": "get", "variables": [{"variable_name": SSID}]})
    assert made.status == 201
    number = made.json["id"]
    assert (await client.post(f"{path}{number}/retry/")).status == 409
    assert (await client.delete(f"{path}?id={number}")).status == 204
    assert (await client.delete(f"{path}?id={number}")).status == 409
    again = await client.post(f"{path}{number}/retry/")
    assert (again.status, again.json["status"]) == (201, "queued")
    assert again.json["id"] != number


@each_family
async def test_what_became_of_many_devices_is_shown_for_each(sqlite_api: Api, family: Family) -> None:
    await devices(sqlite_api)
    client, path = sqlite_api.client, family.path("_headless_operation")
    body = {"operation_type": "get", "device_targets": ["one", "two"], "variables": [{"variable_name": SSID}]}
    made = await client.post(path, body)
    assert (made.status, made.json["target_device_count"]) == (201, 2)
    await sqlite_api.served.sweep()
    shown = await client.get(f"{path}{made.json['id']}/devices/")
    assert (shown.status, {each["device_name"] for each in shown.json["results"]}) == (200, {"one", "two"})


@each_family
async def test_a_device_that_is_down_is_not_rebooted(sqlite_api: Api, family: Family) -> None:
    one, _ = await devices(sqlite_api)
    said = await sqlite_api.client.put(family.of(one, "_operation"), {"operation": "reboot"})
    assert (said.status, said.json["type"]) == (409, "urn:aioacs:problem:conflict")


async def test_an_organization_keeps_its_name_and_is_not_deleted_under_its_locations(sqlite_api: Api) -> None:
    client: Client = sqlite_api.client
    first, other = await sqlite_api.organization("first"), await sqlite_api.organization("other")
    await location(sqlite_api, "here", organization_id=first)
    assert (await client.put(f"/organization/{other}/", {"name": "first"})).status == 409
    assert (await client.patch(f"/organization/{other}/", {"name": "first"})).status == 409
    refused = await client.delete(f"/organization/{first}/")
    assert refused.status == 409
    assert "location" in refused.json["detail"]
    log = (await client.get("/audit_log/?resource=organization")).json
    assert log["count"] == 0


async def test_an_image_whose_key_is_in_use_is_not_taken(sqlite_api: Api, tmp_path: Path) -> None:
    first = await send(sqlite_api.client, form(NEW), Idempotency_Key="k")
    assert first.status == 201
    async with probing(f"sqlite:///{tmp_path / 'aioacs.db'}") as probe:
        await probe.execute("UPDATE idempotency_key SET status = 0")
    assert (await sqlite_api.client.delete(f"/firmware_image/{first.json['id']}/")).status == 204
    said = await send(sqlite_api.client, form(NEW), Idempotency_Key="k")
    assert (said.status, said.json["type"]) == (409, "urn:aioacs:problem:key-pending")
