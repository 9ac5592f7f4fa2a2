"""One live session per device, and when a session ends, over real sockets (CWMP.md 2)."""

import asyncio

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from tests.e2e.device import EndedBy
from tests.e2e.kinds import of_type
from tests.e2e.quirks import VANISH
from tests.e2e.serving import Served

SSID = "Device.WiFi.SSID.1.SSID"


async def state_of(served: Served, public_id: str) -> OperationState:
    return (await served.view(public_id)).record.state


# One live session per device.


async def test_a_new_inform_supersedes_and_what_was_in_flight_is_done_again(served_on_each: Served) -> None:
    served = served_on_each
    old = served.device()
    await old.run_session()
    public_id = await served.queue(old, OperationKind.GET, Variable(SSID))
    await old.inform()
    asked = await old.empty_post()
    new = served.device(serial=old.id.serial)
    assert (await new.run_session()).methods == ("GetParameterValues",)
    assert await state_of(served, public_id) is OperationState.COMPLETED
    # The old session is over: its answer belongs to nothing.
    assert (await old.answer(asked)).status == 400
    assert (await served.view(public_id)).record.attempts == 2
    await old.close()


async def test_a_new_inform_supersedes_and_a_reboot_in_flight_is_unknown_and_not_repeated(
    served_on_each: Served,
) -> None:
    served = served_on_each
    old = served.device()
    await old.run_session()
    public_id = await served.queue(old, OperationKind.REBOOT)
    await old.inform()
    assert (await old.empty_post()).method == "Reboot"
    new = served.device(serial=old.id.serial)
    assert (await new.run_session()).methods == ()
    assert await state_of(served, public_id) is OperationState.UNKNOWN
    await old.close()


async def test_a_device_that_informs_again_instead_of_answering_begins_a_new_session(served: Served) -> None:
    # Nokia Beacon G6; here with the cookie of the old session, over the same connection and over another one.
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    await device.inform()
    old = dict(device.link.cookies)
    assert (await device.empty_post()).method == "SetParameterValues"
    assert (await device.inform()).method == "InformResponse"
    assert device.link.cookies != old
    assert (await device.empty_post()).method == "SetParameterValues"
    device.drop()
    log = await device.run_session()
    assert log.methods == ("SetParameterValues", "GetParameterValues")
    assert await state_of(served, public_id) is OperationState.COMPLETED


async def test_a_repeated_inform_whose_answer_was_lost_goes_on_with_the_session(served: Served) -> None:
    device = served.device()
    assert (await device.inform()).method == "InformResponse"
    device.drop()
    assert (await device.inform(retry_count=1)).method == "InformResponse"
    assert (await device.empty_post()).status == 204
    await device.close()


async def test_an_identity_that_sessions_of_two_addresses_fight_over_is_quarantined(served_on_each: Served) -> None:
    served = served_on_each
    one = served.device()
    other = served.device(serial=one.id.serial, source="127.0.0.2")
    await one.inform()
    for device in (other, one, other):
        device.forget_cookies()
        assert (await device.inform()).method == "InformResponse"
    one.forget_cookies()
    assert (await one.inform()).status == 403
    (listed,) = await served.server.services.tools.devices.quarantined(after=0, most=10)
    assert listed.identity.serial_number == one.id.serial
    assert listed.device_id == await served.id_of(one)
    for device in (one, other):
        await device.close()
        assert (await device.run_session()).ended_by is EndedBy.REFUSED


async def test_a_device_whose_address_changes_now_and_then_is_not_quarantined(served: Served) -> None:
    one = served.device()
    other = served.device(serial=one.id.serial, source="127.0.0.2")
    for device in (one, other) * 4:
        device.forget_cookies()
        assert (await device.inform()).method == "InformResponse"
        served.clock.advance(250)
    for device in (one, other):
        await device.close()


async def test_a_device_that_reconnects_from_its_own_address_as_often_as_it_likes_is_no_clash(served: Served) -> None:
    device = served.device()
    for _ in range(8):
        device.forget_cookies()
        assert (await device.inform()).method == "InformResponse"
        device.drop()


async def test_whole_sessions_from_changing_addresses_cut_nothing_and_are_no_clash(served: Served) -> None:
    one = served.device()
    other = served.device(serial=one.id.serial, source="127.0.0.2")
    for device in (one, other) * 4:
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT


async def test_a_new_device_that_calls_twice_at_once_is_made_once(served_on_each: Served) -> None:
    served = served_on_each
    one = served.device()
    devices = [one, *(served.device(serial=one.id.serial) for _ in range(3))]
    replies = await asyncio.gather(*(device.inform() for device in devices))
    assert {reply.method for reply in replies} == {"InformResponse"}
    await served.id_of(one)
    statuses = [(await device.empty_post()).status for device in devices]
    assert statuses == [204] * 4
    assert len(served.server.services.sessions) == 0, "all but one were superseded"
    for device in devices:
        await device.close()


# Time.


async def test_a_silent_session_ends_after_its_idle_timeout_and_not_before(served: Served) -> None:
    device = served.device()
    await device.inform()
    await served.sweep(59)
    assert len(served.server.services.sessions) == 1
    await device.empty_post()
    await device.inform()
    await served.sweep(59)
    assert len(served.server.services.sessions) == 1
    await served.sweep(1)
    assert len(served.server.services.sessions) == 0
    await device.close()


async def test_a_session_ends_after_its_whole_time_however_busy_it_is(served: Served) -> None:
    device = served.device()
    await device.inform()
    request = device.request("GetRPCMethods")
    for _ in range(35):
        await served.sweep(50)
        assert (await device.ask(request)).status == 200
    await served.sweep(50)
    assert len(served.server.services.sessions) == 0
    assert (await device.ask(request)).status == 400
    await device.close()


@pytest.mark.parametrize(("asked", "lasts"), [(300, 299), (5, 59), (100_000, 599)])
async def test_the_header_session_timeout_lengthens_what_is_borne_within_bounds(
    served: Served, asked: int, lasts: int
) -> None:
    device = served.device()
    await device.inform(session_timeout=asked)
    await served.sweep(lasts)
    assert len(served.server.services.sessions) == 1
    await served.sweep(1)
    assert len(served.server.services.sessions) == 0
    await device.close()


async def test_a_type_may_be_silent_for_longer_than_others(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await of_type(served, device, session_timeout=240)
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.inform()
    asked = await device.empty_post()
    for _ in range(3):
        await served.sweep(79)
    assert (await device.answer(asked)).status == 204
    assert await state_of(served, public_id) is OperationState.COMPLETED
    assert (await served.view(public_id)).record.attempts == 1
    await device.close()


async def test_what_a_silent_device_had_in_hand_is_done_in_its_next_session(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    assert (await device.run_session(answers=lambda _: VANISH)).ended_by is EndedBy.VANISHED
    await served.sweep(61)
    assert await state_of(served, public_id) is OperationState.QUEUED
    await served.sweep(3600)
    assert (await device.run_session()).methods == ("GetParameterValues",)
    assert await state_of(served, public_id) is OperationState.COMPLETED


async def test_what_is_out_in_a_session_that_goes_on_is_not_taken_for_lost(served_on_each: Served) -> None:
    served = served_on_each
    device = served.device()
    await device.run_session()
    operations = [await served.queue(device, OperationKind.GET, Variable(SSID)) for _ in range(4)]
    await device.inform()
    reply = await device.empty_post()
    for _ in operations:
        await served.sweep(50)
        reply = await device.answer(reply)
    assert reply.status == 204
    for public_id in operations:
        record = (await served.view(public_id)).record
        assert (record.state, record.attempts) == (OperationState.COMPLETED, 1)
    await device.close()


@pytest.mark.parametrize("kind", [OperationKind.GET, OperationKind.REBOOT])
async def test_a_device_has_the_time_for_its_answer_that_it_has_asked_for(
    served_on_each: Served, kind: OperationKind
) -> None:
    served = served_on_each
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, kind, *([Variable(SSID)] if kind is OperationKind.GET else []))
    await device.inform(session_timeout=300)
    reply = await device.empty_post()
    for _ in range(2):
        await served.sweep(140)
    assert await state_of(served, public_id) is OperationState.IN_PROGRESS
    assert (await device.answer(reply)).status == 204
    record = (await served.view(public_id)).record
    assert record.attempts == 1
    assert record.state is (OperationState.COMPLETED if kind is OperationKind.GET else OperationState.IN_PROGRESS)
    await device.close()


async def test_a_device_that_posts_nothing_but_emptiness_ends_its_session(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.SYNC)
    await device.inform()
    asked = 0
    while (await device.empty_post()).status == 200:
        asked += 1
        assert asked < 20
    assert asked == 3
    assert await state_of(served, public_id) is OperationState.QUEUED
    assert len(served.server.services.sessions) == 0
    await device.close()
