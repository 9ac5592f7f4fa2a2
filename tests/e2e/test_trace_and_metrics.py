"""What the server tells of itself: traces of devices that are being debugged, metrics, and a line for each session."""

import asyncio
import contextlib
import re
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from acs.domain.device import Identity
from acs.domain.operation import JSON, OperationKind, Variable
from acs.settings import Settings
from tests.e2e.device import Parameter, ScriptedDevice, Value
from tests.e2e.quirks import VANISH
from tests.e2e.serving import Served, serving
from tests.e2e.wire import HttpConnection

SSID = "Device.WiFi.SSID.1.SSID"
SECRET = "Device.WiFi.AccessPoint.1.Security.KeyPassphrase"
CLEAR = "correct horse battery staple"
SMALL = 64 * 1024
ROOMY = 1024 * 1024
BOUNDS = {
    "aioacs_api_connections": "max_api_connections",
    "aioacs_body_bytes": "body_budget",
    "aioacs_connection_requests_in_flight": "connection_requests",
    "aioacs_connection_requests_waiting": "connection_requests_waiting",
    "aioacs_connections": "max_connections",
    "aioacs_downloads_in_flight": "max_downloads",
    "aioacs_notifications_in_flight": "notifications_at_once",
    "aioacs_sessions_open": "max_sessions",
    "aioacs_store_queue": "store_queue",
}
"""What has a bound that an operator sets, and the setting."""


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


async def debugged(served: Served) -> ScriptedDevice:
    """A router that is being debugged."""
    device = served.device()
    identity = Identity(device.id.oui, device.id.product_class, device.id.serial)
    at = served.clock.wall()
    await served.server.services.tools.devices.create(
        uuid=device.id.serial, name=device.id.serial, identity=identity, at=at, debug=True
    )
    return device


def content_of(folder: Path) -> str:
    """All traces, the older halves first; the server may move and remove them meanwhile."""
    text = ""
    for file in sorted(folder.glob("*"), key=lambda file: file.suffix):
        with contextlib.suppress(FileNotFoundError):
            text += file.read_text()
    return text


def size_of(folder: Path) -> int:
    size = 0
    for file in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            size += file.stat().st_size
    return size


def names_of(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*")}


def modes_of(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*")}


async def until(folder: Path, holds: Callable[[str], bool]) -> str:
    """Read until everything is written."""
    async with asyncio.timeout(20):
        while not holds(text := await asyncio.to_thread(content_of, folder)):
            pass
    return text


def told(served: Served) -> dict[str, float]:
    """The metrics, each with its labels, as Prometheus reads them."""
    text = served.server.services.tools.metrics.render().decode()
    return {
        each.name + "".join(f" {label}" for label in each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


async def test_a_debugged_devices_messages_are_traced_with_secrets_masked(served: Served, tmp_path: Path) -> None:
    device, folder = await debugged(served), tmp_path / "traces"
    device.model.parameters[SECRET] = Parameter(CLEAR)
    await device.run_session(parameters={SECRET: Value(CLEAR), SSID: Value("not secret at all")})
    await served.queue(device, OperationKind.SET, Variable(SECRET, CLEAR, "string"))
    await served.queue(device, OperationKind.GET, Variable(SECRET), Variable(SSID))
    vendors: dict[str, JSON] = {"AdminPassword": CLEAR, "Access": {"WPAKey": CLEAR, "Owner": "not secret either"}}
    await served.queue(device, OperationKind.RPC, method="X_VENDOR_Admit", arguments=vendors)
    upload = {"url": f"http://user:{CLEAR.replace(' ', '-')}@192.0.2.1/", "password": CLEAR}
    await served.queue(device, OperationKind.UPLOAD, arguments={"file_type": "2 Vendor Log File", **upload})
    await device.run_session()
    text = await until(folder, lambda each: "UploadResponse" in each)
    for message in (
        "Inform",
        "InformResponse",
        "SetParameterValues",
        "GetParameterValuesResponse",
        "X_VENDOR_Admit",
        "Upload",
    ):
        assert f":{message}>" in text or f":{message} " in text, message
    assert "not secret at all" in text
    assert "not secret either" in text
    assert f"{SECRET}</Name>" in text
    assert "********" in text
    assert CLEAR not in text
    assert CLEAR.replace(" ", "-") not in text
    assert set(re.findall(r"^2027\S+ (\S+)$", text, re.MULTILINE)) == {"<-", "->"}
    assert await asyncio.to_thread(modes_of, folder) == {0o600}


async def test_other_devices_are_not_traced(served: Served, tmp_path: Path) -> None:
    device, other = await debugged(served), served.device()
    await other.run_session()
    await device.run_session()
    text = await until(tmp_path / "traces", lambda each: each.count(" <-") == 2)
    assert device.id.serial in text
    # All are written in the order in which they came.
    assert await asyncio.to_thread(names_of, tmp_path / "traces") == {f"{await served.id_of(device)}.trace"}
    assert other.id.serial not in text


async def test_the_trace_of_a_device_stays_within_its_bound(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    async with serving(database_url, tmp_path, max_device_trace=SMALL, max_traces=ROOMY) as served:
        device = await debugged(served)
        for number in range(12):
            await device.run_session(parameters={SSID: Value(f"{number} " + "x" * 15_000)})
        await device.run_session(parameters={SSID: Value("y" * 200_000)})
        await device.run_session(parameters={SSID: Value("the last")})
        await until(folder, lambda each: "the last" in each and each.endswith("<-\n\n\n"))
        assert await asyncio.to_thread(size_of, folder) <= SMALL


async def test_all_traces_together_stay_within_theirs(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    bounds = {"max_device_trace": 512 * 1024, "max_traces": ROOMY}
    async with serving(database_url, tmp_path, **bounds) as served:
        devices = [await debugged(served) for _ in range(12)]
        for device in devices:
            await device.run_session(parameters={SSID: Value("x" * 100_000)})
            await until(folder, lambda each, serial=device.id.serial: serial in each)  # type: ignore[misc]
        last = devices[-1].id.serial
        assert last in await asyncio.to_thread(content_of, folder)
        assert await asyncio.to_thread(size_of, folder) <= ROOMY


async def test_every_bound_is_shown_beside_its_use(served: Served) -> None:
    settings: Settings = served.server.services.tools.settings
    shown = told(served)
    assert {name.removesuffix("_bound") for name in shown if name.endswith("_bound")} == set(BOUNDS)
    for name, setting in BOUNDS.items():
        assert shown[f"{name}_bound"] == getattr(settings, setting), name
        assert shown[name] == 0, name


async def test_what_is_open_is_shown_while_it_is(served: Served) -> None:
    devices = [served.device() for _ in range(3)]
    for device in devices:
        await device.inform()
    shown = told(served)
    assert (shown["aioacs_sessions_open"], shown["aioacs_connections"]) == (3, 3)
    for device in devices:
        await device.empty_post()
    assert told(served)["aioacs_sessions_open"] == 0
    for device in devices:
        await device.close()


async def test_what_has_happened_is_counted(served: Served) -> None:
    device = served.device()
    await device.run_session((("1 BOOT", ""), ("4 VALUE CHANGE", "")))
    await served.queue(device, OperationKind.GET, Variable(SSID))
    await served.queue(device, OperationKind.GET, Variable("Device.Nothing"))
    await device.run_session()
    await served.queue(device, OperationKind.GET, Variable(SSID))
    await device.run_session(answers=lambda _: VANISH)
    await served.sweep(61)
    shown = told(served)
    assert shown["aioacs_informs_total"] == shown["aioacs_sessions_opened_total"] == 3
    assert shown["aioacs_inform_events_total 1 BOOT"] == 1
    assert shown["aioacs_inform_events_total 4 VALUE CHANGE"] == 1
    assert shown["aioacs_inform_events_total 2 PERIODIC"] == 2
    assert shown["aioacs_rpc_seconds_count GetParameterValues"] >= 2
    assert shown["aioacs_operations_ended_total get completed"] == 1
    assert shown["aioacs_operations_ended_total get failed"] == 1
    assert shown["aioacs_connection_requests_total reached"] == len(served.calls.targets)
    assert shown["aioacs_cwmp_requests_total 204"] == 2
    ended = {name: count for name, count in shown.items() if name.startswith("aioacs_sessions_ended_total")}
    assert sum(ended.values()) == 3
    assert shown["aioacs_commit_batch_count"] > 0
    assert shown["aioacs_commit_failures_total"] == 0


async def test_bad_bodies_and_oddities_are_counted(served: Served) -> None:
    device = served.device()
    connection = await HttpConnection.open("127.0.0.1", served.port)
    assert (await connection.post(b"this is no XML")).status == 400
    await connection.close()
    before = told(served)
    assert sum(count for name, count in before.items() if name.startswith("aioacs_decode_refusals_total")) == 1
    await device.inform()
    await device.post(b"", "")
    await device.close()
    assert told(served)["aioacs_cwmp_requests_total 400"] == 1


async def test_operations_that_are_open_are_counted_now_and_then(served: Served) -> None:
    device = served.device()
    await device.run_session()
    for _ in range(3):
        await served.queue(device, OperationKind.GET, Variable(SSID))
    for _ in range(60):
        await served.sweep()
    assert told(served)["aioacs_operations_open"] == 3
    await device.run_session()
    for _ in range(60):
        await served.sweep()
    assert told(served)["aioacs_operations_open"] == 0


async def test_each_session_leaves_one_line(served: Served) -> None:
    device = served.device()
    with capture_logs() as lines:
        await device.run_session()
        assert [line["event"] for line in lines] == ["session"], "it comes with the last answer"
        await served.queue(device, OperationKind.GET, Variable(SSID))
        await device.inform([("2 PERIODIC", ""), ("M Vendor", "")])
        served.clock.advance(5)
        asked = await device.empty_post()
        await device.answer(asked)
        await device.close()
        await served.sweep(61)
        await served.sweep(61)
    told_lines = [line for line in lines if line["event"] == "session"]
    name = f"{device.id.oui}-{device.id.product_class}-{device.id.serial}"
    assert [
        (line["log_level"], line["device"], line["address"], line["end"], line["posts"], line["operations"])
        for line in told_lines
    ] == [("info", name, "127.0.0.1", "done", 2, 0), ("info", name, "127.0.0.1", "done", 3, 1)]
    assert [line["events"] for line in told_lines] == ["2 PERIODIC", "2 PERIODIC, M Vendor"]
    assert [line["seconds"] for line in told_lines] == [0.0, 5.0], "until it was last heard"
    assert not [line for line in lines if line["log_level"] != "info" and line["log_level"] != "debug"]


async def test_who_is_asked_to_log_in_is_told_a_few_times_a_minute(tmp_path: Path) -> None:
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path, onboarding="reject") as served:
        with capture_logs() as lines:
            for _ in range(50):
                async with served.device() as device:
                    assert (await device.inform()).status == 401
    assert [(line["event"], line["address"], line["unanswered"]) for line in lines] == [
        ("asked to log in", "127.0.0.1", count) for count in range(6)
    ]


async def test_all_that_spares_a_look_up_is_remembered_of_as_many_devices(served: Served) -> None:
    # One bound that is lower than the others would let each session of a larger fleet look its device up.
    figures = told(served)
    for kind in ("known devices", "last informs", "logins", "rates of sessions"):
        assert figures[f"aioacs_remembered_bound {kind}"] >= 100_000, kind
