"""What devices and API clients see while something is missing, and that all goes on by itself once it is back."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from tests.chaos.noc import PATH
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.device import ScriptedDevice

_TOKEN = "the-token-of-the-operators"
_SERIAL = "OUTAGE1"
_GET = {
    "serial_number": _SERIAL,
    "operation": "get",
    "variables": [{"variable_name": "Device.DeviceInfo.SoftwareVersion"}],
}


class Outage:
    """A server in a process of its own, a device and an operator."""

    def __init__(self, process: ServerProcess, device: ScriptedDevice, session: aiohttp.ClientSession) -> None:
        self.process = process
        self.device = device
        self._session = session

    async def ask(self, method: str, **ways: Any) -> tuple[int, str]:
        """What the API answers: the status, and when to come again."""
        async with self._session.request(method, PATH, **ways) as said:
            await said.read()
            return said.status, said.headers.get("Retry-After", "")

    @contextmanager
    def lacking(self, resource: int, limit: int) -> Iterator[None]:
        """The server has no more than this of something."""
        process = psutil.Process(self.process.pid)
        before = process.rlimit(resource)
        process.rlimit(resource, (limit, before[1]))
        try:
            yield
        finally:
            process.rlimit(resource, before)

    async def is_well(self) -> None:
        """A device is served, and an operator's wish is done."""
        assert (await self.ask("POST", json=_GET))[0] == 201
        session = await self.device.run_session()
        assert session.rpcs, "nothing was asked of it"


@pytest.fixture
async def outage(tmp_path: Path) -> AsyncIterator[Outage]:
    process = ServerProcess(f"sqlite:///{tmp_path}/a.db", tmp_path, bootstrap_token=_TOKEN, drain_timeout=0)
    head = {"Authorization": f"Bearer {_TOKEN}"}
    await process.start()
    async with (
        ScriptedDevice(process.port, serial=_SERIAL) as device,
        aiohttp.ClientSession(f"http://127.0.0.1:{process.api_port}", headers=head) as session,
    ):
        await device.run_session()
        yield Outage(process, device, session)
    await process.close()


async def test_on_a_full_disk_writes_are_503_reading_goes_on_and_so_does_all_when_there_is_room_again(
    outage: Outage,
) -> None:
    with outage.lacking(psutil.RLIMIT_FSIZE, 4_096):
        refused = await outage.device.inform()
        assert refused.status == 503
        assert int(refused.http.first("Retry-After") or "") > 0
        status, again = await outage.ask("POST", json=_GET)
        assert (status, int(again) > 0) == (503, True)
        assert (await outage.ask("GET"))[0] == 200
    outage.device.drop("it comes again")
    await outage.is_well()


async def test_who_cannot_be_let_in_for_want_of_files_waits_and_those_inside_are_served(outage: Outage) -> None:
    inside = outage.device
    await inside.inform()
    used = psutil.Process(outage.process.pid).num_fds()
    async with ScriptedDevice(outage.process.port, serial="OUTAGE2") as outside:
        with outage.lacking(psutil.RLIMIT_NOFILE, used):
            await outside.link.open()
            assert (await inside.empty_post()).status == 204
            inside.drop("it has all it wanted")
        reply = await outside.inform()
        assert reply.status == 200
    await outage.is_well()
