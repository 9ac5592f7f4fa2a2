"""A device in the midst of a session, with everything that a session may change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acs.domain.contact import HistoryEntry, NewValue
from acs.domain.queue import ClaimedOperation
from acs.domain.setting import SettingState
from acs.domain.settlement import Consequences, Rhythm, SettingsReport, TransferReport
from acs.store.statements import Batch
from tests.contract.opened import OpenStore
from tests.contract.samples import AT, make_device, make_image, make_transfer, meet, operation


@dataclass(slots=True)
class Scene:
    """A device in its second session: one operation in progress, with a transfer; one that waits; a known value."""

    store: OpenStore
    device_id: int
    path_id: int
    image_id: int
    transfer_id: int
    fence: int
    claimed: ClaimedOperation

    async def write(self, statement: Batch, fence: int, rest: Mapping[str, Any]) -> list[tuple[object, ...]]:
        """Write a row of just this statement."""
        given = {
            "device_id": self.device_id,
            "fence": fence,
            "new_fence": fence,
            "path_id": self.path_id,
            "firmware_image_id": self.image_id,
            "id": self.transfer_id if statement.name.startswith("transfer.") else self.claimed.id,
            **rest,
        }
        (results,) = await self.store.writer.write(
            self.device_id, (statement, [tuple(given[column] for column in statement.columns)])
        )
        return results

    def consequences(self) -> Consequences:
        """All that may follow from an operation."""
        return Consequences(
            values=[NewValue(self.path_id, "9", "xsd:string", True, "Device.X", "9")],
            gone=["Device.Gone."],
            settings=SettingsReport(
                [SettingState("Device.X", "u", "applied")],
                settings_due=False,
                credentials_due=True,
                last_configuration=AT + 2,
                batches='{"gpv": 8}',
            ),
            update_frequency=600,
            rhythm=Rhythm(600, 1_500.0),
            transfer=TransferReport(
                self.transfer_id, '{"fault_code": 0}', is_over=True, arrived_image_id=self.image_id
            ),
            history=(HistoryEntry("operation", self.claimed.public_id, None, "completed"),),
        )


async def enter(store: OpenStore, serial: str) -> Scene:
    """A scene with a device of its own."""
    device_id = await make_device(store, serial, update_frequency=300)
    image_id = await make_image(store, f"image of {serial}")
    path_id, gone_id = await store.parameters.numbers(["Device.X", "Device.Gone.1.Y"])
    await store.devices.want_firmware(device_id, image_id, AT, is_pending=True)
    await meet(store, device_id)
    await store.operations.queue(operation(device_id, "1"), AT)
    await store.operations.queue(operation(device_id, "2"), AT)
    values = [NewValue(each, "1", "xsd:string", False, "Device.X", "1") for each in (path_id, gone_id)]
    met = await meet(store, device_id, AT + 1, *values)
    claimed = await store.operations.claim(device_id, met.fence, AT)
    assert claimed is not None
    transfer_id = await make_transfer(store, device_id, claimed.id, image=image_id)
    return Scene(store, device_id, path_id, image_id, transfer_id, met.fence, claimed)
