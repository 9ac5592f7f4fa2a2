"""Devices and what they refer to, made through the API or the stores."""

from typing import Any

from tests.api.conftest import Api

PATH = "/inventory_device_name/"


async def make(api: Api, name: str, **said: Any) -> int:
    """A registered device."""
    made = await api.client.post(PATH, {"name": name} | said)
    assert made.status == 201, made.octets
    number: int = made.json["id"]
    return number


async def location(api: Api, name: str, **said: Any) -> int:
    """A location."""
    made = await api.client.post("/location/", {"name": name} | said)
    assert made.status == 201, made.octets
    number: int = made.json["id"]
    return number


async def device_type(api: Api, short_name: str, **said: Any) -> int:
    """A type."""
    made = await api.client.post("/inventory_type/", {"name": short_name, "short_name": short_name} | said)
    assert made.status == 201, made.octets
    number: int = made.json["id"]
    return number
