"""What devices are to have: pushed when due, corrected when they drift, told truthfully; on both databases."""

from pathlib import Path

import pytest

from acs.domain.operation import JSON, OperationKind, Variable
from acs.services.wanted import NewSetting
from tests.contract.opened import Probe
from tests.e2e.device import EndedBy, Parameter
from tests.e2e.envelopes import AcsMessage, Fault
from tests.e2e.office import Office, told
from tests.e2e.quirks import VANISH

SSID = "Device.WiFi.SSID.1.SSID"
ENABLE = "Device.WiFi.SSID.1.Enable"
CHANNEL = "Device.WiFi.Radio.1.Channel"
SECRET = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
INTERVAL = "Device.ManagementServer.PeriodicInformInterval"
CHANGED = (("4 VALUE CHANGE", ""),)
BOOTSTRAP = (("0 BOOTSTRAP", ""), ("1 BOOT", ""))


def files_that_hold(folder: Path, text: str) -> list[str]:
    """The database, its log of writes, and whatever else lies there."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    return [file.name for file in files if text.encode() in file.read_bytes()]


def sets(log_rpcs: tuple[AcsMessage, ...]) -> list[dict[str, str]]:
    """What each SetParameterValues of a session was to set."""
    return [
        {pair["Name"]: pair["Value"] for pair in rpc.structs("ParameterValueStruct")}
        for rpc in log_rpcs
        if rpc.method == "SetParameterValues"
    ]


async def test_wishes_are_pushed_at_the_next_session_and_once(office: Office) -> None:
    device = office.served.device()
    await device.run_session(CHANGED, told(device, SSID, ENABLE))
    await office.want(device, NewSetting(SSID, "mine"), NewSetting(CHANNEL, "11", "integer"))
    wanted = await office.wanted(device)
    assert not any(each.setting.applied or each.is_refused for each in wanted.values()), "pending"
    log = await device.run_session()
    assert sets(log.rpcs) == [{CHANNEL: "11", SSID: "mine"}]
    assert (device.model.value(SSID), device.model.value(CHANNEL)) == ("mine", "11")
    assert all(each.setting.applied for each in (await office.wanted(device)).values())
    for enabled in "010":
        device.model.parameters[ENABLE].value = enabled
        log = await device.run_session(CHANGED, told(device, ENABLE))
        assert log.methods == (), "something else has changed"


async def test_only_what_differs_from_what_the_device_says_is_pushed(office: Office) -> None:
    device = office.served.device()
    await device.run_session(CHANGED, told(device, SSID, ENABLE))
    await office.want(device, NewSetting(SSID, "home"), NewSetting(ENABLE, "true", "boolean"), NewSetting(CHANNEL, "1"))
    assert sets((await device.run_session()).rpcs) == [{CHANNEL: "1"}]


async def test_what_a_device_of_a_type_is_to_have_is_overruled_by_its_own_wishes(office: Office) -> None:
    device = office.served.device()
    await device.run_session()
    number = await office.type_with(device, NewSetting(SSID, "of the type"), NewSetting(CHANNEL, "3"))
    await office.want(device, NewSetting(SSID, "its own"))
    assert sets((await device.run_session()).rpcs) == [{CHANNEL: "3", SSID: "its own"}]
    await office.served.server.services.wanted.put_of_type(number, [NewSetting(CHANNEL, "4")])
    assert sets((await device.run_session()).rpcs) == [{CHANNEL: "4"}]
    await office.served.server.services.wanted.drop(await office.served.id_of(device), [SSID])
    assert sets((await device.run_session()).rpcs) == [{SSID: "of the type"}]


async def test_wishes_go_out_after_the_operations(office: Office) -> None:
    device = office.served.device()
    await device.run_session()
    await office.want(device, NewSetting(SSID, "mine"))
    await office.served.queue(device, OperationKind.GET, Variable(SSID))
    assert (await device.run_session()).methods[:2] == ("GetParameterValues", "SetParameterValues")


async def test_a_refused_wish_does_not_hold_back_the_others_and_waits_for_a_change(office: Office) -> None:
    device = office.served.device()
    device.model.parameters[SSID].invalid = lambda value: len(value) > 8
    await device.run_session()
    await office.want(device, NewSetting(SSID, "much too long"), NewSetting(CHANNEL, "11"))
    await device.run_session()
    wanted = await office.wanted(device)
    assert wanted[SSID].is_refused
    assert wanted[SSID].fault == "Invalid parameter value"
    assert wanted[CHANNEL].setting.applied
    assert device.model.value(CHANNEL) == "11"
    for enabled in "010":
        device.model.parameters[ENABLE].value = enabled
        assert sets((await device.run_session(CHANGED, told(device, SSID, ENABLE))).rpcs) == []
    await office.want(device, NewSetting(SSID, "short"))
    assert sets((await device.run_session()).rpcs) == [{SSID: "short"}]
    assert (await office.wanted(device))[SSID].setting.applied


@pytest.mark.parametrize("kind", [OperationKind.SYNC, OperationKind.RECONF])
async def test_a_refused_wish_is_tried_again_by_sync_and_reconf(office: Office, kind: OperationKind) -> None:
    device = office.served.device()
    device.model.parameters[SSID].invalid = lambda value: value == "mine"
    await device.run_session()
    await office.want(device, NewSetting(SSID, "mine"))
    await device.run_session()
    assert (await office.wanted(device))[SSID].is_refused
    device.model.parameters[SSID].invalid = lambda _: False
    public_id = await office.served.queue(device, kind)
    assert sets((await device.run_session()).rpcs) == [{SSID: "mine"}]
    assert await office.is_done(public_id)
    assert (await office.wanted(device))[SSID].setting.applied


async def test_a_push_that_was_cut_off_is_due_again(office: Office) -> None:
    device = office.served.device()
    await device.run_session()
    await office.want(device, NewSetting(SSID, "mine"))
    assert (await device.run_session(answers=lambda _: VANISH)).ended_by is EndedBy.VANISHED
    assert sets((await device.run_session()).rpcs) == [{SSID: "mine"}]


async def test_a_drift_that_the_device_tells_is_corrected_in_that_session(office: Office) -> None:
    device = office.served.device()
    await device.run_session(CHANGED, told(device, SSID))
    await office.want(device, NewSetting(SSID, "mine"))
    await device.run_session()
    await device.run_session(CHANGED, told(device, SSID))
    device.model.parameters[SSID].value = "somebody changed it"
    assert sets((await device.run_session(CHANGED, told(device, SSID))).rpcs) == [{SSID: "mine"}]
    assert device.model.value(SSID) == "mine"


async def test_a_device_that_spells_a_value_in_its_own_way_is_not_pushed_again_and_again(office: Office) -> None:
    device = office.served.device()
    spelling = {"AA-BB-CC": "aa:bb:cc"}

    def store(rpc: AcsMessage) -> None:
        for pair in rpc.structs("ParameterValueStruct"):
            device.model.parameters[pair["Name"]].value = spelling.get(pair["Value"], pair["Value"])

    def answer(rpc: AcsMessage) -> str:
        store(rpc)
        return device.writer.message("SetParameterValuesResponse", "<Status>0</Status>")

    device.on_rpc["SetParameterValues"] = answer
    await device.run_session(CHANGED, told(device, SSID))
    await office.want(device, NewSetting(SSID, "AA-BB-CC"))
    assert sets((await device.run_session()).rpcs) == [{SSID: "AA-BB-CC"}]
    assert device.model.value(SSID) == "aa:bb:cc"
    for channel in ("1", "2", "3"):
        # Something else has changed each time, so that the settings are looked at.
        device.model.parameters[CHANNEL].value = channel
        device.model.parameters[ENABLE].value = str(int(channel) % 2)
        log = await device.run_session(CHANGED, told(device, SSID, CHANNEL, ENABLE))
        assert sets(log.rpcs) == []
    device.model.parameters[SSID].value = "something else"
    assert sets((await device.run_session(CHANGED, told(device, SSID))).rpcs) == [{SSID: "AA-BB-CC"}]


async def test_a_secret_is_pushed_once_and_is_nowhere_in_the_database_in_clear(
    office: Office, probe: Probe, tmp_path: Path
) -> None:
    clear = "correct horse battery staple"
    device = office.served.device()
    device.model.parameters[SECRET] = Parameter("")
    await device.run_session()
    await office.want(device, NewSetting(SECRET, clear))
    device.on_rpc["SetParameterValues"] = lambda _: device.writer.message(
        "SetParameterValuesResponse", "<Status>0</Status>"
    )
    assert sets((await device.run_session()).rpcs) == [{SECRET: clear}]
    device.model.parameters[SECRET].value = clear
    for _ in range(2):
        assert sets((await device.run_session(CHANGED, told(device, SECRET))).rpcs) == []
    device.model.parameters[SECRET].value = ""
    assert sets((await device.run_session(CHANGED, told(device, SECRET))).rpcs) == []
    public_id = await office.served.queue(device, OperationKind.SET, Variable(SECRET, clear, "string"))
    await device.run_session()
    assert await office.is_done(public_id)
    await office.served.queue(device, OperationKind.SYNC)
    upload: dict[str, JSON] = {
        "url": "http://192.0.2.1/",
        "file_type": "2 Vendor Log File",
        "username": "u",
        "password": clear,
    }
    await office.served.queue(device, OperationKind.UPLOAD, arguments=upload)
    assert "Upload" in (await device.run_session()).methods
    content = await probe.content()
    assert content["setting"], "it is kept"
    assert content["parameter"], "and the device's own is"
    assert [table for table, rows in content.items() if any(clear in row for row in rows)] == []
    assert files_that_hold(tmp_path, clear) == []


async def test_sync_reports_what_had_drifted_and_corrects_it(office: Office) -> None:
    device = office.served.device()
    await device.run_session()
    await office.want(device, NewSetting(SSID, "mine"), NewSetting(CHANNEL, "11"))
    await device.run_session()
    device.model.parameters[SSID].value = "changed behind our back"
    contacts, device_id = office.served.server.services.tools.contacts, await office.served.id_of(device)
    before = await contacts.of_device(device_id)
    office.served.clock.advance(100)
    public_id = await office.served.queue(device, OperationKind.SYNC)
    log = await device.run_session()
    assert log.methods[0] in {"GetParameterValues", "GetParameterNames"}
    assert sets(log.rpcs) == [{SSID: "mine"}]
    view = await office.served.view(public_id)
    assert view.outcome is not None
    assert view.outcome.result["drifted"] == [{"name": SSID, "wanted": "mine", "found": "changed behind our back"}]
    after = await contacts.of_device(device_id)
    assert before is not None
    assert after is not None
    assert after.last_configuration == (before.last_configuration or 0.0) + 100


async def test_reconf_pushes_everything_whatever_is_believed(office: Office) -> None:
    device = office.served.device()
    await device.run_session()
    await office.type_with(device, NewSetting(CHANNEL, "6"))
    await office.want(device, NewSetting(SSID, "mine"))
    await device.run_session()
    public_id = await office.served.queue(device, OperationKind.RECONF)
    assert sets((await device.run_session()).rpcs) == [{CHANNEL: "6", SSID: "mine"}]
    assert await office.is_done(public_id)


async def test_a_set_by_an_operator_never_alters_a_wish(office: Office) -> None:
    device = office.served.device()
    await device.run_session()
    await office.want(device, NewSetting(SSID, "mine"))
    await device.run_session()
    await office.served.queue(device, OperationKind.SET, Variable(SSID, "for now", "string"))
    assert sets((await device.run_session()).rpcs)[0] == {SSID: "for now"}
    assert (await office.wanted(device))[SSID].setting.value == "mine"


async def test_a_reset_device_gets_everything_again_the_refused_too(office: Office, probe: Probe) -> None:
    device = office.served.device()
    device.model.parameters[SSID].invalid = lambda value: value == "mine"
    await device.run_session()
    await office.want(device, NewSetting(SSID, "mine"), NewSetting(CHANNEL, "11"))
    await device.run_session()
    await office.served.queue(device, OperationKind.FACTORY)
    await device.run_session()
    log = await device.run_session()
    assert log.is_acknowledged
    assert sets(log.rpcs)[0] == {CHANNEL: "11", SSID: "mine"}


async def test_device_factory_first_drops_the_devices_own_wishes_and_what_was_read_of_it(
    office: Office, probe: Probe
) -> None:
    device = office.served.device()
    await device.run_session(CHANGED, told(device, SSID))
    await office.type_with(device, NewSetting(CHANNEL, "3"))
    await office.want(device, NewSetting(SSID, "mine"))
    await device.run_session()
    public_id = await office.served.queue(device, OperationKind.DEVICE_FACTORY)
    device.on_rpc["FactoryReset"] = lambda _: VANISH
    await device.run_session()
    device.on_rpc.clear()
    assert set(await office.wanted(device)) == {CHANNEL}
    assert (
        await probe.value("SELECT COUNT(*) FROM parameter JOIN path ON path.id = path_id WHERE path LIKE '%SSID'") == 0
    )
    device.model.reset()
    log = await device.run_session(BOOTSTRAP)
    assert sets(log.rpcs) == [{CHANNEL: "3"}]
    assert await office.is_done(public_id)


async def test_the_update_frequency_is_pushed_as_the_inform_interval(office: Office) -> None:
    device = office.served.device()
    await device.run_session()
    await office.type_with(device, update_frequency=900)
    log = await device.run_session()
    assert sets(log.rpcs) == [{INTERVAL: "900"}]
    assert b'unsignedInt">900<' in log.rpcs[1].raw
    for events in (None, CHANGED):
        assert sets((await device.run_session(events, told(device, INTERVAL))).rpcs) == []


async def test_a_set_of_the_inform_interval_is_the_update_frequency_from_then_on(office: Office, probe: Probe) -> None:
    device = office.served.device()
    await device.run_session()
    await probe.execute("UPDATE device SET update_frequency = 900, revision = revision + 1")
    await office.served.queue(device, OperationKind.SET, Variable(INTERVAL, "600", "integer"))
    await device.run_session()
    assert await probe.value("SELECT update_frequency FROM device") == 600
    assert device.model.value(INTERVAL) == "600"
    for events in (None, CHANGED):
        assert sets((await device.run_session(events, told(device, INTERVAL))).rpcs) == []


@pytest.mark.parametrize("value", ["²", "٦٠٠", "0", "9999999999", "soon"])
async def test_a_set_of_no_interval_changes_nothing_in_it(office: Office, probe: Probe, value: str) -> None:
    device = office.served.device()
    await device.run_session()
    await probe.execute("UPDATE device SET update_frequency = 900, revision = revision + 1")
    public_id = await office.served.queue(device, OperationKind.SET, Variable(INTERVAL, value, "xsd:string"))
    assert {each.status for each in (await device.run_session()).replies} == {200, 204}
    assert await office.is_done(public_id)
    assert await probe.value("SELECT update_frequency FROM device") == 900


async def test_the_type_that_the_device_told_is_sent(office: Office) -> None:
    device = office.served.device()
    vendor = "Device.X_VENDOR.Level"
    other = "Device.X_VENDOR.Depth"
    device.model.parameters[vendor] = Parameter("1", "unsignedInt")
    device.model.parameters[other] = Parameter("1", "unsignedLong")
    await device.run_session(CHANGED, told(device, vendor))
    await office.served.queue(device, OperationKind.GET, Variable(other))
    await device.run_session()
    variables = [Variable(vendor, "2", "integer"), Variable(other, "3", "integer")]
    public_id = await office.served.queue(device, OperationKind.SET, *variables)
    (sent,) = [rpc for rpc in (await device.run_session()).rpcs if rpc.method == "SetParameterValues"]
    assert b'unsignedInt">2<' in sent.raw
    assert b'unsignedLong">3<' in sent.raw
    assert await office.is_done(public_id)


async def test_a_refused_type_is_learned_and_tried_once_more(office: Office) -> None:
    device, vendor = office.served.device(), "Device.X_VENDOR.Level"
    device.model.parameters[vendor] = Parameter("1", "unsignedInt")

    def particular(rpc: AcsMessage) -> Fault | None:
        return None if b"unsignedInt" in rpc.raw else Fault(9003, "Invalid arguments", ((vendor, 9006, "type"),))

    device.on_rpc["SetParameterValues"] = particular
    await device.run_session()
    public_id = await office.served.queue(device, OperationKind.SET, Variable(vendor, "2", "integer"))
    methods = (await device.run_session()).methods
    assert methods[:3] == ("SetParameterValues", "GetParameterValues", "SetParameterValues")
    assert await office.is_done(public_id)
    await office.served.queue(device, OperationKind.SET, Variable(vendor, "3", "integer"))
    assert (await device.run_session()).methods == ("SetParameterValues", "GetParameterValues"), "it has been learned"
