"""What a device has yet to do, in the words of the management API."""

from collections.abc import Collection
from typing import Final

from acs.domain.device_record import DeviceRecord
from acs.domain.operation import OperationKind

# In the order in which they are told.
_WORDS: Final = {
    "firmware_update": {OperationKind.DOWNLOAD},
    "configuration_sync": {OperationKind.SYNC},
    "reboot_pending": {OperationKind.REBOOT},
    "factory_reset_pending": {OperationKind.FACTORY, OperationKind.DEVICE_FACTORY},
    "reconfiguration": {OperationKind.RECONF},
    "parameter_changes": {OperationKind.SET, OperationKind.ADD_OBJECT, OperationKind.DELETE_OBJECT},
}


def pending_words(device: DeviceRecord, open_kinds: Collection[str]) -> tuple[str, ...]:
    """The words for what is open, for an image that has not arrived, and for settings that are due.

    A device that has never called has nothing due: all that it is to have belongs to its first session.
    """
    found = [word for word, kinds in _WORDS.items() if not kinds.isdisjoint(open_kinds)]
    if device.details.firmware_image_is_pending and "firmware_update" not in found:
        found.insert(0, "firmware_update")
    if device.settings_due and device.last_connection is not None and "parameter_changes" not in found:
        found.append("parameter_changes")
    return tuple(found)
