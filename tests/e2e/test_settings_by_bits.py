"""Settings of devices that bear one RPC in a session, or fall silent over it: each comes to its end all the same."""

import itertools
from collections.abc import Iterable
from typing import Final

import pytest

from acs.domain.operation import OperationKind
from acs.services.wanted import NewSetting
from tests.contract.opened import Probe
from tests.e2e.defaults import PARAMETERS
from tests.e2e.device import VANISH, Fault, Parameter, ScriptedDevice
from tests.e2e.envelopes import AcsMessage
from tests.e2e.kinds import of_type
from tests.e2e.office import Office, told
from tests.e2e.serving import HandClock
from tests.e2e.steps import Answer

SSID: Final = "Device.WiFi.SSID.1.SSID"
LEVEL: Final = "Device.X_TEST_Level"
INTERVAL: Final = "InternetGatewayDevice.ManagementServer.PeriodicInformInterval"
NTP: Final = "InternetGatewayDevice.Time.NTPServer1"
MANY: Final = tuple(f"Device.X_TEST_Many.{number}.Value" for number in range(1, 6))
CHANGED: Final = (("4 VALUE CHANGE", ""),)
BOOTSTRAP: Final = (("0 BOOTSTRAP", ""), ("1 BOOT", ""))
ENOUGH: Final = 12


@pytest.fixture(autouse=True)
def time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said later is said at a later time, as it is with any clock but a test's."""
    ticks, wall = itertools.count(1), HandClock.wall
    monkeypatch.setattr(HandClock, "wall", lambda clock: wall(clock) + next(ticks) / 1_000)


def names(rpc: AcsMessage) -> list[str]:
    return [each["Name"] for each in rpc.structs("ParameterValueStruct")]


async def pushed(device: ScriptedDevice, sessions: int = ENOUGH) -> list[list[str]]:
    """What is sent to a device in its next sessions, until one brings nothing."""
    found: list[list[str]] = []
    for _ in range(sessions):
        log = await device.run_session()
        if not log.rpcs:
            return found
        found += [names(rpc) for rpc in log.rpcs if rpc.method == "SetParameterValues"]
    raise AssertionError(f"it does not come to an end: {found}")


async def states(office: Office, device: ScriptedDevice) -> dict[str, str]:
    return {
        path: "applied" if each.setting.applied else "refused" if each.is_refused else ""
        for path, each in (await office.wanted(device)).items()
        if each.uuid
    }


async def want(office: Office, device: ScriptedDevice, paths: Iterable[str], value: str = "new") -> None:
    await office.want(device, *(NewSetting(path, value) for path in paths))


async def one_a_session(office: Office, device: ScriptedDevice, **quirks: int) -> None:
    await device.run_session()
    await of_type(office.served, device, rpcs_per_session=1, **quirks)
    await device.run_session()


async def test_a_name_that_is_refused_holds_nothing_back(office: Office, probe: Probe) -> None:
    # It tells nothing of its tree, so how often it is to call is asked of it by the wrong name.
    device = office.served.device(parameters={NTP: Parameter("old")})
    await one_a_session(office, device)
    await probe.execute("UPDATE device SET update_frequency = 900, revision = revision + 1")
    await want(office, device, [NTP])
    interval = "Device.ManagementServer.PeriodicInformInterval"
    assert [sorted(each) for each in await pushed(device)] == [[interval, NTP], [NTP]]
    assert device.model.value(NTP) == "new"
    assert await states(office, device) == {NTP: "applied"}
    assert await probe.value("SELECT settings_progress FROM contact") == ""


@pytest.mark.parametrize("kind", [OperationKind.SYNC, OperationKind.RECONF])
async def test_an_operation_does_not_fail_for_a_name_that_nobody_knows(
    office: Office, probe: Probe, kind: OperationKind
) -> None:
    device = office.served.device(parameters={NTP: Parameter("old"), INTERVAL: Parameter("3600", "unsignedInt")})
    await device.run_session()
    await probe.execute("UPDATE device SET update_frequency = 900, revision = revision + 1")
    public_id = await office.served.queue(device, kind)
    await device.run_session()
    assert await office.is_done(public_id)
    # Once it has told of its tree it is asked by the right name.
    await device.run_session(CHANGED, told(device, INTERVAL))
    public_id = await office.served.queue(device, OperationKind.RECONF)
    await device.run_session()
    assert await office.is_done(public_id)
    assert device.model.value(INTERVAL) == "900"


def particular(device: ScriptedDevice) -> None:
    """It takes its level as a number only."""

    def answer(rpc: AcsMessage) -> Answer:
        if LEVEL in names(rpc) and b"unsignedInt" not in rpc.raw:
            return Fault(9003, "Invalid arguments", ((LEVEL, 9006, "Invalid parameter type"),))
        return None

    device.on_rpc["SetParameterValues"] = answer


async def test_a_type_is_read_in_a_session_of_its_own(office: Office, probe: Probe) -> None:
    device = office.served.device(parameters={**PARAMETERS, LEVEL: Parameter("1", "unsignedInt")})
    await one_a_session(office, device)
    particular(device)
    await want(office, device, [LEVEL], "5")
    assert (await device.run_session()).methods == ("SetParameterValues",)
    kept = await probe.value("SELECT settings_progress FROM contact")
    assert isinstance(kept, str)
    assert kept.startswith("sealed:"), "what was read on the way may be anything"
    assert (await device.run_session()).methods == ("GetParameterValues",)
    assert (await device.run_session()).methods == ("SetParameterValues",)
    assert (await device.run_session()).methods == ()
    assert device.model.value(LEVEL) == "5"
    assert await states(office, device) == {LEVEL: "applied"}


async def test_what_was_read_in_an_earlier_session_is_not_told_again(office: Office, probe: Probe) -> None:
    device = office.served.device(
        parameters={**PARAMETERS, LEVEL: Parameter("1", "unsignedInt"), SSID: Parameter("home")}
    )
    await device.run_session()

    def answer(rpc: AcsMessage) -> Answer:
        return VANISH if rpc.method == "SetParameterValues" else None

    device.on_rpc["SetParameterValues"] = answer
    await want(office, device, [SSID], "new")
    assert (await device.run_session()).methods == ("GetParameterValues", "SetParameterValues")
    device.model.parameters[SSID].value = "of somebody else"
    assert (await device.run_session(CHANGED, told(device, SSID))).methods == ("SetParameterValues",)
    # What the session before has left is kept when the next one begins.
    await device.run_session()
    shown = f"SELECT value FROM parameter JOIN path ON path.id = path_id WHERE path = '{SSID}'"
    assert await probe.value(shown) == "of somebody else"


async def test_another_wish_begins_anew(office: Office) -> None:
    device = office.served.device(parameters={**PARAMETERS, LEVEL: Parameter("1", "unsignedInt")})
    await one_a_session(office, device)
    particular(device)
    await want(office, device, [LEVEL], "5")
    assert (await device.run_session()).methods == ("SetParameterValues",)
    await office.want(device, NewSetting(LEVEL, "6", "unsignedInt"))
    assert await pushed(device) == [[LEVEL]]
    assert device.model.value(LEVEL) == "6"


async def test_a_reset_begins_anew(office: Office, probe: Probe) -> None:
    device = office.served.device(parameters={**PARAMETERS, LEVEL: Parameter("1", "unsignedInt")})
    await one_a_session(office, device)
    particular(device)
    await want(office, device, [LEVEL], "5")
    await device.run_session()
    assert await probe.value("SELECT settings_progress FROM contact") != ""
    await device.run_session(BOOTSTRAP, answers=lambda _: VANISH)
    assert await probe.value("SELECT settings_progress FROM contact") == ""


async def test_progress_that_cannot_be_read_is_none(office: Office, probe: Probe) -> None:
    device = office.served.device(parameters={**PARAMETERS, LEVEL: Parameter("1", "unsignedInt")})
    await one_a_session(office, device)
    particular(device)
    await want(office, device, [LEVEL], "5")
    await device.run_session()
    for spoilt in ("sealed:AAAA", "[]", '{"kind": "get", "rpcs": 1, "end": null, "state": {}}'):
        await probe.execute(f"UPDATE contact SET settings_progress = '{spoilt}'")
        assert (await device.run_session()).methods == ("SetParameterValues",)
    assert await pushed(device) == [[LEVEL]]
    assert device.model.value(LEVEL) == "5"


async def test_a_batch_that_is_refused_as_a_whole_is_split_over_sessions(office: Office) -> None:
    device = office.served.device(parameters={**PARAMETERS, **{name: Parameter("old") for name in MANY}})
    await one_a_session(office, device)

    def answer(rpc: AcsMessage) -> Answer:
        return Fault(9001, "Request denied") if len(names(rpc)) > 1 else None

    device.on_rpc["SetParameterValues"] = answer
    await want(office, device, MANY)
    sent = await pushed(device, 20)
    assert [len(each) for each in sent].count(1) == len(MANY)
    assert {device.model.value(name) for name in MANY} == {"new"}
    assert await states(office, device) == dict.fromkeys(MANY, "applied")


@pytest.mark.parametrize("reads_back", [True, False])
async def test_what_was_taken_and_not_read_back_is_not_sent_again(office: Office, *, reads_back: bool) -> None:
    device = office.served.device(parameters={**PARAMETERS, **{name: Parameter("old") for name in MANY}})
    await one_a_session(office, device, spv_batch=1, read_back=reads_back)
    # What they were before is known.
    await device.run_session(CHANGED, told(device, *MANY))
    await want(office, device, MANY)
    assert sorted(await pushed(device)) == [[name] for name in MANY]
    # Nor when it is looked at for another reason.
    assert (await device.run_session(CHANGED, told(device, SSID))).methods == ()


async def test_one_that_is_never_kept_does_not_starve_the_others(office: Office) -> None:
    stubborn = {MANY[0]: Parameter("old", ignores=True)}
    device = office.served.device(parameters={**PARAMETERS, **{name: Parameter("old") for name in MANY}, **stubborn})
    await one_a_session(office, device, spv_batch=1)
    await want(office, device, MANY)
    for _ in range(2 * len(MANY)):
        # It tells each time that it still is what it was.
        await device.run_session(CHANGED, told(device, MANY[0]))
    assert {device.model.value(name) for name in MANY[1:]} == {"new"}


async def test_a_batch_over_which_a_device_falls_silent_is_made_smaller_in_later_sessions(office: Office) -> None:
    device = office.served.device(parameters={**PARAMETERS, **{name: Parameter("old") for name in MANY}})
    await device.run_session()

    def answer(rpc: AcsMessage) -> Answer:
        return VANISH if len(names(rpc)) > 2 else None

    device.on_rpc["SetParameterValues"] = answer
    await want(office, device, MANY)
    for _ in range(ENOUGH):
        await device.run_session()
    assert {device.model.value(name) for name in MANY} == {"new"}
    assert await states(office, device) == dict.fromkeys(MANY, "applied")


def some() -> dict[str, Parameter]:
    return {**PARAMETERS, **{name: Parameter("old") for name in MANY}}


def with_status(device: ScriptedDevice, status: int, *, shouts: bool = False) -> None:
    """It answers so, and perhaps writes what it takes in its own way."""

    def answer(rpc: AcsMessage) -> Answer:
        for each in rpc.structs("ParameterValueStruct"):
            value = each["Value"]
            device.model.parameters[each["Name"]].value = value.upper() if shouts else value
        return device.writer.message("SetParameterValuesResponse", f"<Status>{status}</Status>")

    device.on_rpc["SetParameterValues"] = answer


async def test_what_was_taken_before_a_reset_is_sent_again_after_it(office: Office) -> None:
    device = office.served.device(parameters=some())
    await device.run_session()
    await of_type(office.served, device, spv_batch=1)
    await want(office, device, MANY[:2])

    def answer(rpc: AcsMessage) -> Answer:
        return VANISH if rpc.method == "SetParameterValues" and MANY[1] in names(rpc) else None

    await device.run_session(answers=answer)
    assert device.model.value(MANY[0]) == "new"
    device.model.reset()
    # Its old session still stands when it calls again.
    await device.run_session(BOOTSTRAP)
    await pushed(device)
    assert {device.model.value(name) for name in MANY[:2]} == {"new"}


async def test_values_that_are_taken_for_later_wake_nobody_for_ever(office: Office) -> None:
    device = office.served.device(parameters=some())
    await one_a_session(office, device, spv_batch=1)
    await device.run_session(CHANGED, told(device, *MANY))
    with_status(device, 1)
    await want(office, device, MANY[:2])
    assert sorted(await pushed(device)) == [[MANY[0]], [MANY[1]]]


@pytest.mark.parametrize("quirks", [{"read_back": False}, {"rpcs_per_session": 1}])
async def test_a_spelling_of_its_own_is_not_corrected_at_every_inform(
    office: Office, quirks: dict[str, bool | int]
) -> None:
    device = office.served.device(parameters=some())
    await device.run_session()
    await of_type(office.served, device, **quirks)
    await device.run_session(CHANGED, told(device, MANY[0]))
    with_status(device, 0, shouts=True)
    await want(office, device, MANY[:1])
    sent = [(await device.run_session(CHANGED, told(device, MANY[0]))).methods for _ in range(6)]
    assert sum(methods.count("SetParameterValues") for methods in sent) <= 2
    assert sent[-3:] == [()] * 3


async def test_how_often_it_is_to_call_outlasts_a_lost_answer(office: Office, probe: Probe) -> None:
    device = office.served.device()
    await device.run_session()
    await office.type_with(device, update_frequency=900)
    await device.run_session(answers=lambda rpc: VANISH if rpc.method == "SetParameterValues" else None)
    await device.run_session()
    assert device.model.value("Device.ManagementServer.PeriodicInformInterval") == "900"


async def test_one_setting_that_is_never_answered_makes_no_batch_small_for_ever(office: Office, probe: Probe) -> None:
    device = office.served.device(parameters=some())
    await device.run_session()

    def answer(rpc: AcsMessage) -> Answer:
        return VANISH if MANY[0] in names(rpc) else None

    device.on_rpc["SetParameterValues"] = answer
    await want(office, device, MANY)
    for _ in range(ENOUGH):
        await device.run_session()
    assert {device.model.value(name) for name in MANY[1:]} == {"new"}
    assert await probe.value("SELECT batches FROM contact") == ""


async def test_what_a_device_tells_is_looked_at_even_if_its_session_comes_to_nothing(
    office: Office, probe: Probe
) -> None:
    device = office.served.device(parameters=some())
    await device.run_session()
    await want(office, device, MANY[:1])
    await pushed(device)
    device.model.parameters[MANY[0]].value = "of somebody else"
    await device.inform(CHANGED, told(device, MANY[0]))
    await device.link.close()
    await pushed(device)
    assert device.model.value(MANY[0]) == "new"
    device.model.parameters[MANY[0]].value = "of somebody else again"
    # The device was revised since it was looked up, so its Inform is recorded once more.
    await probe.execute("UPDATE device SET revision = revision + 1")
    await device.run_session(CHANGED, told(device, MANY[0]))
    await pushed(device)
    assert device.model.value(MANY[0]) == "new"
