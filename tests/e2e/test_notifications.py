"""Whoever is to be told of an end is told, through failures and ends of the process; on both databases."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from acs.domain.delivery import Delivery, DeliveryState
from acs.domain.notification import Recipients
from acs.domain.operation import OperationKind, Variable
from acs.services.notifications import LONGEST_DELAY
from acs.services.operations import Terms
from acs.store.deliveries import DeliveryFilter
from acs.store.listing import Slice
from acs.webhooks.signing import signature
from tests.acs.webhooks.receiver import Receiver, receiving, status
from tests.contract.opened import Probe
from tests.e2e.device import Parameter
from tests.e2e.quirks import VANISH
from tests.e2e.serving import Served, serving

PATIENCE = 20.0
LOST_AFTER = 100.0
SECRET = "the-secret-of-these-tests"
SSID = "Device.WiFi.SSID.1.SSID"
PASSPHRASE = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"


@asynccontextmanager
async def telling(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Served]:
    """A server whose webhooks may go to this machine."""
    chosen: dict[str, Any] = {"webhook_networks": "127.0.0.0/8", "webhook_secret": SECRET, **settings}
    async with serving(database_url, folder, **chosen) as found:
        yield found


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with telling(database_url, tmp_path) as found:
        yield found


def told_at(receiver: Receiver, **wishes: Any) -> Terms:
    """Terms that name a receiver."""
    return Terms(notification=Recipients(webhook_url=f"http://127.0.0.1:{receiver.port}/hook", **wishes).text)


async def get_done(served: Served, terms: Terms, *, name: str = SSID) -> str:
    """A get that is completed; its public id."""
    device = served.device(parameters={SSID: Parameter("home")})
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(name), terms=terms)
    await device.run_session()
    return public_id


async def deliveries(served: Served, public_id: str) -> list[Delivery]:
    found = await served.server.services.management.notifications.page(Slice(), DeliveryFilter(public_id))
    return list(found.items)


async def until(served: Served, public_id: str, holds: Callable[[Delivery], bool]) -> Delivery:
    """The one delivery of an operation, once something holds of it."""
    async with asyncio.timeout(PATIENCE):
        while not holds(found := (await deliveries(served, public_id))[0]):
            pass
    return found


async def ended(served: Served, public_id: str, state: DeliveryState) -> Delivery:
    """The delivery, once it is so."""
    return await until(served, public_id, lambda each: each.state is state)


def is_settled(served: Served, delivery: Delivery, attempt: int) -> bool:
    """Whether so many attempts have come to an end."""
    is_over = delivery.state is not DeliveryState.WAITING
    return delivery.attempts == attempt and (is_over or delivery.next_at < served.clock.wall() + LOST_AFTER)


async def test_a_program_is_told_of_an_end_with_a_signature(served: Served) -> None:
    async with receiving() as receiver:
        public_id = await get_done(served, told_at(receiver))
        await served.sweep()
        request = await receiver.next()
        told = json.loads(request.body)
        assert (told["event"], told["id"], told["status"]) == ("operation.completed", public_id, "completed")
        assert (told["operation"], told["fault"]) == ("get", None)
        assert told["completed_at"].endswith("Z")
        stamp = request.headers["X-Aioacs-Timestamp"]
        assert int(stamp) == int(served.clock.wall())
        assert request.headers["X-Aioacs-Signature"] == signature(SECRET, stamp, request.body)
        found = await ended(served, public_id, DeliveryState.DELIVERED)
        assert (found.attempts, found.last_error) == (1, "")
        for _ in range(3):
            await served.sweep(LONGEST_DELAY)
        assert len(receiver.received) == 1


async def test_only_those_ends_are_told_that_were_asked_for(served: Served) -> None:
    async with receiving() as receiver:
        good = await get_done(served, told_at(receiver, on_completion=False))
        bad = await get_done(served, told_at(receiver, on_completion=False), name="Device.Nothing.Of.The.Kind")
        await served.sweep()
        told = json.loads((await receiver.next()).body)
        assert (told["id"], told["status"]) == (bad, "failed")
        assert told["fault"]["string"]
        assert await deliveries(served, good) == []


async def test_what_was_cancelled_or_expired_is_told_too(served: Served) -> None:
    async with receiving() as receiver:
        device = served.device()
        await device.run_session()
        later = served.clock.wall() + 100
        notification = told_at(receiver).notification
        cancelled = await served.queue(
            device, OperationKind.GET, Variable(SSID), terms=Terms(scheduled_at=later, notification=notification)
        )
        await served.server.services.operations.cancel(cancelled)
        await served.queue(
            device, OperationKind.GET, Variable(SSID), terms=Terms(expires_at=later, notification=notification)
        )
        await served.sweep(200)
        await served.sweep()
        told = {json.loads((await receiver.next()).body)["status"] for _ in range(2)}
        told |= {json.loads(each.body)["status"] for each in receiver.received}
        assert told == {"cancelled", "expired"}


async def test_what_turns_out_to_be_done_after_all_is_told_again(served: Served) -> None:
    async with receiving() as receiver:
        device = served.device()
        await device.run_session()
        device.on_rpc["Reboot"] = lambda _: VANISH
        public_id = await served.queue(device, OperationKind.REBOOT, terms=told_at(receiver))
        await device.run_session()
        await served.sweep(3_600)
        await served.sweep()
        assert json.loads((await receiver.next()).body)["status"] == "unknown"
        await device.run_session((("1 BOOT", ""), ("M Reboot", "")))
        await served.sweep()
        assert json.loads((await receiver.next()).body)["status"] == "completed"
        found = await deliveries(served, public_id)
        assert len({each.news.public_id for each in found}) == 2


async def test_a_failure_is_tried_again_with_the_same_name_and_a_new_signature(served: Served) -> None:
    async with receiving(status(500)) as receiver:
        public_id = await get_done(served, told_at(receiver))
        await served.sweep()
        first = await receiver.next()
        waiting = await until(served, public_id, lambda each: each.last_error != "")
        assert waiting.state is DeliveryState.WAITING
        assert 5 <= waiting.next_at - served.clock.wall() <= 10
        await served.sweep(10)
        second = await receiver.next()
        assert first.headers["X-Aioacs-Delivery"] == second.headers["X-Aioacs-Delivery"]
        assert first.headers["X-Aioacs-Timestamp"] != second.headers["X-Aioacs-Timestamp"]
        assert first.body == second.body
        found = await ended(served, public_id, DeliveryState.DELIVERED)
        assert (found.attempts, found.last_error) == (2, "")


async def test_it_is_given_up_after_so_many_attempts_and_that_is_seen(database_url: str, tmp_path: Path) -> None:
    async with telling(database_url, tmp_path, notification_attempts=3) as served:
        async with receiving() as receiver:
            pass
        public_id = await get_done(served, told_at(receiver))
        for attempt in range(1, 4):
            await served.sweep(LONGEST_DELAY)
            # Settled, and not only taken: then it is tried again sooner than one that counts as lost.
            await until(served, public_id, lambda each: is_settled(served, each, attempt))  # noqa: B023
        found = await ended(served, public_id, DeliveryState.FAILED)
        assert (found.attempts, found.last_error) == (3, "the receiver takes no connection")


async def test_a_private_address_is_refused_unless_a_setting_opens_it(database_url: str, tmp_path: Path) -> None:
    async with telling(database_url, tmp_path, webhook_networks="") as served, receiving() as receiver:
        public_id = await get_done(served, told_at(receiver))
        await served.sweep()
        found = await ended(served, public_id, DeliveryState.FAILED)
        assert found.attempts == 1
        assert "no public address" in found.last_error
        assert receiver.received == []


async def test_what_a_killed_process_had_not_delivered_the_next_one_delivers(
    database_url: str, tmp_path: Path, probe: Probe
) -> None:
    async with receiving(b"") as receiver:
        async with telling(database_url, tmp_path) as served:
            public_id = await get_done(served, told_at(receiver))
            await served.sweep()
            await receiver.next()
            # The receiver never answers, and the process ends while it waits.
        assert await probe.rows("SELECT state, attempts FROM delivery") == [("waiting", 1)]
        async with telling(database_url, tmp_path) as served:
            await served.sweep(1)
            assert len(receiver.received) == 1, "the other process may still be at it"
            await served.sweep(LONGEST_DELAY)
            again = await receiver.next()
            assert json.loads(again.body)["id"] == public_id
            assert (await ended(served, public_id, DeliveryState.DELIVERED)).attempts == 2


async def test_what_ended_in_a_process_that_was_killed_is_told_by_the_next_one(
    database_url: str, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        async with telling(database_url, tmp_path) as served:
            public_id = await get_done(served, told_at(receiver))
        async with telling(database_url, tmp_path) as served:
            await served.sweep()
            assert json.loads((await receiver.next()).body)["id"] == public_id


async def test_no_value_and_no_secret_is_told(served: Served) -> None:
    async with receiving() as receiver:
        device = served.device(parameters={PASSPHRASE: Parameter("old secret"), SSID: Parameter("home")})
        await device.run_session()
        await served.queue(
            device,
            OperationKind.SET,
            Variable(PASSPHRASE, "a new secret"),
            Variable("Device.Nothing.Of.The.Kind", "another secret"),
            terms=told_at(receiver),
        )
        await device.run_session()
        await served.sweep()
        body = (await receiver.next()).body
        assert b"secret" not in body


async def test_the_address_is_not_in_the_log(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    async with receiving(status(500)) as receiver:
        terms = Terms(notification=Recipients(webhook_url=f"http://127.0.0.1:{receiver.port}/T0P-SECRET").text)
        await get_done(served, terms)
        await served.sweep()
        await receiver.next()
    captured = capsys.readouterr()
    assert "T0P-SECRET" not in captured.out + captured.err


async def make_bulk(probe: Probe, receiver: Receiver, state: str, *, executions: int = 0, **wishes: Any) -> None:
    """A request for many devices."""
    notification = told_at(receiver, **wishes).notification
    await probe.execute(
        "INSERT INTO bulk (public_id, kind, state, request, notification, scheduled_for, targets, executions, created, "
        f"updated) VALUES ('bulk_1', 'reboot', '{state}', '', '{notification}', 0, 3, {executions}, 0, 0)"
    )


async def end_bulk(probe: Probe, number: int, state: str, *, failed: int = 0) -> None:
    """One time that it was carried out."""
    await probe.execute(
        "INSERT INTO bulk_execution "
        "(bulk_id, number, state, total, completed, failed, errors, started_at, completed_at) "
        f"SELECT id, {number}, '{state}', 3, {3 - failed}, {failed}, '{{\"faults\": {failed}}}', 1, 2 FROM bulk"
    )


async def test_each_end_of_a_bulk_is_told(served: Served, probe: Probe) -> None:
    async with receiving() as receiver:
        await make_bulk(probe, receiver, "scheduled", executions=2)
        for number in (1, 2):
            await end_bulk(probe, number, "completed", failed=1)
            await served.sweep()
            request = await receiver.next()
            told = json.loads(request.body)
            assert (told["event"], told["id"], told["execution"]) == ("bulk.completed", "bulk_1", number)
            assert (told["operation_type"], told["total_devices"], told["processed_devices"]) == ("reboot", 3, 3)
            assert (told["failed_devices"], told["error_summary"]) == (1, {"faults": 1})
            assert request.headers["X-Aioacs-Event"] == "bulk.completed"
        await served.sweep()
        assert len(receiver.received) == 2


async def test_whoever_waits_for_failures_is_told_of_a_bulk_with_some(served: Served, probe: Probe) -> None:
    async with receiving() as receiver:
        await make_bulk(probe, receiver, "completed", executions=3, on_completion=False)
        await end_bulk(probe, 1, "completed")
        await end_bulk(probe, 2, "completed", failed=1)
        await served.sweep()
        assert json.loads((await receiver.next()).body)["execution"] == 2
        await end_bulk(probe, 3, "failed", failed=3)
        await served.sweep()
        assert json.loads((await receiver.next()).body)["status"] == "failed"


async def test_a_bulk_that_is_cancelled_before_it_begins_is_told(served: Served, probe: Probe) -> None:
    async with receiving() as receiver:
        await make_bulk(probe, receiver, "cancelled")
        for _ in range(2):
            await served.sweep()
        told = json.loads((await receiver.next()).body)
        assert (told["status"], told["execution"]) == ("cancelled", 0)
        assert len(receiver.received) == 1


async def test_without_a_mail_server_an_address_is_kept_and_nothing_is_sent(served: Served) -> None:
    terms = Terms(notification=Recipients(email="noc@example.net").text)
    public_id = await get_done(served, terms)
    await served.sweep()
    assert await deliveries(served, public_id) == []
    assert (await served.view(public_id)).record.notification == terms.notification


async def test_old_deliveries_are_forgotten_with_the_results(database_url: str, tmp_path: Path) -> None:
    async with telling(database_url, tmp_path, results_days=2) as served, receiving() as receiver:
        public_id = await get_done(served, told_at(receiver))
        await served.sweep()
        await receiver.next()
        await ended(served, public_id, DeliveryState.DELIVERED)
        for days in (1.9, 0.2):
            assert len(await deliveries(served, public_id)) == 1
            served.clock.advance(days * 86_400)
            for _ in range(60):
                await served.sweep()
        assert await deliveries(served, public_id) == []
