"""Devices are called when there is work for them: at once, not twice, never too many at a time; on both databases."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from acs.domain.contact import Contact
from acs.domain.device import Credential
from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.domain.reach import Reach, ReachKind, WakeTarget
from acs.server import Server
from acs.services.operations import Terms
from acs.services.ports import ConnectionRequester
from acs.settings import Settings
from acs.store.operations import WAKE_NET
from tests.e2e.device import ScriptedDevice, Value
from tests.e2e.journal import Called
from tests.e2e.quirks import VANISH
from tests.e2e.serving import HandClock, NotedCalls, Served, serving

SSID = Variable("Device.WiFi.SSID.1.SSID")
URL = "Device.ManagementServer.ConnectionRequestURL"
PATIENCE = 20.0


class HeldCalls:
    """Holds each connection request until it is let go."""

    def __init__(self) -> None:
        self.targets: list[WakeTarget] = []
        self.begun = asyncio.Semaphore(0)
        self.let_go = asyncio.Event()

    async def request(self, target: WakeTarget) -> Reach:
        """See ``ConnectionRequester``."""
        self.targets.append(target)
        self.begun.release()
        await self.let_go.wait()
        return Reach(ReachKind.REACHED, 0.25, "it answered")


@asynccontextmanager
async def calling(
    database_url: str, folder: Path, requester: ConnectionRequester | None, **settings: Any
) -> AsyncIterator[Served]:
    """A server that calls devices in this way; None: really."""
    clock = HandClock()
    chosen: dict[str, Any] = {
        "database_url": database_url,
        "cwmp_host": "127.0.0.1",
        "cwmp_port": 0,
        "api_port": 0,
        "onboarding": "open",
        "secret_key_file": folder / "keys",
        "webhook_secret_file": folder / "webhook.secret",
        "files_folder": folder / "files",
        "trace_folder": folder / "traces",
        "drain_timeout": 0,
        **settings,
    }
    async with Server(Settings(**chosen), clock=clock, requester=requester, sweeps=False) as server:
        yield Served(server, clock, NotedCalls())


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


async def give_login(served: Served, device: ScriptedDevice, username: str, password: str) -> None:
    """The server knows by which name the device wants to be called."""
    tools, device_id = served.server.services.tools, await served.id_of(device)
    sealed = tools.vault.seal(password, "credential", "of the test", "password")
    login = Credential(0, "connection_request", device_id, None, username, sealed, True, "of the test")
    await tools.devices.put_logins(device_id, [login], 0.0)


async def contact(served: Served, device: ScriptedDevice) -> Contact:
    found = await served.server.services.tools.contacts.of_device(await served.id_of(device))
    assert found is not None
    return found


async def until(served: Served, device: ScriptedDevice, holds: Callable[[Contact], bool]) -> Contact:
    """Look until something is recorded."""
    async with asyncio.timeout(PATIENCE):
        while not holds(found := await contact(served, device)):
            pass
    return found


def metric(served: Served, name: str) -> float:
    """The value of a metric without labels."""
    lines = served.server.services.tools.metrics.render().decode().splitlines()
    (value,) = [line.split(" ")[1] for line in lines if line.startswith(f"{name} ")]
    return float(value)


async def test_what_is_queued_calls_the_device_whose_session_does_it(database_url: str, tmp_path: Path) -> None:
    async with calling(database_url, tmp_path, None) as served, served.device() as device:
        await device.listen("acs", "a secret between the two")
        await device.run_session()
        await give_login(served, device, "acs", "a secret between the two")
        public_id = await served.queue(device, OperationKind.GET, SSID)
        await device.wait_for_connection_request()
        assert (await device.run_session((("6 CONNECTION REQUEST", ""),))).methods == ("GetParameterValues",)
        assert (await served.view(public_id)).record.state is OperationState.COMPLETED
        found = await until(served, device, lambda each: each.reach != "")
        assert found.reach == "reached"
        assert found.reach_latency is not None
        assert found.reach_at == served.clock.wall()
        assert len(device.journal.of(Called)) == 1


async def test_how_a_call_ended_is_recorded(database_url: str, tmp_path: Path) -> None:
    async with calling(database_url, tmp_path, None) as served, served.device() as device:
        url = await device.listen("acs", "right")
        await device.run_session()
        waker, device_id = served.server.services.waker, await served.id_of(device)

        async def outcome() -> str:
            reach = await waker.call(device_id)
            found = await contact(served, device)
            assert (found.reach, found.reach_latency) == (reach.kind.value, reach.latency)
            assert found.reach_detail == reach.detail
            assert "right" not in reach.detail
            return found.reach

        await give_login(served, device, "acs", "wrong")
        assert await outcome() == "unauthorized"
        await give_login(served, device, "acs", "right")
        assert await outcome() == "reached"
        assert device.listener is not None
        device.listener.status = 500
        assert await outcome() == "refused"
        for told, expected in (
            ("http://192.0.2.1:7547/", "forbidden_target"),
            ("(null)", "no_url"),
            ("", "no_url"),
        ):
            await device.run_session(parameters={URL: Value(told)})
            assert await outcome() == expected
        await device.run_session(parameters={URL: Value(url)})
        await device.listener.stop()
        assert await outcome() == "refused"
        lines = served.server.services.tools.metrics.render().decode()
        assert 'aioacs_connection_requests_total{outcome="refused"} 2.0' in lines
        assert 'aioacs_connection_requests_total{outcome="no_url"} 2.0' in lines


async def test_a_call_that_reaches_nobody_leaves_a_line_in_the_log(database_url: str, tmp_path: Path) -> None:
    async with calling(database_url, tmp_path, None) as served, served.device() as device:
        await device.listen("acs", "right")
        await device.run_session()
        assert device.listener is not None
        await device.listener.stop()
        with capture_logs() as log:
            reach = await served.server.services.waker.call(await served.id_of(device))
        (line,) = log
        assert line == {
            "event": "a device could not be called",
            "device": f"{device.id.oui}-{device.id.product_class}-{device.id.serial}",
            "result": "refused",
            "reason": reach.detail,
            "log_level": "info",
        }


async def test_however_much_is_queued_a_device_is_called_once_at_a_time(database_url: str, tmp_path: Path) -> None:
    calls = HeldCalls()
    async with calling(database_url, tmp_path, calls) as served, served.device() as device:
        await device.run_session()
        for _ in range(10):
            await served.queue(device, OperationKind.GET, SSID)
        await calls.begun.acquire()
        calls.let_go.set()
        found = await until(served, device, lambda each: each.reach != "")
        assert (found.reach, found.reach_latency, found.reach_detail) == ("reached", 0.25, "it answered")
        assert len(calls.targets) == 1
        assert (await device.run_session()).methods == ("GetParameterValues",) * 10
        served.clock.advance(1)
        await served.queue(device, OperationKind.GET, SSID)
        await until(served, device, lambda each: each.reach_at == served.clock.wall())
        assert len(calls.targets) == 2, "the call before is over"


async def test_so_many_are_called_at_once_and_so_many_wait(database_url: str, tmp_path: Path) -> None:
    calls = HeldCalls()
    bounds = {"connection_requests": 2, "connection_requests_waiting": 100}
    async with calling(database_url, tmp_path, calls, **bounds) as served:
        devices = [served.device() for _ in range(4)]
        for device in devices:
            await device.run_session()
        for device in devices[:3]:
            await served.queue(device, OperationKind.GET, SSID)
        for _ in range(2):
            await calls.begun.acquire()
        assert metric(served, "aioacs_connection_requests_in_flight") == 2
        assert metric(served, "aioacs_connection_requests_waiting") == 1
        for number in range(1_000, 1_200):
            served.server.services.waker.wake(number)
        assert metric(served, "aioacs_connection_requests_waiting") == 100
        assert metric(served, "aioacs_connection_requests_waiting_bound") == 100
        public_id = await served.queue(devices[3], OperationKind.GET, SSID)
        assert len(calls.targets) == 2
        calls.let_go.set()
        await until(served, devices[2], lambda each: each.reach == "reached")
        assert len(calls.targets) == 3
        assert (await served.view(public_id)).record.state is OperationState.QUEUED, "it waits for the next Inform"
        await devices[3].run_session()
        assert (await served.view(public_id)).record.state is OperationState.COMPLETED


async def test_a_device_in_a_session_is_not_called(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await device.inform()
    await served.queue(device, OperationKind.GET, SSID)
    await served.sweep(1)
    assert (await device.empty_post()).method == "GetParameterValues"
    assert served.calls.targets == []
    await device.close()


async def test_nobody_is_called_for_what_can_wait(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, SSID, terms=Terms(wakes=False))
    await served.sweep(600)
    assert served.calls.targets == []
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED


async def test_a_device_is_called_again_when_a_retry_is_due(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, SSID, terms=Terms(retry_delay=300.0))
    await until(served, device, lambda each: each.reach != "")
    await device.run_session(answers=lambda _: VANISH)
    await served.sweep(61)
    view = await served.view(public_id)
    assert view.record.state is OperationState.QUEUED
    wait = view.record.ready_at - served.clock.wall()
    assert 240 <= wait <= 360
    await served.sweep(wait - 1)
    assert len(served.calls.targets) == 1
    await served.sweep(2)
    await until(served, device, lambda each: each.reach_at == served.clock.wall())
    assert len(served.calls.targets) == 2
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED


async def test_a_device_that_has_left_its_session_is_called_once_that_is_known(served: Served) -> None:
    async with served.device() as device:
        await device.run_session()
        await device.inform()
        device.drop("the power is gone")
        await served.queue(device, OperationKind.GET, SSID)
        await served.sweep(WAKE_NET + 1)
        assert served.calls.targets == [], "for all that is known it is in its session"
        await served.sweep(WAKE_NET + 1)
        await served.sweep(WAKE_NET)
        await served.calls.made(1)


async def test_a_device_that_has_left_its_session_with_another_process_is_called_again(
    database_url: str, tmp_path: Path
) -> None:
    async with (
        serving(database_url, tmp_path) as first,
        serving(database_url, tmp_path) as second,
        first.device() as device,
    ):
        await device.run_session()
        await device.inform()
        device.drop("the power is gone")
        await second.queue(device, OperationKind.GET, SSID)
        await second.calls.made(1)
        for count in (2, 3):
            await second.sweep(WAKE_NET + 1)
            await second.calls.made(count)
        for _ in range(3):
            await second.sweep(WAKE_NET + 1)
        assert len(second.calls.targets) == 3, "it has no session any more"


async def test_what_waited_behind_an_operation_that_was_given_up_is_called_for_too(served: Served) -> None:
    async with served.device() as device:
        await device.run_session()
        await served.queue(device, OperationKind.GET, SSID, terms=Terms(max_attempts=1, wakes=False))
        await served.queue(device, OperationKind.GET, SSID)
        await served.calls.made(1)
        await device.run_session(answers=lambda _: VANISH)
        for _ in range(4):
            await served.sweep(WAKE_NET)
        await served.calls.made(2)
