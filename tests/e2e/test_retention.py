"""What is remembered of devices, and for how long: what is news, what is a secret, what is old; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.audit import AuditEntry
from acs.domain.contact import HistoryEntry
from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.domain.request_key import RequestKey
from acs.services.operations import NoSuchOperationError, Terms
from tests.contract.opened import Probe
from tests.e2e.defaults import ALWAYS_TOLD
from tests.e2e.device import Parameter, ScriptedDevice, Value
from tests.e2e.envelopes import Fault
from tests.e2e.serving import Served, serving

SSID = "Device.WiFi.SSID.1.SSID"
INTERVAL = "Device.ManagementServer.PeriodicInformInterval"
UP_TIME = "Device.DeviceInfo.UpTime"
RECEIVED = "Device.X_VENDOR.Stats.BytesReceived"
SECRET = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
VERSION = "Device.DeviceInfo.SoftwareVersion"
CHANGED = (("4 VALUE CHANGE", ""),)
DAY = 86_400


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path, history_days=10, results_days=20) as found:
        yield found


async def history(served: Served, device: ScriptedDevice, kind: str) -> list[HistoryEntry]:
    """What is remembered of a device, the oldest first."""
    contacts = served.server.services.tools.contacts
    found = await contacts.history(await served.id_of(device), before=2**62, most=10_000)
    return [entry for _, _, entry in reversed(found) if entry.kind == kind]


async def prune(served: Served) -> None:
    """So many sweeps that old things are looked for once."""
    for _ in range(60):
        await served.sweep()


def telling(device: ScriptedDevice, **values: str) -> dict[str, Value]:
    """What an Inform tells, these parameters with it: named by the end of their paths."""
    for name, parameter in device.model.parameters.items():
        if (end := name.rpartition(".")[2]) in values:
            parameter.value = values[end]
    return {
        name: Value(parameter.value, parameter.type)
        for name, parameter in device.model.parameters.items()
        if name.endswith((*ALWAYS_TOLD, *(f".{end}" for end in values)))
    }


async def test_events_are_news_and_a_periodic_inform_alone_is_not(served: Served) -> None:
    device = served.device()
    await device.run_session((("0 BOOTSTRAP", ""), ("1 BOOT", "")))
    for _ in range(3):
        await device.run_session()
    await device.run_session((("2 PERIODIC", ""), ("4 VALUE CHANGE", "")))
    await device.run_session((("X_00D09E_STRANGE", ""),))
    told = [entry.subject for entry in await history(served, device, "inform")]
    assert told == ["0 BOOTSTRAP, 1 BOOT", "2 PERIODIC, 4 VALUE CHANGE", "X_00D09E_STRANGE"]


async def test_a_changed_value_is_told_with_what_it_was(served: Served) -> None:
    device = served.device()
    for name in ("home", "home", "attic"):
        await device.run_session(CHANGED, telling(device, SSID=name))
    assert await history(served, device, "value") == [HistoryEntry("value", SSID, "home", "attic")]
    device.model.parameters[SSID].value = "cellar"
    await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.run_session()
    assert (await history(served, device, "value"))[1:] == [HistoryEntry("value", SSID, "attic", "cellar")]


async def test_counters_and_clocks_are_no_news_and_numbers_that_can_be_set_are(served: Served) -> None:
    device = served.device()
    device.model.parameters[UP_TIME] = Parameter("0", "unsignedInt", writable=False)
    device.model.parameters[RECEIVED] = Parameter("0", "unsignedLong", writable=False)
    for number in ("60", "120", "180"):
        values = telling(device, UpTime=number, BytesReceived=number, PeriodicInformInterval=number)
        await device.run_session(CHANGED, values)
    told = await history(served, device, "value")
    assert told == [HistoryEntry("value", INTERVAL, "60", "120"), HistoryEntry("value", INTERVAL, "120", "180")]


async def test_that_a_secret_changed_is_told_and_not_how(served: Served, probe: Probe) -> None:
    device = served.device()
    device.model.parameters[SECRET] = Parameter("")
    for secret in ("the first secret", "the second secret"):
        await device.run_session(CHANGED, telling(device, KeyPassphrase=secret))
    told = await history(served, device, "value")
    assert told == [HistoryEntry("value", SECRET, "********", "********")]
    assert "second secret" not in str(await probe.content())


async def test_a_new_software_version_is_told(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await device.run_session((("1 BOOT", ""),), telling(device, SoftwareVersion="1.1"))
    assert await history(served, device, "software") == [HistoryEntry("software", "", "1.0", "1.1")]


async def test_the_life_of_operations_is_told(served: Served) -> None:
    device = served.device(on_rpc={"AddObject": lambda _: Fault(9004, "Resources exceeded")})
    await device.run_session()
    done = await served.queue(device, OperationKind.GET, Variable(SSID))
    refused = await served.queue(device, OperationKind.ADD_OBJECT, Variable("Device.NAT.PortMapping."))
    reboot = await served.queue(device, OperationKind.REBOOT)
    await device.run_session()
    told = {(entry.subject, entry.new) for entry in await history(served, device, "operation")}
    assert told >= {
        (done, "get queued"),
        (done, "get completed"),
        (refused, "add.obj failed"),
        (reboot, "reboot accepted by the device"),
    }


async def test_a_transfer_of_the_devices_own_is_told_once_a_session(served: Served) -> None:
    device = served.device()
    times = "<StartTime>2026-01-01T00:00:00Z</StartTime><CompleteTime>2026-01-01T00:00:01Z</CompleteTime>"
    content = (
        "<AnnounceURL></AnnounceURL><TransferURL>http://192.0.2.1/x</TransferURL><IsDownload>1</IsDownload>"
        "<FileType>3 Config</FileType><FileSize>10</FileSize><TargetFileName></TargetFileName>"
        f"<FaultStruct><FaultCode>9016</FaultCode><FaultString>no server</FaultString></FaultStruct>{times}"
    )
    request = device.request("AutonomousTransferComplete", content)
    log = await device.run_session(requests=[request, request])
    assert [each.method for each in log.replies].count("AutonomousTransferCompleteResponse") == 2
    entry = HistoryEntry("transfer", "autonomous download of 3 Config", None, "fault 9016: no server")
    assert await history(served, device, "transfer") == [entry]


async def test_what_was_below_a_deleted_object_is_forgotten(served: Served, probe: Probe) -> None:
    device = served.device()
    await device.run_session()
    await served.queue(device, OperationKind.ADD_OBJECT, Variable("Device.NAT.PortMapping."))
    await served.queue(device, OperationKind.GET, Variable("Device.NAT.PortMapping."), Variable(SSID))
    await device.run_session()
    below = "SELECT COUNT(*) FROM parameter JOIN path ON path.id = path_id WHERE path LIKE 'Device.NAT.PortMapping.1.%'"
    assert await probe.value(below) == 3
    public_id = await served.queue(device, OperationKind.DELETE_OBJECT, Variable("Device.NAT.PortMapping.1."))
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED
    assert await probe.value(below) == 0
    assert await probe.value("SELECT COUNT(*) FROM parameter JOIN path ON path.id = path_id WHERE path LIKE '%SSID'")


async def test_history_is_kept_for_so_many_days(served: Served) -> None:
    device = served.device()
    await device.run_session((("1 BOOT", ""),))
    await served.sweep(6 * DAY)
    await device.run_session(CHANGED)
    served.clock.advance(3 * DAY)
    await prune(served)
    assert [entry.subject for entry in await history(served, device, "inform")] == ["1 BOOT", "4 VALUE CHANGE"]
    served.clock.advance(2 * DAY)
    await prune(served)
    assert [entry.subject for entry in await history(served, device, "inform")] == ["4 VALUE CHANGE"]


async def test_history_is_pruned_a_little_at_a_time(served: Served, probe: Probe) -> None:
    device = served.device()
    await device.run_session()
    contacts, device_id = served.server.services.tools.contacts, await served.id_of(device)
    entries = [HistoryEntry("change", str(number)) for number in range(100)]
    await asyncio.gather(*(contacts.add_history(device_id, served.clock.wall(), *entries) for _ in range(45)))
    served.clock.advance(11 * DAY)
    before = served.clock.wall() - 10 * DAY
    gone = [await contacts.prune_history(before, 2_000) for _ in range(4)]
    assert gone[:2] == [2_000, 2_000]
    assert gone[3] == 0
    assert await probe.value("SELECT COUNT(*) FROM history WHERE kind = 'change'") == 0


async def test_results_are_kept_for_so_many_days_and_what_is_open_stays(served: Served, probe: Probe) -> None:
    device = served.device()
    await device.run_session()
    done = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.run_session()
    later = Terms(scheduled_at=served.clock.wall() + 365 * DAY)
    open_one = await served.queue(device, OperationKind.GET, Variable(SSID), terms=later)
    served.clock.advance(19 * DAY)
    await prune(served)
    assert (await served.view(done)).record.state is OperationState.COMPLETED
    served.clock.advance(2 * DAY)
    await prune(served)
    with pytest.raises(NoSuchOperationError):
        await served.view(done)
    assert (await served.view(open_one)).record.state is OperationState.SCHEDULED


async def test_the_transfer_of_an_operation_goes_with_it(served: Served, probe: Probe) -> None:
    device = served.device()
    device.transfers.reports = False
    await device.run_session()
    await served.queue(device, OperationKind.DOWNLOAD, arguments={"url": "http://192.0.2.1/", "file_type": "3 Config"})
    await device.run_session()
    await served.sweep(3_601)
    assert await probe.value("SELECT COUNT(*) FROM transfer") == 1
    served.clock.advance(21 * DAY)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM operation") == 0
    assert await probe.value("SELECT COUNT(*) FROM transfer") == 0


async def test_the_audit_log_is_kept_for_so_many_days(served: Served, probe: Probe) -> None:
    audit = served.server.services.management.audit
    times = [served.clock.wall() + (DAY if number == 499 else 0) for number in range(500)]
    entries = [AuditEntry(at, "token 1 (noc)", "", "update", "device", str(n)) for n, at in enumerate(times)]
    await asyncio.gather(*map(audit.append, entries))
    served.clock.advance(364 * DAY)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM audit") == 500
    served.clock.advance(1.5 * DAY)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM audit") == 1


async def test_a_request_may_be_repeated_for_a_day(served: Served, probe: Probe) -> None:
    keys = served.server.services.management.idempotency
    await asyncio.gather(
        *(keys.claim(RequestKey("1", f"key {number}"), "print", served.clock.wall()) for number in range(500))
    )
    served.clock.advance(DAY - 1)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 500
    served.clock.advance(2)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 0
