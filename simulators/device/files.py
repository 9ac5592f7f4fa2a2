"""What a device does with each type of file (A.3.2.8, A.4.1.5)."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.transfers import (
    FIRMWARE,
    UPLOAD_VENDOR_CONFIGURATION,
    UPLOAD_VENDOR_LOG,
    VENDOR_CONFIGURATION,
    WEB_CONTENT,
)
from simulators.device.configuration import settings_of, take_over
from simulators.device.errors import RefusedError
from simulators.device.firmware import image_fault, version_after
from simulators.device.jobs import Outcome
from simulators.device.model import Leaf

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

STORED_FIRMWARE: Final = "6 Stored Firmware Image"
_MAX_TYPE: Final = 64
_VENDORS: Final = re.compile(r"X \S+ [^\r\n]+")
# Before CWMP 1.2 a vendor was named by its OUI.
_VENDORS_OF_OLD: Final = re.compile(r"X [0-9A-F]{6} [^\r\n]*")
_VOICE: Final = ("4 Tone File", "5 Ringer File")
_DOWNLOADS: Final = (FIRMWARE, WEB_CONTENT, VENDOR_CONFIGURATION, *_VOICE, STORED_FIRMWARE)
_UPLOADS: Final = (UPLOAD_VENDOR_CONFIGURATION, UPLOAD_VENDOR_LOG)
# Uploads of one file of several; the number of the instance stands behind.
_NUMBERED: Final[Mapping[str, str]] = {
    "3 Vendor Configuration File ": "VendorConfigFile",
    "4 Vendor Log File ": "VendorLogFile",
}


def refuse_download(cpe: "Cpe", file_type: str) -> None:
    """RefusedError if the device has no use for such files."""
    if _is_vendors(cpe, file_type):
        return
    if file_type not in _DOWNLOADS:
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"unknown file type {file_type!r}")
    voice = f"{cpe.tree.model.root_name}.Services.VoiceService."
    if file_type in _VOICE and cpe.tree.item(voice) is None:
        raise RefusedError(CpeFault.REQUEST_DENIED, "there is no telephony")


def refuse_upload(cpe: "Cpe", file_type: str) -> None:
    """RefusedError if the device has no such file."""
    if file_type in _UPLOADS or _is_vendors(cpe, file_type):
        return
    for start, table in _NUMBERED.items():
        number = file_type.removeprefix(start)
        if number != file_type and number.isdigit():
            if cpe.tree.item(f"{cpe.tree.model.root_name}.DeviceInfo.{table}.{number}.") is None:
                raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"there is no {table}.{number}")
            return
    raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"unknown file type {file_type!r}")


def needs_restart(file_type: str) -> bool:
    """Whether the device restarts to put such a file to use."""
    return file_type == FIRMWARE


def fault_of_file(cpe: "Cpe", file_type: str, outcome: Outcome) -> CpeFault | None:
    """Why a file that came whole cannot be used."""
    if file_type in {FIRMWARE, STORED_FIRMWARE}:
        return image_fault(outcome.head, outcome.octets, cpe.identity.device_id.product_class)
    if file_type == VENDOR_CONFIGURATION:
        try:
            take_over(cpe, outcome.head)
        except RefusedError as refused:
            return CpeFault(refused.fault.code)
    return None


def changes_by(cpe: "Cpe", file_type: str, head: bytes, names: tuple[str, ...]) -> Mapping[str, str]:
    """What is set once a file is in use; RefusedError if that cannot be. A file may say by its names what it is."""
    if file_type == VENDOR_CONFIGURATION:
        return take_over(cpe, head)
    path = f"{cpe.tree.model.root_name}.DeviceInfo.SoftwareVersion"
    leaf = cpe.tree.item(path)
    if file_type != FIRMWARE or not isinstance(leaf, Leaf):
        return {}
    return {path: version_after(head, names, cpe.tree.value_of(path, leaf, 0.0))}


def file_to_send(cpe: "Cpe", file_type: str, now: float) -> tuple[str, bytes]:
    """The name and the content of a file that the ACS wants."""
    serial = "".join(filter(str.isalnum, cpe.identity.device_id.serial_number)) or "device"
    if file_type.partition(" ")[0] in {"1", "3"}:
        return f"{serial}.cfg", settings_of(cpe, now).encode()
    return f"{serial}.log", cpe.works.journal.text(serial).encode()


def _is_vendors(cpe: "Cpe", file_type: str) -> bool:
    """Whether a type is one that a vendor has made up: ``X``, the vendor's name or OUI, and a text."""
    form = _VENDORS if cpe.quirks.namespace >= 2 else _VENDORS_OF_OLD
    return len(file_type) <= _MAX_TYPE and form.fullmatch(file_type) is not None
