"""The generator's messages are what the server's codec takes them for."""

import pytest

from benchmarks.engine.device import Device, inform_template, read_message
from benchmarks.engine.errors import SessionError
from cwmp_schemas.decode import decode
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import Message
from cwmp_schemas.rpc.control import Reboot
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from cwmp_schemas.rpc.session import Inform
from cwmp_schemas.values import XsdType


def _device(parameters: int = 12, event: str = "2 PERIODIC", epoch: int = 1_700_000_000) -> Device:
    return Device(7, inform_template(parameters, event), epoch)


def _inform(device: Device) -> Inform:
    received = decode(device.inform(now=0.0))
    assert not received.oddities
    assert received.envelope.id == device.message_id
    assert isinstance(received.envelope.message, Inform)
    return received.envelope.message


def _answer(device: Device, request: Message) -> Message:
    received = decode(device.answer(read_message(encode(Envelope("a & b", request, 2)))))
    assert not received.oddities
    assert received.envelope.id == "a & b"
    return received.envelope.message


def test_an_inform_names_its_device_and_its_event_and_has_twelve_parameters() -> None:
    inform = _inform(_device())
    assert inform.device_id.serial_number == "BENCH00000007"
    assert [event.event_code for event in inform.event] == ["2 PERIODIC"]
    assert len(inform.parameter_list) == 12


def test_three_parameters_change_from_inform_to_inform() -> None:
    device = _device()
    before, after = _inform(device).parameter_list, _inform(device).parameter_list
    assert [old.name.rpartition(".")[2] for old, new in zip(before, after, strict=True) if old != new] == [
        "UpTime",
        "Free",
        "CPUUsage",
    ]


def test_the_same_three_change_from_run_to_run() -> None:
    before, after = (_inform(_device(epoch=epoch)).parameter_list for epoch in (1_700_000_000, 1_700_000_003))
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 3


def test_no_two_informs_have_the_same_id() -> None:
    devices = [Device(index, inform_template(), 0) for index in (1, 11)]
    ids = [decode(device.inform(0.0)).envelope.id for device in devices for _ in range(12)]
    assert len(set(ids)) == 24


@pytest.mark.parametrize("count", [1, 40])
def test_an_inform_may_have_fewer_and_more_parameters(count: int) -> None:
    names = [parameter.name for parameter in _inform(_device(count)).parameter_list]
    assert len(set(names)) == count


def test_an_event_may_have_any_characters() -> None:
    assert _inform(_device(event="X_00D09E_100% & more")).event[0].event_code == "X_00D09E_100% & more"


def test_values_are_given_for_names_and_for_paths() -> None:
    answer = _answer(_device(), GetParameterValues(("Device.A.B", "Device.C.")))
    assert isinstance(answer, GetParameterValuesResponse)
    assert [value.name for value in answer.parameter_list] == ["Device.A.B", "Device.C.Value"]


def test_what_was_written_is_read_back() -> None:
    device, value = _device(), ParameterValue("Device.A.B", "7 < 8", XsdType.UNSIGNED_INT)
    assert _answer(device, SetParameterValues((value,), "key")) == SetParameterValuesResponse(0)
    assert _answer(device, GetParameterValues(("Device.A.B",))) == GetParameterValuesResponse((value,))


@pytest.mark.parametrize(
    ("path", "name"), [("", "Device.Value"), ("Device.C.", "Device.C.Value"), ("Device.A.B", "Device.A.B")]
)
def test_names_are_given_for_every_path(path: str, name: str) -> None:
    answer = _answer(_device(), GetParameterNames(path, next_level=False))
    assert answer == GetParameterNamesResponse((ParameterInfo(name, writable=True),))


def test_other_rpcs_are_refused_as_not_supported() -> None:
    answer = _answer(_device(), Reboot("key"))
    assert isinstance(answer, Fault)
    assert answer.code == 9000


@pytest.mark.parametrize("data", [b"", b"no XML", b"<a><Header><ID>1</ID></Header></a>", b"<a><Body/></a>"])
def test_what_is_no_message_fails_the_session(data: bytes) -> None:
    with pytest.raises(SessionError):
        read_message(data)
