"""What the bundled data models cost: the first question, the memory it takes, every question after."""

import time
import tracemalloc
from importlib import reload
from typing import Final

from benchmarks.core.timing import timed
from benchmarks.figures import Figure, Limit, figure
from cwmp_schemas import datamodel

_LOADS: Final = 5
_PATHS: Final = (
    "Device.DeviceInfo.SoftwareVersion",
    "Device.WiFi.SSID.3.Enable",
    "InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.KeyPassphrase",
    "Device.Services.VoiceService.1.Capabilities.MaxLineCount",
)


def measure() -> list[Figure]:
    """Loading time and memory, and the time of a few lookups."""
    loads = [_load_milliseconds() for _ in range(_LOADS)]
    return [
        figure("data model: load", "ms", loads, limit=Limit(150)),
        Figure("data model: most memory while loading", _load_bytes() / 2**20, "MB", limit=Limit(15)),
        timed(
            f"data model: {len(_PATHS)} lookups",
            lambda: [datamodel.lookup(path) for path in _PATHS],
            2_000,
            at_most=10 * len(_PATHS),
        ),
    ]


def _load_milliseconds() -> float:
    fresh = reload(datamodel)
    started = time.perf_counter()
    fresh.lookup(_PATHS[0])
    return (time.perf_counter() - started) * 1e3


def _load_bytes() -> int:
    fresh = reload(datamodel)
    tracemalloc.start()
    try:
        fresh.lookup(_PATHS[0])
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
