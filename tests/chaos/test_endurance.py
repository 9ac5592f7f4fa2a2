"""The long mixed run in small: that it finds nothing in a sound server, and what is wrong in one that is not."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from lxml import etree

from simulators.device.timing import AT_ONCE
from simulators.report.machine import usage
from tests.chaos.endurance.fleet import every_behaviour
from tests.chaos.endurance.pages import page_of
from tests.chaos.endurance.run import Endurance, Plan
from tests.chaos.endurance.telling import document_of, json_of
from tests.chaos.endurance.verdict import endure
from tests.chaos.noc import SECRET, TOKEN
from tests.contract.templates import fill_with_tables

_SEED: Final = 20261126
_DEVICES: Final = 40
_LOOKS: Final = 14
_DROP: Final = "DELETE FROM operation WHERE state = 'completed' AND kind = 'get' AND bulk_id IS NULL"


async def _pause(run: Endurance) -> None:
    await run.beat.wait(10)


def plan(url: str, folder: Path) -> Plan:
    """Devices that call every other second and lose no time, until the server was looked at so often."""
    return Plan(
        url,
        folder,
        devices=_DEVICES,
        seed=_SEED,
        pause=_pause,
        progress=lambda run: len(run.watch.samples) / _LOOKS,
        patience=100.0,
        interval=2,
        beats=2,
        odd=every_behaviour(_SEED, slow=False),
        values={"ManagementServer.CWMPRetryMinimumWaitInterval": "1"},
        timing=AT_ONCE,
        retry_delay=0.1,
        drain=1,
        census=1,
        latest=2.0,
        has_intervals=False,
    )


async def _migrated(folder: Path) -> str:
    url = f"sqlite:///{folder / 'a.db'}"
    await fill_with_tables(url)
    return url


async def test_a_sound_server_loses_nothing_and_all_trouble_is_explained(tmp_path: Path) -> None:
    before, url = usage(), await _migrated(tmp_path)
    verdict = await endure(plan(url, tmp_path))
    assert verdict.is_well, f"seed {_SEED}: {verdict.sentences()}"
    run = verdict.run
    document = document_of(run, verdict.expectations, before, {"devices": _DEVICES, "seed": _SEED})
    shown = page_of(document, run, verdict.states, verdict.warm)
    assert run.operators.wanted
    assert etree.fromstring(shown).tag == "html"
    assert "What went wrong, and why" in shown
    for told in (shown, json_of(document, run, verdict.end, verdict.states)):
        assert not [each for each in (str(tmp_path), SECRET, TOKEN, run.world.sorts[0].password) if each in told]


async def test_what_is_wrong_with_a_server_is_seen(tmp_path: Path) -> None:
    """One that drops operations and keeps memory."""
    url = await _migrated(tmp_path)
    database = sqlite3.connect(tmp_path / "a.db", isolation_level=None)

    async def spoil(run: Endurance) -> None:
        await run.process.ask(do="leak", octets=6 << 20)
        for statement in ("PRAGMA busy_timeout = 5000", _DROP):
            database.execute(statement)

    with closing(database):
        verdict = await endure(replace(plan(url, tmp_path), break_something=spoil))
    found = " ".join(verdict.sentences())
    assert "an operation that was promised is gone" in found
    assert "server memory beside the pages of its file, MiB" in found
