"""All devices come at once, as after a power cut, while neighbours that kept their power go on calling as ever."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.engine.errors import ServerError
from benchmarks.engine.servers import Server
from benchmarks.figures import share_of
from benchmarks.storm.crowd import TURNED_AWAY, Crowd, crowd
from benchmarks.storm.watching import Look, Watch, watched
from simulators.arrivals import steady, storm
from simulators.clock import WorldClock
from simulators.device.chance import Chance
from simulators.histogram import Histogram
from simulators.tally import Tally
from simulators.timeline import Slice

_BEAT: Final = 0.2
_INTRODUCED_AT_ONCE: Final = 200
_STANDSTILL: Final = 60.0
_IN_A_ROW: Final = 3
_AS_BEFORE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Storm:
    """What is let loose on a server."""

    devices: int
    """How many come at once."""
    is_known: bool
    """Whether the server has met them before."""
    within: float = 60.0
    """Seconds in which all are up."""
    patience: float = 900.0
    """Seconds after that in which each must have got through."""
    calm: float = 15.0
    """Seconds for which the server is looked at before and after."""
    neighbours: int = 200
    """Devices that call as ever."""
    interval: int = 10
    """Seconds between two calls of a neighbour."""
    at_once: int = 18_000
    """Connections that the devices may have at once, which is a bound of this process and not of theirs."""
    seed: int = 1
    """From which all chance comes."""


@dataclass(frozen=True, slots=True)
class Second:
    """What happened in one second."""

    at: int
    """Which: from the moment at which the first devices may be up."""
    up: int
    """Devices that were up from then on."""
    begun: int
    """Sessions that they began."""
    ok: int
    """Sessions that ended well."""
    refused: int
    """Sessions that ended with 503."""
    lost: int
    """Sessions that ended otherwise."""
    open: int
    """Sessions that were open at its end."""
    p50: float
    """Seconds that a session took that ended well; 0 if none did."""
    near_ok: int
    """Sessions of neighbours that ended well."""
    near_failed: int
    """Those that did not."""
    near_p50: float
    """Seconds that they took; 0 if none ended well."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How something is spread over all devices, in seconds."""

    p50: float
    """Half of them."""
    p90: float
    """Nine of ten."""
    p99: float
    """99 of a hundred."""
    p999: float
    """All but one of a thousand."""
    longest: float
    """All of them."""

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of these values."""
        ranked = sorted(values) or [0.0]
        shares = (0.5, 0.9, 0.99, 0.999, 1.0)
        return cls(*(round(share_of(ranked, share), 3) for share in shares))


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it."""

    storm: Storm
    """What was let loose."""
    is_alive: bool
    """Whether the server still runs."""
    introduced_in: float
    """Seconds for which the devices introduced themselves before; 0 for new ones."""
    done: int
    """Devices that got through."""
    near_done: int
    """Neighbours that did."""
    seconds: float
    """From the first moment until the last device was through."""
    statuses: dict[int, int]
    """Replies by status."""
    failures: dict[str, int]
    """Sessions that failed, by reason."""
    near_failures: dict[str, int]
    """Those of neighbours."""
    silent: int
    """Refusals that did not say when to come again."""
    waits: Spread
    """From being up to the acknowledgement."""
    tries: dict[int, int]
    """Devices by the sessions that they needed."""
    late: Spread
    """How long devices waited for their turn in the process that simulates them: no fault of the server."""
    in_time: int
    """Devices that called first before the time was over in which all are up."""
    near_gap: float
    """The longest time that a neighbour was without a session that ended well."""
    before: float
    """Seconds that a neighbour's session took before (the median)."""
    last_refusal: int
    """The last second with a 503; -1 if there was none."""
    recovered_in: int | None
    """Seconds from when all were up until there was no 503 and sessions took as long as before; None if never."""
    peak: int
    """The most memory of the server, in octets."""
    resident: tuple[int, int]
    """Its memory before and after."""
    cpu_seconds: float
    """Its processor time, from the first moment to the last."""
    most_connections: int
    """The most descriptors it had open."""
    timeline: list[Second]
    """Second by second."""
    looks: list[Look]
    """The server, second by second."""


async def arrive(server: Server, given: Storm) -> tuple[Came, list[Crowd]]:
    """Let it loose; what came of it, and who took part."""
    clock = WorldClock()
    lead = given.interval + given.calm
    boots = [lead + at for at in storm(given.devices, given.within, Chance(given.seed, "storm"))]
    everybody = crowd(
        given.devices, server.url, clock, [0.0] * given.devices if given.is_known else boots,
        prefix="STORM", seed=given.seed, at_once=given.at_once,
    )  # fmt: skip
    clock.start()
    introduced_in = 0.0
    if given.is_known:
        introduced_in = await _introduce(everybody, clock)
        everybody.restart(boots)
    neighbours = crowd(
        given.neighbours, server.url, clock, steady(given.neighbours, given.interval, Chance(given.seed, "near")),
        prefix="NEAR", seed=given.seed, at_once=given.neighbours, interval=given.interval,
    )  # fmt: skip
    began = clock.now()
    async with watched(server.process_id, clock.now, lambda: everybody.waiting) as watch:
        neighbours.start()
        everybody.start()
        await _until_calm(given, clock, began + lead, (everybody, neighbours), watch)
        for each in (everybody, neighbours):
            each.hang_up() if watch.is_gone else await each.stop()
    return _told(given, began + lead, introduced_in, (everybody, neighbours), watch), [everybody, neighbours]


async def _introduce(everybody: Crowd, clock: WorldClock) -> float:
    """Have the server meet all devices, some at a time; how long that took."""
    began = clock.now()
    everybody.start(_INTRODUCED_AT_ONCE)
    heard, since = 0, began
    while everybody.done < len(everybody.devices):
        await asyncio.sleep(_BEAT)
        if everybody.done > heard:
            heard, since = everybody.done, clock.now()
        if clock.now() - since > _STANDSTILL:
            raise ServerError(f"the server takes no more devices in after {heard}: {dict(everybody.tally.failures)}")
    await everybody.stop()
    return clock.now() - began


async def _until_calm(given: Storm, clock: WorldClock, start: float, crowds: tuple[Crowd, Crowd], watch: Watch) -> None:
    """Wait until everybody has got through and the neighbours had a while of peace, or patience is over."""
    (everybody, neighbours), up, through = crowds, start + given.within, False
    until = up + given.patience
    while clock.now() < until and not watch.is_gone:
        await asyncio.sleep(_BEAT)
        if clock.now() < up or everybody.done < given.devices or neighbours.done < given.neighbours:
            continue
        if not through:
            through, until = True, min(until, clock.now() + given.calm)


def _told(given: Storm, start: float, introduced_in: float, crowds: tuple[Crowd, Crowd], watch: Watch) -> Came:
    everybody, neighbours = crowds
    stories = [cpe.story for cpe in everybody.devices]
    before, timeline = _before(given, start, neighbours.tally), _timeline(start, everybody, neighbours.tally)
    during = [look for look in watch.looks if look.at >= start - 1]
    statuses = Counter(everybody.tally.statuses) + Counter(neighbours.tally.statuses)
    return Came(
        storm=given,
        is_alive=not watch.is_gone,
        introduced_in=round(introduced_in, 1),
        done=everybody.done,
        near_done=neighbours.done,
        seconds=round(max(story.done_at for story in stories) - start, 1),
        statuses=dict(sorted(statuses.items())),
        failures=dict(everybody.tally.failures),
        near_failures=dict(neighbours.tally.failures),
        silent=everybody.silent + neighbours.silent,
        waits=Spread.of([story.took for story in stories]),
        tries=dict(sorted(Counter(story.tries for story in stories).items())),
        late=Spread.of([story.late for story in stories]),
        in_time=sum(0 <= story.tried_at - start <= given.within for story in stories),
        near_gap=round(max(cpe.story.longest_gap for cpe in neighbours.devices), 1),
        before=before,
        last_refusal=max((each.at for each in timeline if each.refused), default=-1),
        recovered_in=recovery(timeline, before, given.within),
        peak=watch.peak,
        resident=(during[0].resident, during[-1].resident) if during else (0, 0),
        cpu_seconds=round(during[-1].cpu_seconds - during[0].cpu_seconds, 1) if during else 0.0,
        most_connections=max((look.connections for look in watch.looks), default=0),
        timeline=timeline,
        looks=[replace(look, at=round(look.at - start, 1)) for look in watch.looks],
    )


def recovery(timeline: Sequence[Second], before: float, within: float) -> int | None:
    """Seconds from when all were up to the first of some in a row that are as the seconds before the storm were."""
    calm = 0
    for each in timeline:
        if each.at < within:
            continue
        is_calm = not each.refused and not each.near_failed and each.near_p50 <= _AS_BEFORE * before
        calm = calm + 1 if is_calm else 0
        if calm == _IN_A_ROW:
            return max(0, each.at + 1 - _IN_A_ROW - int(within))
    return None


def _before(given: Storm, start: float, tally: Tally) -> float:
    """How long neighbours' sessions took before the storm, once they had introduced themselves."""
    first = given.interval
    last = int(start - tally.timeline.started)
    found = Histogram()
    for each in tally.timeline.slices[first:last]:
        found.merge(each.latencies)
    return found.percentile(0.5) or 0.0


def _timeline(start: float, everybody: Crowd, neighbours: Tally) -> list[Second]:
    ups = Counter(int(cpe.story.up_at - start) for cpe in everybody.devices)
    now = max(everybody.tally.timeline.ends, neighbours.timeline.ends)
    crowd_slices, near_slices = everybody.tally.slices(now), neighbours.slices(now)
    first = int(start - everybody.tally.timeline.started)
    return [
        _second(number - first, ups, one, other)
        for number, (one, other) in enumerate(zip(crowd_slices, near_slices, strict=False))
    ]


def _second(at: int, ups: Counter[int], one: Slice, other: Slice) -> Second:
    refused = one.failures.get(TURNED_AWAY, 0)
    return Second(
        at=at,
        up=ups[at] if at >= 0 else 0,
        begun=one.begun,
        ok=one.ok,
        refused=refused,
        lost=one.failed - refused,
        open=one.open,
        p50=round(one.latencies.percentile(0.5) or 0.0, 4),
        near_ok=other.ok,
        near_failed=other.failed,
        near_p50=round(other.latencies.percentile(0.5) or 0.0, 4),
    )
