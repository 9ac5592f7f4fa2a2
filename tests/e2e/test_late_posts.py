"""Posts that find their session gone: let go while they waited, over since long ago, or left by another process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.services.live import LiveSession
from tests.contract.opened import Probe
from tests.e2e.defaults import NOW
from tests.e2e.envelopes import read
from tests.e2e.quirks import Quirks
from tests.e2e.serving import Served, serving
from tests.e2e.test_login import SOON, known
from tests.e2e.wire import HttpConnection

TABLE = Variable("Device.NAT.PortMapping.")
PATIENCE = 10.0
ADDED = "<InstanceNumber>1</InstanceNumber><Status>0</Status>"
CHANGED = (("4 VALUE CHANGE", ""),)


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


async def post(served: Served, cookie: str, body: bytes) -> int:
    """A post on a connection of its own; its status."""
    connection = await HttpConnection.open("127.0.0.1", served.port)
    reply = await connection.post(body, headers=[("Cookie", f"aioacs={cookie}")])
    await connection.close()
    return reply.status


async def waiting(session: LiveSession, count: int) -> None:
    """Wait until so many posts of a session wait."""
    async with asyncio.timeout(PATIENCE):
        while session.waiting < count:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)


async def test_a_post_that_waited_for_one_that_lost_the_session_leaves_nothing_behind(
    served: Served, probe: Probe
) -> None:
    sessions = served.server.services.sessions
    async with served.device() as device, served.device() as other:
        await device.run_session()
        await device.inform()
        await served.queue(device, OperationKind.ADD_OBJECT, TABLE)
        asked = (await device.empty_post()).message
        assert asked is not None
        session = sessions.table.of_device(await served.id_of(device))
        assert session is not None
        answer = device.envelope(device.writer.message("AddObjectResponse", ADDED), asked.id)
        async with session.lock:
            first = asyncio.create_task(post(served, session.cookie, answer))
            await waiting(session, 1)
            second = asyncio.create_task(post(served, session.cookie, b""))
            await waiting(session, 2)
            await probe.execute("UPDATE contact SET fence = fence + 1")
        assert (await first, await second) == (503, 204)
        assert len(sessions) == 0
        assert (await other.run_session()).is_acknowledged


async def test_an_inform_with_the_cookie_of_an_old_session_begins_none_while_the_server_drains(served: Served) -> None:
    async with served.device() as device:
        await device.run_session(stays_connected=True)
        served.server.services.sessions.is_draining = True
        refused = await device.inform(CHANGED)
        assert refused.status == 503
        assert 10 <= int(refused.http.first("Retry-After") or "") <= 60


@pytest.mark.parametrize("onboarding", ["reject", "quarantine"])
async def test_a_session_of_another_process_goes_on_without_a_login(
    database_url: str, tmp_path: Path, onboarding: str
) -> None:
    async with serving(database_url, tmp_path, onboarding=onboarding) as first:
        first.clock.advance(SOON)
        device = await known(first, quirks=Quirks(authorization="only with the Inform"))
        await device.run_session()
        await first.queue(device, OperationKind.ADD_OBJECT, TABLE)
        assert (await device.inform()).method == "InformResponse"
        cookie = device.link.cookies["aioacs"]
        await device.close()
    async with serving(database_url, tmp_path, onboarding=onboarding) as second:
        second.clock.advance(SOON)
        connection = await HttpConnection.open("127.0.0.1", second.port)
        assert (await connection.post(b"")).status == 401
        reply = await connection.post(b"", headers=[("Cookie", f"aioacs={cookie}")])
        await connection.close()
        assert reply.status == 200
        assert b"AddObject" in reply.body


@pytest.mark.parametrize("why", ["draining", "overload"])
async def test_a_session_of_another_process_goes_on_where_no_new_one_may_begin(
    database_url: str, tmp_path: Path, why: str
) -> None:
    async with serving(database_url, tmp_path) as first, serving(database_url, tmp_path, max_sessions=1) as second:
        sessions = second.server.services.sessions
        async with first.device() as device, second.device() as other:
            await device.run_session()
            public_id = await first.queue(device, OperationKind.ADD_OBJECT, TABLE)
            assert (await device.inform()).method == "InformResponse"
            if why == "draining":
                sessions.is_draining = True
            else:
                await other.inform()
            connection = await HttpConnection.open("127.0.0.1", second.port)
            cookie = [("Cookie", f"aioacs={device.link.cookies['aioacs']}")]
            before = len(sessions)
            inform = device.envelope(device.writer.inform(device.id, CHANGED, {}, now=NOW, retry=0), "1")
            for headers, body in (([], inform), (cookie, inform), ([("Cookie", "aioacs=1-0")], b""), ([], b"")):
                assert (await connection.post(body, headers=headers)).status == 503
            assert len(sessions) == before, "a session that is not gone on with stays where it is"
            asked = await connection.post(b"", headers=cookie)
            assert b"AddObject" in asked.body
            message = read(asked.body)
            answer = device.envelope(device.writer.message("AddObjectResponse", ADDED), message.id)
            assert (await connection.post(answer, headers=cookie)).status == 204
            await connection.close()
            assert (await second.view(public_id)).record.state is OperationState.COMPLETED


async def test_what_counted_as_lost_and_is_answered_after_all_tells_what_came_of_it(served: Served) -> None:
    async with served.device() as device:
        await device.run_session()
        added = await served.queue(device, OperationKind.ADD_OBJECT, TABLE)
        await served.queue(device, OperationKind.GET, Variable("Device.DeviceInfo.SoftwareVersion"))
        await device.inform()
        asked = (await device.empty_post()).message
        assert asked is not None
        assert (await device.empty_post()).method == "GetParameterValues"
        unknown = await served.view(added)
        assert unknown.record.state is OperationState.UNKNOWN
        answer = device.envelope(device.writer.message("AddObjectResponse", ADDED), asked.id)
        await device.post(answer, "AddObjectResponse")
        view = await served.view(added)
        assert (view.record.state, view.record.fault) == (OperationState.COMPLETED, "")
        assert view.outcome is not None
        (variable,) = view.outcome.variables
        assert (view.outcome.fault, variable.fault, variable.instance_number) == (None, None, 1)


async def test_what_is_answered_after_all_but_was_not_the_last_of_its_operation_leaves_it_unknown(
    served: Served,
) -> None:
    async with served.device() as device:
        await device.run_session()
        added = await served.queue(device, OperationKind.ADD_OBJECT, TABLE, TABLE)
        await served.queue(device, OperationKind.GET, Variable("Device.DeviceInfo.SoftwareVersion"))
        await device.inform()
        asked = (await device.empty_post()).message
        assert asked is not None
        assert (await device.empty_post()).method == "GetParameterValues"
        answer = device.envelope(device.writer.message("AddObjectResponse", ADDED), asked.id)
        await device.post(answer, "AddObjectResponse")
        view = await served.view(added)
        assert view.record.state is OperationState.UNKNOWN
        assert view.outcome is not None
        assert view.outcome.fault is not None
