"""The server's clock is set: nothing waits for a time that was not to be, nothing is dropped before its time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from acs.domain.contact import Contact
from acs.domain.delivery import Delivery
from acs.domain.notification import Recipients
from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.domain.request_key import RequestKey
from acs.services.notifications import LONGEST_DELAY
from acs.services.operations import NoSuchOperationError, Terms
from acs.store.deliveries import DeliveryFilter
from acs.store.listing import Slice
from tests.acs.webhooks.receiver import receiving, status
from tests.contract.opened import Probe
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.quirks import VANISH
from tests.e2e.serving import Served, serving
from tests.e2e.test_login import challenged, known, post
from tests.e2e.test_retention import prune

SSID = "Device.WiFi.SSID.1.SSID"
HOUR, DAY = 3_600, 86_400
FAR = 400 * DAY


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    settings: dict[str, Any] = {
        "results_days": 20,
        "idle_timeout": 30,
        "default_inform_interval": 1_000,
        "webhook_networks": "127.0.0.0/8",
    }
    async with serving(database_url, tmp_path, **settings) as found:
        yield found


async def contact(served: Served, device: ScriptedDevice) -> Contact:
    found = await served.server.services.tools.contacts.of_device(await served.id_of(device))
    assert found is not None
    return found


async def waiting(served: Served, public_id: str) -> Delivery:
    """The one delivery of an operation."""
    (found,) = (await served.server.services.management.notifications.page(Slice(), DeliveryFilter(public_id))).items
    return found


async def state(served: Served, public_id: str) -> OperationState:
    return (await served.view(public_id)).record.state


async def test_what_was_put_back_by_a_clock_that_was_ahead_is_done_once_it_is_right(served: Served) -> None:
    device = served.device(on_rpc={"GetParameterValues": lambda _: VANISH})
    await device.run_session()
    await served.sweep()
    served.clock.set(ahead=FAR)
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.run_session()
    await served.sweep(40)
    await served.sweep(40)
    assert await state(served, public_id) is OperationState.QUEUED
    served.clock.set(ahead=0)
    device.on_rpc.clear()
    await served.sweep(70)
    called = len(served.calls.targets)
    await served.sweep()
    await served.calls.made(max(1, called))
    await device.run_session()
    assert await state(served, public_id) is OperationState.COMPLETED


async def test_what_somebody_wants_later_stays_for_later(served: Served) -> None:
    device = served.device()
    await device.run_session()
    later = Terms(scheduled_at=served.clock.wall() + 10 * DAY)
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID), terms=later)
    await served.sweep()
    served.clock.set(ahead=-HOUR)
    await served.sweep()
    await device.run_session()
    assert await state(served, public_id) is OperationState.SCHEDULED


async def test_a_restart_that_is_not_proven_fails_in_its_time(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await served.sweep()
    served.clock.set(ahead=FAR)
    public_id = await served.queue(device, OperationKind.REBOOT)
    await device.run_session()
    await served.sweep()
    assert await state(served, public_id) is OperationState.IN_PROGRESS
    served.clock.set(ahead=0)
    await served.sweep()
    assert await state(served, public_id) is OperationState.IN_PROGRESS
    await served.sweep(HOUR + 1)
    assert await state(served, public_id) is OperationState.FAILED


async def test_a_device_that_was_heard_by_such_a_clock_goes_down_in_its_time(served: Served) -> None:
    device, other = served.device(), served.device()
    await other.run_session()
    await served.sweep()
    served.clock.set(ahead=FAR)
    await device.run_session()
    await served.sweep()
    served.clock.set(ahead=0)
    await served.sweep()
    assert (await contact(served, device)).last_inform == served.clock.wall()
    await served.sweep(1_900)
    assert (await contact(served, device)).is_up
    await served.sweep(HOUR)
    assert not (await contact(served, device)).is_up
    assert not (await contact(served, other)).is_up


async def test_news_that_was_put_off_by_such_a_clock_is_told(served: Served) -> None:
    async with receiving(status(503)) as receiver:
        device = served.device()
        await device.run_session()
        await served.sweep()
        served.clock.set(ahead=FAR)
        terms = Terms(notification=Recipients(webhook_url=f"http://127.0.0.1:{receiver.port}/").text)
        public_id = await served.queue(device, OperationKind.GET, Variable(SSID), terms=terms)
        await device.run_session()
        await served.sweep()
        await receiver.next()
        async with asyncio.timeout(20):
            while not (await waiting(served, public_id)).last_error:
                pass
        served.clock.set(ahead=0)
        await served.sweep()
        await served.sweep()
        await receiver.next()
        found = await waiting(served, public_id)
        assert found.attempts == 2
        assert found.next_at <= served.clock.wall() + LONGEST_DELAY


async def test_after_the_clock_was_set_forward_nothing_is_dropped_for_a_day(served: Served, probe: Probe) -> None:
    keys = served.server.services.management.idempotency
    device = served.device()
    await device.run_session()
    done = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.run_session()
    await served.sweep(2 * HOUR)
    await keys.claim(RequestKey("1", "key"), "print", served.clock.wall())
    served.clock.set(ahead=40 * DAY)
    await prune(served)
    served.clock.advance(DAY - 1)
    await prune(served)
    assert await state(served, done) is OperationState.COMPLETED
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 1
    served.clock.advance(2)
    await prune(served)
    with pytest.raises(NoSuchOperationError):
        await served.view(done)
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 0


async def test_a_clock_that_is_found_wrong_soon_after_the_start_has_dropped_nothing(
    served: Served, probe: Probe
) -> None:
    keys = served.server.services.management.idempotency
    await keys.claim(RequestKey("1", "key"), "print", served.clock.wall() - 2 * DAY)
    served.clock.advance(HOUR - 1)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 1
    served.clock.advance(2)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 0


@pytest.mark.parametrize("ahead", [-400 * DAY, -HOUR, HOUR, 400 * DAY])
async def test_whoever_sets_the_clock_locks_nobody_out(tmp_path: Path, ahead: int) -> None:
    async with serving(f"sqlite:///{tmp_path / 'aioacs.db'}", tmp_path, onboarding="quarantine") as served:
        # What was issued in the instant of the start may be an earlier process's.
        served.clock.advance(2)
        device = await known(served)
        before = await challenged(served)
        for seconds in (ahead, 0):
            served.clock.set(ahead=seconds)
            assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
            # What was asked for before is worth no more than it was.
            served.clock.advance(301)
            assert (await post(served, before.authorization("POST", "/"))).status == 401
            assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


async def test_what_is_to_be_done_later_and_was_taken_for_due_waits_again(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await served.sweep()
    later = Terms(scheduled_at=served.clock.wall() + 83 * 60)
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID), terms=later)
    served.clock.set(ahead=2 * HOUR)
    # What is asked for meanwhile is for now, whatever time that is.
    at_once = await served.queue(device, OperationKind.GET, Variable(SSID))
    await served.sweep()
    assert await state(served, public_id) is OperationState.QUEUED
    served.clock.set(ahead=0)
    await served.sweep()
    assert await state(served, public_id) is OperationState.SCHEDULED
    await device.run_session()
    assert await state(served, at_once) is OperationState.COMPLETED
    assert await state(served, public_id) is OperationState.SCHEDULED
    await served.sweep(84 * 60)
    await device.run_session()
    assert await state(served, public_id) is OperationState.COMPLETED


async def test_a_key_of_a_clock_that_was_ahead_is_kept_for_a_day_and_no_longer(served: Served, probe: Probe) -> None:
    keys = served.server.services.management.idempotency
    await served.sweep()
    served.clock.set(ahead=FAR)
    await served.sweep(1)
    await keys.claim(RequestKey("1", "key"), "print", served.clock.wall())
    served.clock.set(ahead=0)
    await served.sweep(1)
    served.clock.advance(DAY - 10)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 1
    served.clock.advance(20)
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 0


async def test_a_clock_that_is_set_forward_bit_by_bit_is_seen(served: Served, probe: Probe) -> None:
    keys = served.server.services.management.idempotency
    await served.sweep(2 * HOUR)
    # By the clock it is a day old in the end, and it is not.
    await keys.claim(RequestKey("1", "key"), "print", served.clock.wall() - DAY + 90)
    for ahead in (59, 118):
        served.clock.set(ahead=ahead)
        await served.sweep()
    await prune(served)
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 1


async def test_a_clock_that_is_set_forward_every_day_holds_up_nothing_for_ever(served: Served, probe: Probe) -> None:
    keys = served.server.services.management.idempotency
    await keys.claim(RequestKey("1", "key"), "print", served.clock.wall())
    for day in range(1, 10):
        served.clock.advance(23 * HOUR)
        await prune(served)
        served.clock.set(ahead=day * 61)
        await served.sweep()
    assert await probe.value("SELECT COUNT(*) FROM idempotency_key") == 0


async def test_what_happens_while_it_is_looked_is_not_taken_for_ahead(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    device = served.device()
    await device.run_session()
    # The look began before the device called: a busy machine may take so long.
    wall = served.clock.wall
    with monkeypatch.context() as patch:
        patch.setattr(served.clock, "wall", lambda: wall() - 30)
        await served.sweep()
    assert "had put off goes on" not in capsys.readouterr().out
