"""What the bundled data models cost: the first question, the memory they keep, every question after."""

import time
import timeit
import tracemalloc
from importlib import reload
from typing import Final

from cwmp_schemas import datamodel

PATHS: Final = (
    "Device.DeviceInfo.SoftwareVersion",
    "Device.WiFi.SSID.3.Enable",
    "InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.KeyPassphrase",
    "Device.Services.VoiceService.1.Capabilities.MaxLineCount",
)
REPEATS: Final = 20_000


def main() -> None:
    """Print the figures, one a line."""
    print(f"data model: load {load_seconds() * 1e3:.1f} ms")
    print(f"data model: lookup {lookup_seconds() * 1e6:.2f} us")
    kept, peak = load_bytes()
    print(f"data model: memory {kept / 2**20:.1f} MB kept, {peak / 2**20:.1f} MB while loading")


def load_seconds() -> float:
    """How long the first question takes."""
    fresh = reload(datamodel)
    started = time.perf_counter()
    fresh.lookup(PATHS[0])
    return time.perf_counter() - started


def lookup_seconds() -> float:
    """How long a question takes once loaded."""
    seconds = min(timeit.repeat(lambda: [datamodel.lookup(path) for path in PATHS], number=REPEATS, repeat=5))
    return seconds / REPEATS / len(PATHS)


def load_bytes() -> tuple[int, int]:
    """The memory that loading keeps, and the most it holds at once."""
    fresh = reload(datamodel)
    tracemalloc.start()
    try:
        fresh.lookup(PATHS[0])
        return tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    main()
