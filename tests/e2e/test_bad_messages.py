"""What cannot be understood is refused: that post, perhaps its connection, and nothing else (CWMP.md 2, 3).

Over real sockets.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.server import Server
from acs.settings import Settings
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.serving import Served, serving
from tests.e2e.spoiling import an_inform, without
from tests.e2e.wire import HttpConnection

SSID: Final = "Device.WiFi.SSID.1.SSID"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    "spoil",
    [
        without(b"<SerialNumber>", b"</SerialNumber>"),
        without(b"<DeviceId>", b"</DeviceId>"),
        lambda octets: octets.replace(octets[octets.index(b"E2E") : octets.index(b"</SerialNumber>")], b""),
        lambda octets: octets[: len(octets) // 2],
        lambda _: b"POST=1&x=2",
        lambda _: b"{}",
        lambda _: b"\xff\xfe\x00",
        lambda _: b"<html><body>hello</body></html>",
        lambda octets: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + octets.replace(b"home", b"&e;"),
        lambda _: b"<a>" * 5000 + b"</a>" * 5000,
    ],
    ids=["no serial", "no DeviceId", "empty serial", "cut", "a form", "JSON", "octets", "HTML", "a DTD", "depth"],
)
async def test_what_cannot_be_understood_is_400_and_the_next_post_is_not(
    served: Served, spoil: Callable[[bytes], bytes]
) -> None:
    device = served.device()
    assert (await device.post(spoil(an_inform(device)), "Inform")).status == 400
    assert len(served.server.services.sessions) == 0
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


async def test_a_bad_message_amid_a_session_harms_that_post_alone(served: Served) -> None:
    device, neighbour = served.device(), served.device()
    for each in (device, neighbour):
        await each.run_session()
    operations = [await served.queue(each, OperationKind.GET, Variable(SSID)) for each in (device, neighbour)]
    asked = []
    for each in (device, neighbour):
        await each.inform()
        asked.append(await each.empty_post())
    for spoilt in (b"<", b"no XML at all", b"<x/>"):
        assert (await device.post(spoilt)).status == 400
    for each, reply in zip((device, neighbour), asked, strict=True):
        assert (await each.answer(reply)).status == 204
        await each.close()
    for public_id in operations:
        view = await served.view(public_id)
        assert (view.record.state, view.record.attempts) == (OperationState.COMPLETED, 1)


@pytest.mark.parametrize(("limit", "size"), [("max_unauthenticated_body", 300_000), ("max_body", 300_000)])
async def test_a_body_over_its_limit_is_refused_and_that_connection_closed(
    tmp_path: Path, limit: str, size: int
) -> None:
    limits = {"max_unauthenticated_body": 65_536, "max_body": 131_072}
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path, **limits) as served:
        device = served.device()
        if limit == "max_body":
            assert (await device.inform()).status == 200
        reply = await device.post(an_inform(device, {SSID: "x" * size}), "Inform")
        assert reply.status in {400, 413}
        assert reply.http.closes
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


# Wrong lengths.


async def sent(served: Served, octets: bytes, length: int) -> tuple[int, HttpConnection]:
    connection = await HttpConnection.open("127.0.0.1", served.port)
    reply = await connection.post(octets, headers=[("Content-Length", str(length))])
    return reply.status, connection


async def test_a_length_in_characters_instead_of_octets_is_400_and_the_connection_is_closed(served: Served) -> None:
    device = served.device()
    octets = an_inform(device, {SSID: "\u00fcber \u00e4lteren \u00f6fen"})
    status, connection = await sent(served, octets, len(octets.decode()))
    assert status == 400
    # What is left over is no request; nobody waits for the rest of it.
    await connection.wait_closed_by_server()
    await connection.close()
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


async def test_a_body_that_ends_before_its_length_is_400_once_the_device_has_said_its_last_word(
    served: Served,
) -> None:
    connection = await HttpConnection.open("127.0.0.1", served.port)
    octets = an_inform(served.device())
    head, body = connection.request(octets, headers=[("Content-Length", str(len(octets) + 10))])
    await connection.write(head + body)
    connection.half_close()
    assert (await connection.wait_closed_by_server()).partition(b"\r\n")[0] in {b"", b"HTTP/1.1 400 Bad Request"}
    await connection.close()
    assert len(served.server.services.sessions) == 0


async def test_a_body_that_never_comes_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {
        "database_url": f"sqlite:///{tmp_path}/a.db",
        "cwmp_host": "127.0.0.1",
        "cwmp_port": 0,
        "api_port": 0,
        "onboarding": "open",
        "secret_key_file": tmp_path / "keys",
        "webhook_secret_file": tmp_path / "webhook.secret",
        "files_folder": tmp_path / "files",
        "trace_folder": tmp_path / "traces",
        "body_timeout": 1,
        "drain_timeout": 0,
    }
    # The only deadline that is waited for here: a connection has no clock but the loop's.
    async with Server(Settings(**chosen)) as server:
        device = ScriptedDevice(server.ports[0], serial="SLOW")
        octets = an_inform(device)
        connection = await HttpConnection.open("127.0.0.1", server.ports[0])
        head, body = connection.request(octets, headers=[("Content-Length", str(len(octets) + 10))])
        await connection.write(head + body)
        await connection.wait_closed_by_server()
        await connection.close()
        assert len(server.services.sessions) == 0
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
