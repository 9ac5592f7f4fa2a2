"""Devices of a fleet and a real server, from the wish to its end: the server calls, the device comes, fetches, restarts
and tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from acs.domain.device import Credential
from acs.domain.device import Identity as Registered
from acs.domain.inventory import FirmwareImageDetails
from acs.domain.operation import Operation, OperationKind, Variable
from acs.domain.queue import OperationState
from acs.files.store import FileFolder
from acs.services.operations import OperationView
from acs.services.requested import Requested
from simulators.client.caller import Caller
from simulators.client.files import FileCarrier
from simulators.client.listener import Listener, called_at
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.identity import Identity
from simulators.device.timing import AT_ONCE
from simulators.fleet import Fleet
from simulators.tally import Tally
from tests.e2e.serving import Served, serving_and_calling
from tests.simulators.device.asking import model_with

PATIENCE = 20.0
VERSION = "Device.DeviceInfo.SoftwareVersion"
IMAGE = b"version=2.0\nmodel=Box\n\n" + bytes(range(256)) * 400
ROWS = """\
Device.ManagementServer.ConnectionRequestUsername,false,true,acs,xsd:string
Device.ManagementServer.ConnectionRequestPassword,false,true,let me in,xsd:string
"""


class ServersTime:
    """The time of the server; it does not leap."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def now(self) -> float:
        """See ``Clock``."""
        return self._served.clock.wall()

    def leap(self, to: float) -> bool:
        """See ``Clock``."""
        return False


@dataclass
class Household:
    """A server and a device that can be called."""

    served: Served
    cpe: Cpe
    tally: Tally
    ends: "asyncio.Queue[str]"
    """How its sessions ended."""

    async def row(self) -> int:
        """The device's number in the server's database."""
        who = self.cpe.identity.device_id
        registered = Registered(who.oui, who.product_class, who.serial_number)
        (found,) = await self.served.server.services.tools.devices.matching(registered)
        return found.id

    async def be_known(self, password: str) -> None:
        """Let the device call once; then the server knows by which login it is called."""
        async with asyncio.timeout(PATIENCE):
            assert await self.ends.get() == "ok"
        tools, device_id = self.served.server.services.tools, await self.row()
        sealed = tools.vault.seal(password, "credential", "of the test", "password")
        login = Credential(0, "connection_request", device_id, None, "acs", sealed, True, "of the test")
        await tools.devices.put_logins(device_id, [login], 0.0)

    async def queue(self, operation: Operation, image: int | None = None) -> str:
        """Want something of the device, which is called for it; the public id of that."""
        requested = Requested(operation, firmware_image_id=image)
        view = await self.served.server.services.operations.queue(await self.row(), requested)
        return view.record.public_id

    async def until(self, public_id: str, state: OperationState) -> OperationView:
        """Wait until an operation has come so far; it does so with the end of a session."""
        async with asyncio.timeout(PATIENCE):
            while (view := await self.served.view(public_id)).record.state is not state:
                await self.ends.get()
        return view


@asynccontextmanager
async def household(folder: Path, **settings: object) -> AsyncIterator[Household]:
    """Both, at work."""
    async with serving_and_calling(f"sqlite:///{folder}/a.db", folder, **settings) as served:
        clock, ends = ServersTime(served), asyncio.Queue[str]()
        tally, devices, fleets = Tally(clock.now()), dict[str, Cpe](), list[Fleet]()

        def woke(cpe: Cpe) -> None:
            for fleet in fleets:
                fleet.woke(cpe)

        listener = Listener(devices, tally, clock.now, woke)
        model = model_with(ROWS).with_values(
            {
                "Device.ManagementServer.URL": f"http://127.0.0.1:{served.port}/",
                "Device.ManagementServer.ConnectionRequestURL": called_at(*await listener.start("127.0.0.1", 0)),
            }
        )
        cpe = Cpe(model, Identity(model.device_id, 0), chance=Chance(1), now=clock.now(), timing=AT_ONCE)
        devices["S1"] = cpe
        fleet = Fleet(
            [cpe],
            clock,
            Caller(tally, clock.now).call,
            max_open=10,
            ended=lambda _, outcome: ends.put_nowait(outcome),
            carry=FileCarrier(tally, clock.now).carry,
        )
        fleets.append(fleet)
        fleet.start()
        try:
            yield Household(served, cpe, tally, ends)
        finally:
            fleet.stop()
            await listener.stop()


async def test_a_device_is_called_for_what_is_wanted_of_it_and_does_it(tmp_path: Path) -> None:
    async with household(tmp_path) as home:
        await home.be_known("let me in")
        public_id = await home.queue(Operation(OperationKind.GET, (Variable(VERSION),)))
        view = await home.until(public_id, OperationState.COMPLETED)
        assert view.outcome is not None
        assert [each.value for each in view.outcome.variables] == ["1.0"]
        assert home.tally.connection_requests["accepted"] == 1
        assert home.tally.events["6 CONNECTION REQUEST"] == 1


async def test_a_device_is_not_called_with_a_wrong_login(tmp_path: Path) -> None:
    async with household(tmp_path) as home:
        await home.be_known("let me out")
        reach = await home.served.server.services.waker.call(await home.row())
        assert reach.kind.value == "unauthorized"
        assert home.tally.begun == 1


async def test_firmware_goes_all_the_way(tmp_path: Path) -> None:
    store = FileFolder(tmp_path / "files", keep_free=0)
    async with household(tmp_path) as home:
        await home.be_known("let me in")
        async with store.incoming(len(IMAGE)) as file:
            await file.write(IMAGE)
            kept = await file.keep()
        details = FirmwareImageDetails("image", "2.0", "image.bin", "1 Firmware Upgrade Image")
        images = home.served.server.services.tools.images
        image = await images.create(details, size=kept.size, sha256=kept.sha256, file_key=kept.key, at=0.0)
        public_id = await home.queue(Operation(OperationKind.DOWNLOAD), image)
        await home.until(public_id, OperationState.COMPLETED)
        assert home.cpe.tree.value(VERSION, 0.0) == "2.0"
        moved = home.tally.transfers["1 Firmware Upgrade Image"]
        assert (moved.octets, moved.latencies.count, moved.faults) == (len(IMAGE), 1, {})
        assert home.tally.events["M Download"] == 1
    await store.close()
