"""Two processes on one PostgreSQL: any of them takes the next post of a session."""

import asyncio
import socket
from pathlib import Path

import psutil
import pytest

from acs.domain.device import Identity
from acs.store.contacts import ContactStore
from acs.store.devices import DeviceStore
from acs.store.opening import open_database
from acs.store.writer import GroupWriter
from tests.contract.servers import Server
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.quirks import Quirks

_DEVICES = 12
_SESSIONS = 4


async def test_a_session_goes_on_in_whichever_process_takes_its_next_connection(
    postgresql_server: Server, tmp_path: Path
) -> None:
    name = await postgresql_server.take()
    url = postgresql_server.url(name)
    server = ServerProcess(url, tmp_path, workers=2, drain_timeout=0)
    await server.serve()
    await server.said("listening")
    quirks = Quirks(close_after_every_response=True)
    devices = [ScriptedDevice(server.port, serial=f"W{number}", quirks=quirks) for number in range(_DEVICES)]

    async def call(device: ScriptedDevice) -> None:
        for _ in range(_SESSIONS):
            log = await device.run_session(events=[("2 PERIODIC", ""), ("4 VALUE CHANGE", "")])
            assert log.ended_by is EndedBy.NO_CONTENT

    try:
        await asyncio.gather(*(call(device) for device in devices))
        server.terminate()
        assert await server.ended() == 0
    finally:
        await server.close()
    database = await open_database(url)
    try:
        writer = GroupWriter(database)
        store, contacts = DeviceStore(database, writer), ContactStore(database, writer)
        taken_over = 0
        for device in devices:
            (known,) = await store.matching(Identity(device.id.oui, device.id.product_class, device.id.serial))
            contact = await contacts.of_device(known.id)
            assert contact is not None
            assert contact.informs == _SESSIONS
            # Each session raises the fence once, and once more for each post that another process took.
            taken_over += contact.fence - _SESSIONS
        assert taken_over > 0, "not one post came to another process"
        history = await contacts.history(known.id, before=2**62, most=100)
        assert sum(entry.kind == "inform" for _, _, entry in history) == _SESSIONS
    finally:
        await database.close()
        await postgresql_server.give_back(name)


async def test_what_keeps_all_workers_from_listening_is_said_once(postgresql_server: Server, tmp_path: Path) -> None:
    name = await postgresql_server.take()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = ServerProcess(postgresql_server.url(name), tmp_path, workers=2, cwmp_port=port)
        try:
            with pytest.raises(AssertionError) as failed:
                await server.serve()
            (line,) = str(failed.value).splitlines()
            assert f"aioacs: cannot listen on port {port} of 127.0.0.1: Address already in use" in line
            assert await server.ended() == 1
        finally:
            await server.close()
            await postgresql_server.give_back(name)


async def test_a_worker_that_ends_later_is_started_anew(postgresql_server: Server, tmp_path: Path) -> None:
    name = await postgresql_server.take()
    server = ServerProcess(postgresql_server.url(name), tmp_path, workers=2, drain_timeout=0)
    try:
        await server.serve()
        await server.said("listening")
        assert server.pid is not None
        first, *_ = psutil.Process(server.pid).children()
        first.kill()
        assert "status=-9" in await server.said("a worker has ended")
        await server.said("listening")
        server.terminate()
        assert await server.ended() == 0
    finally:
        await server.close()
        await postgresql_server.give_back(name)


async def test_workers_whose_supervisor_was_killed_end_by_themselves(postgresql_server: Server, tmp_path: Path) -> None:
    name = await postgresql_server.take()
    server = ServerProcess(postgresql_server.url(name), tmp_path, workers=2, drain_timeout=0)
    try:
        await server.serve()
        await server.said("listening")
        server.kill()
        await server.said("what watched over this worker is gone")
        # All of them write to one pipe: it ends with the last.
        with pytest.raises(AssertionError, match="the server ended"):
            await server.said("something that nobody says")
    finally:
        await server.close()
        await postgresql_server.give_back(name)
