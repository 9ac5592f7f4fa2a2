"""How unknown devices come in, get logins of their own, and come back after a reset."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from acs.domain.device import Filters, Identity, ManagedDevice, Quarantined
from acs.domain.inventory import DeviceTypeDetails, TypeLogin
from acs.domain.operation import OperationKind, Variable
from acs.services.wanted import NewSetting
from acs.store.device_types import DeviceTypeStore
from tests.contract.opened import probing
from tests.e2e.defaults import PARAMETERS
from tests.e2e.device import VANISH, VANISH_AFTER, EndedBy, Fault, Parameter, ScriptedDevice, SessionLog
from tests.e2e.envelopes import AcsMessage
from tests.e2e.login import Login
from tests.e2e.serving import Served, serving
from tests.logged import logged

SHARED, FACTORY = "factory", "shared password"
SERVER = "Device.ManagementServer."
OWN = ("Username", "Password", "ConnectionRequestUsername", "ConnectionRequestPassword")
LOGINS = {f"{SERVER}{name}": Parameter("") for name in OWN}
SSID = "Device.WiFi.SSID.1.SSID"
RESET = (("0 BOOTSTRAP", ""), ("1 BOOT", ""))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'aioacs.db'}"


@pytest.fixture
async def served(url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(url, tmp_path, onboarding="quarantine") as found:
        found.clock.advance(10)
        yield found


async def a_type(served: Served, filters: Filters | None = None, quirks: str = "{}") -> int:
    """A type whose login lets devices in; its row."""
    tools = served.server.services.tools
    types = DeviceTypeStore(tools.devices._database, tools.devices._writer)
    uuid = tools.chance.octets(16).hex()
    login = TypeLogin(SHARED, tools.vault.seal(FACTORY, "credential", uuid, "password"), uuid)
    details = DeviceTypeDetails("fibre box", "fb", onboarding_enabled=True, filters=filters or Filters(), quirks=quirks)
    return await types.create(details, served.clock.wall(), login=login)


def fresh(served: Served, **ways: Any) -> ScriptedDevice:
    """A router as it comes from the factory."""
    parameters = {**PARAMETERS, **LOGINS}
    return served.device(username=SHARED, password=FACTORY, parameters=parameters, **ways)


async def register(served: Served, identity: Identity, **said: Any) -> int:
    """A device that an operator has announced; its row."""
    name = said.pop("name", identity.name)
    devices = served.server.services.tools.devices
    return await devices.create(uuid=name, name=name, identity=identity, at=served.clock.wall(), **said)


async def found(served: Served, device: ScriptedDevice) -> ManagedDevice:
    """What the server knows of a router."""
    device_id = await served.id_of(device)
    known = await served.server.services.tools.devices.by_id(device_id)
    assert known is not None
    return known


async def listed(served: Served) -> list[Quarantined]:
    """Those that were not let in."""
    return await served.server.services.tools.devices.quarantined(after=0, most=100)


def told(device: ScriptedDevice) -> dict[str, str]:
    """The logins that a router was given."""
    return {name: device.model.value(f"{SERVER}{name}") for name in OWN}


def take(device: ScriptedDevice) -> None:
    """From now on the router logs in with what it was given."""
    device.link.login = Login(told(device)["Username"], told(device)["Password"])


def statuses(log: SessionLog) -> list[int]:
    """What a session that came to nothing was answered."""
    return [reply.status for reply in log.replies]


async def test_the_login_of_a_type_makes_an_unknown_device_one_of_it_and_gives_it_its_own(served: Served) -> None:
    type_id = await a_type(served)
    device = fresh(served)
    log = await device.run_session()
    assert log.ended_by is EndedBy.NO_CONTENT
    assert "SetParameterValues" in log.methods
    assert (await found(served, device)).type_id == type_id
    assert all(told(device).values())
    assert told(device)["Password"] != told(device)["ConnectionRequestPassword"]
    target = await served.server.services.logins.wake_target(await served.id_of(device), None, "127.0.0.1")
    assert (target.username, target.password) == (
        told(device)["ConnectionRequestUsername"],
        told(device)["ConnectionRequestPassword"],
    )
    assert not await listed(served)


async def test_a_device_gets_its_own_login_once_it_has_started(served: Served) -> None:
    await a_type(served, quirks='{"config_delay": 600}')
    device = fresh(served)
    assert (await device.run_session((("1 BOOT", ""),))).methods == ()
    served.clock.advance(600)
    assert "SetParameterValues" in (await device.run_session()).methods
    assert all(told(device).values())


async def test_no_two_devices_get_the_same_login(served: Served) -> None:
    await a_type(served)
    devices = [fresh(served) for _ in range(3)]
    for device in devices:
        await device.run_session()
    assert len({told(device)["Password"] for device in devices}) == 3
    assert len({told(device)["Username"] for device in devices}) == 3


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        (Filters(manufacturer="zyxel", oui="00d09e", product_class="EX5501", serial_prefix="E2E"), True),
        (Filters(manufacturer="Other"), False),
        (Filters(oui="00D09F"), False),
        (Filters(product_class="EX55"), False),
        (Filters(serial_prefix="E2F"), False),
    ],
)
async def test_a_type_takes_the_devices_that_its_filters_name(served: Served, filters: Filters, fits: bool) -> None:
    await a_type(served, filters)
    device = fresh(served)
    assert (await device.run_session()).is_acknowledged is fits
    assert [each.identity.serial_number for each in await listed(served)] == ([] if fits else [device.id.serial])


async def test_old_and_new_login_work_until_the_new_one_was_used_and_then_the_new_one_alone(served: Served) -> None:
    await a_type(served)
    device = fresh(served)
    await device.run_session()
    again = await device.run_session()
    assert again.is_acknowledged, "the device has not stored its new login yet"
    take(device)
    assert (await device.run_session()).is_acknowledged
    assert (await device.run_session()).is_acknowledged
    own = device.link.login
    device.link.login = Login(SHARED, FACTORY)
    assert statuses(await device.run_session()) == [403]
    (case,) = await listed(served)
    assert case.device_id == await served.id_of(device)
    device.link.login = own
    assert (await device.run_session()).is_acknowledged, "who has the shared password shuts out nobody"


@pytest.mark.parametrize("vanish", [VANISH, VANISH_AFTER])
async def test_a_lost_push_is_repeated_with_the_same_logins(url: str, tmp_path: Path, vanish: Any) -> None:
    pushed: list[dict[str, str]] = []

    def note(rpc: AcsMessage) -> Any:
        pushed.append({pair["Name"]: pair["Value"] for pair in rpc.structs("ParameterValueStruct")})
        return vanish if len(pushed) < 3 else None

    async with serving(url, tmp_path, onboarding="quarantine") as served:
        served.clock.advance(10)
        await a_type(served)
        device = fresh(served, on_rpc={"SetParameterValues": note})
        assert (await device.run_session()).ended_by is EndedBy.VANISHED
        assert (await device.run_session()).ended_by is EndedBy.VANISHED
    async with serving(url, tmp_path, onboarding="quarantine") as served:
        served.clock.advance(1000)
        device.link._place = served.device(serial=device.id.serial).link._place
        assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT, "the server was started anew meanwhile"
        assert len(pushed) == 3
        assert pushed[0] == pushed[1] == pushed[2]
        take(device)
        assert (await device.run_session()).is_acknowledged


async def test_a_push_whose_answer_was_lost_is_settled_by_the_first_login_with_it(served: Served) -> None:
    await a_type(served)
    device = fresh(served)
    log = await device.run_session(answers=lambda _: VANISH_AFTER)
    assert log.ended_by is EndedBy.VANISHED
    given = told(device)
    take(device)
    assert (await device.run_session()).is_acknowledged
    assert (await device.run_session()).is_acknowledged
    assert told(device) == given
    device.link.login = Login(SHARED, FACTORY)
    assert statuses(await device.run_session()) == [403]


async def test_a_device_that_refuses_its_login_is_not_asked_again_and_stays_on_the_shared_one(served: Served) -> None:
    await a_type(served)
    device = fresh(served, on_rpc={"SetParameterValues": lambda _: Fault(9008, "not writable")})
    log = await device.run_session()
    assert log.ended_by is EndedBy.NO_CONTENT
    again = await device.run_session()
    assert again.is_acknowledged
    assert "SetParameterValues" not in again.methods


async def test_a_known_device_comes_back_from_a_reset_on_the_shared_login_and_begins_anew(served: Served) -> None:
    await a_type(served)
    services = served.server.services
    device = fresh(served)
    await device.run_session()
    take(device)
    await device.run_session()
    device_id = await served.id_of(device)
    await services.wanted.put(device_id, [NewSetting(SSID, "wanted", "string")])
    await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.run_session()
    assert device.model.value(SSID) == "wanted"
    assert SSID in [row[0] for row in await services.tools.parameters.below(device_id, "Device.", 100)]
    await device.run_session()
    before = told(device)

    device.model.reset()
    device.link.login = Login(SHARED, FACTORY)
    assert statuses(await device.run_session()) == [403], "that it was reset it has to say"
    log = await device.run_session(RESET, answers=lambda _: VANISH)
    assert log.is_acknowledged
    paths = [row[0] for row in await services.tools.parameters.below(device_id, "Device.", 100)]
    assert SSID not in paths, "what was believed is gone"
    assert "Device.DeviceInfo.SoftwareVersion" in paths, "and what it has said since is kept"
    await device.run_session()
    assert device.model.value(SSID) == "wanted", "what was applied is to be applied again"
    assert set(told(device).values()).isdisjoint(before.values())
    device.link.login = Login(before["Username"], before["Password"])
    assert not (await device.run_session(RESET)).is_acknowledged
    take(device)
    assert (await device.run_session()).is_acknowledged


async def test_after_a_reset_settings_are_applied_again_whatever_the_device_logs_in_with(
    url: str, tmp_path: Path
) -> None:
    async with serving(url, tmp_path) as served:
        device = served.device()
        await device.run_session()
        await served.server.services.wanted.put(await served.id_of(device), [NewSetting(SSID, "wanted", "string")])
        await device.run_session()
        assert (await device.run_session()).methods == ()
        device.model.reset()
        await device.run_session(RESET)
        assert device.model.value(SSID) == "wanted"
        assert (await device.run_session()).methods == ()


async def test_a_registration_by_serial_number_is_filled_in_at_the_first_call(served: Served) -> None:
    type_id = await a_type(served)
    device = fresh(served)
    device_id = await register(served, Identity("", "", device.id.serial), name="hall")
    assert (await device.run_session()).is_acknowledged
    known = await found(served, device)
    assert (known.id, known.name, known.type_id, known.manufacturer) == (device_id, "hall", type_id, "Zyxel")
    assert known.identity == Identity(device.id.oui, device.id.product_class, device.id.serial)
    device.id = type(device.id)("Zyxel", "00D09F", device.id.product_class, device.id.serial)
    device.link.login = Login(SHARED, FACTORY)
    assert (await device.run_session()).is_acknowledged, "another maker's device of the same number is another device"
    assert await served.id_of(device) != device_id


@pytest.mark.parametrize("identity", [("00D09E", ""), ("", "EX5501"), ("00D09E", "EX5501")])
async def test_a_registration_may_say_more_than_the_serial_number(served: Served, identity: tuple[str, str]) -> None:
    await a_type(served)
    device = fresh(served)
    device_id = await register(served, Identity(*identity, device.id.serial))
    assert (await device.run_session()).is_acknowledged
    assert (await found(served, device)).id == device_id


async def test_a_registered_device_that_does_not_log_in_is_named_in_the_log(served: Served) -> None:
    device = served.device()
    await register(served, Identity("", "", device.id.serial))
    with capture_logs() as log:
        for login in (None, None, None, Login(SHARED, "wrong")):
            device.link.login = login
            assert statuses(await device.run_session())[-1] == 401
    lines = [(line["event"], line.get("reason")) for line in log if "device" in line]
    assert list(dict.fromkeys(lines)) == [("asked to log in", None), ("a device was not let in", "wrong credentials")]


async def test_a_device_that_fits_two_registrations_is_listed_until_one_of_them_says_more(served: Served) -> None:
    await a_type(served)
    device = fresh(served)
    await register(served, Identity("00D09E", "", device.id.serial), name="one")
    await register(served, Identity("", "EX5501", device.id.serial), name="other")
    assert statuses(await device.run_session()) == [403]
    (case,) = await listed(served)
    assert "several registrations" in case.reason
    exact = await register(served, Identity("00D09E", "EX5501", device.id.serial), name="exact")
    assert (await device.run_session()).is_acknowledged
    devices = served.server.services.tools.devices
    assert [each.id for each in await devices.matching(Identity("00D09E", "EX5501", device.id.serial))].count(
        exact
    ) == 1


@pytest.mark.parametrize("serial", ["0000", "99999", "001122334455"])
async def test_a_serial_number_that_many_devices_share_is_listed_and_not_made_a_device(
    served: Served, serial: str
) -> None:
    await a_type(served)
    assert statuses(await fresh(served, serial=serial).run_session()) == [403]
    (case,) = await listed(served)
    assert "placeholder" in case.reason


async def test_whoever_is_deleted_while_it_is_known_has_to_begin_anew(url: str, served: Served) -> None:
    await a_type(served)
    device = fresh(served)
    await device.run_session()
    first = await served.id_of(device)
    await served.server.services.tools.devices.delete(first)
    served.clock.advance(10)
    assert (await device.run_session()).is_acknowledged
    async with probing(url) as probe:
        assert await probe.value("SELECT COUNT(*) FROM device") == 1


@pytest.fixture
def log() -> Iterator[io.BytesIO]:
    """All that is logged, down to the finest."""
    with logged("debug") as stream:
        yield stream


KEY = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
ODD_VALUES = (
    f"<Name>{KEY}</Name><Value>wifi secret 1</Value>",
    f"<Name>{KEY}</Name><Value><![CDATA[wifi secret 2]]></Value>",
    f"<Value>wifi secret 3</Value><Name>{KEY}</Name>",
    f"<Name><![CDATA[{KEY}]]></Name><Value>wifi secret 4</Value>",
    f"<Name>{KEY[:-1]}&#101;</Name><Value>wifi secret 5</Value>",
    f"<Name>{KEY}</Name><!-- - --><Value>wifi secret 6</Value>",
)


async def test_no_password_is_in_a_log_line_the_history_a_trace_or_a_reply(
    url: str, tmp_path: Path, log: io.BytesIO, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serving(url, tmp_path, onboarding="quarantine", cwmp_authentication="digest-md5,basic") as served:
        served.clock.advance(10)
        await a_type(served)
        device = fresh(served)
        await register(served, Identity("", "", device.id.serial), debug=True)
        device.link.login = Login(SHARED, "mistyped password")
        logs = [await device.run_session()]
        device.link.login = Login(SHARED, FACTORY)
        await device.run_session()  # its replies hold the new logins, and nobody else's should
        for odd in ODD_VALUES:
            body = device.writer.inform(device.id, [("4 VALUE CHANGE", "")], {}, now="2026-01-01T00:00:00Z", retry=0)
            items = device.writer.array("ParameterList", "x", 1, f"<ParameterValueStruct>{odd}</ParameterValueStruct>")
            empty = device.writer.array("ParameterList", "ParameterValueStruct", 0, "")
            assert (await device.post(device.envelope(body.replace(empty, items), "1"), "Inform")).status == 200
        utf16 = device.envelope(body.replace(empty, items), "1").decode().replace("UTF-8", "UTF-16").encode("utf-16")
        assert (await device.post(utf16, "Inform")).status == 200
        take(device)
        logs.append(await device.run_session([("6 CONNECTION REQUEST", "")]))
        assert [entry.is_acknowledged for entry in logs] == [False, True]
        secrets = [FACTORY, "mistyped password", "wifi secret", *(told(device)[name] for name in (OWN[1], OWN[3]))]

        trace = tmp_path / "traces" / f"{await served.id_of(device)}.trace"
        async with asyncio.timeout(10):
            while not trace.exists() or b"6 CONNECTION REQUEST" not in trace.read_bytes():  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert KEY.encode() in trace.read_bytes()
        async with probing(url) as probe:
            tables = await probe.content()
        said, shown = log.getvalue().decode(), capfd.readouterr()
        assert "a login was refused" in said
        places = {
            "log": said,
            "standard output": shown.out + shown.err,
            "trace": trace.read_bytes().decode("latin-1"),
            "replies": repr([reply.http for entry in logs for reply in entry.replies]),
            **{table: "\n".join(rows) for table, rows in tables.items()},
        }
        assert "E2E" in places["history"] + places["device"]
        for secret in secrets:
            for where, text in places.items():
                assert secret not in text, f"a password in {where}"
                assert secret.encode("utf-16-le").decode("latin-1") not in text, f"a password in {where}"
