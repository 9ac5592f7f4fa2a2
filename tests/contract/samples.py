"""Devices, Informs and operations to fill a store with."""

from dataclasses import replace

from acs.domain.contact import InformRecord, Met, NewValue
from acs.domain.device import Identity
from acs.domain.queue import Origin, QueuedOperation
from tests.contract.opened import OpenStore

AT = 1_700_000_000.25

# What texts must survive: quotes of both databases, a backslash that is no escape, four octets in UTF-8, a
# combining mark, what looks like a placeholder, and a line's end.
TEXTS = [
    "",
    'O\'Neill "x"',
    r"a\u0000\n\\",
    "Ünïcødé 漢字 😀 e\u0301",
    "$1 :name ? {rows} %s",
    "a\nb\tc\r",
    "x" * 200_000,
]


async def make_device(store: OpenStore, serial: str = "S1", *, type_id: int | None = None) -> int:
    """A device."""
    return await store.devices.create(
        uuid=f"uuid {serial}",
        name=f"device {serial}",
        identity=Identity("00AABB", "Box", serial),
        at=AT,
        type_id=type_id,
    )


def inform(device_id: int, at: float = AT) -> InformRecord:
    """An Inform."""
    return InformRecord(
        device_id=device_id,
        at=at,
        down_after=750.0,
        events="2 PERIODIC",
        address="192.0.2.1",
        inform_interval=300,
        connection_request_url="http://192.0.2.1:7547/",
        session_key=f"key {device_id} {at}",
        lease_until=at + 60,
        snapshot="{}",
    )


async def meet(store: OpenStore, device_id: int, at: float = AT, *values: NewValue) -> Met:
    """Record an Inform of a device that is there."""
    met = await store.contacts.record_inform(replace(inform(device_id, at), values=values))
    assert met is not None
    return met


def operation(device_id: int, name: str = "1") -> QueuedOperation:
    """An operation to be queued."""
    return QueuedOperation(
        public_id=f"op_{device_id}_{name}",
        device_id=device_id,
        kind="get",
        origin=Origin.USER,
        request='{"variables": []}',
        command_key=f"key_{device_id}_{name}",
    )
