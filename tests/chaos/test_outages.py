"""What devices and API clients see while something is missing, and that all goes on by itself once it is back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest

from acs.open_files import room_within
from acs.settings import Settings
from tests.chaos.noc import PATH, TOKEN
from tests.chaos.shortage import FULL, limited, locked
from tests.contract.opened import TABLES, Probe, probing
from tests.contract.servers import Server
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.device import ScriptedDevice
from tests.e2e.wire import HttpConnection, HttpReply

_PROGRAM = "tests.chaos.program"
_SERIAL = "OUTAGE1"
_GET = {
    "serial_number": _SERIAL,
    "operation": "get",
    "variables": [{"variable_name": "Device.DeviceInfo.SoftwareVersion"}],
}
_READY = "/api/v1/ready/"
# Only a failure ever comes near: what is to be answered within 10 to 15 seconds must not take twice as long.
_SOON: Final = 30.0
_COMING: Final = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state = '{}'"

Told = tuple[int, str]
"""What somebody was answered: the status, and when to come again."""


class Outage:
    """A server in a process of its own, a device and an operator."""

    def __init__(self, process: ServerProcess, device: ScriptedDevice, session: aiohttp.ClientSession) -> None:
        self.process = process
        self.device = device
        self._session = session

    async def ask(self, method: str) -> Told:
        """What the API answers an operator who wants a read, or who only looks."""
        async with self._session.request(method, PATH, json=_GET if method == "POST" else None) as said:
            await said.read()
            return said.status, said.headers.get("Retry-After", "")

    async def inform(self, event: str = "2 PERIODIC") -> Told:
        """Inform, as a device that waits as long as real ones do."""
        await self.device.link.close()
        self.device.link.connection = await HttpConnection.open("127.0.0.1", self.process.port, patience=_SOON)
        return _told((await self.device.inform([(event, "")])).http)

    async def is_told_to_come_again(self, *methods: str) -> None:
        """A device is told to come again, and when; and so is an operator who asks in these ways."""
        _come_again(_told((await self.device.inform()).http), *[await self.ask(each) for each in methods])
        self.device.drop("it comes again")

    async def missing(self) -> list[str]:
        """What the server lacks for being ready."""
        async with self._session.get(_READY) as said:
            document = await said.json()
            assert (said.status == 200) == (document.get("status") == "ready")
            return list(document.get("missing", []))

    async def is_well(self) -> None:
        """A device is served, and an operator's wish is done."""
        assert await self.missing() == []
        assert (await self.ask("POST"))[0] == 201
        session = await self.device.run_session()
        assert session.rpcs, "nothing was asked of it"

    @property
    def warnings(self) -> list[str]:
        """What its log warns of; of no error of the program."""
        text = self.process.log.read_text()
        assert "Traceback" not in text
        assert "never retrieved" not in text
        return [line for line in text.splitlines() if " warning " in line]


@asynccontextmanager
async def served(url: str, folder: Path, name: str = "server") -> AsyncIterator[Outage]:
    """A server, a device that it knows, and an operator."""
    process = ServerProcess(url, folder, program=_PROGRAM, name=name, bootstrap_token=TOKEN, drain_timeout=0)
    head = {"Authorization": f"Bearer {TOKEN}"}
    await process.start()
    async with (
        ScriptedDevice(process.port, serial=_SERIAL) as device,
        aiohttp.ClientSession(f"http://127.0.0.1:{process.api_port}", headers=head) as session,
    ):
        await device.run_session()
        try:
            yield Outage(process, device, session)
        finally:
            await process.close()


@pytest.fixture
async def outage(tmp_path: Path) -> AsyncIterator[Outage]:
    async with served(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


def _told(reply: HttpReply) -> Told:
    return reply.status, reply.first("Retry-After") or ""


def _come_again(*answers: Told) -> None:
    for status, again in answers:
        assert status == 503
        assert int(again) > 0


async def _soon(*waits: Awaitable[Any]) -> list[Any]:
    """All that these give, which is not long in coming."""
    async with asyncio.timeout(_SOON):
        return await asyncio.gather(*waits)


async def _seen(probe: Probe, state: str) -> None:
    """Wait until a connection to the database is in a state."""
    async with asyncio.timeout(_SOON):
        while not await probe.rows(_COMING.format(state)):
            pass


async def test_on_a_full_disk_writes_are_503_reading_goes_on_and_so_does_all_when_there_is_room_again(
    outage: Outage,
) -> None:
    with limited(outage.process.pid, psutil.RLIMIT_FSIZE, lambda _: FULL):
        await outage.is_told_to_come_again("POST")
        assert (await outage.ask("GET"))[0] == 200
    await outage.is_well()


async def test_who_cannot_be_let_in_for_want_of_files_is_served_later_and_those_inside_at_once(outage: Outage) -> None:
    inside = outage.device
    await inside.inform()
    async with ScriptedDevice(outage.process.port, serial="OUTAGE2") as outside:
        with limited(outage.process.pid, psutil.RLIMIT_NOFILE, lambda process: process.num_fds()):
            await outside.link.open()
            assert (await inside.empty_post()).status == 204
            inside.drop("it has all it wanted")
        reply = await outside.inform()
        assert reply.status == 200
    await outage.is_well()


async def test_a_server_that_has_just_started_needs_no_file_for_its_first_device(tmp_path: Path) -> None:
    process = ServerProcess(f"sqlite:///{tmp_path}/a.db", tmp_path, program=_PROGRAM)
    try:
        await process.start()
        async with ScriptedDevice(process.port, serial=_SERIAL) as device:
            # Its connection stands, and nothing was said on it.
            await device.empty_post()
            with limited(process.pid, psutil.RLIMIT_NOFILE, lambda found: found.num_fds()):
                assert (await device.inform()).method == "InformResponse"
                assert (await device.empty_post()).status == 204
    finally:
        await process.close()


async def test_a_crowd_that_holds_all_connections_makes_others_come_later_where_few_files_may_be_open(
    tmp_path: Path,
) -> None:
    process = ServerProcess(f"sqlite:///{tmp_path}/a.db", tmp_path, first_byte_timeout=600, drain_timeout=0)
    crowd: list[HttpConnection] = []
    try:
        await process.serve("sh", "-c", 'ulimit -n 300; exec "$@"', "sh")
        room = room_within(Settings(postgres_pool_size=4), 300)
        crowd += [await HttpConnection.open("127.0.0.1", process.port) for _ in range(400)]
        for late in crowd[room.connections :]:
            _come_again(_told(await late.read()))
        assert not any(each.is_closed_by_server for each in crowd[: room.connections])
        async with aiohttp.ClientSession(f"http://127.0.0.1:{process.api_port}") as session:
            assert (await session.get("/api/v1/health/")).status == 200
        (warning,) = [each for each in process.heard if "warning" in each]
        assert room.sentence in warning
    finally:
        for each in crowd:
            each.drop()
        await process.close()


async def test_while_postgresql_is_stopped_all_are_told_to_come_again_and_all_goes_on_once_it_is_back(
    postgresql_server: Server, tmp_path: Path
) -> None:
    control = postgresql_server.control
    if control is None:
        pytest.skip("somebody else keeps this PostgreSQL: left out what is seen while it is stopped")
    name = await postgresql_server.take()
    async with served(postgresql_server.url(name), tmp_path) as outage:
        await asyncio.to_thread(control, "-m", "fast", "stop")
        try:
            await outage.is_told_to_come_again("POST", "GET")
        finally:
            await asyncio.to_thread(control, "start")
        await outage.is_well()
    await postgresql_server.give_back(name)


async def test_while_somebody_locks_the_database_for_long_all_are_told_to_come_again(
    outage: Outage, tmp_path: Path
) -> None:
    with locked(tmp_path / "a.db"):
        await outage.is_told_to_come_again("POST")
    await outage.is_well()


@pytest.fixture
async def shared(postgresql_server: Server) -> AsyncIterator[str]:
    """A database of PostgreSQL."""
    name = await postgresql_server.take()
    yield postgresql_server.url(name)
    await postgresql_server.give_back(name)


async def test_while_somebody_locks_tables_of_postgresql_for_long_writes_are_503_and_reading_goes_on(
    shared: str, tmp_path: Path
) -> None:
    async with served(shared, tmp_path) as outage:
        async with probing(shared) as other:
            await other.execute("BEGIN")
            await other.execute(f"LOCK TABLE {', '.join(('migration', *TABLES))} IN EXCLUSIVE MODE")
            refused, asked, read, missing = await _soon(
                outage.inform(), outage.ask("POST"), outage.ask("GET"), outage.missing()
            )
            _come_again(refused, asked)
            assert read[0] == 200
            assert missing == ["nothing can be written to the database"]
            await other.execute("ROLLBACK")
        outage.device.drop("it comes again")
        await outage.is_well()
        assert outage.warnings


async def test_a_process_that_stands_still_in_a_transaction_stops_no_other_and_goes_on_when_it_is_let(
    shared: str, tmp_path: Path
) -> None:
    async with (
        served(shared, tmp_path, "frozen") as frozen,
        served(shared, tmp_path, "other") as other,
        probing(shared) as probe,
        probing(shared) as looking,
    ):
        process = psutil.Process(frozen.process.pid)
        # Once before: a statement that is new to a connection is prepared first, which is a moment of its own.
        await frozen.device.run_session([("1 BOOT", "")])
        await probe.execute("BEGIN")
        # An Inform has the device's rows by then; its connection ends here, in the midst of it.
        await probe.execute("LOCK TABLE history IN EXCLUSIVE MODE")
        begun = asyncio.create_task(frozen.inform("1 BOOT"))
        try:
            await _seen(looking, "active' AND wait_event_type = 'Lock")
            process.suspend()
            await probe.execute("ROLLBACK")
            await _seen(looking, "idle in transaction")
            (session,) = await _soon(other.device.run_session())
            assert session.is_acknowledged
            await other.is_well()
        finally:
            process.resume()
        # What it did not acknowledge it takes when it is told once more.
        assert (await begun)[0] == 503
        frozen.device.drop("it comes again")
        await frozen.is_well()
        await other.is_well()
        assert frozen.warnings
        assert not other.warnings


async def test_while_postgresql_is_read_only_all_are_told_to_come_again_and_all_goes_on_once_it_is_not(
    shared: str, postgresql_server: Server, tmp_path: Path
) -> None:
    name = urlsplit(shared).path.removeprefix("/")
    async with served(shared, tmp_path) as outage, probing(postgresql_server.admin_url) as admin:
        await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            await admin.rows(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
            async with asyncio.timeout(_SOON):
                # The connections that were cut fail once each.
                while await outage.missing() != ["the database is read-only"]:
                    pass
            await outage.is_told_to_come_again("POST")
            assert (await outage.ask("GET"))[0] == 200
        finally:
            await admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        async with asyncio.timeout(_SOON):
            while await outage.missing():
                pass
        await outage.is_well()
        assert outage.warnings


async def test_while_postgresql_stands_still_all_are_told_soon_to_come_again_and_all_goes_on_afterwards(
    shared: str, postgresql_server: Server, tmp_path: Path
) -> None:
    if postgresql_server.control is None:
        pytest.skip("somebody else keeps this PostgreSQL: left out what is seen while it stands still")
    async with served(shared, tmp_path) as outage:
        async with probing(shared) as probe:
            first = psutil.Process(await probe.value("SELECT pg_backend_pid()")).parent()
        assert first is not None
        stopped: list[psutil.Process] = []
        try:
            first.suspend()
            stopped.append(first)
            for each in first.children(recursive=True):
                each.suspend()
                stopped.append(each)
            for _ in range(2):
                refused, missing, *asked = await _soon(
                    outage.inform(), outage.missing(), outage.ask("POST"), outage.ask("GET")
                )
                _come_again(refused, *asked)
                assert missing == ["the database does not answer"]
                outage.device.drop("it comes again")
        finally:
            for each in reversed(stopped):
                each.resume()
        async with asyncio.timeout(_SOON):
            while await outage.missing():
                pass
        await outage.is_well()
        assert outage.warnings


@pytest.mark.parametrize("is_replaced", [False, True])
async def test_while_the_file_of_sqlite_is_away_nothing_is_taken_and_all_goes_on_once_it_is_back(
    outage: Outage, tmp_path: Path, is_replaced: bool
) -> None:
    place, away = tmp_path / "a.db", tmp_path / "away"
    place.rename(away)
    if is_replaced:
        place.write_bytes(away.read_bytes())
    await outage.is_told_to_come_again("POST", "GET")
    assert await outage.missing() == ["the file of the database was removed or replaced"]
    told = [line for line in outage.warnings if "a.db was removed or replaced" in line]
    assert 0 < len(told) < 20
    away.rename(place)
    await outage.is_well()


@pytest.mark.parametrize("ahead", [-400 * 86_400, -3_600, 3_600, 400 * 86_400])
async def test_whoever_sets_the_clock_disturbs_nobody(outage: Outage, ahead: int) -> None:
    await outage.device.inform()
    await outage.process.ask(do="clock", ahead=ahead)
    assert (await outage.device.empty_post()).status == 204, "the session goes on"
    await outage.is_well()
    await outage.process.ask(do="clock", ahead=0)
    await outage.is_well()
