"""From the POST to the effect, on a server and a router that are real; too short to say anything about speed."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.results import read_result
from tests.outside import ROOT


def test_operations_are_done_and_the_times_written(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.engine.effect", "sqlite", "--count", "2", "--out", str(tmp_path)]
    # The package of the database looks for this folder when it is imported, and warns without it.
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    figures = read_result(tmp_path / "effect.json").figures
    assert len(figures) == 2
    assert all(each.value > 0 and each.part == "effect_sqlite" for each in figures)
