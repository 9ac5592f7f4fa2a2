"""How much memory many devices take in one process, all of whose sessions have left their traces.

.venv/bin/python -m benchmarks.simulator.memory --devices 50000 --behaviours 1000
"""

import argparse
import gc
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction

from benchmarks.figures import Figure, Limit
from benchmarks.results import ROOT
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.rpc.session import InformResponse
from simulators.device.behaviours import behaviours
from simulators.device.cpe import Cpe
from simulators.device.errors import AcsError
from simulators.kinds import read_kinds
from simulators.population import Makeup, Way, populate
from simulators.report.machine import usage

_START = 1_700_000_000.0
_INTERVAL = 300
_DEVICES = 50_000
_MOST_MB = 2048


def weight(devices: int = 50_000) -> Figure:
    """What so many devices take in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.simulator.memory", "--devices", str(devices), "--brief"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    limit = Limit(_MOST_MB, is_design=True) if devices >= _DEVICES else None
    return Figure(f"{devices:,} simulated devices in one process", int(done.stdout) / 2**20, "MB", limit=limit)


def main() -> None:
    """Make the devices, let each have two sessions, and say what they take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=_DEVICES)
    parser.add_argument("--behaviours", type=int, default=1_000)
    parser.add_argument("--model", default="tr181:2,tr098:1,ont:1")
    parser.add_argument("--brief", action="store_true", help="print the octets at most, and nothing else")
    given = parser.parse_args()
    tell: Callable[[str], None] = (lambda _: None) if given.brief else print
    ways = (Way("odd", Fraction(1), behaviours(given.behaviours)),) if given.behaviours else ()
    kinds = read_kinds(given.model)
    bare = _memory()
    began = time.perf_counter()
    makeup = Makeup(given.devices, kinds, "http://127.0.0.1:7547/", _INTERVAL, ways=ways)
    gc.disable()
    devices = list(populate(makeup, [0.0] * given.devices, _START))
    gc.enable()
    made = time.perf_counter() - began
    tell(_weighed("made", given.devices, bare))
    tell(f"took {made:.1f} s, {made / given.devices * 1e6:.0f} us each")
    for beat in (0, 1):
        for cpe in devices:
            _session(cpe, _START + beat * _INTERVAL)
        tell(_weighed(f"after session {beat + 1}", given.devices, bare))
    if given.brief:
        print(_memory())


def _session(cpe: Cpe, now: float) -> None:
    if not cpe.advance(now):
        return
    session = cpe.open(now)
    session.begin(now)
    try:
        if session.receive(_ANSWER, now) == b"":
            session.receive(b"", now)
    except AcsError:
        cpe.session_failed(now)
    else:
        cpe.session_over(now)


def _weighed(what: str, devices: int, bare: int) -> str:
    taken = _memory()
    return f"{what}: {taken >> 20} MiB, {(taken - bare) / devices / 1024:.2f} KiB for each device"


def _memory() -> int:
    return usage().peak_memory or 0


_ANSWER = encode(Envelope("1", InformResponse()))

if __name__ == "__main__":
    main()
