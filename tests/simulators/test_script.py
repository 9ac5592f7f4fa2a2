"""What a scenario says happens to the devices it says, when it says so."""

from pathlib import Path

import pytest

from simulators.options import Options
from simulators.planning import Plan, plan
from simulators.scenarios.loading import ScenarioError
from simulators.script import affected, deaf, write_script
from tests.simulators.device.conversing import START
from tests.simulators.world import World


def planned(folder: Path, text: str, **given: int) -> Plan:
    """The plan of a scenario."""
    path = folder / "mine.toml"
    path.write_text(f"about = 'x'\n{text}")
    return plan(Options(scenario=str(path), **given), {})  # type: ignore[arg-type]


async def test_a_power_cut_ends_sessions_and_devices_boot_once_the_power_is_back(tmp_path: Path) -> None:
    world = World(0.0, 0.0, until=200.0, is_quick=False)
    cut = "devices = 2\n[[phases]]\nat = 8\naction = 'power-cut'\nfor = 30\nwithin = 60"
    write_script(world.fleet, planned(tmp_path, cut), START)
    world.fleet.start()
    await world.settle()
    assert world.fleet.open == 2
    world.hand.seconds += 15
    world.is_quick = True
    world.fleet.at(START, (), lambda *_: None)
    await world.over()
    assert world.failed == [(0, "power cut"), (1, "power cut")]
    # The cut was noticed two seconds late, as the sessions had not ended.
    back = [at for at, _ in world.begun[2:]]
    assert len(set(back)) == 2
    assert all(10 + 30 <= at < 10 + 30 + 60 for at in back)


@pytest.mark.parametrize("action", ["reboot", "factory-reset"])
async def test_nobody_restarts_a_device_that_has_no_power(tmp_path: Path, action: str) -> None:
    world = World(0.0, until=200.0)
    cut = "[[phases]]\nat = 8\naction = 'power-cut'\nfor = 100\nwithin = 1"
    write_script(world.fleet, planned(tmp_path, f"devices = 1\n{cut}\n[[phases]]\nat = 20\naction = '{action}'"), START)
    world.fleet.start()
    await world.over()
    assert [at for at, _ in world.begun if 8 < at < 108] == []
    assert [at for at, _ in world.begun if at >= 108]


def test_as_many_devices_are_affected_as_the_share_says_and_other_ones_by_each_phase(tmp_path: Path) -> None:
    twice = "[[phases]]\nat = 1\naction = 'reboot'\nshare = 0.3\n" * 2
    made = planned(tmp_path, twice, devices=50)
    first, second = (affected(made, phase, number) for number, phase in enumerate(made.scenario.phases))
    assert len(first) == len(second) == 15
    assert first == sorted(set(first)) != second
    assert affected(made, made.scenario.phases[0], 0) == first


def test_the_deaf_are_as_many_as_chance_has_it_and_always_the_same(tmp_path: Path) -> None:
    made = planned(tmp_path, "[faults]\ndeaf = 0.25", devices=400)
    found = deaf(made)
    assert found == deaf(made)
    assert 70 <= len(found) <= 130
    assert not deaf(planned(tmp_path, "", devices=400))


@pytest.mark.parametrize("action", ["reboot", "factory-reset"])
async def test_a_restart_ends_the_session_that_is_open(tmp_path: Path, action: str) -> None:
    world = World(0.0, until=200.0, is_quick=False)
    write_script(world.fleet, planned(tmp_path, f"devices = 1\n[[phases]]\nat = 8\naction = '{action}'"), START)
    world.fleet.start()
    await world.settle()
    world.hand.seconds += 15
    world.is_quick = True
    world.fleet.at(START, (), lambda *_: None)
    await world.over()
    assert world.failed == [(0, "restarted")]
    assert len(world.begun) == 2


async def test_what_the_acs_has_deleted_does_not_change(tmp_path: Path) -> None:
    world = World(0.0, 0.0, until=20.0)
    change = "[[phases]]\nat = 8\naction = 'value-change'\nparameter = 'NAT.PortMapping.1.ExternalPort'\nvalue = '1'"
    write_script(world.fleet, planned(tmp_path, f"devices = 2\n{change}"), START)
    world.devices[0].tree.delete("Device.NAT.PortMapping.1.")
    await world.live()
    assert world.devices[1].tree.value("Device.NAT.PortMapping.1.ExternalPort", START) == "1"


@pytest.mark.parametrize("value", ["many", "-1", "\\u0001"])
def test_a_value_that_a_parameter_cannot_have_is_found_before_the_run(tmp_path: Path, value: str) -> None:
    parameter = "ManagementServer.PeriodicInformInterval"
    change = f'[[phases]]\nat = 8\naction = "value-change"\nparameter = "{parameter}"\nvalue = "{value}"'
    with pytest.raises(ScenarioError, match=r"\[phases\] number 1, value: ManagementServer.PeriodicInformInterval of"):
        planned(tmp_path, change)
