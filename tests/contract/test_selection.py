"""Which parameters a client means: the database and the domain say the same."""

import pytest

from acs.domain.contact import NewValue
from acs.domain.selection import Selection
from acs.store.listing import Slice
from tests.contract.opened import OpenStore
from tests.contract.samples import AT, make_device

PATHS = sorted(
    [
        "Device.DeviceInfo.SoftwareVersion",
        "Device.WiFi.Radio.1.Channel",
        "Device.WiFi.SSID.1.Enable",
        "Device.WiFi.SSID.1.SSID",
        "Device.WiFi.SSID.1.Stats.SSID",
        "Device.WiFi.SSID.10.SSID",
        "Device.WiFi.SSID.X_Vendor.SSID",
        "Device.WiFi.SSID.[guest.net].SSID",
        "Device.X_A%B_C.Odd[1]?*.Name",
        "Device.X_A.B_C.Odd",
        "Device..Doubled. Odd",
        "NoDots",
    ]
)
SELECTIONS = {
    "all": (Selection(), PATHS),
    "one": (Selection(("Device.WiFi.SSID.1.SSID",)), ["Device.WiFi.SSID.1.SSID"]),
    "none": (Selection(("Device.WiFi.SSID.2.SSID", "Device.WiFi.SSID.1")), []),
    "below, and one": (
        Selection(("Device.WiFi.SSID.1.", "NoDots")),
        ["Device.WiFi.SSID.1.Enable", "Device.WiFi.SSID.1.SSID", "Device.WiFi.SSID.1.Stats.SSID", "NoDots"],
    ),
    "by name": (
        Selection(names=("Device.WiFi.SSID.{i}.SSID",)),
        ["Device.WiFi.SSID.1.SSID", "Device.WiFi.SSID.10.SSID"],
    ),
    "by the path as a name": (
        Selection(names=("Device.WiFi.SSID.1.SSID", "Device.X_A%B_C.Odd[1]?*.Name")),
        ["Device.WiFi.SSID.1.SSID", "Device.X_A%B_C.Odd[1]?*.Name"],
    ),
    "by short name": (
        Selection(short_names=("ssid", "NODOTS")),
        [path for path in PATHS if path.endswith(".SSID") or path == "NoDots"],
    ),
    "by wildcard": (
        Selection(wildcard="Device.WiFi.SSID.*.SSID"),
        [path for path in PATHS if path.startswith("Device.WiFi.SSID.") and path.endswith(".SSID")],
    ),
    "by wildcard below": (
        Selection(wildcard="Device.WiFi.*.1."),
        [path for path in PATHS if path.startswith("Device.WiFi.") and ".1." in path],
    ),
    "by wildcard without a star": (Selection(wildcard="NoDots"), ["NoDots"]),
    "by wildcard anywhere": (Selection(wildcard="*Info*"), ["Device.DeviceInfo.SoftwareVersion"]),
    "by wildcard with odd characters": (Selection(wildcard="*%B_*[1]?*"), ["Device.X_A%B_C.Odd[1]?*.Name"]),
    "stars do not overlap": (Selection(wildcard="NoDots*Dots"), []),
    "by all of these": (
        Selection(("Device.WiFi.",), ("Device.WiFi.SSID.{i}.SSID",), ("ssid",), "*.10.*"),
        ["Device.WiFi.SSID.10.SSID"],
    ),
}


@pytest.mark.parametrize(("selection", "expected"), SELECTIONS.values(), ids=SELECTIONS)
async def test_the_same_are_taken_by_the_database_and_by_the_domain(
    store: OpenStore, selection: Selection, expected: list[str]
) -> None:
    other = await make_device(store, "other")
    device_id = await make_device(store, "this")
    numbers = await store.parameters.numbers(PATHS)
    for each, paths in ((device_id, numbers), (other, numbers[:3])):
        met = [NewValue(number, "v", "string", None, None, None) for number in paths]
        await store.parameters.record(each, 0, met, AT)
    found = await store.parameters.page(device_id, selection, Slice())
    assert [each.path for each in found.items] == expected
    assert found.count == len(expected)
    assert [path for path in PATHS if selection.takes(path)] == expected
