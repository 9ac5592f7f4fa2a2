"""Devices that are gone when an answer is due, in the middle of each kind of operation (CWMP.md 2, DESIGN.md 5)."""

from dataclasses import dataclass, field
from typing import Final

import pytest

from acs.domain.operation import JSON, OperationKind, Variable, VariableStatus
from acs.domain.queue import OperationState, Phase
from acs.services.operations import Terms
from acs.services.wanted import NewSetting
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.journal import CarriedOut
from tests.e2e.quirks import VANISH, VANISH_AFTER, Vanish
from tests.e2e.serving import Served

SSID: Final = "Device.WiFi.SSID.1.SSID"
CHANNEL: Final = "Device.WiFi.Radio.1.Channel"
DAY: Final = 86_400.0


@dataclass(frozen=True)
class Wish:
    """An operation, and the RPC in which the device vanishes."""

    kind: OperationKind
    rpc: str
    variables: tuple[Variable, ...] = ()
    method: str = ""
    arguments: dict[str, JSON] = field(default_factory=dict)
    wanted: str = ""

    async def queue(self, served: Served, device: ScriptedDevice) -> str:
        if self.wanted:
            device_id = await served.id_of(device)
            await served.server.services.wanted.put(device_id, [NewSetting(SSID, self.wanted, "string")])
        return await served.queue(
            device, self.kind, *self.variables, method=self.method, arguments=dict(self.arguments)
        )

    def __str__(self) -> str:
        return f"{self.kind} in {self.rpc}"


FILE: Final[dict[str, JSON]] = {"url": "http://files.example/x", "file_type": "3 Vendor Configuration File"}
REPEATED: Final = (
    Wish(OperationKind.GET, "GetParameterValues", (Variable(SSID),)),
    Wish(OperationKind.SET, "SetParameterValues", (Variable(SSID, "new", "string"),)),
    Wish(OperationKind.SYNC, "GetParameterValues", wanted="new"),
    Wish(OperationKind.SYNC, "SetParameterValues", wanted="new"),
    Wish(OperationKind.RECONF, "SetParameterValues", wanted="new"),
    Wish(OperationKind.RPC, "GetRPCMethods", method="GetRPCMethods"),
    Wish(
        OperationKind.RPC,
        "GetParameterNames",
        method="GetParameterNames",
        arguments={"parameter_path": "Device.", "next_level": False},
    ),
)
HARMFUL: Final = (
    Wish(OperationKind.ADD_OBJECT, "AddObject", (Variable("Device.NAT.PortMapping."),)),
    Wish(OperationKind.DELETE_OBJECT, "DeleteObject", (Variable("Device.WiFi.SSID.1."),)),
    Wish(OperationKind.REBOOT, "Reboot"),
    Wish(OperationKind.FACTORY, "FactoryReset"),
    Wish(OperationKind.DEVICE_FACTORY, "FactoryReset"),
    Wish(OperationKind.DOWNLOAD, "Download", arguments=FILE),
    Wish(OperationKind.UPLOAD, "Upload"),
    Wish(
        OperationKind.RPC,
        "ScheduleInform",
        method="ScheduleInform",
        arguments={"delay_seconds": 60},
    ),
)
WAYS: Final = pytest.mark.parametrize("way", [VANISH, VANISH_AFTER], ids=["before", "after"])


async def state_of(served: Served, public_id: str) -> OperationState:
    return (await served.view(public_id)).record.state


async def vanish_in(device: ScriptedDevice, rpc: str, way: Vanish) -> None:
    """A session whose end is that the device goes away at an RPC."""
    log = await device.run_session(answers=lambda asked: way if asked.method == rpc else None)
    assert log.ended_by is EndedBy.VANISHED
    assert log.methods[-1] == rpc


@WAYS
@pytest.mark.parametrize("wish", REPEATED, ids=str)
async def test_reads_and_sets_are_done_again_in_a_later_session(served: Served, wish: Wish, way: Vanish) -> None:
    device = served.device()
    await device.run_session()
    public_id = await wish.queue(served, device)
    await vanish_in(device, wish.rpc, way)
    await served.sweep(61)
    assert await state_of(served, public_id) is OperationState.QUEUED
    await served.sweep(3600)
    log = await device.run_session()
    assert wish.rpc in log.methods
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED, view
    assert view.record.attempts == 2
    if wish.wanted or wish.kind is OperationKind.SET:
        assert device.model.parameters[SSID].value == "new"


async def is_left_alone(served: Served, device: ScriptedDevice, public_id: str, wish: Wish, way: Vanish) -> None:
    """Whatever comes: the harmful RPC is not sent again, and without proof nobody claims to know."""
    for _ in range(3):
        log = await device.run_session((("2 PERIODIC", ""),), requests=())
        assert log.ended_by is EndedBy.NO_CONTENT
        assert wish.rpc not in log.methods
        await served.sweep(DAY)
    assert await state_of(served, public_id) is OperationState.UNKNOWN
    assert len(device.journal.carried_out(wish.rpc)) == (1 if way is VANISH_AFTER else 0)


@WAYS
@pytest.mark.parametrize("wish", HARMFUL, ids=str)
async def test_what_may_do_harm_is_unknown_when_the_device_falls_silent(
    served: Served, wish: Wish, way: Vanish
) -> None:
    device = served.device()
    await device.run_session()
    public_id = await wish.queue(served, device)
    await vanish_in(device, wish.rpc, way)
    record = (await served.view(public_id)).record
    assert (record.state, record.phase) == (OperationState.IN_PROGRESS, Phase.SENT)
    await served.sweep(61)
    view = await served.view(public_id)
    assert view.record.state is OperationState.UNKNOWN
    assert view.record.fault
    await is_left_alone(served, device, public_id, wish, way)


@WAYS
@pytest.mark.parametrize("wish", HARMFUL, ids=str)
async def test_what_may_do_harm_is_unknown_when_the_device_calls_again_at_once(
    served: Served, wish: Wish, way: Vanish
) -> None:
    device = served.device()
    await device.run_session()
    public_id = await wish.queue(served, device)
    await vanish_in(device, wish.rpc, way)
    await is_left_alone(served, device, public_id, wish, way)


@pytest.mark.parametrize("wish", [each for each in HARMFUL if each.kind in {
    OperationKind.REBOOT, OperationKind.FACTORY, OperationKind.DEVICE_FACTORY, OperationKind.DOWNLOAD,
    OperationKind.UPLOAD,
}], ids=str)  # fmt: skip
async def test_what_is_unknown_is_completed_by_the_devices_own_proof(served_on_each: Served, wish: Wish) -> None:
    served = served_on_each
    device = served.device()
    await device.run_session()
    public_id = await wish.queue(served, device)
    await vanish_in(device, wish.rpc, VANISH_AFTER)
    await served.sweep(61)
    assert await state_of(served, public_id) is OperationState.UNKNOWN
    # The event of the restart, or the TransferComplete, carries the operation's key.
    await device.run_session()
    assert await state_of(served, public_id) is OperationState.COMPLETED
    assert len(device.journal.carried_out(wish.rpc)) == 1


async def test_an_object_that_was_added_is_not_added_again_for_what_is_still_to_be_set_in_it(
    served_on_each: Served,
) -> None:
    served = served_on_each
    device = served.device()
    await device.run_session()
    variables = (
        Variable("Device.NAT.PortMapping."),
        Variable("Device.NAT.PortMapping.{i}.ExternalPort", "8080", "unsignedInt"),
    )
    public_id = await served.queue(device, OperationKind.ADD_OBJECT, *variables)
    await vanish_in(device, "SetParameterValues", VANISH)
    await served.sweep(61)
    assert await state_of(served, public_id) is OperationState.QUEUED
    await served.sweep(3600)
    log = await device.run_session()
    assert log.methods == ("SetParameterValues", "GetParameterValues")
    assert await state_of(served, public_id) is OperationState.COMPLETED
    assert len(device.journal.carried_out("AddObject")) == 1
    assert device.model.parameters["Device.NAT.PortMapping.1.ExternalPort"].value == "8080"


async def test_of_several_objects_only_the_one_that_was_asked_for_is_unknown(served: Served) -> None:
    device = served.device()
    await device.run_session()
    paths = [f"Device.WiFi.SSID.{number}." for number in (1, 7)]
    public_id = await served.queue(device, OperationKind.DELETE_OBJECT, *(Variable(path) for path in paths))
    log = await device.run_session(answers=lambda asked: VANISH if asked.text("ObjectName") == paths[1] else None)
    assert log.methods == ("DeleteObject", "DeleteObject")
    await served.sweep(61)
    view = await served.view(public_id)
    assert view.record.state is OperationState.UNKNOWN
    assert view.outcome is not None
    assert [each.status for each in view.outcome.variables] == [VariableStatus.APPLIED, VariableStatus.UNKNOWN]
    assert (await device.run_session()).methods == ()


@pytest.mark.parametrize("calls_at_once", [True, False])
async def test_what_was_set_is_not_set_again_when_only_reading_it_back_was_lost(
    served: Served, *, calls_at_once: bool
) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    await vanish_in(device, "GetParameterValues", VANISH)
    await served.sweep(0 if calls_at_once else 61)
    await device.run_session()
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED
    assert view.outcome is not None
    assert view.outcome.variables[0].verified is None, "nothing was read, so nothing is claimed"
    assert len(device.journal.carried_out("SetParameterValues")) == 1


async def test_what_waits_behind_a_lost_operation_is_done(served: Served) -> None:
    device = served.device()
    await device.run_session()
    first = await served.queue(device, OperationKind.REBOOT)
    second = await served.queue(device, OperationKind.GET, Variable(SSID))
    await vanish_in(device, "Reboot", VANISH)
    assert (await device.run_session()).methods == ("GetParameterValues",)
    assert await state_of(served, first) is OperationState.UNKNOWN
    assert await state_of(served, second) is OperationState.COMPLETED


async def test_a_device_that_always_vanishes_is_not_asked_for_ever(served: Served) -> None:
    device = served.device()
    await device.run_session()
    terms = Terms(max_attempts=3)
    public_id = await served.queue(device, OperationKind.RPC, method="GetRPCMethods", terms=terms)
    asked = 0
    for _ in range(6):
        asked += len((await device.run_session(answers=lambda _: VANISH)).methods)
        await served.sweep(61)
        await served.sweep(DAY)
    assert asked == 3
    assert await state_of(served, public_id) is OperationState.FAILED


async def test_a_device_is_called_again_when_the_time_of_a_retry_has_come(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await served.queue(device, OperationKind.GET, Variable(SSID))
    await served.calls.made(1)
    await device.run_session(answers=lambda _: VANISH)
    await served.sweep(61)
    await served.sweep(60)
    assert len(served.calls.targets) == 1, "the second attempt waits five minutes"
    await served.sweep(360)
    await served.calls.made(2)


# Answers that are lost while the device stays.


async def test_an_empty_post_instead_of_an_answer_has_a_read_asked_again_in_the_same_session(served: Served) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.inform()
    assert (await device.empty_post()).method == "GetParameterValues"
    again = await device.empty_post()
    assert again.method == "GetParameterValues"
    assert (await device.answer(again)).status == 204
    view = await served.view(public_id)
    assert (view.record.state, view.record.attempts) == (OperationState.COMPLETED, 1)
    await device.close()


async def test_an_empty_post_instead_of_an_answer_leaves_an_added_object_unknown_until_the_answer_comes(
    served: Served,
) -> None:
    device = served.device()
    await device.run_session()
    public_id = await served.queue(device, OperationKind.ADD_OBJECT, Variable("Device.NAT.PortMapping."))
    await device.inform()
    asked = await device.empty_post()
    assert asked.method == "AddObject"
    assert (await device.empty_post()).status == 204
    assert await state_of(served, public_id) is OperationState.UNKNOWN
    assert (await device.answer(asked)).status == 204
    assert await state_of(served, public_id) is OperationState.COMPLETED
    assert len(device.journal.of(CarriedOut)) == 1
    await device.close()


async def test_an_answer_that_is_repeated_because_our_reply_was_lost_counts_once(served: Served) -> None:
    device = served.device()
    await device.run_session()
    first = await served.queue(device, OperationKind.GET, Variable(SSID))
    second = await served.queue(device, OperationKind.GET, Variable(CHANNEL))
    await device.inform()
    asked = await device.empty_post()
    assert (await device.answer(asked)).method == "GetParameterValues"
    device.drop()
    # The second get was lost with the reply: it is asked again, and not taken for answered.
    again = await device.answer(asked)
    assert again.method == "GetParameterValues"
    assert CHANNEL.encode() in again.http.body
    assert (await device.answer(again)).status == 204
    for public_id in (first, second):
        view = await served.view(public_id)
        assert view.record.state is OperationState.COMPLETED
        assert view.outcome is not None
        assert view.outcome.variables[0].status is VariableStatus.READ
    await device.close()
