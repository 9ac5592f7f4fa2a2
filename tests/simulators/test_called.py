"""A real server calls simulated devices: what an operator wants is done in the session that follows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from acs.auth.digest import Algorithm
from acs.domain.device import Credential
from acs.domain.device import Identity as Registered
from acs.domain.inventory import FirmwareImageDetails
from acs.domain.operation import Operation, OperationKind, Variable
from acs.domain.queue import OperationState
from acs.files.store import FileFolder
from acs.services.operations import AT_ONCE, OperationView
from acs.services.requested import Requested
from simulators.client.caller import Caller
from simulators.client.files import FileCarrier
from simulators.client.guard import GuardSettings
from simulators.client.listener import Listener, ListenerSettings, called_at
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.identity import Identity
from simulators.device.timing import AT_ONCE as NO_TIME
from simulators.fleet import Fleet
from simulators.tally import Tally
from tests.e2e.serving import Served, serving_and_calling
from tests.simulators.client.calling import PASSWORD, PATIENCE, ROWS, USERNAME
from tests.simulators.device.asking import model_with

ROOT = "Device.ManagementServer."
CODE = "Device.DeviceInfo.ProvisioningCode"
IMAGE = b"version=2.0\nmodel=Box\n\n" + bytes(range(256)) * 400


@dataclass
class Household:
    """A server, its devices, and what came of all that."""

    served: Served
    fleet: Fleet
    cpes: list[Cpe]
    tally: Tally
    news: asyncio.Event
    """Set whenever a session or a connection request has ended."""

    async def until(self, has_happened: Callable[[], bool]) -> None:
        """Wait for something that sessions bring about."""
        async with asyncio.timeout(PATIENCE):
            while not has_happened():
                self.news.clear()
                await self.news.wait()

    async def row(self, cpe: Cpe) -> int:
        """The number of a device in the server's database."""
        who = cpe.identity.device_id
        devices = self.served.server.services.tools.devices
        (found,) = await devices.matching(Registered(who.oui, who.product_class, who.serial_number))
        return found.id

    async def give_login(self, cpe: Cpe, password: str = PASSWORD) -> None:
        """The server knows by which name a device wants to be called."""
        tools, row = self.served.server.services.tools, await self.row(cpe)
        sealed = tools.vault.seal(password, "credential", f"of {row}", "password")
        login = Credential(0, "connection_request", row, None, USERNAME, sealed, True, f"of {row}")
        await tools.devices.put_logins(row, [login], 0.0)

    async def queue(self, cpe: Cpe, value: str) -> str:
        """An operator wants a value set; the public id of that."""
        return await self.want(cpe, Requested(Operation(OperationKind.SET, (Variable(CODE, value),))))

    async def want(self, cpe: Cpe, requested: Requested) -> str:
        """An operator wants something; the public id of that."""
        operations = self.served.server.services.operations
        return (await operations.queue(await self.row(cpe), requested, AT_ONCE)).record.public_id

    async def done(self, public_id: str) -> OperationView:
        """The operation once it is completed."""
        async with asyncio.timeout(PATIENCE):
            while (view := await self.served.view(public_id)).record.state is not OperationState.COMPLETED:
                self.news.clear()
                await self.news.wait()
        return view


class _HandClock:
    """The time of the server for the fleet."""

    def __init__(self, served: Served) -> None:
        self.now = served.clock.wall

    def leap(self, to: float) -> bool:
        """See ``Clock``."""
        return False


class _Tally(Tally):
    """Says that a connection request has come."""

    def __init__(self, started: float, news: asyncio.Event) -> None:
        super().__init__(started)
        self._news = news

    def called(self, outcome: str) -> None:
        """See ``Tally``."""
        super().called(outcome)
        self._news.set()


@asynccontextmanager
async def household(folder: Path, settings: ListenerSettings, count: int = 3) -> AsyncIterator[Household]:
    """Devices that can be called, and a server that they have called once."""
    async with serving_and_calling(f"sqlite:///{folder}/a.db", folder, connection_request_basic=True) as served:
        clock, news = _HandClock(served), asyncio.Event()
        tally = _Tally(clock.now(), news)
        devices: dict[str, Cpe] = {}

        def woke(cpe: Cpe) -> None:
            fleet.woke(cpe)

        listener = Listener(devices, tally, clock.now, woke, settings=settings)
        host, port = await listener.start("127.0.0.1", 0)
        model = model_with(ROWS).with_values(
            {f"{ROOT}URL": f"http://127.0.0.1:{served.port}/", f"{ROOT}ConnectionRequestURL": called_at(host, port)}
        )
        for number in range(count):
            who = Identity(replace(model.device_id, serial_number=f"CALLED{number}"), number)
            devices[who.device_id.serial_number] = Cpe(
                model, who, chance=Chance(number), now=clock.now(), timing=NO_TIME
            )
        cpes = list(devices.values())
        fleet = Fleet(
            cpes,
            clock,
            Caller(tally, clock.now).call,
            max_open=10,
            ended=lambda _cpe, _outcome: news.set(),
            carry=FileCarrier(tally, clock.now).carry,
        )
        fleet.start()
        try:
            found = Household(served, fleet, cpes, tally, news)
            await found.until(lambda: tally.ok == count)
            yield found
        finally:
            fleet.stop()
            await listener.stop()


@pytest.mark.parametrize(
    "settings",
    [
        ListenerSettings(),
        ListenerSettings(GuardSettings(has_qop=False), accepted=204),
        ListenerSettings(GuardSettings(algorithm=Algorithm.SHA_256)),
        ListenerSettings(GuardSettings(is_basic=True)),
    ],
    ids=["MD5", "no qop", "SHA-256", "Basic"],
)
async def test_what_is_wanted_of_a_device_calls_it_and_is_done_in_the_session_that_follows(
    tmp_path: Path, settings: ListenerSettings
) -> None:
    async with household(tmp_path, settings) as home:
        called, others = home.cpes[1], [home.cpes[0], home.cpes[2]]
        await home.give_login(called)
        await home.done(await home.queue(called, "by the call"))
        assert called.tree.value(CODE, 0.0) == "by the call"
        assert [cpe.tree.value(CODE, 0.0) for cpe in others] == ["", ""]
        await home.until(lambda: home.tally.ok == 4)
        assert home.tally.connection_requests == {"accepted": 1}
        assert home.tally.events["6 CONNECTION REQUEST"] == 1


async def test_a_server_with_another_password_wakes_nobody(tmp_path: Path) -> None:
    async with household(tmp_path, ListenerSettings()) as home:
        await home.give_login(home.cpes[0], "another")
        await home.queue(home.cpes[0], "never")
        await home.until(lambda: home.tally.connection_requests.sum > 0)
        assert home.tally.connection_requests == {"wrong login": 1}
        assert not home.cpes[0].pending


async def test_a_device_that_is_called_for_new_firmware_fetches_it_restarts_and_tells(tmp_path: Path) -> None:
    store = FileFolder(tmp_path / "files", keep_free=0)
    async with household(tmp_path, ListenerSettings()) as home:
        await home.give_login(home.cpes[0])
        async with store.incoming(len(IMAGE)) as file:
            await file.write(IMAGE)
            kept = await file.keep()
        details = FirmwareImageDetails("image", "2.0", "image.bin", "1 Firmware Upgrade Image")
        images = home.served.server.services.tools.images
        image = await images.create(details, size=kept.size, sha256=kept.sha256, file_key=kept.key, at=0.0)
        await home.done(
            await home.want(home.cpes[0], Requested(Operation(OperationKind.DOWNLOAD), firmware_image_id=image))
        )
        assert home.cpes[0].tree.value("Device.DeviceInfo.SoftwareVersion", 0.0) == "2.0"
        moved = home.tally.transfers["1 Firmware Upgrade Image"]
        assert (moved.octets, moved.latencies.count, moved.faults) == (len(IMAGE), 1, {})
        assert home.tally.events["M Download"] == 1
    await store.close()
