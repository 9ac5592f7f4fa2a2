"""What the scripted device does between sessions and tells in the next one; how it lets itself be called."""

from urllib.parse import urlsplit

from tests.e2e.asking import SSID, UNINSTALL, UUID, events, router, sets, transfer, two_sessions
from tests.e2e.device import EndedBy, TransferHabits
from tests.e2e.envelopes import read
from tests.e2e.fake_acs import DONE, INFORMED, asks, fake_acs, http, session
from tests.e2e.files import request_file
from tests.e2e.journal import Acknowledged, Called, Transferred
from tests.e2e.login import Login
from tests.e2e.wire import HttpConnection, HttpReply


async def test_a_reboot_a_reset_and_a_scheduled_inform_are_told_in_the_next_session() -> None:
    key = "<CommandKey>k7</CommandKey>"
    _, (booted, *_) = await two_sessions(asks("Reboot", key))
    assert events(booted) == [("1 BOOT", ""), ("M Reboot", "k7")]
    _, (scheduled, *_) = await two_sessions(asks("ScheduleInform", "<DelaySeconds>1</DelaySeconds>" + key))
    assert events(scheduled) == [("3 SCHEDULED", ""), ("M ScheduleInform", "k7")]
    device, (reset, *_) = await two_sessions(sets((SSID, "x")), asks("FactoryReset"))
    assert events(reset) == [("0 BOOTSTRAP", ""), ("1 BOOT", "")]
    assert device.model.value(SSID) == "home"


async def test_what_is_due_is_told_until_it_is_acknowledged() -> None:
    replies = [*session(asks("Reboot", "<CommandKey>k</CommandKey>")), http(503), INFORMED, DONE, INFORMED, DONE]
    async with fake_acs(*replies) as acs, router(acs.port) as device:
        for _ in range(4):
            await device.run_session()
    informs = [read(got.body) for got in acs.got if b"Inform>" in got.body]
    assert [events(inform)[0][0] for inform in informs] == ["2 PERIODIC", "1 BOOT", "1 BOOT", "2 PERIODIC"]


async def test_a_download_fetches_the_file_adopts_the_version_and_is_reported() -> None:
    challenge = 'WWW-Authenticate: Digest realm="f", nonce="n", qop="auth"'
    async with fake_acs(http(401, b"", challenge), http(200, b"data")) as files:
        url = f"http://127.0.0.1:{files.port}/files/image?t=1"
        device, (inform, complete) = await two_sessions(
            transfer("Download", url), transfers=TransferHabits(fetches=True, new_version="2.0")
        )
    assert events(inform) == [("1 BOOT", ""), ("7 TRANSFER COMPLETE", ""), ("M Download", "k")]
    assert (complete.method, complete.text("CommandKey"), complete.text("FaultCode")) == ("TransferComplete", "k", "0")
    assert {pair["Name"]: pair["Value"] for pair in inform.structs("ParameterValueStruct")}[
        "Device.DeviceInfo.SoftwareVersion"
    ] == "2.0"
    assert device.fetched == {url: b"data"}
    assert [got.head.split(" HTTP")[0] for got in files.got] == ["GET /files/image?t=1"] * 2
    assert [entry.status for entry in device.journal.of(Transferred)] == [200]
    assert [entry.command_key for entry in device.journal.of(Acknowledged)] == ["", "", "k"]
    assert device.behaviour.due == []


async def test_a_download_that_fails_is_reported_with_its_fault_until_the_acs_acknowledges_it() -> None:
    async with fake_acs(http(404)) as files:
        url = f"http://127.0.0.1:{files.port}/none"
        replies = [
            *session(transfer("Download", url)),
            INFORMED,
            None,
            INFORMED,
            asks("TransferCompleteResponse"),
            DONE,
        ]
        async with fake_acs(*replies) as acs:
            device = router(acs.port, transfers=TransferHabits(fetches=True, new_version="2.0"))
            logs = [await device.run_session() for _ in range(3)]
    assert [log.ended_by for log in logs] == [EndedBy.NO_CONTENT, EndedBy.CLOSED, EndedBy.NO_CONTENT]
    reports = [read(got.body) for got in acs.got if b"TransferComplete>" in got.body]
    assert [report.fault_code or report.text("FaultCode") for report in reports] == ["9010", "9010"]
    assert device.model.value("Device.DeviceInfo.SoftwareVersion") == "1.0"
    assert device.behaviour.due == []


async def test_the_restart_is_told_once_and_the_transfer_until_its_end_is_acknowledged() -> None:
    told = transfer("Download", "http://127.0.0.1:1/")
    async with fake_acs(*session(told), INFORMED, None, INFORMED, None) as acs, router(acs.port) as device:
        for _ in range(3):
            await device.run_session()
    _, first, again = [events(read(got.body)) for got in acs.got if b"Inform>" in got.body]
    assert [code for code, _ in first] == ["1 BOOT", "7 TRANSFER COMPLETE", "M Download"]
    assert [code for code, _ in again] == ["7 TRANSFER COMPLETE", "M Download"]


async def test_a_device_may_say_nothing_of_a_good_download_but_by_its_version() -> None:
    habits = TransferHabits(new_version="2.0", reports=False)
    replies = [*session(transfer("Download", "http://127.0.0.1:1/")), INFORMED, DONE]
    async with fake_acs(*replies) as acs, router(acs.port, transfers=habits) as device:
        for _ in range(2):
            await device.run_session()
    inform, empty = acs.got[3:]
    assert events(read(inform.body)) == [("1 BOOT", "")]
    assert empty.body == b""
    assert device.model.value("Device.DeviceInfo.SoftwareVersion") == "2.0"


async def test_an_upload_puts_the_file_and_may_report_a_fault_all_the_same() -> None:
    kind = "1 Vendor Configuration File"
    habits = TransferHabits(files={kind: b"config"}, fault=(9011, "Upload failure"))
    async with fake_acs(http(201)) as files:
        url = f"http://127.0.0.1:{files.port}/up"
        _, (inform, complete) = await two_sessions(transfer("Upload", url, kind), transfers=habits)
    assert files.got[0].head.startswith("PUT /up ")
    assert files.got[0].body == b"config"
    assert events(inform) == [("7 TRANSFER COMPLETE", ""), ("M Upload", "k")]
    assert complete.text("FaultCode") == "9011"


async def test_a_change_of_units_is_reported_in_the_next_session() -> None:
    _, (inform, complete) = await two_sessions(asks("ChangeDUState", UNINSTALL))
    assert events(inform) == [("11 DU STATE CHANGE COMPLETE", ""), ("M ChangeDUState", "k")]
    assert complete.method == "DUStateChangeComplete"
    assert (complete.text("UUID"), complete.text("CurrentState")) == (UUID, "Uninstalled")


async def test_connection_requests_are_let_in_with_the_right_digest_alone() -> None:
    device = router(0)
    url = await device.listen("u", "p")
    assert device.model.value("Device.ManagementServer.ConnectionRequestURL") == url
    wrong = await request_file("GET", url, Login("u", "q"))
    elsewhere = await request_file("GET", url + "x", Login("u", "p"))
    assert wrong is not None
    assert elsewhere is not None
    assert (wrong.status, elsewhere.status, device.journal.of(Called)) == (401, 404, [])
    right = await request_file("GET", url, Login("u", "p"))
    assert right is not None
    assert (right.status, right.closes) == (200, True)
    await device.wait_for_connection_request()
    assert len(device.journal.of(Called)) == 1
    await device.close()


async def test_a_connection_request_that_is_replayed_is_not_let_in() -> None:
    device = router(0)
    place = urlsplit(await device.listen("u", "p"))
    login = Login("u", "p")

    async def call(*headers: tuple[str, str]) -> HttpReply:
        connection = await HttpConnection.open("127.0.0.1", place.port or 0)
        try:
            return await connection.post(b"", method="GET", target=place.path, headers=headers)
        finally:
            await connection.close()

    assert login.learn((await call()).all("WWW-Authenticate"))
    proof = ("Authorization", login.authorization("GET", place.path))
    assert [(await call(proof)).status for _ in range(2)] == [200, 401]
    await device.close()
