"""What follows from the end of an operation is kept with it, though the store fails or the server is killed then."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from acs.domain.device import Identity, ManagedDevice
from acs.domain.inventory import FirmwareImageDetails
from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.files.store import FileFolder
from acs.services.operations import Terms
from acs.services.wanted import NewSetting
from acs.store.database import Database
from acs.store.writer import Committed, GroupWriter
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.defaults import PARAMETERS
from tests.e2e.depot import Depot, done_now
from tests.e2e.device import Parameter, ScriptedDevice
from tests.e2e.envelopes import AcsMessage, Fault
from tests.e2e.mortal import MortalDatabase
from tests.e2e.serving import Served, serving
from tests.e2e.test_transfers import fetched

SSID: Final = "Device.WiFi.SSID.1.SSID"
INTERVAL: Final = "Device.ManagementServer.PeriodicInformInterval"
VERSION: Final = "Device.DeviceInfo.SoftwareVersion"
URL: Final = "http://192.0.2.1/a.cfg"
SETTINGS: Final = "3 Vendor Configuration File"
RULES: Final = tuple(f"Device.X_TEST_Rule.{number}.Name" for number in range(1, 5))
MANY: Final = {**PARAMETERS, **{name: Parameter("a rule") for name in RULES}}
SERIAL: Final = "SETTLING"


class Lives:
    """One server after the other on the same database; the first one has a store that dies."""

    def __init__(self, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._url = url
        self._folder = folder
        self._monkeypatch = monkeypatch
        self.stores: list[MortalDatabase] = []

    @asynccontextmanager
    async def first(self) -> AsyncIterator[Depot]:
        """The life that ends with the first operation."""

        def mortal(database: Database, **ways: Any) -> GroupWriter:
            self.stores.append(MortalDatabase(database))
            self.stores[-1].ends_after = "operation.settle"
            return GroupWriter(self.stores[-1], **ways)

        with self._monkeypatch.context() as patched:
            patched.setattr("acs.server.GroupWriter", mortal)
            async with self._depot() as depot:
                yield depot
        assert self.stores[-1].has_ended, "it was to end"

    @asynccontextmanager
    async def second(self) -> AsyncIterator[Depot]:
        """The life after it."""
        async with self._depot() as depot:
            yield depot

    @asynccontextmanager
    async def _depot(self) -> AsyncIterator[Depot]:
        folder = FileFolder(self._folder / "files", keep_free=0)
        async with serving(self._url, self._folder) as served:
            yield Depot(served, folder)
        await folder.close()


@pytest.fixture
def lives(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lives:
    return Lives(database_url, tmp_path, monkeypatch)


def router(served: Served, **ways: Any) -> ScriptedDevice:
    """The router of a test, the same one in every life."""
    return served.device(serial=SERIAL, **ways)


async def state(served: Served, public_id: str) -> OperationState:
    return (await served.view(public_id)).record.state


async def device_of(served: Served) -> ManagedDevice:
    """What is kept of the router."""
    found = await served.server.services.tools.devices.by_id(await served.id_of(router(served)))
    assert found is not None
    return found


# Transfers.


async def test_an_image_that_no_version_proves_is_done_with_status_0(lives: Lives) -> None:
    async with lives.first() as depot:
        device = router(depot.served, on_rpc={"Download": done_now})
        await device.run_session()
        public_id = await depot.upgrade(device, await _settings_image(depot))
        log = await device.run_session()
    async with lives.second() as depot:
        assert await state(depot.served, public_id) is OperationState.COMPLETED
        assert (await depot.transfer(public_id)).state == "ended"
        assert json.loads((await depot.transfer(public_id)).reported)["fault_code"] == 0
        assert not await depot.is_pending(router(depot.served))
        url = log.rpcs[0].text("URL").split("/", 3)[3]
        assert (await fetched(f"http://127.0.0.1:{depot.served.port}/{url}")).status == 404, "it is no longer needed"


async def test_an_image_that_the_device_ran_before_is_done_with_status_0(lives: Lives) -> None:
    parameters = {**PARAMETERS, VERSION: Parameter("2.0", writable=False)}
    async with lives.first() as depot:
        device = router(depot.served, parameters=parameters, on_rpc={"Download": done_now})
        await device.run_session()
        public_id = await depot.upgrade(device, await depot.image())
        await device.run_session()
    async with lives.second() as depot:
        assert await state(depot.served, public_id) is OperationState.COMPLETED
        assert (await depot.transfer(public_id)).state == "ended"
        assert not await depot.is_pending(router(depot.served))


async def test_an_image_that_waits_for_its_version_is_reported_and_is_proven_by_it(lives: Lives) -> None:
    async with lives.first() as depot:
        device = router(depot.served, on_rpc={"Download": done_now})
        await device.run_session()
        public_id = await depot.upgrade(device, await depot.image())
        await device.run_session()
    async with lives.second() as depot:
        assert await state(depot.served, public_id) is OperationState.IN_PROGRESS
        assert json.loads((await depot.transfer(public_id)).reported)["fault_code"] == 0
        device = router(depot.served, parameters={**PARAMETERS, VERSION: Parameter("2.0", writable=False)})
        await device.run_session()
        assert await state(depot.served, public_id) is OperationState.COMPLETED
        assert (await depot.transfer(public_id)).state == "ended"
        assert not await depot.is_pending(device)


@pytest.mark.parametrize("kind", [OperationKind.DOWNLOAD, OperationKind.UPLOAD])
@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_transfer_that_the_answer_ends_has_ended(lives: Lives, kind: OperationKind, is_refused: bool) -> None:
    def answer(rpc: AcsMessage) -> Fault | str:
        return Fault(9002, "Internal error") if is_refused else done_now(rpc)

    async with lives.first() as depot:
        device = router(depot.served, on_rpc={"Download": answer, "Upload": answer})
        await device.run_session()
        public_id = await depot.queue(device, kind, url=URL, file_type=SETTINGS)
        await device.run_session()
    async with lives.second() as depot:
        expected = OperationState.FAILED if is_refused else OperationState.COMPLETED
        assert await state(depot.served, public_id) is expected
        assert (await depot.transfer(public_id)).state == "ended"


# Settings and what is known.


async def test_the_interval_that_a_device_was_given_is_the_one_it_is_to_have(lives: Lives) -> None:
    async with lives.first() as depot:
        device = await _with_an_interval(depot.served)
        public_id = await depot.served.queue(device, OperationKind.SET, Variable(INTERVAL, "600"))
        await device.run_session()
    async with lives.second() as depot:
        assert await state(depot.served, public_id) is OperationState.COMPLETED
        assert (await device_of(depot.served)).update_frequency == 600
        device = router(depot.served, parameters={**PARAMETERS, INTERVAL: Parameter("600", "unsignedInt")})
        assert (await device.run_session()).methods == ()


async def test_nothing_follows_from_a_settlement_that_was_not_kept(lives: Lives) -> None:
    async with lives.first() as depot:
        device = await _with_an_interval(depot.served)
        lives.stores[-1].ends_at = "operation.settle"
        public_id = await depot.served.queue(device, OperationKind.SET, Variable(INTERVAL, "600"))
        assert (await device.run_session()).replies[-1].status == 503
    async with lives.second() as depot:
        assert await state(depot.served, public_id) is OperationState.IN_PROGRESS
        assert (await device_of(depot.served)).update_frequency == 300
        device = router(depot.served)
        assert "SetParameterValues" in (await device.run_session()).methods, "it is done again"
        assert await state(depot.served, public_id) is OperationState.COMPLETED
        assert (await device_of(depot.served)).update_frequency == 600


@pytest.mark.parametrize("kind", [OperationKind.SYNC, OperationKind.RECONF])
async def test_what_became_of_the_wishes_is_told_with_the_end_of_the_operation(
    lives: Lives, kind: OperationKind
) -> None:
    async with lives.first() as depot:
        services, device = depot.served.server.services, router(depot.served)
        await device.run_session()
        await services.wanted.put(await depot.served.id_of(device), [NewSetting(SSID, "mine")])
        public_id = await depot.served.queue(device, kind)
        await device.run_session()
    async with lives.second() as depot:
        services, device = depot.served.server.services, router(depot.served)
        assert await state(depot.served, public_id) is OperationState.COMPLETED
        wanted = await services.wanted.of_device(await device_of(depot.served), "Device.")
        assert wanted[SSID].setting.applied
        contact = await services.tools.contacts.of_device(await depot.served.id_of(device))
        assert contact is not None
        assert contact.last_configuration == depot.served.clock.wall()
        assert not contact.settings_due


async def test_what_was_deleted_is_no_longer_known(lives: Lives) -> None:
    async with lives.first() as depot:
        device = router(depot.served, parameters=MANY, tables={"Device.X_TEST_Rule.": {"Name": Parameter("")}})
        await device.run_session(parameters=dict.fromkeys([SSID, *RULES], "told"))
        public_id = await depot.served.queue(device, OperationKind.DELETE_OBJECT, Variable("Device.X_TEST_Rule.2."))
        await device.run_session()
    async with lives.second() as depot:
        assert await state(depot.served, public_id) is OperationState.COMPLETED
        parameters, device_id = depot.served.server.services.tools.parameters, await depot.served.id_of(device)
        assert {row[0] for row in await parameters.known(device_id, [SSID, *RULES])} == {SSID, *RULES} - {RULES[1]}


async def test_the_batches_that_a_device_bears_are_remembered(lives: Lives) -> None:
    def bears_two(rpc: AcsMessage) -> Fault | None:
        return Fault(9004, "too many") if len(rpc.strings()) > 2 else None

    async with lives.first() as depot:
        device = router(depot.served, parameters=MANY, on_rpc={"GetParameterValues": bears_two})
        await device.run_session()
        await depot.served.queue(device, OperationKind.GET, *map(Variable, RULES))
        await device.run_session()
    async with lives.second() as depot:
        device = router(depot.served, parameters=MANY, on_rpc={"GetParameterValues": bears_two})
        await depot.served.queue(device, OperationKind.GET, *map(Variable, RULES))
        assert [len(rpc.strings()) for rpc in (await device.run_session()).rpcs] == [2, 2]


# One operation after the other.


async def test_each_operation_after_the_first_costs_one_commit(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[Committed] = []

    def counted(database: Database, **ways: Any) -> GroupWriter:
        return GroupWriter(database, **{**ways, "on_commit": commits.append})

    monkeypatch.setattr("acs.server.GroupWriter", counted)
    async with serving(database_url, tmp_path) as served:
        device = router(served)
        await device.run_session()
        found = []
        # The first time the names of parameters get their numbers.
        for operations in (1, 0, 1, 2, 5):
            for _ in range(operations):
                # A call of the device would have a commit of its own.
                await served.queue(device, OperationKind.GET, Variable(SSID), terms=Terms(wakes=False))
            commits.clear()
            assert len((await device.run_session()).rpcs) == operations
            found.append(len(commits))
    # The Inform; taking the first operation; settling each.
    assert found[1:] == [1, 1 + 1 + 1, 1 + 1 + 2, 1 + 1 + 5]


# A whole process.


async def test_a_server_that_is_killed_right_after_the_commit_has_done_all_of_it(
    database_url: str, tmp_path: Path
) -> None:
    process = ServerProcess(database_url, tmp_path, drain_timeout=0)
    try:
        await process.start()
        async with ScriptedDevice(process.port, serial=SERIAL, on_rpc={"Download": done_now}) as device:
            await device.run_session()
            answer = await process.ask(
                do="queue", serial=SERIAL, kind="download", arguments={"url": URL, "file_type": SETTINGS}
            )
            assert answer is not None
            assert await process.ask(do="end", after="operation.settle") is not None
            log = await device.run_session()
            assert log.methods == ("Download",)
            assert await process.ended() < 0, "it was killed"
    finally:
        await process.close()
    async with serving(database_url, tmp_path) as served:
        assert await state(served, answer["id"]) is OperationState.COMPLETED
        transfer = await served.server.services.tools.transfers.of_operation(
            (await served.view(answer["id"])).record.id
        )
        assert transfer is not None
        assert transfer.state == "ended"
        assert json.loads(transfer.reported)["fault_code"] == 0


async def _settings_image(depot: Depot) -> int:
    details = FirmwareImageDetails("settings", "", "a.cfg", SETTINGS)
    images = depot.served.server.services.tools.images
    return await images.create(details, size=1, sha256="s", file_key="k", at=0.0)


async def _with_an_interval(served: Served) -> ScriptedDevice:
    """The router, registered with an interval of its own, which it has."""
    device = router(served)
    identity = Identity(device.id.oui, device.id.product_class, device.id.serial)
    await served.server.services.tools.devices.create(
        uuid="u", name="u", identity=identity, at=0.0, update_frequency=300
    )
    await device.run_session()
    return device
