"""The whole comparison, on servers that need nothing, with loads too short to say anything about speed."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.results import read_result
from tests.outside import ROOT


def test_two_servers_are_compared_and_the_results_written(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.engine.harness", "periodic_sqlite", "--out", str(tmp_path)]
    command += ["--first", "responder", "--second", "bare", "--rounds", "1", "--sessions", "20", "--hold", "20"]
    # The package of the database looks for this folder when it is imported, and warns without it.
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    result = read_result(tmp_path / "engine.json")
    assert not result.failed
    rates = {each.name: each for each in result.figures if each.unit == "/s"}
    assert list(rates) == [f"periodic, SQLite, {number} at once: sessions" for number in (50, 200)]
    assert all(each.beside is not None and each.beside.what == "bare" for each in rates.values())
    # What the design lays down is for other servers than these.
    assert not any(each.limit for each in result.figures)
    assert (tmp_path / "engine.svg").read_text().startswith("<svg")
    assert (tmp_path / "engine.html").read_text().startswith("<!DOCTYPE html>")
