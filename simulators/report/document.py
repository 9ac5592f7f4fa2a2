"""The document of a run: all that was counted, in a form that programs read. Its fields are its schema.

Fields may be added; a field that changes its meaning or goes away makes another ``FORMAT``. Times are seconds.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Literal

from pydantic import TypeAdapter

from simulators.histogram import Histogram
from simulators.report.machine import Machine
from simulators.report.settings import Scalar

FORMAT: Final = 1
"""The version of the document."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a scenario demands of a run."""

    what: str
    """Of what it speaks."""
    expected: Scalar
    """What should have been found."""
    found: Scalar
    """What was found."""
    holds: bool
    """Whether that will do."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """How many sessions there were."""

    begun: int
    """Those that began."""
    ok: int
    """Those that did all they were to do."""
    failed: int
    """Those that ended otherwise."""
    open: int
    """Those that were open when the run ended."""
    per_second: float
    """Those that ended, for each second of the run."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one kind of thing took; percentiles are within 2.5 % of the true ones, and None without any."""

    count: int
    """How many there were."""
    mean: float | None
    """Their mean."""
    p50: float | None
    """What half of them did not exceed."""
    p90: float | None
    """The same for 90 of 100."""
    p99: float | None
    """The same for 99 of 100."""
    p999: float | None
    """The same for 999 of 1000."""
    max: float | None
    """The longest."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The sessions that took about as long."""

    low: float
    """From this."""
    high: float
    """To this."""
    count: int
    """How many."""


@dataclass(frozen=True, slots=True)
class Rpc:
    """The RPCs of one method that the ACS asked for."""

    latency: Latency
    """From the reply that brought it to the reply that took its answer."""
    faults: dict[str, int]
    """Those that were answered with a fault, by code."""


@dataclass(frozen=True, slots=True)
class Request:
    """The requests of one method that devices made."""

    latency: Latency
    """From request to answer."""
    acknowledged: int
    """Those that the ACS answered as they should be."""
    faults: dict[str, int] = field(default_factory=dict)
    """The faults of which they told, by code: of transfers, and of changes of software modules."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The files of one kind that were moved."""

    latency: Latency
    """How long that took."""
    octets: int
    """How much was moved."""
    faults: dict[str, int]
    """Those that failed, by code."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened in one stretch of the run."""

    at: float
    """When it began, from the start of the run."""
    seconds: float
    """How much of the run it spans."""
    begun: int
    """Sessions that began."""
    ok: int
    """Sessions that ended well."""
    failed: int
    """Sessions that ended otherwise."""
    open: int
    """Sessions that were open at its end."""
    rpcs: int
    """RPCs that were answered."""
    p50: float | None
    """What half of the sessions that ended well did not exceed."""
    p99: float | None
    """The same for 99 of 100."""
    failures: dict[str, int]
    """Why sessions failed."""


@dataclass(frozen=True, slots=True)
class Document:
    """All that is told of a run."""

    format: Literal[1]
    """``FORMAT``."""
    command: str
    """The command that would run it again, without secrets."""
    settings: dict[str, Scalar]
    """What was set, without secrets."""
    scenario: str
    """What the devices did."""
    seed: int
    """From which all chance came."""
    devices: int
    """How many devices there were."""
    machine: Machine
    """What it was run on."""
    started: str
    """When it began, in UTC."""
    ended: str
    """When it ended, in UTC."""
    seconds: float
    """How long it took."""
    cpu_seconds: float
    """What the simulator took of the processor."""
    cpu_ms_per_session: float | None
    """The same in milliseconds for each session that ended."""
    peak_memory: int | None
    """Octets of memory that the simulator held at most."""
    expectations: tuple[Expectation, ...]
    """What the scenario demanded."""
    sessions: Sessions
    """How many sessions there were."""
    failures: dict[str, int]
    """Why sessions failed."""
    session: Latency
    """How long the sessions took that ended well."""
    failed_session: Latency
    """How long the sessions took that failed."""
    inform: Latency
    """From each Inform that was acknowledged to its response."""
    distribution: tuple[Bucket, ...]
    """The sessions that ended well by how long they took."""
    rpcs: dict[str, Rpc]
    """What the ACS asked for, by method."""
    faults: dict[str, int]
    """The faults that devices answered with, by code."""
    requests: dict[str, Request]
    """What devices asked for, by method."""
    events: dict[str, int]
    """Events that were told and acknowledged, by code."""
    statuses: dict[str, int]
    """HTTP replies by status."""
    connection_requests: dict[str, int]
    """Connection requests by what became of them."""
    transfers: dict[str, Transfer]
    """Files that were moved, by kind."""
    disturbances: dict[str, int]
    """What the simulator disturbed on purpose."""
    timeline: tuple[Moment, ...]
    """What happened when."""
    is_whole: bool = True
    """Whether the run came to its end; one that was ended before is not judged."""
    real_seconds: float | None = None
    """How long it took by the clock of the world: in time-lapse less than ``seconds``."""

    @property
    def is_time_lapse(self) -> bool:
        """Whether its seconds are simulated ones, of which many pass in one of the world's."""
        return self.settings.get("time-lapse") is True and self.real_seconds is not None

    @property
    def broken(self) -> tuple[Expectation, ...]:
        """The expectations that do not hold."""
        return tuple(each for each in self.expectations if not each.holds)


_READER: Final = TypeAdapter(Document)
_ROWS: Final = frozenset({"expectations", "distribution", "timeline"})


def write_json(document: Document) -> str:
    """The document as JSON: a line for each moment of the timeline, so that it can be read and searched."""
    parts = [f"  {_json(name)}: {_value(name, _plain(value))}" for name, value in asdict(document).items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def read_json(text: str) -> Document:
    """The document that was written; ValueError says what is wrong with anything else."""
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"this is no report of a simulation in format {FORMAT}")
    return _READER.validate_python(found)


def latency(histogram: Histogram) -> Latency:
    """What a histogram tells."""
    count = histogram.count
    return Latency(
        count=count,
        mean=rounded(histogram.total / count) if count else None,
        p50=rounded(histogram.percentile(0.5)),
        p90=rounded(histogram.percentile(0.9)),
        p99=rounded(histogram.percentile(0.99)),
        p999=rounded(histogram.percentile(0.999)),
        max=rounded(histogram.percentile(1.0)),
    )


def rounded(seconds: float | None) -> float | None:
    """A time to the microsecond: what is below was not measured."""
    return None if seconds is None else round(seconds, 6)


def _value(name: str, value: object) -> str:
    if name in _ROWS and isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"    {_json(row)}" for row in value) + "\n  ]"
    return json.dumps(value, indent=2, allow_nan=False).replace("\n", "\n  ")


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False)


def _plain(value: object) -> object:
    """Without tuples, and without numbers that JSON does not know."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
