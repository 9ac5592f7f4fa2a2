"""Configuration files in and out."""

import pytest

from cwmp_schemas.rpc.transfers import Upload
from simulators.device.quirk_names import quirk
from tests.simulators.device.conversing import START, ask, device
from tests.simulators.device.serving import completed, download, serve

CONFIGURATION = "3 Vendor Configuration File"
INTERVAL = "Device.ManagementServer.PeriodicInformInterval"


def test_a_configuration_file_sets_what_its_lines_say_and_the_device_goes_by_it() -> None:
    cpe = device()
    lines = f"# settings\n\n{INTERVAL}=60\nDevice.DeviceInfo.ProvisioningCode = green \n"
    heard = download(cpe, START, lines.encode(), file_type=CONFIGURATION)
    assert completed(heard).fault_struct.fault_code == 0
    assert cpe.tree.value("Device.DeviceInfo.ProvisioningCode", START) == "green"
    assert cpe.management(START).interval == 60


def test_a_file_with_a_line_that_cannot_be_is_corrupt_and_sets_nothing() -> None:
    wrong = (
        "Device.DeviceInfo.SoftwareVersion=9",
        "Device.NoSuch.Thing=1",
        "Device.DeviceInfo.ProvisioningCode",
        "Device.DeviceInfo.ProvisioningCode=a\x01b",
        "Device.NAT.PortMapping.1.ExternalPort=many",
    )
    for line in wrong:
        cpe = device()
        heard = download(cpe, START, f"{INTERVAL}=60\n{line}\n".encode(), file_type=CONFIGURATION)
        assert completed(heard).fault_struct.fault_code == 9018
        assert cpe.management(START).interval == 300


def test_an_empty_configuration_is_corrupt_and_one_in_a_form_of_the_vendor_changes_nothing() -> None:
    cpe = device()
    assert completed(download(cpe, START, b"", file_type=CONFIGURATION)).fault_struct.fault_code == 9018
    heard = download(cpe, START + 10, b"<config><a>1</a></config>", file_type=CONFIGURATION)
    assert completed(heard).fault_struct.fault_code == 0


def test_of_a_long_file_the_lines_count_that_are_looked_at_as_a_whole() -> None:
    cpe = device()
    head = f"{INTERVAL}=60\n".encode() + b"# fill\n" * 600
    head = head[:4_080] + b"\nDevice.DeviceI"
    head = head[:4_096].ljust(4_096, b"n")
    heard = download(cpe, START, head, file_type=CONFIGURATION)
    assert completed(heard).fault_struct.fault_code == 0
    assert cpe.management(START).interval == 60


def test_what_a_device_uploads_it_takes_back_with_its_secrets_unchanged() -> None:
    cpe = device()
    ask(cpe, START, Upload("key", "1 Vendor Configuration File", "http://files.example/up"))
    body = serve(cpe, START).body
    text = body.decode()
    assert "Device.ManagementServer.Password=********\n" in text
    assert "Device.ManagementServer.Username=acs-S1\n" in text
    assert "secret" not in text
    # What cannot be written is no setting.
    assert "SoftwareVersion" not in text
    cpe.tree.write({INTERVAL: "60"})
    assert completed(download(cpe, START + 10, body, file_type=CONFIGURATION)).fault_struct.fault_code == 0
    assert cpe.management(START).interval == 300
    assert cpe.management(START).password == "secret"


@pytest.mark.parametrize("tells", [True, False])
def test_a_configuration_with_another_acs_brings_a_bootstrap_but_not_of_every_device(*, tells: bool) -> None:
    # Zyxel VMG4927 tells none.
    cpe = device()
    if not tells:
        cpe.quirks = quirk("no-bootstrap-after-config")
    lines = b"Device.ManagementServer.URL=http://127.0.0.2:7547/\n"
    told = [("7 TRANSFER COMPLETE", ""), ("M Download", "key")]
    heard = download(cpe, START, lines, file_type=CONFIGURATION)
    assert heard.events == [("0 BOOTSTRAP", "")] * tells + told
    assert cpe.management(START).url == "http://127.0.0.2:7547/"
