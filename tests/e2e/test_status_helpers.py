"""Whether devices are Up, when somebody asks; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.contact import Contact
from acs.domain.device import Identity
from acs.domain.inventory import DeviceTypeDetails
from acs.domain.reach import Reach, ReachKind
from acs.domain.status import Checked, StatusHelper
from acs.services.status_helpers import StatusHelpers
from tests.contract.opened import OpenStore
from tests.e2e.device import ScriptedDevice
from tests.e2e.serving import Served, serving

WITHIN = 20.0
REFUSED = Reach(ReachKind.REFUSED, 0.01, "nobody listens there")
CALL, TCP, PING, LAST = StatusHelper


class NotedProbes:
    """Gives the answers of the test."""

    def __init__(self) -> None:
        self.connection: bool | None = None
        self.echo: bool | None = None
        self.asked: list[str] = []
        self.let_go = asyncio.Event()
        self.let_go.set()
        self.most = self.under_way = 0
        self.begun = asyncio.Semaphore(0)

    async def connects(self, url: str, session_address: str, within: float) -> bool | None:
        """See ``Probes``."""
        self.asked.append("tcp")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.begun.release()
        await self.let_go.wait()
        self.under_way -= 1
        return self.connection

    async def answers_ping(self, url: str, session_address: str, within: float) -> bool | None:
        """See ``Probes``."""
        self.asked.append("ping")
        return self.echo


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path, default_inform_interval=1_000) as found:
        yield found


@pytest.fixture
def probes() -> NotedProbes:
    return NotedProbes()


@pytest.fixture
def helpers(served: Served, probes: NotedProbes) -> StatusHelpers:
    services = served.server.services
    return StatusHelpers(services.tools, services.waker, probes, services.sessions.is_in_session)


async def contact(served: Served, device_id: int) -> Contact:
    found = await served.server.services.tools.contacts.of_device(device_id)
    assert found is not None
    return found


async def flips(served: Served, device_id: int) -> list[tuple[str | None, str | None]]:
    """How the status changed, as the history tells it, oldest first."""
    entries = await served.server.services.tools.contacts.history(device_id, before=2**62, most=50)
    return [(each.old, each.new) for _, _, each in reversed(entries) if each.kind == "status"]


async def heard(
    served: Served, store: OpenStore, *helpers: StatusHelper, name: str = "t"
) -> tuple[ScriptedDevice, int]:
    """A device that has called, of a type with these helpers."""
    device = served.device()
    await device.run_session()
    device_id = await served.id_of(device)
    number = await store.types.create(DeviceTypeDetails(name, name, helpers=helpers), at=0.0)
    await store.devices.set_type(device_id, number, 0.0)
    return device, device_id


async def look(helpers: StatusHelpers, device_id: int) -> Checked:
    return (await helpers.refresh([device_id], within=WITHIN)).outcomes[device_id]


async def test_a_device_that_was_heard_in_time_is_up_and_another_one_is_down(
    served: Served, helpers: StatusHelpers
) -> None:
    device = served.device()
    await device.run_session()
    device_id, at = await served.id_of(device), served.clock.wall()
    served.clock.advance(2_500)
    assert await look(helpers, device_id) is Checked.REACHED
    assert (await contact(served, device_id)).last_inform == at, "looking is not hearing"
    served.clock.advance(1)
    assert await look(helpers, device_id) is Checked.FAILED
    found = await contact(served, device_id)
    assert (found.is_up, found.status_change) == (False, at + 2_501)


async def test_the_first_helper_that_succeeds_decides(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    _, device_id = await heard(served, store, TCP, PING, CALL)
    probes.connection, probes.echo = False, True
    served.clock.advance(5_000)
    await served.sweep()
    assert not (await contact(served, device_id)).is_up
    assert await look(helpers, device_id) is Checked.REACHED
    found = await contact(served, device_id)
    assert (found.is_up, found.status_change, found.last_inform) == (True, *[served.clock.wall()] * 2)
    assert (probes.asked, served.calls.targets) == (["tcp", "ping"], [])
    assert await flips(served, device_id) == [("Up", "Down"), ("Down", "Up")]


async def test_a_device_is_down_when_all_helpers_fail_that_could_be_tried(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    _, device_id = await heard(served, store, CALL, TCP, PING)
    served.calls.outcome, probes.connection, probes.echo = REFUSED, False, None
    served.clock.advance(10)
    for _ in range(2):
        assert await look(helpers, device_id) is Checked.FAILED
        served.clock.advance(10)
    found = await contact(served, device_id)
    assert (found.is_up, found.status_change) == (False, served.clock.wall() - 20)
    assert await flips(served, device_id) == [("Up", "Down")]
    assert found.reach == "refused"


async def test_a_device_of_which_nothing_could_be_tried_is_as_it_was(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    _, device_id = await heard(served, store, CALL, TCP, PING)
    served.calls.outcome = Reach(ReachKind.NO_URL, 0.0, "it has not told where")
    before = await contact(served, device_id)
    refreshed = await helpers.refresh([device_id, 4_711], within=WITHIN)
    assert refreshed.outcomes == {device_id: Checked.UNCHECKED, 4_711: Checked.UNCHECKED}
    assert refreshed.unchecked == 2
    assert (await contact(served, device_id)).is_up == before.is_up


async def test_a_device_that_a_helper_found_down_is_up_at_its_next_inform_and_missed_after_it(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    device, device_id = await heard(served, store, TCP)
    probes.connection = False
    served.clock.advance(10)
    assert await look(helpers, device_id) is Checked.FAILED
    await served.sweep(10)
    await device.run_session()
    found = await contact(served, device_id)
    assert (found.is_up, found.status_change) == (True, served.clock.wall())
    await served.sweep(2_499)
    assert (await contact(served, device_id)).is_up
    await served.sweep(2)
    await served.sweep()
    assert not (await contact(served, device_id)).is_up


async def test_silence_is_no_news_of_a_device_that_a_helper_found_down(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    _, device_id = await heard(served, store, TCP)
    probes.connection = False
    served.clock.advance(10)
    await look(helpers, device_id)
    down_since = served.clock.wall()
    for _ in range(3):
        await served.sweep(2_501)
    assert (await contact(served, device_id)).status_change == down_since
    assert await flips(served, device_id) == [("Up", "Down")]


async def test_a_device_that_a_helper_found_up_is_missed_when_it_is_silent(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    _, device_id = await heard(served, store, TCP)
    await served.sweep(2_501)
    assert not (await contact(served, device_id)).is_up
    probes.connection = True
    await look(helpers, device_id)
    await served.sweep()
    await served.sweep(2_499)
    assert (await contact(served, device_id)).is_up
    await served.sweep(2)
    assert not (await contact(served, device_id)).is_up


async def test_a_device_that_is_heard_while_the_helpers_look_is_up(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    device, device_id = await heard(served, store, TCP)
    probes.connection = False
    probes.let_go.clear()
    looking = asyncio.create_task(look(helpers, device_id))
    await probes.begun.acquire()
    served.clock.advance(10)
    await device.run_session()
    probes.let_go.set()
    assert await looking is Checked.REACHED
    assert (await contact(served, device_id)).is_up


async def test_a_device_in_a_session_is_up_and_not_called(
    served: Served, helpers: StatusHelpers, store: OpenStore
) -> None:
    device, device_id = await heard(served, store, CALL)
    served.calls.outcome = REFUSED
    await device.inform()
    assert await look(helpers, device_id) is Checked.REACHED
    assert served.calls.targets == []
    await device.close()


async def test_what_cannot_be_looked_at_in_time_is_as_it_was(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    _, device_id = await heard(served, store, TCP)
    probes.let_go.clear()
    assert (await helpers.refresh([device_id], within=0.2)).outcomes == {device_id: Checked.UNCHECKED}
    assert (await contact(served, device_id)).is_up


async def test_so_many_are_looked_at_at_once_and_no_more(
    served: Served, helpers: StatusHelpers, probes: NotedProbes, store: OpenStore
) -> None:
    number = await store.types.create(DeviceTypeDetails("t", "t", helpers=(TCP,)), at=0.0)
    devices = [
        await store.devices.create(
            uuid=f"u{each}", name=f"n{each}", identity=Identity("00D09E", "EX", f"H{each}"), at=0.0, type_id=number
        )
        for each in range(60)
    ]
    probes.connection = True
    probes.let_go.clear()
    looking = asyncio.create_task(helpers.refresh(devices, within=WITHIN))
    for _ in range(50):
        await probes.begun.acquire()
    probes.let_go.set()
    refreshed = await looking
    assert set(refreshed.outcomes.values()) == {Checked.REACHED}
    assert (probes.most, len(probes.asked)) == (50, 60)
