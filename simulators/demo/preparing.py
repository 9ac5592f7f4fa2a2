"""Fills a new server with a few things of each sort, so that each command of the demo has something to show."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any, Final
from urllib.parse import quote

from simulators.access import Api
from simulators.demo.curls import Known, Router

SETTING: Final = "Device.WiFi.SSID.1.SSID"
_PATIENCE: Final = 60.0
# Nothing listens there, and the server refuses to call it: the delivery has an end at once, and can be looked at.
_NOBODY: Final = "http://127.0.0.1:9/"


async def all_called(api: Api, count: int) -> None:
    """Wait until so many devices have called."""
    await _at_least(api, "/inventory_device/?limit=1000", count)


async def routers_of(api: Api, product_class: str, count: int) -> tuple[Router, ...]:
    """The routers of a kind, once so many have called."""
    path = f"/inventory_device/?product_class={quote(product_class, safe='')}&limit=100&ordering=id"
    found = await _at_least(api, path, count)
    return tuple([_router(await api.ask("GET", f"/inventory_device/{each['id']}/")) for each in found])


def _router(shown: Mapping[str, Any]) -> Router:
    return Router(shown["id"], shown["name"], shown["serial_number"], shown["oui"])


async def _at_least(api: Api, path: str, count: int) -> list[dict[str, Any]]:
    """What a list holds, once it is so many."""
    async with asyncio.timeout(_PATIENCE):
        for pause in chain((0.0,), repeat(0.2)):
            await asyncio.sleep(pause)
            found: list[dict[str, Any]] = (await api.ask("GET", path))["results"]
            if len(found) >= count:
                break
    return found


async def prepare(api: Api, routers: Sequence[Router], image: str, content: bytes) -> Known:
    """Make one of each to keep and one to delete; ``image`` is the path of a file with that content."""
    kept: dict[str, str] = {}
    spare: dict[str, str] = {}
    for name, things in (("Demo Telecom", kept), ("Nobody's", spare)):
        organization = await api.ask("POST", "/organization/", {"name": name})
        things["organization/id"] = str(organization["id"])
        location = await api.ask(
            "POST", "/location/", {"name": f"{name} street 1", "short_name": name[:4].strip(), "latitude": "59.9139"}
        )
        things["location/id"] = str(location["id"])
        kind = await api.ask(
            "POST", "/inventory_type/", {"name": f"{name} router", "short_name": f"demo{len(things)}{name[:1].lower()}"}
        )
        things["inventory_type/id"] = str(kind["id"])
        form: dict[str, str | bytes] = {"name": f"image of {name}", "version": "2.0", "file": content}
        firmware = await api.ask("POST", "/firmware_image/?upload_key=" + name[:4].strip().lower(), form=form)
        things["firmware_image/id"] = things["firmware_image/file"] = str(firmware["id"])
        things["firmware_image/key"] = name[:4].strip().lower()
        token = await api.ask("POST", "/token/", {"name": f"for {name}", "role": "viewer"})
        things["token/id"] = str(token["id"])
    *spares, waiting = [await _spare(api, number) for number in range(1, 5)]
    await _operations(api, routers[0], waiting, kept, spare)
    return Known(routers, spares, kept, spare, SETTING, image)


async def _spare(api: Api, number: int) -> Router:
    made = await api.ask(
        "POST", "/inventory_device/", {"name": f"spare-{number}", "serial_number": f"SPARE-{number}", "oui": "02D0E2"}
    )
    return _router(made)


async def _operations(api: Api, router: Router, spare: Router, kept: dict[str, str], away: dict[str, str]) -> None:
    """Operations to cancel and to try again, one on many devices, and a webhook that told of an end."""
    notification = {"webhook_url": _NOBODY}
    for family in ("inventory_device_name", "inventory_device", "inventory_device_serial"):
        resource = f"{family}_headless_operation"
        get = {"operation": "get", "variables": [{"variable_name": "Device.DeviceInfo.SoftwareVersion"}]}
        # What was asked of a device that never calls can be cancelled, and what was cancelled tried again.
        waiting = await api.ask("POST", f"/{resource}/", {"name": spare.name, **get})
        away[f"{resource}/id"] = waiting["id"]
        cancelled = await api.ask("POST", f"/{resource}/", {"name": spare.name, "notification": notification, **get})
        await api.ask("DELETE", f"/{resource}/?id={cancelled['id']}")
        kept[f"{resource}/retry"] = cancelled["id"]
        many = await api.ask(
            "POST",
            f"/{resource}/",
            {"operation_type": "get", "device_targets": [router.name], "variables": get["variables"]},
        )
        kept[f"{resource}/devices"] = many["id"]
    kept["webhook/id"] = kept["webhook/retry"] = str((await _at_least(api, "/webhook/", 1))[0]["id"])
