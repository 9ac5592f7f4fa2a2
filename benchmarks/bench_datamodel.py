"""What the bundled data models cost: the first question, the memory it takes, every question after."""

import time
import tracemalloc
from importlib import reload
from typing import Final

from benchmarks.figures import Figure, microseconds
from cwmp_schemas import datamodel

_PATHS: Final = (
    "Device.DeviceInfo.SoftwareVersion",
    "Device.WiFi.SSID.3.Enable",
    "InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.KeyPassphrase",
    "Device.Services.VoiceService.1.Capabilities.MaxLineCount",
)


def measure() -> list[Figure]:
    """Loading time and memory, and the time of a lookup."""
    load = _load_milliseconds()
    peak = _load_bytes()
    lookup = microseconds(lambda: [datamodel.lookup(path) for path in _PATHS], 2_000) / len(_PATHS)
    return [
        Figure("data model: load", load, "ms", at_most=150),
        Figure("data model: most memory while loading", peak / 2**20, "MB", at_most=15),
        Figure("data model: a lookup", lookup, "µs", at_most=10),
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
