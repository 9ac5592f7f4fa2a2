"""What the scripted device answers to each RPC, and how it disappears instead."""

from pathlib import Path

import pytest

from tests.e2e.asking import (
    PARAMETERS,
    SSID,
    UNINSTALL,
    answers,
    names_of,
    objects,
    router,
    sets,
    strings,
    transfer,
)
from tests.e2e.check import Kept, check_cwmp, official_program
from tests.e2e.device import (
    VANISH,
    VANISH_AFTER,
    Answer,
    EndedBy,
    Fault,
    SessionLog,
)
from tests.e2e.envelopes import AcsMessage, read
from tests.e2e.fake_acs import DONE, INFORMED, asks, fake_acs, says, session
from tests.e2e.journal import Acknowledged, Lost, Refused
from tests.e2e.model import METHODS


async def test_values_are_read_by_name_and_by_partial_path_and_an_unknown_name_is_9005() -> None:
    one, tree, unknown, every = await answers(
        router(0),
        asks("GetParameterValues", strings("ParameterNames", SSID)),
        asks("GetParameterValues", strings("ParameterNames", "Device.WiFi.")),
        asks("GetParameterValues", strings("ParameterNames", SSID, "Device.Nothing")),
        asks("GetParameterValues", strings("ParameterNames", "")),
    )
    assert one.structs("ParameterValueStruct") == [{"Name": SSID, "Value": "home"}]
    assert [pair["Name"] for pair in tree.structs("ParameterValueStruct")] == ["Device.WiFi.SSID.1.Enable", SSID]
    assert unknown.fault_code == 9005
    assert len(every.structs("ParameterValueStruct")) == len(PARAMETERS)


async def test_a_set_is_all_or_nothing_and_names_each_parameter_at_fault() -> None:
    device = router(0)
    refused, done = await answers(
        device,
        sets((SSID, "a"), ("Device.DeviceInfo.SoftwareVersion", "2"), ("Device.WiFi.SSID.1.Enable", "x"), ("Q", "")),
        sets((SSID, "b"), key="second"),
    )
    assert refused.fault_code == 9003
    codes = {fault["ParameterName"]: fault["FaultCode"] for fault in refused.structs("SetParameterValuesFault")}
    assert codes == {
        "Device.DeviceInfo.SoftwareVersion": "9008",
        "Device.WiFi.SSID.1.Enable": "9007",
        "Q": "9005",
    }
    assert done.text("Status") == "0"
    assert device.model.value(SSID) == "b"
    assert device.model.value("Device.ManagementServer.ParameterKey") == "second"
    assert [entry.code for entry in device.journal.of(Refused)] == [9003]
    assert [(entry.names, entry.command_key) for entry in device.journal.carried_out("SetParameterValues")] == [
        ((SSID,), "second")
    ]
    assert PARAMETERS[SSID].value == "home", "two devices share no values"


async def test_names_are_listed_a_level_at_a_time_or_all_below() -> None:
    level, below, full, nothing, empty, unknown = await answers(
        router(0),
        names_of("Device.WiFi.", "1"),
        names_of("Device.WiFi.", "0"),
        names_of(SSID, "0"),
        names_of(SSID, "1"),
        names_of("Device.NAT.", "1"),
        names_of("X.", "0"),
    )

    def listed(message: AcsMessage) -> list[tuple[str, str]]:
        return [(info["Name"], info["Writable"]) for info in message.structs("ParameterInfoStruct")]

    assert listed(level) == [("Device.WiFi.SSID.", "1")]
    assert listed(below) == [
        ("Device.WiFi.", "0"), ("Device.WiFi.SSID.", "1"), ("Device.WiFi.SSID.1.", "1"),
        ("Device.WiFi.SSID.1.Enable", "1"), (SSID, "1"),
    ]  # fmt: skip
    assert listed(full) == [(SSID, "1")]
    assert listed(nothing) == []
    assert listed(empty) == [("Device.NAT.PortMapping.", "1")], "a table without instances is there"
    assert unknown.fault_code == 9005


async def test_attributes_are_kept() -> None:
    wish = (
        f"<ParameterList><SetParameterAttributesStruct><Name>{SSID}</Name><NotificationChange>1</NotificationChange>"
        "<Notification>2</Notification><AccessListChange>0</AccessListChange><AccessList/>"
        "</SetParameterAttributesStruct></ParameterList>"
    )
    done, asked = await answers(
        router(0),
        asks("SetParameterAttributes", wish),
        asks("GetParameterAttributes", strings("ParameterNames", SSID)),
    )
    assert done.method == "SetParameterAttributesResponse"
    assert (asked.text("Notification"), asked.strings()) == ("2", ["Subscriber"])


async def test_instances_get_numbers_that_are_not_used_again() -> None:
    device = router(0)
    path = "Device.WiFi.SSID."
    replies = await answers(
        device,
        objects("AddObject", path),
        objects("DeleteObject", path + "2."),
        objects("AddObject", path),
        objects("AddObject", path + "3.Stub."),
        objects("AddObject", "Device.WiFi."),
        objects("DeleteObject", path + "9."),
    )
    assert [reply.text("InstanceNumber") for reply in replies] == ["2", "", "3", "1", "", ""]
    assert [reply.fault_code for reply in replies] == [None, None, None, None, 9005, 9005]
    assert device.model.value(path + "3.SSID") == "new"
    assert path + "2.SSID" not in device.model.parameters
    added = [(entry.path, entry.instance) for entry in device.journal.carried_out("AddObject")]
    assert added == [(path, 2), (path, 3), (path + "3.Stub.", 1)]


async def test_methods_are_listed_and_others_are_9000() -> None:
    listed, vouchers, options, vendor = await answers(
        router(0), asks("GetRPCMethods"), asks("SetVouchers"), asks("GetOptions"), asks("X_VENDOR_Do", "<A>1</A>")
    )
    assert listed.strings() == list(METHODS)
    assert (vouchers.method, options.method) == ("SetVouchersResponse", "GetOptionsResponse")
    assert vendor.fault_code == 9000


async def test_queued_transfers_are_listed_and_cancelled_until_they_are_done() -> None:
    key = "<CommandKey>k</CommandKey>"
    replies = await answers(
        router(0),
        transfer("ScheduleDownload", "http://127.0.0.1/x"),
        asks("GetQueuedTransfers"),
        asks("GetAllQueuedTransfers"),
        asks("CancelTransfer", key),
        asks("CancelTransfer", key),
    )
    assert replies[0].method == "ScheduleDownloadResponse"
    assert replies[1].structs("QueuedTransferStruct") == [{"CommandKey": "k", "State": "1"}]
    assert replies[2].text("FileType") == "1 Firmware Upgrade Image"
    assert [reply.fault_code for reply in replies[3:]] == [None, 9021]


@pytest.mark.parametrize(("way", "done"), [(VANISH, 0), (VANISH_AFTER, 1)])
async def test_a_device_vanishes_before_or_after_it_has_done_what_it_was_asked(way: Answer, done: int) -> None:
    async with fake_acs(*session(objects("AddObject", "Device.WiFi.SSID."))) as acs:
        device = router(acs.port, on_rpc={"AddObject": lambda _: way})
        log = await device.run_session()
    assert log.ended_by is EndedBy.VANISHED
    assert len(acs.got) == 2
    assert len(device.journal.carried_out("AddObject")) == done
    assert len(device.journal.of(Lost)) == 1


@pytest.mark.parametrize(
    ("answer", "expected"), [(Fault(9001), b"<FaultCode>9001</FaultCode>"), (b"rubbish", b"rubbish"), ("<X/>", b"<X/>")]
)
async def test_a_test_may_answer_in_the_place_of_the_device(answer: Answer, expected: bytes) -> None:
    async def waits(_: AcsMessage) -> Answer:
        return answer

    for more, own in (({"on_rpc": {"Reboot": lambda _: answer}}, None), ({}, waits)):
        async with fake_acs(*session(asks("Reboot"))) as acs, router(acs.port, **more) as device:
            await device.run_session(answers=own)
        assert expected in acs.got[2].body
        assert device.journal.carried_out("Reboot") == []


async def test_a_device_asks_on_its_own_and_notes_what_is_acknowledged() -> None:
    replies = [INFORMED, asks("KickedResponse"), says("<cwmp:NoResponse/>"), DONE]
    async with fake_acs(*replies) as acs, router(acs.port) as device:
        wishes = [device.request("Kicked", "<Command>c</Command>", "k"), device.request("X_VENDOR_Hello")]
        log: SessionLog = await device.run_session(requests=wishes)
    assert log.ended_by is EndedBy.NO_CONTENT
    assert [read(got.body).method for got in acs.got[:3]] == ["Inform", "Kicked", "X_VENDOR_Hello"]
    assert [entry.message for entry in device.journal.of(Acknowledged)] == ["Inform", "Kicked"]


async def test_what_the_device_writes_is_right_by_the_official_schemas(tmp_path: Path) -> None:
    program = official_program()
    key, kind = "<CommandKey>k</CommandKey>", "1 Vendor Configuration File"
    device = router(0)
    written = await answers(
        device,
        sets((SSID, "a&lt;b")),
        asks("GetParameterValues", strings("ParameterNames", "Device.")),
        sets(("Q", "")),
        names_of("Device.", "0"),
        asks("GetParameterAttributes", strings("ParameterNames", SSID)),
        objects("AddObject", "Device.WiFi.SSID."),
        objects("DeleteObject", "Device.WiFi.SSID.2."),
        *(asks(name, key) for name in ("GetRPCMethods", "SetVouchers", "GetOptions", "Reboot", "ScheduleInform")),
        *(transfer(name, "http://127.0.0.1:1/", kind) for name in ("Download", "Upload", "ScheduleDownload")),
        asks("GetQueuedTransfers"),
        asks("GetAllQueuedTransfers"),
        asks("ChangeDUState", UNINSTALL),
    )
    acknowledged = [asks(f"{name}Response") for name in ("DUStateChangeComplete", *["TransferComplete"] * 3)]
    async with fake_acs(INFORMED, *acknowledged, DONE) as acs:
        device.link = router(acs.port).link
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
    written += [read(got.body) for got in acs.got if got.body]
    kept = [Kept(message.raw, message.method, asked_without_id=False) for message in written]
    assert len(kept) == 23
    assert check_cwmp(kept, program, tmp_path) == []
