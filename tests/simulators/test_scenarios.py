"""Every scenario in a small size against a real server, with exact counts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from rich.console import Console

from simulators.access import Api
from simulators.options import Options
from simulators.planning import plan
from simulators.report.document import Document
from simulators.running import run
from tests.e2e.serving import Served, serving, serving_and_calling
from tests.simulators.client.certificates import Authority
from tests.simulators.client.stun_server import stun_server


@pytest.fixture
async def served(tmp_path: Any) -> Any:
    """A server that takes every device in."""
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


async def play(served: Served, scenario: str, environment: Mapping[str, str] | None = None, **given: Any) -> Document:
    """A run of a scenario: all that it demands must hold."""
    url = f"http://127.0.0.1:{served.port}/"
    options = Options(acs_url=url, scenario=scenario, **{"connection_requests": "off", **given})
    ended = await run(plan(options, environment or {}), Console(quiet=True))
    assert ended.document.expectations
    assert not ended.document.broken
    return ended.document


async def lapse(served: Served, scenario: str, **given: Any) -> Document:
    """The same in time-lapse."""
    return await play(served, scenario, time_lapse=True, **given)


def written(tmp_path: Path, text: str) -> str:
    """The path of a scenario that a user wrote."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


async def test_a_steady_fleet_calls_once_in_each_interval(served: Served) -> None:
    told = await lapse(served, "steady", devices=12, model="tr181:2,tr098:1")
    assert (told.sessions.ok, told.sessions.failed) == (60, 0)


async def test_after_a_power_cut_everybody_comes_back_and_tells_so(served: Served) -> None:
    told = await lapse(served, "power-cut", devices=10, interval="120")
    # Each calls five times up to the cut; from its boot, one to two minutes later, on its beat begins anew.
    assert (told.sessions.ok, told.sessions.failed) == (100, 0)
    again = await lapse(served, "power-cut", devices=10, interval="120")
    assert again.sessions.ok == 100


async def test_devices_restart_reset_and_change_when_a_scenario_says_so(served: Served, tmp_path: Path) -> None:
    scenario = """
        about = "Things happen."
        devices = 6
        interval = "10m"
        duration = "30m"
        time_lapse = true
        [timing]
        boot = [10, 20]
        [[phases]]
        at = "12m"
        action = "reboot"
        share = 0.5
        [[phases]]
        at = "22m"
        action = "factory-reset"
        share = 0.34
        [[phases]]
        at = "25m"
        action = "value-change"
        parameter = "DeviceInfo.SoftwareVersion"
        value = "7.7"
        [expect]
        devices_waiting = 0
        sessions_failed = 0
        [expect.events]
        "0 BOOTSTRAP" = "devices + 2"
        "1 BOOT" = "devices + 3 + 2"
        "4 VALUE CHANGE" = "devices"
        "M Reboot" = 0
        [expect.versions]
        "7.7" = "devices"
    """
    await play(served, written(tmp_path, scenario))


async def test_a_trace_says_who_calls_when_and_nobody_else_does(served: Served, tmp_path: Path) -> None:
    trace = tmp_path / "calls.csv"
    trace.write_text("5,SIM000001\n8,0\n10,1,4 VALUE CHANGE\n3000,SIM000000,1 BOOT\n4000,1\n9000,1\n")
    scenario = """
        about = "As the lines say."
        devices = 3
        duration = "2h"
        time_lapse = true
        [arrivals]
        shape = "trace"
        file = "calls.csv"
        [expect]
        sessions_ok = "calls"
        devices_heard = 2
        devices_off = 1
        [expect.events]
        "0 BOOTSTRAP" = 2
        "1 BOOT" = 3
        "4 VALUE CHANGE" = 1
        "2 PERIODIC" = 1
    """
    told = await play(served, written(tmp_path, scenario))
    assert told.sessions.ok == 5


async def test_a_flaky_network_costs_sessions_and_loses_nothing_and_does_the_same_each_time(tmp_path: Path) -> None:
    counts = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with serving(f"sqlite:///{folder}/a.db", folder) as served:
            told = await lapse(served, "flaky-network", devices=8)
        counts.append((told.sessions.ok, told.failures, told.events, told.disturbances, told.statuses))
    assert counts[0] == counts[1]
    _, failures, events, disturbances, _ = counts[0]
    assert events == {"0 BOOTSTRAP": 8, "1 BOOT": 8, "2 PERIODIC": 8 * 14}
    assert sum(failures.values()) > 0
    assert set(disturbances) > {"drop", "close"}
    assert all(300 <= moment.at < 900 for moment in told.timeline if moment.failed)


async def test_devices_that_behave_in_all_ways_get_through(served: Served) -> None:
    told = await lapse(served, "misbehaving-fleet", devices=60, interval="5m")
    assert told.events == {"0 BOOTSTRAP": 60, "1 BOOT": 60, "2 PERIODIC": 60}
    assert told.sessions.ok == 120


async def test_devices_behind_a_nat_are_heard_when_they_call(served: Served) -> None:
    told = await lapse(served, "nat", devices=5, connection_requests="udp:127.0.0.1:0")
    assert told.sessions.ok == 55


async def test_devices_behind_a_nat_tell_where_they_are_seen(served: Served, tmp_path: Path) -> None:
    async with stun_server() as stun:
        stun.seen_at = ("203.0.113.9", 4321)
        scenario = f"""
            about = "Each finds out by STUN how it can be called."
            devices = 3
            interval = "1h"
            duration = "2s"
            connection_requests = "udp"
            [arrivals]
            within = "300ms"
            [values]
            "ManagementServer.STUNEnable" = "1"
            "ManagementServer.STUNServerAddress" = "127.0.0.1"
            "ManagementServer.STUNServerPort" = "{stun.port}"
            [expect]
            sessions_failed = 0
            [expect.events]
            "1 BOOT" = "devices"
            "4 VALUE CHANGE" = "devices"
        """
        await play(served, written(tmp_path, scenario), connection_requests="udp:127.0.0.1:0")


async def test_devices_trust_whom_they_are_told_to_trust(tmp_path: Path) -> None:
    ours, strangers = Authority.new(tmp_path / "ours"), Authority.new(tmp_path / "strangers")
    shown = ours.certify("127.0.0.1")
    settings = {"cwmp_tls_port": 0, "cwmp_tls_certificate": shown, "cwmp_tls_key": shown}
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path, **settings) as served:
        url = f"https://127.0.0.1:{served.server.ports[1]}/"
        ends = []
        for trust in ({"ca": ours.file}, {"insecure": True}, {"ca": strangers.file}, {}):
            options = Options(url, devices=1, duration="1m", time_lapse=True, connection_requests="off", **trust)
            ended = await run(plan(options, {}), Console(quiet=True))
            ends.append((ended.document.sessions.ok, list(ended.document.failures)))
    assert ends == [(1, []), (1, []), (0, ["bad certificate"]), (0, ["bad certificate"])]


async def test_in_a_firmware_campaign_every_device_ends_on_the_new_version(tmp_path: Path) -> None:
    settings = {"bootstrap_token": TOKEN, "onboarding": "quarantine"}
    async with serving_and_calling(f"sqlite:///{tmp_path}/a.db", tmp_path, **settings) as served:
        url = f"http://127.0.0.1:{served.server.api_ports[0]}"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
            login = {"enabled": True, "username": "new", "password": "from the factory"}
            kind = {"name": "Simulated", "short_name": "sim", "onboarding": login}
            await Api(session, f"{url}/api/v1").ask("POST", "/inventory_type/", kind)
        # What was looked up before is looked up again after a while.
        served.clock.advance(10)
        told = await play(
            served,
            written(tmp_path, CAMPAIGN),
            {"SIMULATE_API_TOKEN": TOKEN},
            api_url=url,
            username="new",
            password="from the factory",
            connection_requests="127.0.0.1:0",
        )
    assert told.expectations[-1].what == "devices on 9.9.1"
    # One to come in, one to be told of the image, one to tell of it.
    assert told.sessions.ok == 15


async def test_an_image_that_is_there_already_is_taken_and_an_api_that_says_no_is_told(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/a.db"
    async with serving(database, tmp_path, bootstrap_token=TOKEN) as served:
        url = f"http://127.0.0.1:{served.server.api_ports[0]}"
        options = Options(
            acs_url=f"http://127.0.0.1:{served.port}/",
            scenario=written(tmp_path, NOBODY_IS_THERE),
            api_url=url,
            connection_requests="off",
        )
        for token, trouble in (
            (TOKEN, "inventory_device_serial: 404"),
            (TOKEN, "404"),
            ("x" * 20, "firmware_image: 401"),
        ):
            ended = await run(plan(options, {"SIMULATE_API_TOKEN": token}), Console(quiet=True))
            assert trouble in ended.document.broken[-1].what
            assert token not in ended.document.broken[-1].what


CAMPAIGN = """
    about = "All are updated, three at once, by connection requests."
    devices = 5
    model = "tr181:2,tr098:1"
    interval = "1h"
    duration = "1s"
    [arrivals]
    within = "500ms"
    [timing]
    apply = [0, 0]
    boot = [0, 0]
    [[phases]]
    at = "900ms"
    action = "firmware-campaign"
    for = "20s"
    version = "9.9.1"
    in_flight = 3
    [expect]
    sessions_failed = 0
    devices_waiting = 0
    [expect.versions]
    "9.9.1" = "devices"
    [expect.rpcs]
    SetParameterValues = "devices"
    Download = "devices"
    [expect.requests]
    TransferComplete = "devices"
    [expect.transfers]
    "1 Firmware Upgrade Image" = "devices"
    [expect.events]
    "0 BOOTSTRAP" = "devices"
    "1 BOOT" = "devices * 2"
    "M Download" = "devices"
    "7 TRANSFER COMPLETE" = "devices"
    "6 CONNECTION REQUEST" = "devices"
    [expect.connection_requests]
    accepted = "devices"
"""
NOBODY_IS_THERE = """
    about = "The ACS has met none of the devices."
    devices = 1
    duration = "100ms"
    [arrivals]
    shape = "ramp"
    to = 0.001
    [[phases]]
    at = 0
    action = "firmware-campaign"
    for = "5s"
    [expect]
    sessions_begun = 0
"""
TOKEN = "aioacs_" + "t" * 32
