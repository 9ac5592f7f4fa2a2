"""From what was counted in a run to the document that tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from simulators.report.document import (
    FORMAT,
    Bucket,
    Document,
    Expectation,
    Moment,
    Request,
    Rpc,
    Sessions,
    Transfer,
    latency,
    rounded,
)
from simulators.report.machine import Machine
from simulators.report.settings import Scalar, command, place, told
from simulators.tally import Tally

PROGRAM = "aioacs simulate"
"""The command that runs simulations."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a tally does not know of a run."""

    settings: Mapping[str, Scalar]
    """The options of the command, by name and without secrets; of paths among them the end is told."""
    scenario: str
    """What the devices did."""
    seed: int
    """From which all chance came."""
    devices: int
    """How many devices there were."""
    started: float
    """When it began, in POSIX seconds."""
    ended: float
    """When it ended, in POSIX seconds."""
    cpu_seconds: float
    """What it took of the processor."""
    peak_memory: int | None = None
    """Octets of memory that were held at most, where that can be told."""
    expectations: Sequence[Expectation] = ()
    """What the scenario demanded, and what came of it."""
    is_whole: bool = True
    """Whether it came to its end."""
    real_seconds: float | None = None
    """How long it took by the clock of the world."""


def document(run: Run, tally: Tally, machine: Machine) -> Document:
    """All that is told of a run."""
    seconds = max(0.0, run.ended - run.started)
    done = tally.ok + tally.failed
    sessions = tally.sessions
    return Document(
        format=FORMAT,
        command=command(PROGRAM, run.settings),
        settings=told(run.settings),
        scenario=place(run.scenario),
        seed=run.seed,
        devices=run.devices,
        machine=machine,
        started=_moment(run.started),
        ended=_moment(run.ended),
        seconds=round(seconds, 3),
        cpu_seconds=round(run.cpu_seconds, 3),
        cpu_ms_per_session=round(run.cpu_seconds * 1000 / done, 4) if done else None,
        peak_memory=run.peak_memory,
        expectations=tuple(run.expectations),
        sessions=Sessions(
            tally.begun, tally.ok, tally.failed, tally.open, round(done / seconds, 3) if seconds else 0.0
        ),
        failures=_sorted(tally.failures),
        session=latency(sessions),
        failed_session=latency(tally.failed_sessions),
        inform=latency(tally.informs),
        distribution=tuple(Bucket(_short(low), _short(high), count) for low, high, count in sessions.buckets()),
        rpcs={name: Rpc(latency(each.latencies), _sorted(each.faults)) for name, each in sorted(tally.rpcs.items())},
        faults=_sorted(tally.faults),
        requests={
            name: Request(latency(each.latencies), each.ok, _sorted(each.faults))
            for name, each in sorted(tally.requests.items())
        },
        events=_sorted(tally.events),
        statuses=_sorted(tally.statuses),
        connection_requests=_sorted(tally.connection_requests),
        transfers={
            name: Transfer(latency(each.latencies), each.octets, _sorted(each.faults))
            for name, each in sorted(tally.transfers.items())
        },
        disturbances=_sorted(tally.disturbances),
        timeline=_timeline(tally, run.ended),
        is_whole=run.is_whole,
        real_seconds=None if run.real_seconds is None else round(run.real_seconds, 3),
    )


def _timeline(tally: Tally, ended: float) -> tuple[Moment, ...]:
    slices = tally.slices(ended)
    started, width = tally.timeline.started, tally.timeline.width
    if started + width * (len(slices) - 1) >= ended and not slices[-1].active:
        # It begins where the run ends, and nothing is in it.
        slices = slices[:-1]
    return tuple(
        Moment(
            at=index * width,
            seconds=round(min(width, max(0.0, ended - started - index * width)), 3),
            begun=each.begun,
            ok=each.ok,
            failed=each.failed,
            open=each.open,
            rpcs=each.rpcs,
            p50=rounded(each.latencies.percentile(0.5)),
            p99=rounded(each.latencies.percentile(0.99)),
            failures=dict(sorted(each.failures.items())),
        )
        for index, each in enumerate(slices)
    )


def _short(seconds: float) -> float:
    return float(f"{seconds:.6g}")


def _sorted(counts: Mapping[str, int] | Mapping[int, int]) -> dict[str, int]:
    """By name, so that two runs can be compared line by line."""
    return {str(name): count for name, count in sorted(counts.items())}


def _moment(posix: float) -> str:
    return datetime.fromtimestamp(posix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
