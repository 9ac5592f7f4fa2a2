"""What is asked, as data."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from benchmarks.api.rows import ADMIN, LARGE, SEVERAL, TINY, device_name, serial_number

PAGE: Final = 50.0
"""The p99 in milliseconds that is laid down for a page of devices, filtered and sorted."""
DETAIL: Final = 10.0
"""The same for one device."""
_STRIDE: Final = 7_919

_DEVICES: Final = "/inventory_device_name/"
_OPERATIONS: Final = "/inventory_device_serial_headless_operation/"
_AUDIT: Final = "/audit_log/"
_FILTERS: Final = {
    "type": "type=3",
    "status Up": "status=Up",
    "status Down": "status=0",
    "large organization": "organization=1",
    "tiny organization": "organization=19",
    "status change": "last_status_change_from=2026-01-01",
    "serial number": "serial_number={serial}",
    "manufacturer": "manufacturer=Kestrel",
    "no such manufacturer": "manufacturer=Nobody",
    "product class": "product_class=HG-104",
    "software version": "software_version=7.3.9",
    "tag": "tag=vip",
    "is active": "is_active=false",
    "last connection": "last_connection_from=2020-01-01&last_connection_to=2090-01-01",
    "pending": "pending=true",
    "four filters": "type=3&status=Up&organization=1&software_version=7.3.9",
    "filters that nothing fits": "type=3&status=Up&manufacturer=Nobody&organization=1",
    "filtered and sorted": "status=Up&organization=1&ordering=-last_connection",
    "filtered and sorted otherwise": "manufacturer=Kestrel&status=Down&ordering=software_version",
}
_ORDERS: Final = ("id", "name", "last_connection", "status_change", "serial_number", "manufacturer",
                  "software_version", "type", "status", "address", "organization_id")  # fmt: skip
_SEARCHES: Final = {
    "long": "{name}",
    "in the middle": "berlin-00",
    "serial": "{serial}",
    "address": "10.17.",
    "everything": "cpe-",
    "two characters": "99",
    "one character": "7",
    "nothing": "no such device",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One question, asked many times."""

    name: str
    """What it is called in tables."""
    path: str
    """Below the base; ``{name}``, ``{serial}`` and ``{id}`` stand for another device each time."""
    token: str = ADMIN
    """Who asks."""
    most: float | None = None
    """The p99 in milliseconds that is laid down."""
    behind: str = ""
    """The page before: what is asked goes on where its ``next_cursor`` says."""

    def asked(self, turn: int, devices: int, seed: int) -> str:
        """The path, for the nth time."""
        number = 1 + turn * _STRIDE % devices
        places = {"name": device_name(number, seed), "serial": serial_number(number, seed), "id": str(number)}
        path = self.path
        for place, text in places.items():
            path = path.replace(f"{{{place}}}", quote(text, safe=""))
        return path


def cases(devices: int, operations: int) -> Iterator[Case]:
    """All of them, for a database of that size."""
    yield from _device_cases(devices)
    yield from _operation_cases(operations)
    yield Case("audit: page", _AUDIT)
    yield Case("audit: deep", f"{_AUDIT}?offset={operations * 9 // 10}")
    yield Case("audit: middle", f"{_AUDIT}?offset={operations // 2}")
    yield Case("audit: resource", f"{_AUDIT}?resource=device")
    yield Case("audit: action", f"{_AUDIT}?action=delete")
    yield Case("audit: tiny organization", _AUDIT, TINY)
    yield Case("audit: large organization", _AUDIT, LARGE)
    yield Case("audit: five organizations", _AUDIT, SEVERAL)


def _device_cases(devices: int) -> Iterator[Case]:
    yield Case("device: by name", f"{_DEVICES}{{name}}/", most=DETAIL)
    yield Case("device: by id", "/inventory_device/{id}/", most=DETAIL)
    yield Case("device: by serial number", "/inventory_device_serial/{serial}/", most=DETAIL)
    yield Case("devices: page", _DEVICES, most=PAGE)
    yield Case("devices: count alone", f"{_DEVICES}?limit=0", most=PAGE)
    yield Case("devices: 1,000 at once", f"{_DEVICES}?limit=1000")
    for name, query in _FILTERS.items():
        yield Case(f"devices: {name}", f"{_DEVICES}?{query}", most=PAGE)
    for order in _ORDERS:
        for way in ("", "-"):
            yield Case(f"devices: by {way}{order}", f"{_DEVICES}?ordering={way}{order}", most=PAGE)
    for name, text in _SEARCHES.items():
        yield Case(f"devices: search {name}", f"{_DEVICES}?search={quote(text, safe='{}')}", most=PAGE)
    yield Case("devices: search in order", f"{_DEVICES}?search=berlin&ordering=-last_connection", most=PAGE)
    yield Case("devices: search, filtered", f"{_DEVICES}?search=cpe-&status=Up&organization=19", most=PAGE)
    for token, whose in ((TINY, "tiny organization"), (LARGE, "large organization"), (SEVERAL, "five organizations")):
        yield Case(f"devices: token, {whose}", _DEVICES, token, PAGE)
        yield Case(f"devices: token, {whose}, in order", f"{_DEVICES}?ordering=-last_connection", token, PAGE)
    yield Case("devices: deep", f"{_DEVICES}?offset={devices * 9 // 10}", most=PAGE)
    yield Case("devices: middle", f"{_DEVICES}?offset={devices // 2}", most=PAGE)
    yield Case("devices: middle, in order", f"{_DEVICES}?offset={devices // 2}&ordering=-last_connection")
    for order in ("name", "-last_connection"):
        path = f"{_DEVICES}?ordering={order}"
        yield Case(f"devices: cursor by {order}", path, most=PAGE, behind=f"{path}&offset={devices // 2}")


def _operation_cases(operations: int) -> Iterator[Case]:
    yield Case("operations: page", f"{_OPERATIONS}?limit=100")
    yield Case("operations: count alone", f"{_OPERATIONS}?limit=0")
    yield Case("operations: 1,000 at once", f"{_OPERATIONS}?limit=1000")
    for name, query in (
        ("completed", "status=completed"), ("queued", "status=queued"), ("unknown", "status=unknown"),
        ("get", "operation=get"), ("completed get", "status=completed&operation=get"),
        ("queued reboot", "status=queued&operation=reboot"), ("of a device", "serial_number={serial}"),
        ("of a device by name", "name={name}"), ("created", "created_from=2026-01-01"),
        ("failed since", "status=failed&created_from=2026-01-01"),
    ):  # fmt: skip
        yield Case(f"operations: {name}", f"{_OPERATIONS}?limit=100&{query}")
    for token, whose in ((TINY, "tiny organization"), (LARGE, "large organization"), (SEVERAL, "five organizations")):
        yield Case(f"operations: token, {whose}", f"{_OPERATIONS}?limit=100", token)
        yield Case(f"operations: completed, token, {whose}", f"{_OPERATIONS}?limit=100&status=completed", token)
        yield Case(f"operations: queued, token, {whose}", f"{_OPERATIONS}?limit=100&status=queued", token)
    yield Case("operations: deep", f"{_OPERATIONS}?limit=100&offset={operations * 9 // 10}")
    yield Case("operations: middle", f"{_OPERATIONS}?limit=100&offset={operations * 2 // 5}")
    yield Case(
        "operations: cursor", f"{_OPERATIONS}?limit=100", behind=f"{_OPERATIONS}?limit=100&offset={operations * 2 // 5}"
    )
