"""What is counted over a run. Counting is a few additions, for it happens many times in every session.

What peers name (methods, reasons) is counted by name up to a bound, so no peer can make this grow. Sums stay exact.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from simulators.counts import OTHER, Counts, kept
from simulators.histogram import Histogram
from simulators.timeline import Slice, Timeline

OK: Final = "ok"
"""The outcome of a session that did all it was to do."""
RECENT: Final = 5.0
"""Seconds over which a snapshot's rates are taken."""
_MARKS: Final = 12
_APART: Final = RECENT / 10

Record = TypeVar("Record", "Calls", "Requests", "Transfers")


class Calls:
    """The RPCs of one method that the ACS asked for."""

    __slots__ = ("faults", "latencies")

    def __init__(self) -> None:
        self.faults: Counts[int] = Counts(0)
        """The faults that were answered, by code."""
        self.latencies = Histogram()
        """From the reply that brought it to the reply that took its answer; counts all of them."""


class Requests:
    """The requests of one method that devices made."""

    __slots__ = ("faults", "latencies", "ok")

    def __init__(self) -> None:
        self.faults: Counts[int] = Counts(0)
        """The faults of which they told, by code."""
        self.ok = 0
        """How many were acknowledged."""
        self.latencies = Histogram()
        """From request to answer; counts all of them."""


class Transfers:
    """The files of one kind that were moved."""

    __slots__ = ("faults", "latencies", "octets")

    def __init__(self) -> None:
        self.octets = 0
        """What was moved, of failed ones as well."""
        self.faults: Counts[int] = Counts(0)
        """The faults they ended with, by code."""
        self.latencies = Histogram()
        """How long they took; counts all of them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run so far, for whoever watches it."""

    elapsed: float
    """Seconds since the start."""
    begun: int
    """Sessions that began."""
    open: int
    """Sessions that are open."""
    ok: int
    """Sessions that ended well."""
    failed: int
    """Sessions that ended otherwise."""
    failures: tuple[tuple[str, int], ...]
    """Why they failed, the most frequent reason first."""
    session_rate: float
    """Sessions that ended in a second, of late."""
    rpc_rate: float
    """RPCs that were answered in a second, of late."""
    p50: float | None
    """Seconds within which half of the sessions that ended well were done."""
    p99: float | None
    """The same for 99 of 100."""
    rpcs: int
    """RPCs that were answered, with a response or a fault."""
    faults: int
    """RPCs that were answered with a fault."""
    called: tuple[tuple[str, int], ...]
    """Connection requests by what became of them, the most frequent first."""
    transfers: int
    """Files that were moved or failed to be."""
    octets: int
    """Octets that were moved."""
    disturbed: tuple[tuple[str, int], ...]
    """What was disturbed on purpose, the most frequent first."""


class Tally:
    """All that is counted in one run. Times are POSIX seconds, durations seconds."""

    def __init__(self, started: float) -> None:
        self.timeline = Timeline(started)
        self.begun = 0
        """Sessions that began."""
        self.open = 0
        """Sessions that are open."""
        self.ok = 0
        """Sessions that ended well."""
        self.failures: Counts[str] = Counts(OTHER)
        """Why sessions failed, and how many."""
        self.failed_sessions = Histogram()
        """How long the sessions took that failed."""
        self.informs = Histogram()
        """From each Inform that was acknowledged to its response."""
        self.statuses: Counts[int] = Counts(0)
        """HTTP replies by status."""
        self.events: Counts[str] = Counts(OTHER)
        """Events that were told and acknowledged, by code."""
        self.connection_requests: Counts[str] = Counts(OTHER)
        """Connection requests by what became of them."""
        self.disturbances: Counts[str] = Counts(OTHER)
        """What was disturbed on purpose."""
        self.rpcs: dict[str, Calls] = {}
        """What the ACS asked for, by method."""
        self.requests: dict[str, Requests] = {}
        """What devices asked for, by method."""
        self.transfers: dict[str, Transfers] = {}
        """Files that were moved, by kind."""
        self.rpcs_answered = 0
        """RPCs that were answered, of all methods."""
        self._closed = Histogram()
        self._slice = self.timeline.slices[-1]
        self._ends = self.timeline.ends
        self._marks: deque[tuple[float, int, int]] = deque([(started, 0, 0)], maxlen=_MARKS)

    def began(self, now: float) -> None:
        """A session began."""
        if now >= self._ends:
            self._advance(now)
        self.begun += 1
        self.open += 1
        self._slice.begun += 1

    def ended(self, outcome: str, seconds: float, now: float) -> None:
        """A session ended: ``OK``, or in a word or two why not."""
        if now >= self._ends:
            self._advance(now)
        self.open -= 1
        current = self._slice
        if outcome == OK:
            self.ok += 1
            current.ok += 1
            current.latencies.add(seconds)
        else:
            reason = self.failures.add(outcome)
            current.failed += 1
            current.failures[reason] = current.failures.get(reason, 0) + 1
            self.failed_sessions.add(seconds)

    def informed(self, seconds: float) -> None:
        """An Inform was acknowledged, so long after it was sent."""
        self.informs.add(seconds)

    def reply(self, status: int) -> None:
        """An HTTP reply came."""
        try:
            self.statuses[status] += 1
        except KeyError:
            self.statuses.add(status)

    def rpc(self, method: str, fault: int, seconds: float) -> None:
        """An RPC of the ACS was answered, with this fault or (0) with a response."""
        calls = self.rpcs.get(method)
        if calls is None:
            calls = _first(self.rpcs, method, Calls)
        calls.latencies.add(seconds)
        if fault:
            calls.faults.add(fault)
        self.rpcs_answered += 1
        self._slice.rpcs += 1

    def request(self, method: str, seconds: float, ok: bool) -> None:
        """A request of a device was answered; ok tells whether that was an acknowledgement."""
        requests = self.requests.get(method)
        if requests is None:
            requests = _first(self.requests, method, Requests)
        requests.latencies.add(seconds)
        requests.ok += ok

    def told_fault(self, method: str, code: int) -> None:
        """A request of this method, which is answered, told of a fault."""
        self.requests[kept(self.requests, method, OTHER)].faults.add(code)

    def transfer(self, kind: str, octets: int, seconds: float, fault: int) -> None:
        """A file was moved, or (fault is not 0) failed to be."""
        transfers = self.transfers.get(kind)
        if transfers is None:
            transfers = _first(self.transfers, kind, Transfers)
        transfers.latencies.add(seconds)
        transfers.octets += octets
        if fault:
            transfers.faults.add(fault)

    def called(self, outcome: str) -> None:
        """A connection request came, and this became of it."""
        self.connection_requests.add(outcome)

    def event(self, code: str) -> None:
        """An event was told and acknowledged."""
        try:
            self.events[code] += 1
        except KeyError:
            self.events.add(code)

    def disturbed(self, kind: str) -> None:
        """The simulator did this harm on purpose."""
        self.disturbances.add(kind)

    @property
    def failed(self) -> int:
        """Sessions that failed, for whatever reason."""
        return self.failures.sum

    @property
    def sessions(self) -> Histogram:
        """How long the sessions took that ended well."""
        return Histogram().merge(self._closed).merge(self._slice.latencies)

    @property
    def faults(self) -> dict[int, int]:
        """The faults that were answered, by code, of all methods."""
        sums: dict[int, int] = {}
        for calls in self.rpcs.values():
            for code, count in calls.faults.items():
                sums[code] = sums.get(code, 0) + count
        return sums

    def slices(self, now: float) -> list[Slice]:
        """What happened when, up to now; ``timeline.width`` seconds each."""
        if now >= self._ends:
            self._advance(now)
        self._slice.open = self.open
        return self.timeline.slices

    def snapshot(self, now: float) -> Snapshot:
        """The run so far."""
        since, ended, answered = self._mark(now)
        span = max(now - since, _APART)
        sessions = self.sessions
        return Snapshot(
            elapsed=now - self.timeline.started,
            begun=self.begun,
            open=self.open,
            ok=self.ok,
            failed=self.failed,
            failures=_most(self.failures),
            session_rate=(self.ok + self.failed - ended) / span,
            rpc_rate=(self.rpcs_answered - answered) / span,
            p50=sessions.percentile(0.5),
            p99=sessions.percentile(0.99),
            rpcs=self.rpcs_answered,
            faults=sum(calls.faults.sum for calls in self.rpcs.values()),
            called=_most(self.connection_requests),
            transfers=sum(moved.latencies.count for moved in self.transfers.values()),
            octets=sum(moved.octets for moved in self.transfers.values()),
            disturbed=_most(self.disturbances),
        )

    def _mark(self, now: float) -> tuple[float, int, int]:
        """What rates are taken against: how things stood some seconds ago."""
        marks = self._marks
        while len(marks) > 1 and marks[1][0] <= now - RECENT:
            marks.popleft()
        oldest = marks[0]
        if now - marks[-1][0] >= _APART:
            marks.append((now, self.ok + self.failed, self.rpcs_answered))
        return oldest

    def _advance(self, now: float) -> None:
        self._closed.merge(self._slice.latencies)
        self._slice = self.timeline.advance(now, self.open)
        self._ends = self.timeline.ends


def _first(known: dict[str, Record], name: str, make: Callable[[], Record]) -> Record:
    """What counts for a name that is not among the known: a new record, or the one for all that have none."""
    name = kept(known, name, OTHER)
    record = known.get(name)
    if record is None:
        record = known[name] = make()
    return record


def _most(counts: Counts[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
