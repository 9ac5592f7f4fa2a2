"""The large database and the questions asked of it, here so small that they say nothing about speed."""

import os
import subprocess
import sys
from pathlib import Path

from acs.auth.sealing import Keyring
from acs.composition import SystemChance
from acs.services.requested import read_outcome, read_requested
from acs.services.vault import Vault
from acs.store.devices import DeviceStore
from acs.store.opening import open_database
from acs.store.operations import OperationStore
from acs.store.writer import GroupWriter
from benchmarks.api.cases import cases
from benchmarks.api.filling import fill
from benchmarks.api.rows import Sizes, device_name, fillings, serial_number
from benchmarks.results import read_result
from tests.outside import ROOT

SMALL = Sizes(devices=60, operations=300, audit=40, history=20, described=5)
NOW = 1_800_000_000.0


def test_the_same_seed_gives_the_same_rows() -> None:
    one, same, other = (list(fillings(SMALL, seed, NOW)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


async def test_the_stores_read_what_was_filled_in(empty_url: str) -> None:
    await fill(empty_url, SMALL, 3, NOW)
    database = await open_database(empty_url)
    try:
        devices = DeviceStore(database, GroupWriter(database))
        for number in (1, 60):
            device = await devices.by_name(device_name(number, 3))
            assert device is not None
            assert device.id == number
            assert device.identity.serial_number == serial_number(number, 3)
        operations = OperationStore(database, GroupWriter(database))
        vault = Vault(Keyring({1: bytes(32)}, active=1), SystemChance())
        found = [await operations.by_public_id(f"op_{number:012}") for number in range(1, 301)]
        records = [each for each in found if each is not None]
        assert len(records) == 300
        assert {read_requested(vault, each).operation.kind for each in records} == {each.kind for each in records}
        assert any(read_outcome(vault, each) is not None for each in records)
        assert any(not each.state.is_final for each in records)
    finally:
        await database.close()


def test_every_question_has_its_own_name() -> None:
    names = [case.name for case in cases(100, 100)]
    assert len(names) == len(set(names)) > 80


def test_the_harness_asks_a_running_server_and_writes_what_it_measured(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.api.harness", "device: by id", "devices: page", "--out", str(tmp_path)]
    command += ["--devices", "20", "--operations", "50", "--requests", "2"]
    # The package of the database looks for this folder when it is imported, and warns without it.
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    figures = {each.name: each for each in read_result(tmp_path / "api.json").figures}
    assert list(figures)[:3] == ["process start", "device: by id: p50", "devices: page: p50"]
    assert figures["devices: page: p50"].details["rows"] == 20
    assert all(each.value > 0 and each.part == "api_sqlite" for each in figures.values())
