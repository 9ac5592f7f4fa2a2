"""More than the server bears: it lets in what it can, tells the others when to come again, and recovers by itself."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from acs.cwmp_http.patience import Patience, Phase
from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.store.errors import StoreUnavailableError
from tests.contract.opened import probing
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.link import Reply
from tests.e2e.quirks import Quirks
from tests.e2e.serving import Served, serving
from tests.e2e.wire import ClosedError, HttpConnection

BOUND = 200
STORM = 2_000


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'aioacs.db'}"


@pytest.fixture
async def served(url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(url, tmp_path) as found:
        yield found


def retry_after(reply: Reply) -> int:
    """The seconds of a 503."""
    assert reply.status == 503
    seconds = int(reply.http.first("Retry-After") or "")
    assert 1 <= seconds <= 600
    return seconds


async def inform(device: ScriptedDevice) -> Reply:
    """An Inform of a router that does not mind being turned away."""
    reply = await device.inform()
    if reply.status != 200:
        await device.close()
    return reply


async def test_a_storm_fills_the_bound_exactly_and_the_others_are_told_when_to_come_again(
    url: str, tmp_path: Path
) -> None:
    async with serving(url, tmp_path, max_sessions=BOUND) as served:
        early = [served.device() for _ in range(20)]
        for device in early:
            assert (await device.inform()).status == 200
        storm = [served.device() for _ in range(STORM)]
        replies = await asyncio.gather(*(inform(device) for device in storm))
        let_in = [device for device, reply in zip(storm, replies, strict=True) if reply.status == 200]
        assert len(let_in) == BOUND - len(early)
        assert len(served.server.services.sessions) == BOUND
        waits = {retry_after(reply) for reply in replies if reply.status != 200}
        assert len(waits) > 10, "they would all come back at once"
        for device in (*early, *let_in):
            assert (await device.empty_post()).status == 204
        assert len(served.server.services.sessions) == 0
        turned_away = [device for device in storm if device not in let_in]
        for device in turned_away[:BOUND]:
            assert (await device.inform()).status == 200
        for device in (*early, *let_in, *turned_away[:BOUND]):
            await device.close()


async def test_a_device_that_begins_again_keeps_its_place_when_all_are_taken(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, max_sessions=2) as served:
        one, two, three = served.device(), served.device(), served.device()
        await one.run_session()
        await served.queue(one, OperationKind.GET, Variable("Device.WiFi.SSID.1.SSID"))
        assert [(await each.inform()).status for each in (one, two, three)] == [200, 200, 503]
        assert (await one.empty_post()).method == "GetParameterValues"
        assert (await one.inform()).status == 200, "instead of the answer"
        await three.close()
        three.link.connection, three.link.cookies = two.link.connection, two.link.cookies
        assert (await three.inform()).status == 503, "another's connection is no place of its own"
        await one.close()
        await two.close()


async def test_whoever_comes_while_too_many_wait_in_the_kernel_is_told_to_come_later(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path) as served:
        early, late = served.device(), served.device()
        assert (await early.inform()).status == 200
        sessions = served.server.services.sessions
        assert not sessions.is_overrun()
        sessions.is_overrun = lambda: True
        retry_after(await inform(late))
        assert (await early.empty_post()).status == 204, "what is open goes on"
        sessions.is_overrun = lambda: False
        assert (await inform(late)).status == 200
        for device in (early, late):
            await device.close()


async def test_past_the_bound_of_connections_new_ones_are_told_to_come_later(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, max_connections=16) as served:
        device = served.device()
        assert (await device.inform()).status == 200
        idle = [await HttpConnection.open("127.0.0.1", served.port) for _ in range(15)]
        await seen(served, 16)
        late = await HttpConnection.open("127.0.0.1", served.port)
        reply = await late.read()
        assert reply.status == 503
        assert int(reply.first("Retry-After") or "") > 0
        assert await late.wait_closed_by_server() == b""
        assert (await device.empty_post()).status == 204
        for connection in (late, *idle):
            await connection.close()
        await seen(served, 1)
        assert (await served.device().run_session()).is_acknowledged
        await device.close()


async def test_a_device_that_informs_too_often_is_told_to_come_later_and_no_other(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, device_sessions_per_minute=3) as served:
        eager, calm = served.device(), served.device()
        for _ in range(3):
            assert (await eager.run_session()).is_acknowledged
        retry_after((await eager.run_session()).replies[0])
        assert (await calm.run_session()).is_acknowledged
        served.clock.advance(60)
        assert (await eager.run_session()).is_acknowledged


async def test_a_device_that_says_too_much_unasked_is_told_to_come_later_and_no_other(url: str, tmp_path: Path) -> None:
    mib = 1024 * 1024
    sizes = {"device_bytes_per_hour": mib, "max_unauthenticated_body": 4 * mib}
    async with serving(url, tmp_path, **sizes) as served:
        talker, calm = served.device(), served.device()
        much = {f"Device.X_{place}": "x" * 1_000 for place in range(400)}
        for _ in range(2):
            assert (await talker.run_session(parameters=much)).is_acknowledged
        retry_after((await talker.run_session(parameters=much)).replies[0])
        assert (await calm.run_session(parameters=much)).is_acknowledged
        served.clock.advance(3_600)
        assert (await talker.run_session(parameters=much)).is_acknowledged


async def test_what_a_device_asks_within_a_session_counts_as_well_and_answers_do_not(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, device_bytes_per_hour=1024 * 1024) as served:
        device = served.device()
        await device.run_session()
        public_id = await served.queue(device, OperationKind.GET, Variable("Device.WiFi.SSID.1.SSID"))
        await device.inform()
        kicked = [device.request("Kicked", f"<Command>{each}</Command><Arg>{'x' * 300_000}</Arg>") for each in range(4)]
        for each in kicked[:3]:
            assert (await device.ask(each)).status == 200
        retry_after(await device.ask(kicked[3]))
        asked = await device.empty_post()
        assert asked.method == "GetParameterValues", "the session goes on"
        assert (await device.answer(asked)).status == 204
        assert (await served.view(public_id)).record.state is OperationState.COMPLETED
        entries = await served.server.services.tools.contacts.history(await served.id_of(device), before=2**62, most=50)
        assert sum(each.subject == "Kicked" for _, _, each in entries) == 3
        await device.close()


async def test_bodies_share_one_budget_and_whoever_exceeds_it_is_told_to_come_later(url: str, tmp_path: Path) -> None:
    mib = 1024 * 1024
    sizes = {"max_unauthenticated_body": 12 * mib, "max_body": 12 * mib, "body_budget": 16 * mib}
    async with serving(url, tmp_path, **sizes) as served:
        big = [await HttpConnection.open("127.0.0.1", served.port) for _ in range(2)]
        for connection in big:
            head, body = connection.request(b"x" * (10 * mib))
            await connection.write(head + body[:-1])
        reads = [asyncio.create_task(connection.read()) for connection in big]
        (answered,), (waiting,) = await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
        assert answered.result().status == 503
        assert int(answered.result().first("Retry-After") or "") > 0
        await big[reads.index(waiting)].write(b"x")
        assert (await waiting).status == 400
        again = await HttpConnection.open("127.0.0.1", served.port)
        assert (await again.post(b"x" * (12 * mib))).status == 400, "the budget is whole again"
        for connection in (*big, again):
            connection.drop()


def fail(monkeypatch: pytest.MonkeyPatch, served: Served, *ways: str) -> None:
    """Let the database be gone, or full."""

    async def failing(*_: Any) -> None:
        raise StoreUnavailableError("no space left on device")

    for way in ways:
        monkeypatch.setattr(served.server.services.tools.devices._database, way, failing)


@pytest.mark.parametrize("ways", [("transact",), ("transact", "fetch")], ids=["full", "gone"])
async def test_without_a_database_nothing_is_acknowledged_and_it_recovers_by_itself(
    url: str, served: Served, monkeypatch: pytest.MonkeyPatch, ways: tuple[str, ...]
) -> None:
    known, new = served.device(), served.device()
    assert (await known.run_session()).is_acknowledged
    with monkeypatch.context() as broken:
        fail(broken, served, *ways)
        for device in (known, new, known):
            (reply,) = (await device.run_session()).replies
            retry_after(reply)
            await served.sweep(1)
        assert len(served.server.services.sessions) == 0
    for device in (known, new):
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
    async with probing(url) as probe:
        assert sorted(await probe.rows("SELECT informs FROM contact")) == [(1,), (2,)]


async def test_a_session_that_meets_a_full_disk_ends_and_the_device_tells_again_what_was_not_kept(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = served.device()
    assert (await device.inform()).status == 200
    request = device.request("TransferComplete", TRANSFERRED, "key")
    with monkeypatch.context() as broken:
        fail(broken, served, "transact")
        retry_after(await device.ask(request))
        assert len(served.server.services.sessions.table) == 0
    assert (await device.run_session(requests=[request])).ended_by is EndedBy.NO_CONTENT
    await device.close()


async def test_a_device_that_begins_anew_within_a_session_while_the_database_is_gone_is_told_to_come_later(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = served.device()
    assert (await device.inform()).status == 200
    assert (await device.empty_post()).status == 204
    proof = f'Digest username="who", realm="aioacs", nonce="n", uri="/", response="{"0" * 32}"'
    with monkeypatch.context() as broken:
        fail(broken, served, "transact", "fetch")
        for header in ((("Authorization", proof),), ()):
            broken.setattr(device.link, "_quirks", Quirks(extra_headers=header))
            retry_after(await device.inform())
    assert (await device.inform()).status == 200
    await device.close()


async def test_a_session_of_an_earlier_life_waits_for_the_database(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(url, tmp_path) as served:
        device = served.device()
        assert (await device.inform()).status == 200
        await device.link.close()
    async with serving(url, tmp_path) as served:
        device.link._place = served.device().link._place
        with monkeypatch.context() as broken:
            fail(broken, served, "transact", "fetch")
            retry_after(await device.empty_post())
        assert (await device.empty_post()).status == 204
        async with probing(url) as probe:
            assert await probe.value("SELECT fence FROM contact") == 2
        await device.close()


TRANSFERRED = (
    "<CommandKey>key</CommandKey><FaultStruct><FaultCode>0</FaultCode><FaultString></FaultString></FaultStruct>"
    "<StartTime>2026-01-01T00:00:00Z</StartTime><CompleteTime>2026-01-01T00:00:00Z</CompleteTime>"
)


async def seen(served: Served, count: int) -> None:
    """Wait until the server has seen so many connections."""
    async with asyncio.timeout(10):
        while sum(len(listener.connections) for listener in served.server._listeners) != count:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def phase_is(served: Served, *phases: Phase) -> None:
    """Wait until the server sees its connections in these phases."""
    async with asyncio.timeout(10):
        listener = served.server._listeners[0]
        while sorted(each.phase.name for each in listener.connections) != sorted(phase.name for phase in phases):  # noqa: ASYNC110
            await asyncio.sleep(0)


def close_overdue(served: Served, **patience: float) -> int:
    """Let the server's patience with one thing be at its end."""
    (listener,) = served.server._listeners
    whole = {"first_byte": 3600.0, "head": 3600.0, "body": 3600.0, "idle": 3600.0, **patience}
    listener.patience = Patience(**whole)
    return listener.close_overdue()


@pytest.mark.parametrize(
    ("octets", "phase", "patience"),
    [
        (b"", Phase.SILENT, "first_byte"),
        (b"POST /", Phase.HEAD, "head"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nX-Endless: ", Phase.HEAD, "head"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n<", Phase.BODY, "body"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n32\r\n<soa", Phase.BODY, "body"),
    ],
)
async def test_whoever_is_slow_is_closed_by_the_deadline_of_what_it_is_slow_with_and_nobody_else(
    served: Served, octets: bytes, phase: Phase, patience: str
) -> None:
    device = served.device()
    assert (await device.inform()).status == 200
    slow = await HttpConnection.open("127.0.0.1", served.port)
    if octets:
        await slow.write(octets)
    await phase_is(served, Phase.IDLE, phase)
    for piece in (b"a", b"b", b"c"):
        if octets:
            await slow.write(piece)
            await asyncio.sleep(0)
    others = {"first_byte", "head", "body"} - {patience}
    assert close_overdue(served, **dict.fromkeys(others, -1.0)) == 0
    assert close_overdue(served, **{patience: -1.0}) == 1
    assert await slow.wait_closed_by_server() == b""
    await seen(served, 1)
    assert (await device.empty_post()).status == 204
    slow.drop()
    await device.close()


async def test_a_body_that_comes_octet_by_octet_is_read_whole_in_time(served: Served) -> None:
    device = served.device()
    assert (await device.run_session()).is_acknowledged
    again = await HttpConnection.open("127.0.0.1", served.port)
    envelope = device.envelope(device.writer.inform(device.id, [("2 PERIODIC", "")], {}, now="", retry=0), "1")
    head, body = again.request(envelope)
    for place in range(len(head + body)):
        await again.write((head + body)[place : place + 1])
        await asyncio.sleep(0)
    assert (await again.read()).status == 200
    await again.close()


async def test_whoever_does_not_read_an_answer_is_closed(served: Served) -> None:
    device, other = served.device(), served.device()
    await device.run_session()
    large = Variable("Device.WiFi.SSID.1.SSID", "x" * 12_000_000, "string")
    await served.queue(device, OperationKind.SET, large)
    assert (await device.inform()).status == 200
    cookies = "; ".join(f"{name}={value}" for name, value in device.link.cookies.items())
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", served.port))
        ask = f"POST / HTTP/1.1\r\nHost: a\r\nCookie: {cookies}\r\nContent-Length: 0\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(deaf, ask.encode())
        await phase_is(served, Phase.IDLE, Phase.WRITING)
        assert (await other.run_session(stays_connected=True)).is_acknowledged
        assert close_overdue(served, first_byte=-1.0, head=-1.0) == 0
        assert close_overdue(served, body=-1.0) == 1
        await phase_is(served, Phase.IDLE, Phase.IDLE)
    assert (await other.run_session()).is_acknowledged
    await device.close()


async def test_a_connection_that_never_carried_a_session_is_not_kept_for_long(url: str, tmp_path: Path) -> None:
    async with serving(url, tmp_path, onboarding="reject") as served:
        stranger = await HttpConnection.open("127.0.0.1", served.port)
        assert (await stranger.post(b"")).status == 401
        await phase_is(served, Phase.IDLE)
        assert close_overdue(served, first_byte=-1.0, head=-1.0) == 0
        assert close_overdue(served, body=-1.0) == 1
        with pytest.raises(ClosedError):
            await stranger.read()
        stranger.drop()
