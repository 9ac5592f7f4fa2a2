"""What the server says of itself."""

import asyncio
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acs.domain.token import Role
from acs.store.database import Database
from acs.store.writer import GroupWriter
from tests.api.client import ADMIN, Client
from tests.api.conftest import Api
from tests.contract.gated import GatedDatabase
from tests.contract.opened import Probe
from tests.e2e.serving import serving


async def test_it_is_up_and_ready_without_a_token(api: Api) -> None:
    nobody = api.client.as_(None)
    health, ready = await nobody.get("/health/"), await nobody.get("/ready/")
    assert (health.status, health.json) == (200, {"status": "up"})
    assert (ready.status, ready.json) == (200, {"status": "ready"})


async def test_it_is_not_ready_when_nothing_is_written_any_more(api: Api) -> None:
    (writer,) = [each for each in asyncio.all_tasks() if each.get_name() == "writer"]
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    ready = await api.client.as_(None).get("/ready/")
    assert (ready.status, ready.json["type"]) == (503, "urn:aioacs:problem:unavailable")
    assert ready.json["missing"] == ["nothing is written to the database any more"]
    assert ready.headers["Retry-After"] == "5"
    assert (await api.client.as_(None).get("/health/")).status == 200


async def test_it_is_not_ready_with_tables_of_another_program(api: Api, probe: Probe) -> None:
    await probe.execute("INSERT INTO migration VALUES (9999, 'newer', 0)")
    try:
        ready = await api.client.as_(None).get("/ready/")
    finally:
        # Other tests get the same tables.
        await probe.execute("DELETE FROM migration WHERE number = 9999")
    assert ready.json["missing"] == ["the tables of the database are not those of this program"]


async def test_it_is_not_ready_while_it_is_being_stopped(api: Api) -> None:
    api.served.server.services.sessions.is_draining = True
    assert (await api.client.as_(None).get("/ready/")).json["missing"] == ["the server is being stopped"]


async def test_it_is_not_ready_without_a_database(api: Api) -> None:
    await api.served.server.services.management.database.close()
    assert (await api.client.as_(None).get("/ready/")).json["missing"] == ["the database does not answer"]


async def test_nobody_is_answered_before_the_token_that_is_set_opens_the_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates, is_made = list[GatedDatabase](), asyncio.Event()

    def gated(database: Database, **ways: Any) -> GroupWriter:
        gates.append(GatedDatabase(database))
        gates[-1].shut()
        is_made.set()
        return GroupWriter(gates[-1], **ways)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr("acs.server.GroupWriter", gated)
    starting = asyncio.create_task(_asked_at_once(f"sqlite:///{tmp_path}/a.db", tmp_path, port))
    await is_made.wait()
    await gates[0].arrived()
    assert [batch.name for batch, rows in gates[0].transactions[0] if rows] == ["token.create_first"]
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    gates[0].open()
    assert await starting == 200


async def _asked_at_once(url: str, folder: Path, port: int) -> int:
    async with (
        serving(url, folder, bootstrap_token=ADMIN, api_port=port) as served,
        aiohttp.ClientSession() as session,
    ):
        return (await Client(served.server.api_ports[0], session).get("/organization/")).status


async def test_the_figures_need_a_token_of_any_kind(api: Api) -> None:
    assert (await api.client.as_(None).get("/metrics")).status == 401
    viewer = await api.token(Role.VIEWER, await api.organization("one"))
    figures = await viewer.get("/metrics")
    assert figures.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"\naioacs_sessions_open 0.0\n" in figures.octets
    assert f'\naioacs_build{{version="{version("aioacs")}"}} 1.0\n'.encode() in figures.octets


async def test_no_answer_is_kept_by_others_or_taken_for_another_type_and_none_tells_the_program(
    sqlite_api: Api,
) -> None:
    nobody, path = sqlite_api.client.as_(None), "/organization/"
    for said in (
        await sqlite_api.client.get(path),
        await sqlite_api.client.post(path, {"name": "a"}),
        await sqlite_api.client.post(path, {}),
        await nobody.get(path),
        await nobody.get("/nothing/"),
        await nobody.get("/organization"),
    ):
        assert said.headers["Cache-Control"] == "no-store"
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert said.headers["Server"] == "aioacs"
