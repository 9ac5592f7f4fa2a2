"""Operations from the queue to their end, over real sockets, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.operation import JSON, OperationKind, Variable, VariableStatus
from acs.domain.queue import OperationState, Phase
from acs.services.operations import NotNowError, Terms
from tests.e2e.device import EndedBy
from tests.e2e.envelopes import Fault
from tests.e2e.quirks import VANISH, VANISH_AFTER
from tests.e2e.serving import Served, serving

SSID = "Device.WiFi.SSID.1.SSID"
CHANNEL = "Device.WiFi.SSID.1.Enable"


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


async def test_a_get_brings_each_value_or_its_fault(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID), Variable("Device.Nothing.Here"))
    log = await device.run_session()
    assert log.methods[0] == "GetParameterValues"
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED
    assert view.outcome is not None
    found, missing = view.outcome.variables
    assert found.status is VariableStatus.READ
    assert found.value == device.model.parameters[SSID].value
    assert missing.fault is not None
    assert missing.fault.code == 9005


async def test_a_set_is_done_and_read_back(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new name", "string"))
    log = await device.run_session()
    assert log.methods == ("SetParameterValues", "GetParameterValues")
    assert device.model.parameters[SSID].value == "new name"
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED
    assert view.outcome is not None
    assert view.outcome.variables[0].verified is True


async def test_a_refused_set_fails_with_the_fault_of_each_parameter(served: Served) -> None:
    device = served.device(
        on_rpc={"SetParameterValues": lambda _: Fault(9003, "Invalid arguments", ((SSID, 9007, "too long"),))}
    )
    await device.run_session()
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "x" * 40, "string"))
    await device.run_session()
    view = await served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert '"code": 9007' in view.record.fault


async def test_operations_are_done_in_one_session_the_urgent_one_first(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await served.queue(device, OperationKind.GET, Variable(SSID))
    await served.queue(device, OperationKind.GET, Variable(CHANNEL), terms=Terms(priority=5))
    log = await device.run_session()
    assert log.methods == ("GetParameterValues", "GetParameterValues")
    assert CHANNEL.encode() in log.rpcs[0].raw
    assert SSID.encode() in log.rpcs[1].raw


async def test_work_that_arrives_in_an_open_session_is_done_in_it(served: Served) -> None:
    device = served.device()
    await device.run_session()
    first = await served.queue(device, OperationKind.GET, Variable(SSID))
    await served.calls.made(1)
    await device.inform()
    asked = await device.empty_post()
    second = await served.queue(device, OperationKind.GET, Variable(CHANNEL))
    again = await device.answer(asked)
    assert again.method == "GetParameterValues"
    last = await device.answer(again)
    assert last.status == 204
    for public_id in (first, second):
        assert (await served.view(public_id)).record.state is OperationState.COMPLETED
    await served.sweep()
    assert len(served.calls.targets) == 1, "a device in a session is not called"
    await device.close()


async def test_a_reboot_is_complete_only_when_the_device_has_booted(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.REBOOT)
    await device.run_session()
    view = await served.view(public_id)
    assert (view.record.state, view.record.phase) == (OperationState.IN_PROGRESS, Phase.AWAITING)
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED
    assert len(device.journal.carried_out("Reboot")) == 1


async def test_a_reboot_whose_answer_is_lost_is_unknown_and_never_repeated_and_proven_later(served: Served) -> None:
    device = served.device(on_rpc={"Reboot": lambda _: VANISH_AFTER})
    await device.run_session()
    public_id = await served.queue(device, OperationKind.REBOOT)
    assert (await device.run_session()).ended_by is EndedBy.VANISHED
    await served.sweep(120)
    view = await served.view(public_id)
    assert view.record.state is OperationState.UNKNOWN
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED
    assert len(device.journal.carried_out("Reboot")) == 1


async def test_a_request_whose_answer_is_lost_is_proven_by_the_event_that_names_it(served: Served) -> None:
    device = served.device(on_rpc={"ScheduleInform": lambda _: VANISH_AFTER})
    await device.run_session()
    wish: dict[str, JSON] = {"delay_seconds": 1}
    public_id = await served.queue(device, OperationKind.RPC, method="ScheduleInform", arguments=wish)
    assert (await device.run_session()).ended_by is EndedBy.VANISHED
    await served.sweep(120)
    assert (await served.view(public_id)).record.state is OperationState.UNKNOWN
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED
    assert len(device.journal.carried_out("ScheduleInform")) == 1


async def test_a_factory_reset_is_complete_at_the_bootstrap(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.FACTORY)
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.IN_PROGRESS
    await device.run_session()
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED


async def test_an_object_is_added_once_and_what_is_set_under_it_too(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(
        device,
        OperationKind.ADD_OBJECT,
        Variable("Device.NAT.PortMapping."),
        Variable("Device.NAT.PortMapping.{i}.ExternalPort", "8080", "unsignedInt"),
    )
    log = await device.run_session()
    assert log.methods[:2] == ("AddObject", "SetParameterValues")
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED
    assert view.outcome is not None
    assert view.outcome.variables[0].instance_number == 1


async def test_a_lost_read_is_done_again_in_the_next_session(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    log = await device.run_session(answers=lambda _: VANISH)
    assert log.ended_by is EndedBy.VANISHED
    await device.run_session()
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED
    assert view.record.attempts == 2


async def test_attempts_end_and_then_it_has_failed(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID), terms=Terms(max_attempts=2))
    for _ in range(2):
        await device.run_session(answers=lambda _: VANISH)
        await served.sweep(120)
        await served.sweep(3600)
    view = await served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert view.record.attempts == 2
    assert view.record.fault


async def test_what_is_scheduled_waits_for_its_time_and_then_calls_the_device(served: Served) -> None:
    device = served.device()
    await device.run_session()
    terms = Terms(scheduled_at=served.clock.wall() + 600)
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID), terms=terms)
    assert (await device.run_session()).methods == ()
    assert (await served.view(public_id)).record.state is OperationState.SCHEDULED
    await served.sweep(601)
    assert (await served.view(public_id)).record.state is OperationState.QUEUED
    assert (await device.run_session()).methods == ("GetParameterValues",)


async def test_what_was_not_begun_in_time_expires(served: Served) -> None:
    device = served.device()
    await device.run_session()
    terms = Terms(expires_at=served.clock.wall() + 60)
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID), terms=terms)
    await served.sweep(61)
    assert (await served.view(public_id)).record.state is OperationState.EXPIRED
    assert (await device.run_session()).methods == ()


async def test_what_has_not_begun_can_be_cancelled_and_what_has_ended_cannot(served: Served) -> None:
    device = served.device()
    await device.run_session()
    operations = served.server.services.operations
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await operations.cancel(public_id)
    assert (await served.view(public_id)).record.state is OperationState.CANCELLED
    assert (await device.run_session()).methods == ()
    with pytest.raises(NotNowError):
        await operations.cancel(public_id)


async def test_a_retry_is_a_new_operation_of_the_same_kind(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.run_session()
    again = await served.server.services.operations.retry(public_id)
    assert again.record.public_id != public_id
    await device.run_session()
    assert (await served.view(again.record.public_id)).record.state is OperationState.COMPLETED
