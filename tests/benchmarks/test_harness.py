"""The whole comparison, on servers that need nothing, with loads too short to say anything about speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.outside import ROOT


def test_two_servers_are_compared_and_the_results_written(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.engine.harness", "periodic_sqlite", "--out", str(tmp_path)]
    command += ["--first", "responder", "--second", "bare", "--rounds", "1", "--sessions", "20", "--hold", "20"]
    # The package of the database looks for this folder when it is imported, and warns without it.
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    told = json.loads((tmp_path / "engine.json").read_text())
    assert not told["failed"]
    measured = told["scenarios"]["periodic_sqlite"]
    assert [(each["concurrency"], each["first"]["program"]) for each in measured["comparisons"]] == [
        (50, "responder"),
        (200, "responder"),
    ]
    assert not any(each[side]["failures"] for each in measured["comparisons"] for side in ("first", "second"))
    assert [each["sessions"] for each in measured["held"]] == [20, 20]
    assert (tmp_path / "engine.svg").read_text().startswith("<svg")
