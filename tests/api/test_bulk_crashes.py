"""A bulk goes on where it was, whichever process takes the next step, and gives no device its work twice."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acs.domain.reach import Reach, WakeTarget
from acs.services.bulk_runner import BulkRunner
from acs.store.database import Database
from acs.store.writer import GroupWriter
from tests.api.bulk import GET, PATH, asked, ended, registered, routers, serials, shown
from tests.api.client import ADMIN, Client
from tests.api.conftest import Api
from tests.contract.opened import Probe, probing
from tests.e2e.mortal import MortalDatabase
from tests.e2e.serving import Served, serving

_OPERATIONS = "SELECT COUNT(*), COUNT(DISTINCT device_id) FROM operation WHERE bulk_id IS NOT NULL"


def _runner(served: Served) -> BulkRunner:
    return served.server.services.sweeper._bulks


async def test_a_new_process_goes_on_with_what_another_one_has_begun(
    database_url: str, tmp_path: Path, probe: Probe
) -> None:
    settings = {"bootstrap_token": ADMIN}
    async with aiohttp.ClientSession() as session:
        async with serving(database_url, tmp_path, **settings) as served:
            api = Api(served, Client(served.server.api_ports[0], session))
            devices = await routers(api, 4)
            public_id = await asked(
                api.client, GET | {"device_targets": serials(devices), "options": {"max_in_flight": 2}}
            )
            await served.sweep()
            assert await probe.rows(_OPERATIONS) == [(2, 2)]
        async with serving(database_url, tmp_path, **settings) as served:
            api = Api(served, Client(served.server.api_ports[0], session))
            assert (await shown(api.client, public_id))["status"] == "in_progress"
            devices = [served.device(serial=each.id.serial) for each in devices]
            for _ in range(2):
                for device in devices:
                    await device.run_session()
                await served.sweep()
            item = await ended(api, public_id)
    assert (item["status"], item["processed_devices"], item["executions"]) == ("completed", 4, 1)
    assert await probe.rows(_OPERATIONS) == [(4, 4)]


async def test_two_processes_take_each_step_once(database_url: str, tmp_path: Path, probe: Probe) -> None:
    async with (
        aiohttp.ClientSession() as session,
        serving(database_url, tmp_path, bootstrap_token=ADMIN) as served,
    ):
        api = Api(served, Client(served.server.api_ports[0], session))
        for number in range(30):
            await registered(api, f"d{number}")
        own = _runner(served)
        # What another process has: the same database, and nothing of this one's memory.
        other = BulkRunner(own._tools, own._operations, own._bulks, own._targets, own._checks)
        body = GET | {"device_filters": {}, "options": {"max_in_flight": 20, "timeout_minutes": 1}}
        public_id = await asked(api.client, body)
        for _ in range(3):
            await asyncio.gather(own.sweep(), other.sweep(), own.sweep(), other.sweep())
        assert await probe.rows(_OPERATIONS) == [(20, 20)], "no more are under way than may be"
        for _ in range(2):
            served.clock.advance(61)
            await served.server.services.sweeper._expiry.end_overdue()
            for _ in range(3):
                await asyncio.gather(own.sweep(), other.sweep())
        item = await shown(api.client, public_id)
        assert (item["status"], item["failed_devices"], item["total_devices"]) == ("failed", 30, 30)
        assert await probe.rows(_OPERATIONS) == [(30, 30)]
        assert (await api.client.get(f"{PATH}{public_id}/devices/?status=failed")).json["count"] == 30


async def test_devices_that_were_being_looked_at_are_looked_at_again(
    database_url: str, tmp_path: Path, probe: Probe
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        serving(database_url, tmp_path, bootstrap_token=ADMIN) as served,
    ):
        api = Api(served, Client(served.server.api_ports[0], session))
        devices = await routers(api, 2)
        body = GET | {"device_targets": serials(devices), "options": {"validate_connectivity": True}}
        stuck = asyncio.Event()
        calls, request = served.calls, served.calls.request

        async def never(target: WakeTarget) -> Reach:
            reach = await request(target)
            await stuck.wait()
            return reach

        calls.request = never  # type: ignore[method-assign]
        public_id = await asked(api.client, body)
        await served.sweep()
        await calls.made(2)
        # The process dies: what it was about to say is never said.
        await _runner(served).stop()
        calls.request = request  # type: ignore[method-assign]
        await served.sweep(30)
        assert await probe.rows(_OPERATIONS) == [(0, 0)], "it may still be looking"
        served.clock.advance(31)
        for _ in range(1_000):
            await served.sweep()
            if await probe.rows(_OPERATIONS) == [(2, 2)]:
                break
        for device in devices:
            assert (await device.run_session()).methods == ("GetParameterValues",)
        item = await ended(api, public_id)
        assert (item["status"], item["processed_devices"]) == ("completed", 2)


@pytest.mark.parametrize("way", ["ends_at", "ends_after"])
@pytest.mark.parametrize(
    ("statement", "is_late"), [("bulk.begin", False), ("bulk.take", False), ("bulk.queue", False), ("bulk.count", True)]
)
async def test_whichever_commit_is_the_last_one_each_device_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str, way: str, is_late: bool
) -> None:
    url, stores = f"sqlite:///{tmp_path}/a.db", list[MortalDatabase]()

    def mortal(database: Database, **ways: Any) -> GroupWriter:
        stores.append(MortalDatabase(database))
        return GroupWriter(stores[-1], **ways)

    async with aiohttp.ClientSession() as session:
        with monkeypatch.context() as patched:
            patched.setattr("acs.server.GroupWriter", mortal)
            async with serving(url, tmp_path, bootstrap_token=ADMIN) as served:
                api = Api(served, Client(served.server.api_ports[0], session))
                devices = await routers(api, 3)
                body = GET | {"device_targets": serials(devices), "schedule": {"execute_at": "2027-01-15T09:00:00Z"}}
                public_id = await asked(api.client, body)
                served.clock.advance(3_600)
                if is_late:
                    await served.sweep()
                    # Word of an end would be acted upon before the store is told to end.
                    _runner(served)._awaited.clear()
                    for device in devices:
                        await device.run_session()
                setattr(stores[-1], way, statement)
                await served.sweep()
                assert stores[-1].has_ended
        async with serving(url, tmp_path, bootstrap_token=ADMIN) as served:
            served.clock.advance(3_600)
            api = Api(served, Client(served.server.api_ports[0], session))
            await served.sweep()
            for device in [served.device(serial=each.id.serial) for each in devices]:
                await device.run_session()
            await served.sweep()
            item = await shown(api.client, public_id)
            assert (item["status"], item["executions"], item["processed_devices"]) == ("completed", 1, 3)
            async with probing(url) as look:
                assert await look.rows(_OPERATIONS) == [(3, 3)]
