"""Devices call at a steady pace, and after a while a flood of operators' programs asks the API beside them."""

import asyncio
from dataclasses import dataclass
from typing import Final

from benchmarks.engine.calling import TOKEN
from benchmarks.engine.errors import ServerError
from benchmarks.engine.servers import Server
from benchmarks.storm.crowd import Crowd, crowd
from benchmarks.storm.operators import Answers, Operators
from benchmarks.storm.watching import watched
from simulators.arrivals import steady
from simulators.clock import WorldClock
from simulators.device.chance import Chance
from simulators.histogram import Histogram

_BEAT: Final = 0.2
_LOOKS: Final = 600


@dataclass(frozen=True, slots=True)
class Flood:
    """What is let loose on a server."""

    devices: int = 1_000
    """How many devices call."""
    interval: int = 10
    """Seconds between two calls of a device."""
    seconds: float = 20.0
    """For how long they are looked at without the flood, and with it."""
    operators: int = 64
    """How many connections of operators there are."""
    sleepers: int = 500
    """Devices that have called once, and are those for which operators have wishes."""
    seed: int = 1
    """From which all chance comes."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """What came of it."""

    is_alive: bool
    """Whether the server still runs."""
    before: Histogram
    """How long sessions took without the flood."""
    during: Histogram
    """And with it."""
    statuses: dict[int, int]
    """What devices were answered, by status."""
    failures: dict[str, int]
    """Sessions that failed, by reason."""
    silent: int
    """Refusals of devices that did not say when to come again."""
    answers: Answers
    """What operators were answered."""
    peak: int
    """The most memory of the server, in octets."""


async def flood(server: Server, api_port: int, given: Flood) -> tuple[Flooded, list[Crowd]]:
    """Let it loose; what came of it, and the devices."""
    clock = WorldClock()
    calls = steady(given.devices, float(given.interval), Chance(given.seed, "flood"))
    devices = crowd(
        given.devices, server.url, clock, calls,
        prefix="NEAR", seed=given.seed, at_once=given.devices, interval=given.interval,
    )  # fmt: skip
    sleepers = crowd(
        given.sleepers, server.url, clock, steady(given.sleepers, given.interval, Chance(given.seed, "sleep")),
        prefix="IDLE", seed=given.seed, at_once=given.sleepers,
    )  # fmt: skip
    clock.start()
    devices.start()
    sleepers.start()
    async with watched(server.process_id, clock.now, lambda: devices.waiting) as watch:
        # Each introduces itself in the first interval; some may be told to come later.
        await asyncio.sleep(given.interval)
        for _ in range(_LOOKS):
            if sleepers.done == given.sleepers:
                break
            await asyncio.sleep(_BEAT)
        await sleepers.stop()
        if sleepers.done < given.sleepers:
            raise ServerError(f"{sleepers.done} of {given.sleepers} devices got through: {sleepers.tally.failures}")
        began = clock.now()
        await asyncio.sleep(given.seconds)
        operators = Operators(api_port, TOKEN, _names(sleepers), given.operators)
        flooded = clock.now()
        asking = asyncio.create_task(operators.work())
        await asyncio.sleep(given.seconds)
        over = clock.now()
        operators.stop()
        await asyncio.gather(asking)
        devices.hang_up() if watch.is_gone else await devices.stop()
    return (
        Flooded(
            not watch.is_gone,
            _sessions(devices, began, flooded),
            _sessions(devices, flooded, over),
            dict(sorted(devices.tally.statuses.items())),
            dict(devices.tally.failures),
            devices.silent,
            operators.answers,
            watch.peak,
        ),
        [devices, sleepers],
    )


def _names(crowd: Crowd) -> list[str]:
    """What the server calls the devices."""
    who = [cpe.identity.device_id for cpe in crowd.devices]
    return [f"{each.oui}-{each.product_class}-{each.serial_number}" for each in who]


def _sessions(crowd: Crowd, since: float, until: float) -> Histogram:
    """How long the sessions took that ended within a stretch of time."""
    timeline, found = crowd.tally.timeline, Histogram()
    first, last = (int((moment - timeline.started) / timeline.width) for moment in (since, until))
    for each in timeline.slices[first + 1 : last]:
        found.merge(each.latencies)
    return found
