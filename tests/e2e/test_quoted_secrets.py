"""A device that quotes, in a fault, a secret that it was sent: that is kept and shown nowhere in clear."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.device import Identity
from acs.domain.operation import JSON, OperationKind, Variable
from acs.services.wanted import NewSetting
from tests.contract.opened import Probe
from tests.e2e.device import Parameter, Request, ScriptedDevice
from tests.e2e.envelopes import AcsMessage, Fault
from tests.e2e.serving import Served, serving
from tests.e2e.test_trace_and_metrics import until

SSID = "Device.WiFi.SSID.1.SSID"
SECRET = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
CLEAR = "open sesame"
ADDRESS = "http://user:open-sesame@192.0.2.1/a"
TRANSFER: dict[str, JSON] = {"url": ADDRESS, "password": CLEAR, "file_type": "3 Config"}
QUOTING = f"'{CLEAR}' is not allowed"


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


@pytest.fixture
async def device(served: Served) -> AsyncIterator[ScriptedDevice]:
    """A router that is being debugged, and quotes what it refuses."""
    async with served.device() as found:
        identity = Identity(found.id.oui, found.id.product_class, found.id.serial)
        await served.server.services.tools.devices.create(
            uuid="u", name="a", identity=identity, at=served.clock.wall(), debug=True
        )
        found.model.parameters[SECRET] = Parameter("")
        await found.run_session()
        found.on_rpc |= dict.fromkeys(("SetParameterValues", "Download", "X_VENDOR_Admit"), refused)
        yield found


def refused(rpc: AcsMessage) -> Fault:
    """What the router says of a request."""
    said = f"{QUOTING} for {ADDRESS}" if ADDRESS.encode() in rpc.raw else QUOTING
    return Fault(9003, said, ((SECRET, 9007, said), (SSID, 9007, "it is taken")))


async def clear_ones(probe: Probe, folder: Path) -> list[str]:
    """Where it stands in clear: in lines of the trace, and in rows."""
    trace = await until(folder, lambda text: "FaultCode>9" in text)
    rows = [row for rows in (await probe.content()).values() for row in rows]
    return [text for text in (*trace.splitlines(), *rows) if CLEAR in text or "open-sesame" in text]


@pytest.mark.parametrize(
    ("kind", "variables", "method", "arguments"),
    [
        (OperationKind.SET, (Variable(SECRET, CLEAR, "string"), Variable(SSID, "new", "string")), "", {}),
        (OperationKind.DOWNLOAD, (), "", TRANSFER),
        (OperationKind.RPC, (), "X_VENDOR_Admit", {"AdminPassword": CLEAR, "URL": ADDRESS}),
    ],
)
async def test_of_an_operation(
    served: Served,
    device: ScriptedDevice,
    probe: Probe,
    tmp_path: Path,
    kind: OperationKind,
    variables: tuple[Variable, ...],
    method: str,
    arguments: dict[str, JSON],
) -> None:
    public_id = await served.queue(device, kind, *variables, method=method, arguments=arguments)
    await device.run_session()
    assert "is not allowed" in (await served.view(public_id)).record.fault
    assert await clear_ones(probe, tmp_path / "traces") == []


async def test_of_a_setting(served: Served, device: ScriptedDevice, probe: Probe, tmp_path: Path) -> None:
    await served.server.services.wanted.put(await served.id_of(device), [NewSetting(SECRET, CLEAR)])
    await device.run_session()
    assert "is not allowed" in str((await probe.content())["setting_state"])
    assert await clear_ones(probe, tmp_path / "traces") == []


async def test_of_a_transfer_that_is_reported_later(
    served: Served, device: ScriptedDevice, probe: Probe, tmp_path: Path
) -> None:
    del device.on_rpc["Download"]
    public_id = await served.queue(device, OperationKind.DOWNLOAD, arguments=TRANSFER)
    (asked,) = (await device.run_session()).rpcs
    key = asked.text("CommandKey")
    device.behaviour.transfers.clear()
    body = device.writer.transfer_complete(key, (9012, f"{QUOTING} for {ADDRESS}"), "2026-01-01T00:00:00Z")
    await device.run_session(requests=[Request("TransferComplete", body, key)])
    assert "is not allowed" in (await served.view(public_id)).record.fault
    assert await clear_ones(probe, tmp_path / "traces") == []


async def test_what_quotes_no_secret_stays_as_it_is(served: Served, device: ScriptedDevice, tmp_path: Path) -> None:
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    await device.run_session()
    assert QUOTING in (await served.view(public_id)).record.fault
    await until(tmp_path / "traces", lambda text: "it is taken" in text)
