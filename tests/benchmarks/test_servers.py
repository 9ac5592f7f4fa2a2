"""The servers that are measured are started, waited for and ended, whatever happens in between."""

import os
import socket
from pathlib import Path

import psutil
import pytest

from benchmarks.engine import processes, rounds
from benchmarks.engine.bench import bench
from benchmarks.engine.errors import ServerError
from benchmarks.engine.scenarios import Scenario
from benchmarks.engine.servers import PROGRAMS, running

CORE = processes.cores()[0]


def test_a_server_runs_on_its_core_for_as_long_as_the_block_and_takes_a_load(tmp_path: Path) -> None:
    scenario = Scenario("short", "sqlite")
    with running("bare", database_url="", folder=tmp_path, cores=[CORE], settings={}) as server:
        process = psutil.Process(server.process_id)
        assert process.cpu_affinity() == [CORE]
        rounds.introduce(server, scenario, 20)
        result = rounds.load(server, scenario, 5, 20)
        held = rounds.hold(server, scenario, 20)
    assert (result["sessions"], result["failures"]) == (20, {})
    assert result["server_cpu_milliseconds"] >= 0
    assert result["server_resident_bytes"][1] > 2**20
    assert (held["sessions"], held["failures"]) == (20, {})
    assert not process.is_running()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_server_is_ended_when_what_was_to_be_measured_fails(tmp_path: Path) -> None:
    def fail() -> int:
        with running("responder", database_url="", folder=tmp_path, cores=[CORE], settings={}) as server:
            processes_seen.append(psutil.Process(server.process_id))
            raise ServerError("it did something else")

    processes_seen: list[psutil.Process] = []
    with pytest.raises(ServerError, match="something else"):
        fail()
    assert not processes_seen[0].is_running()


def test_who_measures_keeps_to_a_core_and_finds_both_again_for_the_next_server() -> None:
    allowed = os.sched_getaffinity(0)
    for _ in range(2):
        with bench() as (folder, core):
            (folder / "a").touch()
            assert (core, os.sched_getaffinity(0)) == (min(allowed), {max(allowed)})
        assert not folder.exists()
    assert os.sched_getaffinity(0) == allowed


def test_a_server_that_ends_at_once_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROGRAMS, "broken", ("benchmarks.engine.bare", "--no-such-option"))
    with (
        pytest.raises(ServerError, match=r"(?s)status 2.*--no-such-option"),
        running("broken", database_url="", folder=tmp_path, cores=[CORE], settings={}),
    ):
        pass


def test_a_process_that_has_ended_has_used_nothing() -> None:
    assert processes.usage([2**31 - 1]) == processes.Usage(0.0, 0)
