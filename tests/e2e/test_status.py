"""Up and Down, and since when: by the silence of each device, at next to no cost; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from acs.domain.contact import Contact
from acs.domain.device import Identity
from acs.domain.inventory import DeviceTypeDetails
from acs.domain.operation import OperationKind, Variable
from acs.services.wanted import NewSetting
from tests.contract.opened import OpenStore, Probe
from tests.e2e.device import Parameter, ScriptedDevice, Value
from tests.e2e.serving import Served, serving

INTERVAL = "Device.ManagementServer.PeriodicInformInterval"
IDLE = 2_000


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path, default_inform_interval=1_000) as found:
        yield found


async def contact(served: Served, device: ScriptedDevice) -> Contact:
    found = await served.server.services.tools.contacts.of_device(await served.id_of(device))
    assert found is not None
    return found


async def goes_down_after(served: Served, device: ScriptedDevice, seconds: float) -> None:
    """The device is Down after so many seconds of silence, and no sooner."""
    start = served.clock.wall()
    await served.sweep(seconds - 1)
    assert (await contact(served, device)).is_up
    await served.sweep(2)
    found = await contact(served, device)
    assert not found.is_up
    assert found.status_change == start + seconds + 1


async def test_a_device_is_down_until_it_calls(served: Served) -> None:
    tools, device = served.server.services.tools, served.device()
    identity = Identity(device.id.oui, device.id.product_class, device.id.serial)
    await tools.devices.create(uuid="u", name="a", identity=identity, at=served.clock.wall())
    before = await contact(served, device)
    assert (before.is_up, before.status_change) == (False, served.clock.wall())
    await served.sweep(10_000)
    assert await contact(served, device) == before
    await device.run_session()
    after = await contact(served, device)
    assert (after.is_up, after.status_change) == (True, served.clock.wall())


async def test_since_when_moves_only_when_the_status_does(served: Served) -> None:
    device = served.device()
    await device.run_session()
    up_since = served.clock.wall()
    for _ in range(3):
        await served.sweep(2_000)
        await device.run_session()
    found = await contact(served, device)
    assert (found.is_up, found.status_change, found.last_inform) == (True, up_since, served.clock.wall())
    await served.sweep(2_501)
    down_since = served.clock.wall()
    for _ in range(3):
        await served.sweep(2_501)
    assert (await contact(served, device)).status_change == down_since
    await device.run_session()
    found = await contact(served, device)
    assert (found.is_up, found.status_change) == (True, served.clock.wall())


async def test_the_interval_that_the_device_tells_is_what_counts(served: Served, probe: Probe) -> None:
    device = served.device()
    await device.run_session()
    await probe.execute("UPDATE device SET update_frequency = 400, revision = revision + 1")
    await device.run_session(parameters={INTERVAL: Value("60", "unsignedInt")})
    await goes_down_after(served, device, 150)
    await device.run_session()
    await goes_down_after(served, device, 150)


async def test_else_the_update_frequency_of_the_device(served: Served, probe: Probe, store: OpenStore) -> None:
    device = served.device()
    await device.run_session()
    number = await store.types.create(DeviceTypeDetails("t", "t", update_frequency=800), at=0.0)
    await store.devices.set_type(await served.id_of(device), number, 0.0)
    await probe.execute("UPDATE device SET update_frequency = 400, revision = revision + 1")
    await device.run_session()
    await goes_down_after(served, device, 1_000)


async def test_else_that_of_its_type(served: Served, store: OpenStore) -> None:
    device = served.device()
    await device.run_session()
    number = await store.types.create(DeviceTypeDetails("t", "t", update_frequency=800), at=0.0)
    await store.devices.set_type(await served.id_of(device), number, 0.0)
    await device.run_session()
    await goes_down_after(served, device, 2_000)


async def test_else_what_the_settings_say(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await goes_down_after(served, device, 2_500)


async def test_a_device_that_wants_to_be_heard_sooner_is_missed_sooner(served: Served) -> None:
    device = served.device()
    await device.run_session()
    await device.run_session(parameters={INTERVAL: Value("100", "unsignedInt")})
    await goes_down_after(served, device, 250)


@pytest.mark.parametrize(("interval", "root"), [(3_600, "Device."), (60, "Device."), (3_600, "InternetGatewayDevice.")])
async def test_an_interval_that_the_device_was_given_counts_though_no_inform_tells_it(
    served: Served, interval: int, root: str
) -> None:
    name = INTERVAL.replace("Device.", root)
    device = served.device(parameters={name: Parameter("300", "unsignedInt")})
    await device.run_session(parameters={name: Value("300", "unsignedInt")})
    served.clock.advance(100)
    await device.inform(parameters={})
    served.clock.advance(20)
    await served.queue(device, OperationKind.SET, Variable(name, str(interval)))
    asked = await device.empty_post()
    while asked.status == 200:
        asked = await device.answer(asked)
    await device.close()
    assert (await contact(served, device)).inform_interval == interval
    await goes_down_after(served, device, 2.5 * interval)
    await device.run_session(parameters={})
    await goes_down_after(served, device, 2.5 * interval)


async def test_a_device_that_was_given_a_lower_interval_is_missed_after_each_inform(served: Served) -> None:
    device = served.device(parameters={INTERVAL: Parameter("3600", "unsignedInt")})
    await device.run_session(parameters={INTERVAL: Value("3600", "unsignedInt")})
    await served.queue(device, OperationKind.SET, Variable(INTERVAL, "60"))
    await device.run_session(parameters={})
    await goes_down_after(served, device, 150)
    # Until just then it could have been silent, going by the interval that it had.
    served.clock.advance(9_000 - 152)
    await device.run_session(parameters={})
    await goes_down_after(served, device, 150)


async def test_a_device_that_went_down_by_its_lower_interval_and_came_back_is_missed_again(served: Served) -> None:
    device = served.device(parameters={INTERVAL: Parameter("300", "unsignedInt")})
    told = {INTERVAL: Value("300", "unsignedInt")}
    await device.run_session(parameters=told)
    await served.queue(device, OperationKind.SET, Variable(INTERVAL, "60"))
    await device.run_session(parameters={})
    await goes_down_after(served, device, 150)
    served.clock.advance(100)
    # Another process has looked at the device meanwhile, say.
    served.server.services.sessions._enrolment._known.clear()
    await device.run_session((("1 BOOT", ""),), told)
    await goes_down_after(served, device, 750)


async def test_an_interval_that_the_device_shows_counts_though_no_inform_tells_it(served: Served) -> None:
    device = served.device(parameters={INTERVAL: Parameter("3600", "unsignedInt")})
    await device.run_session(parameters={INTERVAL: Value("60", "unsignedInt")})
    await served.queue(device, OperationKind.GET, Variable(INTERVAL))
    await device.run_session(parameters={})
    await goes_down_after(served, device, 9_000)
    await device.run_session(parameters={})
    await goes_down_after(served, device, 9_000)


async def test_an_interval_that_the_device_does_not_keep_to_is_none(served: Served) -> None:
    # Huawei HN8145X6N answers Status 0 and changes nothing.
    device = served.device(parameters={INTERVAL: Parameter("60", "unsignedInt")})
    device.on_rpc["SetParameterValues"] = lambda _: device.writer.message(
        "SetParameterValuesResponse", "<Status>0</Status>"
    )
    await device.run_session(parameters={INTERVAL: Value("60", "unsignedInt")})
    await served.queue(device, OperationKind.SET, Variable(INTERVAL, "3600"))
    await device.run_session(parameters={})
    await goes_down_after(served, device, 150)


async def test_an_interval_that_is_pushed_as_a_setting_counts_too(served: Served) -> None:
    device = served.device(parameters={INTERVAL: Parameter("60", "unsignedInt")})
    await device.run_session(parameters={INTERVAL: Value("60", "unsignedInt")})
    services = served.server.services
    known = await services.tools.devices.by_id(await served.id_of(device))
    assert known is not None
    await services.wanted.change(known, [NewSetting(INTERVAL, "3600")])
    assert "SetParameterValues" in (await device.run_session(parameters={})).methods
    await goes_down_after(served, device, 9_000)


async def test_going_down_stands_in_the_history_once(served: Served) -> None:
    device = served.device()
    await device.run_session()
    for _ in range(3):
        await served.sweep(2_501)
    contacts = served.server.services.tools.contacts
    entries = await contacts.history(await served.id_of(device), before=2**62, most=10)
    assert [(each.old, each.new) for _, _, each in entries if each.kind == "status"] == [("Up", "Down")]


class Traffic:
    """What goes to the database and comes from it."""

    def __init__(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows = 0
        self.writes = 0
        self._database: Any = served.server.services.tools.contacts._database
        fetch, transact = self._database.fetch, self._database.transact

        async def counted_fetch(*arguments: Any) -> Any:
            rows = await fetch(*arguments)
            self.rows += len(rows)
            return rows

        async def counted_transact(steps: Any) -> Any:
            self.writes += 1
            return await transact(steps)

        monkeypatch.setattr(self._database, "fetch", counted_fetch)
        monkeypatch.setattr(self._database, "transact", counted_transact)


async def test_devices_that_are_not_due_cost_a_sweep_nothing(
    served: Served, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices, at = served.server.services.tools.devices, served.clock.wall()
    await asyncio.gather(
        *(
            devices.create(uuid=f"u{number}", name=f"n{number}", identity=Identity("00D09E", "EX", f"S{number}"), at=at)
            for number in range(IDLE)
        )
    )
    await probe.execute(
        f"UPDATE contact SET is_up = TRUE, last_inform = {at}, down_after = 2500, down_at = {at} + 2500"
    )
    traffic = Traffic(served, monkeypatch)
    for _ in range(10):
        await served.sweep(100)
    assert (traffic.rows, traffic.writes) == (0, 0)
    await served.sweep(1_501)
    assert 0 < traffic.rows < IDLE / 2, "a few at a time"
    for _ in range(IDLE // 100):
        await served.sweep()
    assert await probe.value("SELECT COUNT(*) FROM contact WHERE is_up") == 0
    assert traffic.writes < IDLE / 10
