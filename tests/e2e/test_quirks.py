"""What devices of one type need, and get because their type says so, over real sockets (CWMP.md 4, 9)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from acs.domain.operation import JSON, OperationKind, Variable, VariableStatus
from acs.domain.queue import OperationState
from acs.services.operations import NotNowError, Terms
from acs.services.wanted import NewSetting
from tests.e2e.check import Heard
from tests.e2e.defaults import PARAMETERS
from tests.e2e.device import Parameter
from tests.e2e.envelopes import AcsMessage, Fault
from tests.e2e.kinds import known
from tests.e2e.quirks import VANISH, Quirks
from tests.e2e.serving import Served, serving

SSID: Final = "Device.WiFi.SSID.1.SSID"
ENABLE: Final = "Device.WiFi.SSID.1.Enable"
PASSPHRASE: Final = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
MANY: Final = tuple(f"Device.X_TEST_Many.{number}.Value" for number in range(1, 13))
MANY_PARAMETERS: Final = {**PARAMETERS, **{name: Parameter(f"value of {name}") for name in MANY}}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


async def state_of(served: Served, public_id: str) -> OperationState:
    return (await served.view(public_id)).record.state


def sizes(rpcs: tuple[AcsMessage, ...]) -> list[int]:
    return [len(rpc.strings() or rpc.structs("ParameterValueStruct")) for rpc in rpcs]


# What is read back.


async def test_a_write_that_the_device_ignores_is_told(served: Served) -> None:
    # Huawei HN8145X6N answers Status 0 and changes nothing.
    ignored = "<Status>0</Status>"
    device = served.device()
    device.on_rpc["SetParameterValues"] = lambda _: device.writer.message("SetParameterValuesResponse", ignored)
    await device.run_session()
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    await device.run_session()
    view = await served.view(public_id)
    assert view.outcome is not None
    (result,) = view.outcome.variables
    assert (result.verified, result.found, result.value) == (False, "home", "new")
    assert view.outcome.result["mismatches"] == [SSID]
    assert view.record.state is OperationState.COMPLETED


async def test_a_device_that_falls_silent_after_a_set_is_not_read_back_and_may_be_silent_for_long(
    served: Served,
) -> None:
    # Nokia Beacon G6: 2.5 minutes after a WiFi set.
    device = await known(served, served.device(), read_back=False, session_timeout=240)
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    await device.inform()
    asked = await device.empty_post()
    await served.sweep(150)
    assert (await device.answer(asked)).status == 204
    view = await served.view(public_id)
    assert (view.record.state, view.record.attempts) == (OperationState.COMPLETED, 1)
    await device.close()


@pytest.mark.parametrize("reads", [False, True])
async def test_secrets_are_read_back_only_where_the_device_tells_them(served: Served, *, reads: bool) -> None:
    device = served.device(parameters={**PARAMETERS, PASSPHRASE: Parameter("old secret")})
    await known(served, device, read_back_secrets=reads)
    public_id = await served.queue(device, OperationKind.SET, Variable(PASSPHRASE, "new secret", "string"))
    log = await device.run_session()
    assert log.methods == ("SetParameterValues", "GetParameterValues")[: 1 + reads]
    view = await served.view(public_id)
    assert view.record.state is OperationState.COMPLETED
    assert view.outcome is not None
    assert view.outcome.variables[0].verified is (True if reads else None)


async def test_a_parameter_that_is_listed_as_read_only_is_tried_and_the_fault_is_told(served: Served) -> None:
    device = served.device(parameters={**PARAMETERS, SSID: Parameter("home", writable=False)})
    await device.run_session()
    await served.queue(
        device, OperationKind.RPC, method="GetParameterNames", arguments={"parameter_path": "", "next_level": False}
    )
    public_id = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    await device.run_session()
    view = await served.view(public_id)
    assert view.record.state is OperationState.FAILED
    assert view.outcome is not None
    (result,) = view.outcome.variables
    assert result.status is VariableStatus.REFUSED
    assert result.fault is not None
    assert result.fault.code == 9008


# Sessions.


async def test_a_device_that_bears_one_rpc_a_session_goes_on_in_the_next_without_failed_attempts(
    served: Served,
) -> None:
    # SmartRG SR505N
    device = served.device(parameters=MANY_PARAMETERS)
    await known(served, device, rpcs_per_session=1, gpv_batch=3)
    terms = Terms(max_attempts=1, wakes=False)
    operations = [
        await served.queue(device, OperationKind.GET, *(Variable(name) for name in MANY), terms=terms),
        await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"), terms=terms),
    ]
    methods: list[str] = []
    for count in range(1, 7):
        log = await device.run_session()
        assert len(log.rpcs) == 1
        methods += log.methods
        await served.sweep(6)
        # It is called to go on, whichever of the two operations that is for.
        await served.calls.made(min(count, 5))
    assert methods == ["GetParameterValues"] * 4 + ["SetParameterValues", "GetParameterValues"]
    for public_id in operations:
        record = (await served.view(public_id)).record
        assert (record.state, record.attempts) == (OperationState.COMPLETED, 1)
    for _ in range(3):
        assert (await device.run_session()).methods == ()
        await served.sweep(6)
    # Once more at most, to see whether settings are due: the change of the type may have made them so.
    assert len(served.calls.targets) <= 6


async def test_a_device_that_calls_again_at_once_after_its_one_rpc_goes_on_as_well(served: Served) -> None:
    device = await known(served, served.device(), rpcs_per_session=1)
    public_id = await served.queue(
        device, OperationKind.SET, Variable(SSID, "new", "string"), terms=Terms(max_attempts=1)
    )
    assert (await device.run_session()).methods == ("SetParameterValues",)
    assert (await device.run_session()).methods == ("GetParameterValues",)
    record = (await served.view(public_id)).record
    assert (record.state, record.attempts) == (OperationState.COMPLETED, 1)


async def test_what_such_a_device_has_done_by_half_is_not_cancelled_any_more(served: Served) -> None:
    device = await known(served, served.device(), rpcs_per_session=1)
    table = "Device.NAT.PortMapping."
    variables = Variable(table), Variable(f"{table}{{i}}.Description", "new", "string")
    public_id = await served.queue(device, OperationKind.ADD_OBJECT, *variables)
    assert (await device.run_session()).methods == ("AddObject",)
    with pytest.raises(NotNowError):
        await served.server.services.operations.cancel(public_id)
    assert (await device.run_session()).methods == ("SetParameterValues",)


async def test_a_device_with_one_rpc_a_session_that_never_answers_is_given_up(served: Served) -> None:
    device = await known(served, served.device(), rpcs_per_session=1)
    terms = Terms(max_attempts=2)
    public_id = await served.queue(device, OperationKind.RPC, method="GetRPCMethods", terms=terms)
    asked = 0
    for _ in range(5):
        asked += len((await device.run_session(answers=lambda _: VANISH)).methods)
        await served.sweep(61)
        await served.sweep(7200)
    assert asked == 2
    assert await state_of(served, public_id) is OperationState.FAILED


async def test_an_answer_that_is_lost_counts_for_such_a_device_as_for_any(served: Served) -> None:
    device = await known(served, served.device(), rpcs_per_session=1)
    terms = Terms(max_attempts=2)
    public_id = await served.queue(device, OperationKind.RPC, method="GetRPCMethods", terms=terms)
    asked = 0
    for _ in range(4):
        await device.inform()
        asked += (await device.empty_post()).method == "GetRPCMethods"
        assert (await device.empty_post()).status == 204
        await device.close()
        await served.sweep(61)
        await served.sweep(7200)
    assert asked == 2
    assert await state_of(served, public_id) is OperationState.FAILED


async def test_settings_go_on_in_the_next_session_too(served: Served) -> None:
    device = await known(served, served.device(parameters=MANY_PARAMETERS), rpcs_per_session=1, spv_batch=5)
    wanted = served.server.services.wanted
    await wanted.put(await served.id_of(device), [NewSetting(name, "x", "string") for name in MANY])
    pushed: list[int] = []
    for _ in range(5):
        log = await device.run_session()
        pushed += sizes(tuple(rpc for rpc in log.rpcs if rpc.method == "SetParameterValues"))
        await served.sweep(6)
    assert pushed == [5, 5, 2]
    assert {device.model.parameters[name].value for name in MANY} == {"x"}


@pytest.mark.parametrize("events", [(("1 BOOT", ""),), (("0 BOOTSTRAP", ""), ("1 BOOT", ""))])
async def test_a_device_is_configured_only_some_time_after_its_boot(
    served: Served, events: tuple[tuple[str, str], ...]
) -> None:
    # Baicells refuses configuration for 600 s.
    device = await known(served, served.device(), config_delay=600)
    changed = await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string"))
    await served.calls.made(1)
    read = await served.queue(device, OperationKind.GET, Variable(SSID), terms=Terms(wakes=False))
    assert (await device.run_session(events)).methods == ("GetParameterValues",)
    assert await state_of(served, read) is OperationState.COMPLETED
    await served.sweep(300)
    assert (await device.run_session()).methods == ()
    assert await state_of(served, changed) is OperationState.QUEUED
    await served.sweep(290)
    assert len(served.calls.targets) == 1
    await served.sweep(11)
    await served.calls.made(2)
    log = await device.run_session()
    assert log.methods == ("SetParameterValues", "GetParameterValues")
    assert (await served.view(changed)).record.attempts == 1


async def test_settings_wait_until_a_device_has_started_as_operations_do(served: Served) -> None:
    # A setting that was refused is not tried again.
    device = await known(served, served.device(), config_delay=600)
    await served.server.services.wanted.put(await served.id_of(device), [NewSetting(SSID, "new")])
    assert (await device.run_session((("1 BOOT", ""),))).methods == ()
    await served.sweep(599)
    assert (await device.run_session()).methods == ()
    assert served.calls.targets == [], "it need not call sooner than it does"
    await served.sweep(1)
    assert (await device.run_session()).methods == ("GetParameterValues", "SetParameterValues", "GetParameterValues")
    assert (await device.run_session()).methods == ()


async def test_empty_posts_after_the_end_are_borne(served: Served) -> None:
    # SpeedTouch 780 ends only after three.
    device = served.device()
    await device.run_session()
    await device.inform()
    for _ in range(3):
        assert (await device.empty_post()).status == 204
    # Such a device counts as gone: for new work it is called.
    public_id = await served.queue(device, OperationKind.GET, Variable(SSID))
    await served.calls.made(1)
    assert (await device.run_session()).methods == ("GetParameterValues",)
    assert await state_of(served, public_id) is OperationState.COMPLETED
    await device.close()


@pytest.mark.parametrize("ids", ["invented", "empty", "none"])
async def test_an_answer_belongs_to_what_is_out_whatever_its_id(served: Served, ids: str) -> None:
    # iPhotonix invents IDs; old Thomson and simulators send none.
    device = served.device(quirks=Quirks(ids=ids))  # type: ignore[arg-type]
    await device.run_session()
    operations = [
        await served.queue(device, OperationKind.SET, Variable(SSID, "new", "string")),
        await served.queue(device, OperationKind.GET, Variable(ENABLE)),
    ]
    log = await device.run_session(requests=[device.request("GetRPCMethods")])
    assert log.methods == ("SetParameterValues", "GetParameterValues", "GetParameterValues")
    for public_id in operations:
        assert await state_of(served, public_id) is OperationState.COMPLETED


# How we write.


async def said(served: Served, quirks: dict[str, bool], *variables: Variable) -> bytes:
    """All that a device of a type hears while values of it are set and its tree is listed."""
    device = await known(served, served.device(heard=Heard()), **quirks)
    await served.queue(device, OperationKind.SET, *variables)
    arguments: dict[str, JSON] = {"parameter_path": "Device.", "next_level": True}
    await served.queue(device, OperationKind.RPC, method="GetParameterNames", arguments=arguments)
    log = await device.run_session()
    return b"\n".join(reply.http.body for reply in log.replies)


@pytest.mark.parametrize(
    ("quirk", "with_it", "without_it"),
    [
        ("boolean_words", b">true</Value>", b">1</Value>"),
        ("next_level_words", b"<NextLevel>true</NextLevel>", b"<NextLevel>1</NextLevel>"),
        ("declaration", b'<?xml version="1.0"', b"<soap-env:Envelope "),
    ],
)
async def test_a_type_may_want_another_spelling(served: Served, quirk: str, with_it: bytes, without_it: bytes) -> None:
    heard = await said(served, {quirk: True}, Variable(ENABLE, "true", "boolean"))
    assert with_it in heard
    heard = await said(served, {}, Variable(ENABLE, "true", "boolean"))
    assert without_it in heard
    assert with_it not in heard


async def test_a_type_may_want_milliseconds(served: Served) -> None:
    when = Variable("Device.Time.X_TEST_At", "2026-01-02T03:04:05Z", "dateTime")
    assert b">2026-01-02T03:04:05Z<" in await said(served, {}, when)
    assert b">2026-01-02T03:04:05.000Z<" in await said(served, {"milliseconds": True}, when)


async def test_the_top_of_the_tree_has_the_name_that_the_type_gives_it(served: Served) -> None:
    # Sagemcom F@st 2764 refuses an empty path.
    device = served.device()
    device.on_rpc = dict.fromkeys(
        ("GetParameterValues", "GetParameterNames"),
        lambda rpc: Fault(9005) if "" in (rpc.text("ParameterPath") or "-", *rpc.strings()) else None,
    )
    await known(served, device, root_path="Device.")
    operations = [
        await served.queue(device, OperationKind.GET, Variable("")),
        await served.queue(
            device, OperationKind.RPC, method="GetParameterNames", arguments={"parameter_path": "", "next_level": True}
        ),
        await served.queue(device, OperationKind.SYNC),
    ]
    await device.run_session()
    for public_id in operations:
        assert await state_of(served, public_id) is OperationState.COMPLETED
