"""What may happen between two awaits, between two processes, and between two Informs."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from acs.doctor import Finding, State, examine
from acs.doctor.examination import RELEASED
from acs.domain.device import Identity
from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from acs.keys import KeyFileError, load_keyring
from acs.settings import Settings
from acs.store.contacts import UNNAMED_PROOF
from tests.e2e.device import EndedBy
from tests.e2e.quirks import VANISH_AFTER
from tests.e2e.serving import Served, serving
from tests.e2e.test_login import known

SSID = "Device.WiFi.SSID.1.SSID"
LABEL = "Device.DeviceInfo.ProvisioningCode"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(f"sqlite:///{tmp_path / 'a.db'}", tmp_path) as found:
        yield found


async def test_a_device_registered_by_its_serial_number_stays_known_when_it_is_changed(served: Served) -> None:
    device, devices = served.device(), served.server.services.tools.devices
    identity = Identity("", "", device.id.serial)
    registered = await devices.create(uuid="u", name="by serial", identity=identity, at=served.clock.wall())
    for _ in range(3):
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
        await devices.want_firmware(registered, None, served.clock.wall(), is_pending=False)
    contact = await served.server.services.tools.contacts.of_device(registered)
    assert contact is not None
    assert contact.informs <= 2 * 3, "an Inform is recorded again at most once for each change"
    known = await devices.by_id(registered)
    assert known is not None
    assert known.identity == Identity(device.id.oui, device.id.product_class, device.id.serial)


async def test_of_two_informs_at_once_the_later_one_has_the_session(served: Served) -> None:
    serial = "TWICE1"
    first, second = served.device(serial=serial), served.device(serial=serial)
    await first.run_session()
    await asyncio.gather(first.inform(), second.inform())
    device_id = await served.id_of(first)
    public_id = await served.queue(first, OperationKind.GET, Variable(SSID))
    session = served.server.services.sessions.table.of_device(device_id)
    contact = await served.server.services.tools.contacts.of_device(device_id)
    assert session is not None
    assert contact is not None
    assert session.fence == contact.fence, "the session that is found is the one that may write"
    replies = [await first.empty_post(), await second.empty_post()]
    asked = [reply for reply in replies if reply.method == "GetParameterValues"]
    assert len(asked) == 1
    await (first if asked[0] is replies[0] else second).answer(asked[0])
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED
    await first.close()
    await second.close()


async def test_a_repeated_inform_that_says_more_is_recorded_too(served: Served) -> None:
    device = served.device()
    await device.run_session()
    assert (await device.inform()).method == "InformResponse"
    assert (await device.inform([("1 BOOT", ""), ("4 VALUE CHANGE", "")])).method == "InformResponse"
    contact = await served.server.services.tools.contacts.of_device(await served.id_of(device))
    assert contact is not None
    assert contact.events == "1 BOOT,4 VALUE CHANGE"
    assert (await device.empty_post()).status == 204
    await device.close()


@pytest.mark.parametrize("text", ["sealed:!", "plain:x", "sealed:AQAB"])
async def test_a_text_that_looks_like_a_sealed_one_is_a_text(served: Served, text: str) -> None:
    device = served.device()
    await device.run_session(parameters={LABEL: text})
    known = await served.server.services.tools.parameters.known(await served.id_of(device), [LABEL])
    assert len(known) == 1
    public_id = await served.queue(device, OperationKind.SET, Variable(LABEL, "new"), verify=False)
    assert (await device.run_session()).methods == ("SetParameterValues",)
    assert (await served.view(public_id)).record.state is not OperationState.QUEUED


async def test_an_operation_that_cannot_be_read_fails_and_the_next_one_is_done(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    async with serving(url, tmp_path) as served:
        device = served.device()
        await device.run_session()
        secret = "Device.ManagementServer.Password"
        spoilt = await served.queue(device, OperationKind.SET, Variable(secret, "hidden"))
        await served.queue(device, OperationKind.GET, Variable(SSID))
        serial = device.id.serial
    (tmp_path / "keys").unlink()
    async with serving(url, tmp_path) as served:
        device = served.device(serial=serial)
        assert (await device.run_session()).methods == ("GetParameterValues",)
        record = await served.server.services.tools.operations.by_public_id(spoilt)
        assert record is not None
        assert record.state is OperationState.FAILED
        assert "hidden" not in record.fault


async def test_a_boot_long_after_proves_nothing_unless_it_names_the_request(served: Served) -> None:
    device = served.device(on_rpc={"Reboot": lambda _: VANISH_AFTER})
    await device.run_session()
    public_id = await served.queue(device, OperationKind.REBOOT)
    await device.run_session()
    await served.sweep(120)
    await served.sweep(2 * UNNAMED_PROOF)
    await device.run_session(events=[("1 BOOT", "")])
    assert (await served.view(public_id)).record.state is OperationState.UNKNOWN
    key = (await served.view(public_id)).record.command_key
    await device.run_session(events=[("1 BOOT", ""), ("M Reboot", key)])
    assert (await served.view(public_id)).record.state is OperationState.COMPLETED


async def test_a_device_that_was_not_called_before_a_crash_is_called_after_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    async with serving(url, tmp_path) as served:
        device = served.device()
        await device.run_session()
        await served.queue(device, OperationKind.GET, Variable(SSID))
        await served.calls.made(1)
    async with serving(url, tmp_path) as served:
        await served.sweep(10)
        assert not served.calls.targets, "it may still come by itself"
        await served.sweep(60)
        await served.calls.made(1)
        await served.sweep(60)
        assert len(served.calls.targets) == 1


async def test_an_identity_longer_than_any_is_refused(served: Served) -> None:
    device = served.device(serial="S" * 300)
    assert (await device.run_session()).replies[-1].status == 400


async def test_a_lost_key_file_is_not_replaced_while_passwords_are_sealed_with_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    async with serving(url, tmp_path, onboarding="quarantine") as served:
        await known(served)
    (tmp_path / "keys").unlink()
    with pytest.raises(KeyFileError, match="is missing"):
        async with serving(url, tmp_path):
            pass
    assert not (tmp_path / "keys").exists()


async def test_the_keys_of_another_installation_are_refused_and_told_by_the_doctor(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    async with serving(url, tmp_path, onboarding="quarantine") as served:
        await known(served)
        await known(served, "damaged")
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("UPDATE credential SET password = 'sealed:' WHERE id = (SELECT MIN(id) FROM credential)")
        connection.commit()
    async with serving(url, tmp_path) as served:
        settings = served.server._settings
    assert not await told_of_keys(settings), "one that is damaged says nothing of the keys"
    (tmp_path / "keys").unlink()
    load_keyring(tmp_path / "keys")
    with pytest.raises(KeyFileError, match="holds other keys than those that sealed the passwords"):
        async with serving(url, tmp_path):
            pass
    assert [each.sentence for each in await told_of_keys(settings)] == [
        "they open none of the passwords in the database"
    ]


async def test_folders_that_cannot_be_written_to_are_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url, below = f"sqlite:///{tmp_path / 'a.db'}", tmp_path / "file" / "files"
    with capture_logs() as lines:
        async with serving(url, tmp_path, files_folder=below) as served:
            assert (await served.device().run_session()).is_acknowledged
    (told,) = [line for line in lines if line["log_level"] == "warning"]
    assert told["reason"] == f"{below} cannot be made in {tmp_path}/file: Not a directory"


async def told_of_keys(settings: Settings) -> list[Finding]:
    found = await examine(settings, now=RELEASED)
    return [each for each in found if each.subject == "keys" and each.state is not State.OK]


async def test_a_server_whose_writer_dies_says_so_and_lets_no_device_wait(served: Served) -> None:
    async def broken(steps: object) -> list[list[tuple[object, ...]]]:
        raise RuntimeError("a defect")

    stopped = asyncio.Event()
    served.server.on_failure(stopped.set)
    device = served.device()
    await device.run_session()
    served.server.services.tools.contacts._writer._database.transact = broken  # type: ignore[method-assign]
    assert (await device.run_session()).replies[-1].status == 503
    async with asyncio.timeout(10):
        await stopped.wait()
    assert served.server.has_failed


async def test_a_database_that_has_lost_its_last_commits_costs_one_inform(served: Served) -> None:
    # It is another one that a standby has become, or an older one that was put in its place.
    device = served.device()
    numbers = served.server.services.tools.parameters._numbers
    await device.run_session()
    assert numbers
    numbers.update(dict.fromkeys(numbers, 999_999))
    other = served.device()
    assert (await other.run_session()).ended_by is EndedBy.REFUSED
    assert (await other.run_session()).ended_by is EndedBy.NO_CONTENT


async def test_a_post_for_which_there_is_no_memory_is_to_come_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starved(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("acs.services.run_session.decoded", starved)
    device = served.device()
    with capture_logs() as log:
        refused = await device.inform()
    assert refused.status == 503
    assert int(refused.http.first("Retry-After") or "") > 0
    assert [each["event"] for each in log if each["log_level"] != "info"] == ["there was no memory for a post"]
    monkeypatch.undo()
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
