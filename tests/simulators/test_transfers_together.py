"""Files, software modules and diagnostics between a simulated device and a real server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from acs.domain.inventory import FirmwareImageDetails
from acs.domain.operation import JSON, Operation, OperationKind, Outcome, Variable
from acs.domain.queue import OperationState
from acs.files.store import FileFolder
from acs.services.operations import AT_ONCE
from acs.services.requested import Requested
from simulators.client.connector import Connector
from simulators.client.files import FileCarrier
from simulators.client.visit import Visit
from simulators.device.cpe import Cpe
from simulators.device.quirks import PLAIN
from simulators.trees import built_in
from tests.e2e.depot import CONFIGURATION, FIRMWARE, Depot, state
from tests.e2e.serving import Served, serving
from tests.simulators.together import Subject, read

VERSION = "Device.DeviceInfo.SoftwareVersion"
UNITS = "Device.SoftwareModules.DeploymentUnitNumberOfEntries"
AGENT = "0b0f4d1c-8f5c-5a3e-9a3d-2f6d3e1c7a40"
PING = "Device.IP.Diagnostics.IPPing."


@pytest.fixture
async def depot(tmp_path: Path) -> AsyncIterator[Depot]:
    """A server with files."""
    folder = FileFolder(tmp_path / "files", keep_free=0)
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as served:
        yield Depot(served, folder)
    await folder.close()


class Patient(Visit):
    """A session whose answers wait for the files and not for a clock."""

    wanted: asyncio.Task[None] | None = None

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        assert seconds
        assert self.wanted is not None
        self.deadline = self._now() + seconds
        self.wanted.add_done_callback(lambda _: then())


class Carrying(Subject):
    """A device whose files are fetched and sent between its sessions."""

    def __init__(self, served: Served) -> None:
        super().__init__(served, built_in("tr181-router"), PLAIN)
        self._files = FileCarrier(self.counting, served.clock.wall)

    async def waiting_session(self) -> str:
        """A session in which files are fetched and sent while an answer waits."""
        self.cpe.called(self.now)
        assert self.cpe.advance(self.now)
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        clock = self._served.clock.wall
        visit = Patient(self.cpe, self.counting, clock, lambda _, outcome: ended.set_result(outcome), Connector())

        def want(_: Cpe) -> None:
            visit.wanted = asyncio.get_running_loop().create_task(self.carry())

        visit.wants_jobs = want
        visit.start()
        async with asyncio.timeout(30):
            return await ended

    async def carry(self) -> None:
        """Fetch and send all that it wants now."""
        self.cpe.advance(self.now)
        for job in self.cpe.take_jobs():
            outcome = await self._files.carry(self.cpe, job)
            self.cpe.job_done(job, outcome, self.now)

    async def session(self) -> str:
        """A session, with the transfers that were wanted before it."""
        await self.carry()
        return await super().session()

    async def want(self, kind: OperationKind, image: int | None = None, method: str = "", **what: JSON) -> str:
        """Have the server want something; the public id of that."""
        requested = Requested(Operation(kind, method=method, arguments=what), firmware_image_id=image)
        view = await self._served.server.services.operations.queue(await self.row(), requested, AT_ONCE)
        return view.record.public_id

    async def done(self, public_id: str, sessions: int = 4) -> Outcome:
        """What came of an operation after no more than so many sessions."""
        (outcome,), ends = await self.until_done(public_id, sessions=sessions)
        assert set(ends) == {"ok"}
        return outcome


async def image(depot: Depot, octets: bytes) -> int:
    """Put an image on the shelf, of which the server knows that it is version 8.0."""
    async with depot.folder.incoming(len(octets)) as file:
        await file.write(octets)
        stored = await file.keep()
    details = FirmwareImageDetails("image", "8.0", "image.bin", FIRMWARE)
    images = depot.served.server.services.tools.images
    return await images.create(details, size=stored.size, sha256=stored.sha256, file_key=stored.key, at=0.0)


async def test_a_device_runs_the_firmware_that_a_server_has_for_it(depot: Depot) -> None:
    subject = Carrying(depot.served)
    await subject.session()
    number = await image(depot, b"version=8.0\nmodel=HomeBox 7\n\n" + bytes(100_000))
    await subject.done(await subject.want(OperationKind.DOWNLOAD, number))
    assert subject.cpe.tree.value(VERSION, subject.now) == "8.0"
    assert set(subject.counting.transfers) == {FIRMWARE}


async def test_a_device_does_not_run_the_firmware_of_another(depot: Depot) -> None:
    subject = Carrying(depot.served)
    await subject.session()
    number = await image(depot, b"version=8.0\nmodel=OfficeBox\n\n" + bytes(100_000))
    public_id = await subject.want(OperationKind.DOWNLOAD, number)
    await subject.session()
    await subject.session()
    view = await depot.served.view(public_id)
    assert state(view) is OperationState.FAILED
    assert '"code": 9018' in view.record.fault
    assert subject.cpe.tree.value(VERSION, subject.now) == "7.40.2"
    assert subject.counting.requests["TransferComplete"].faults == {9018: 1}


async def test_a_server_keeps_the_configuration_that_a_device_sends(depot: Depot) -> None:
    subject = Carrying(depot.served)
    await subject.session()
    public_id = await subject.want(OperationKind.UPLOAD)
    await subject.done(public_id)
    transfer = await depot.transfer(public_id)
    text = depot.folder.path_of(transfer.file_key).read_text()
    assert "Device.ManagementServer.PeriodicInformInterval=" in text
    assert "Device.ManagementServer.Password=********\n" in text


async def test_an_answer_that_waits_for_the_file_ends_the_operation_in_its_session(depot: Depot) -> None:
    subject = Carrying(depot.served)
    await subject.session()
    subject.cpe.timing = replace(subject.cpe.timing, within_response=30.0)
    public_id = await subject.want(OperationKind.UPLOAD, file_type=CONFIGURATION)
    assert await subject.waiting_session() == "ok"
    assert state(await depot.served.view(public_id)) is OperationState.COMPLETED
    assert not subject.cpe.wants_session


async def test_a_unit_is_removed_because_a_server_wants_it(depot: Depot) -> None:
    subject = Carrying(depot.served)
    await subject.session()
    wanted: JSON = [{"type": "Uninstall", "uuid": AGENT}]
    await subject.done(await subject.want(OperationKind.RPC, method="ChangeDUState", operations=wanted))
    await subject.session()
    assert subject.cpe.tree.value(UNITS, subject.now) == "0"
    assert not subject.cpe.wants_session


async def test_a_ping_that_a_server_wants_is_done_when_it_is_told(depot: Depot) -> None:
    subject = Carrying(depot.served)
    await subject.session()
    writing = await subject.queue(
        OperationKind.SET,
        Variable(f"{PING}Host", "acs.example", "string"),
        Variable(f"{PING}DiagnosticsState", "Requested", "string"),
    )
    await subject.done(writing)
    reading = await subject.queue(OperationKind.GET, Variable(f"{PING}DiagnosticsState"))
    assert read(await subject.done(reading)) == {f"{PING}DiagnosticsState": "Complete"}
