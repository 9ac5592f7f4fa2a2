"""A server with files to give away, and what tests do with them."""

from dataclasses import dataclass

from acs.domain.inventory import FirmwareImageDetails
from acs.domain.operation import JSON, Operation, OperationKind
from acs.domain.queue import OperationState
from acs.domain.transfer_record import TransferRecord
from acs.files.store import FileFolder
from acs.services.operations import OperationView
from acs.services.requested import Requested
from tests.e2e.device import Prefixes, Request, ScriptedDevice, TransferHabits
from tests.e2e.envelopes import AcsMessage, Writer
from tests.e2e.serving import Served

FIRMWARE = "1 Firmware Upgrade Image"
CONFIGURATION = "1 Vendor Configuration File"
OCTETS = b"firmware of version 2.0" * 5_000
DONE_NOW = (
    "<Status>0</Status><StartTime>2026-01-01T00:00:00Z</StartTime><CompleteTime>2026-01-01T00:00:01Z</CompleteTime>"
)


@dataclass(frozen=True, slots=True)
class Depot:
    """A server, and the files it has."""

    served: Served
    folder: FileFolder

    async def image(self, name: str = "image", version: str = "2.0") -> int:
        """Put a firmware image on the shelf."""
        async with self.folder.incoming(len(OCTETS)) as file:
            await file.write(OCTETS)
            stored = await file.keep()
        details = FirmwareImageDetails(name, version, "image.bin", FIRMWARE)
        images = self.served.server.services.tools.images
        return await images.create(details, size=stored.size, sha256=stored.sha256, file_key=stored.key, at=0.0)

    async def upgrade(self, device: ScriptedDevice, image: int, *, is_pending: bool = True) -> str:
        """Want the image on a device, and queue its download."""
        services, device_id = self.served.server.services, await self.served.id_of(device)
        await services.tools.devices.want_firmware(device_id, image, 0.0, is_pending=is_pending)
        return await self.queue(device, OperationKind.DOWNLOAD, image)

    async def queue(
        self, device: ScriptedDevice, kind: OperationKind, image: int | None = None, **arguments: JSON
    ) -> str:
        """Queue a transfer."""
        requested = Requested(Operation(kind, arguments=arguments), firmware_image_id=image)
        operations = self.served.server.services.operations
        return (await operations.queue(await self.served.id_of(device), requested)).record.public_id

    async def is_pending(self, device: ScriptedDevice) -> bool:
        """Whether the device's firmware is still on its way."""
        found = await self.served.server.services.tools.devices.by_id(await self.served.id_of(device))
        assert found is not None
        return found.firmware_image_is_pending

    async def transfer(self, public_id: str) -> TransferRecord:
        """The transfer of an operation."""
        view = await self.served.view(public_id)
        found = await self.served.server.services.tools.transfers.of_operation(view.record.id)
        assert found is not None
        return found


def fetching(depot: Depot, **habits: object) -> ScriptedDevice:
    """A router that fetches what it is told to."""
    return depot.served.device(transfers=TransferHabits(**{"fetches": True, "new_version": "2.0", **habits}))  # type: ignore[arg-type]


async def known(device: ScriptedDevice) -> ScriptedDevice:
    """The router, once it has called."""
    await device.run_session()
    return device


def done_now(rpc: AcsMessage) -> str:
    """The answer of a device that has fetched the file before it answers."""
    return Writer("1-2", Prefixes()).message(f"{rpc.method}Response", DONE_NOW)


def state(view: OperationView) -> OperationState:
    return view.record.state


def report_of(device: ScriptedDevice, key: str) -> Request:
    """A good TransferComplete."""
    return Request("TransferComplete", device.writer.transfer_complete(key, (0, ""), "2026-01-01T00:00:00Z"), key)
