"""Devices, Informs and operations to fill a store with."""

from dataclasses import replace

from acs.domain.contact import InformRecord, Met, NewValue
from acs.domain.device import Identity
from acs.domain.inventory import FirmwareImageDetails
from acs.domain.queue import ClaimedOperation, OperationRecord, Origin, QueuedOperation
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


async def make_device(
    store: OpenStore, serial: str = "S1", *, type_id: int | None = None, update_frequency: int | None = None
) -> int:
    """A device."""
    return await store.devices.create(
        uuid=f"uuid {serial}",
        name=f"device {serial}",
        identity=Identity("00AABB", "Box", serial),
        at=AT,
        type_id=type_id,
        update_frequency=update_frequency,
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


async def make_image(store: OpenStore, name: str = "image") -> int:
    """A firmware image."""
    details = FirmwareImageDetails(name, "2.0", "image.bin", "1 Firmware Upgrade Image")
    return await store.images.create(details, size=1, sha256="s", file_key=f"key of {name}", at=AT)


async def make_transfer(
    store: OpenStore,
    device_id: int,
    operation_id: int,
    direction: str = "download",
    text: str = "x",
    *,
    image: int | None = None,
) -> int:
    """A transfer of an operation."""
    return await store.transfers.open(
        device_id,
        operation_id,
        direction=direction,
        command_key=text,
        file_type=text,
        file_name=text,
        firmware_image_id=image,
        version=text,
        size=None,
        sha256=text,
        file_key=text,
        expires_at=AT + 100,
        at=AT,
    )


async def claim(store: OpenStore, device_id: int, at: float = AT) -> tuple[int, ClaimedOperation]:
    """A session of a device, with the operation that it has taken."""
    fence = (await meet(store, device_id, at)).fence
    claimed = await store.operations.claim(device_id, fence, at)
    assert claimed is not None
    return fence, claimed


async def record_of(store: OpenStore, public_id: str) -> OperationRecord:
    """An operation as it is kept."""
    record = await store.operations.by_public_id(public_id)
    assert record is not None
    return record


async def send(store: OpenStore, device_id: int, fence: int, claimed: ClaimedOperation, sent: str = "Reboot") -> None:
    """Note that its RPC is about to leave."""
    assert await store.operations.mark_sent(
        device_id, fence, claimed, sent=sent, progress="p", at=AT, lease_until=AT + 60, snapshot="{}"
    )
