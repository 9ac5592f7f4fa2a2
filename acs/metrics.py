"""What the server counts, for Prometheus. Made once by the composition root and passed to whoever counts.

No word of a device ever becomes a label: the values of each label are fixed here, and anything else counts as "other".
Whatever has a bound shows it beside what is used of it. On the busy path counting is one look-up and one addition: the
library's own counters take a lock each time, for threads, and only the event loop counts here.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from enum import Enum
from itertools import product
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from acs.auth.authenticator import Outcome
from acs.domain.delivery import Channel
from acs.domain.operation import OperationKind
from acs.session.events import EndReason
from acs.settings import Settings
from cwmp_schemas.errors import Refusal
from cwmp_schemas.events import STANDARD, canonical
from cwmp_schemas.messages import AcsRequest
from cwmp_schemas.oddities import Oddity
from cwmp_schemas.rpc.vendor import VendorMessage

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Of what ``Metrics.render`` gives."""
OTHER: Final = "other"
"""The label of whatever was not foreseen."""

STATUSES: Final = (200, 204, 400, 401, 403, 404, 405, 408, 411, 413, 415, 417, 429, 500, 503)
"""What the CWMP endpoint answers."""
API_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""What is asked of the API."""
API_STATUSES: Final = (
    200, 201, 204, 308, 400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 500, 503,
)  # fmt: skip
"""What the API answers."""
REFUSALS: Final = ("overload", "rate", "draining", "storage", "quarantine", "rejected")
"""Why a session was not opened."""
OPERATION_ENDS: Final = ("completed", "failed", "expired", "cancelled", "unknown")
"""The states an operation ends in."""
CONNECTION_REQUEST_KINDS: Final = ("reached", "unauthorized", "refused", "timeout", "forbidden_target", "no_url")
"""What became of a connection request."""
NOTIFICATION_OUTCOMES: Final = ("delivered", "retried", "failed")
"""What may come of an attempt to tell somebody."""
TRANSFER_STATES: Final = ("started", *OPERATION_ENDS)
"""What becomes of a transfer."""
RPCS: Final = tuple(rpc.NAME for rpc in AcsRequest.__args__ if rpc is not VendorMessage)
"""What is asked of devices; the methods of vendors count as "other"."""

# A line with the time at which each series was made would double what is sent at each scrape.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations

_QUICK: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SLOW: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 240.0)
_STANDARD: Final = frozenset(STANDARD)
_BATCHES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Counts(Collector):
    """A counter for each combination of labels; without labels, one."""

    def __init__(self, registry: CollectorRegistry, name: str, text: str, **labels: Iterable[Hashable]) -> None:
        self._name, self._text, self._labels = name, text, list(labels)
        self._known = [frozenset(values) for values in labels.values()]
        self._counts = dict.fromkeys(product(*((*values, OTHER) for values in labels.values())), 0.0)
        registry.register(self)

    def inc(self, *values: Hashable, amount: float = 1) -> None:
        """Count one more, or so many, under these values of the labels, in their order."""
        counts = self._counts
        if values not in counts:
            pairs = zip(values, self._known, strict=True)
            values = tuple(value if value in known else OTHER for value, known in pairs)
        counts[values] += amount

    def collect(self) -> Iterator[CounterMetricFamily]:
        """What was counted, for whoever looks."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for values, count in self._counts.items():
            family.add_metric([*map(_label, values)], count)
        yield family


class Times:
    """A histogram of seconds for each value of one label."""

    def __init__(self, registry: CollectorRegistry, name: str, text: str, label: str, values: Iterable[str]) -> None:
        histogram = Histogram(name, text, [label], registry=registry, buckets=_SLOW)
        self._children = {value: histogram.labels(value) for value in (*values, OTHER)}
        self._other = self._children[OTHER]

    def observe(self, value: str, seconds: float) -> None:
        """Record how long it took under this value of the label."""
        self._children.get(value, self._other).observe(seconds)


class Level:
    """How much of something there is now, and how much there may be."""

    def __init__(self, registry: CollectorRegistry, name: str, text: str, bound: float) -> None:
        self._gauge = Gauge(name, text, registry=registry)
        Gauge(f"{name}_bound", f"The bound: {text[0].lower()}{text[1:]}", registry=registry).set(bound)

    def set(self, value: float) -> None:
        """Say how much there is."""
        self._gauge.set(value)

    def watch(self, read: Callable[[], float]) -> None:
        """Ask this function whenever somebody looks, so that nothing is counted on the busy path."""
        self._gauge.set_function(read)


class Memories:
    """How much is remembered of each kind, and how much may be."""

    def __init__(self, registry: CollectorRegistry, name: str, text: str) -> None:
        self._held = Gauge(name, text, ["kind"], registry=registry)
        self._bounds = Gauge(f"{name}_bound", f"The bound: {text[0].lower()}{text[1:]}", ["kind"], registry=registry)

    def watch(self, kind: str, bound: float, read: Callable[[], float]) -> None:
        """Ask this function whenever somebody looks; the kind is a word of ours."""
        self._held.labels(kind).set_function(read)
        self._bounds.labels(kind).set(bound)


class Metrics:
    """All that is counted in one process, with the bounds that the settings give."""

    def __init__(self, settings: Settings, version: str = "") -> None:
        registry = CollectorRegistry()
        self.registry = registry
        ProcessCollector(registry=registry)
        Gauge("aioacs_build", "The program; always 1", ["version"], registry=registry).labels(version).set(1)
        self._connection_metrics(registry, settings)
        self._session_metrics(registry, settings)
        self._message_metrics(registry)
        self._storage_metrics(registry, settings)
        self._operation_metrics(registry, settings)

    def _connection_metrics(self, registry: CollectorRegistry, settings: Settings) -> None:
        self.http_requests = Counts(registry, "aioacs_cwmp_requests", "Answers of the CWMP endpoint", status=STATUSES)
        self.connections = Level(registry, "aioacs_connections", "Connections of devices", settings.max_connections)
        self.tls_failures = Counts(registry, "aioacs_tls_failures", "TLS handshakes that failed")
        self.loop_lag = Histogram(
            "aioacs_loop_lag_seconds", "How late the event loop runs what is due", registry=registry, buckets=_QUICK
        )
        self.memories = Memories(registry, "aioacs_remembered", "Entries of queues and caches")
        self.body_bytes = Level(registry, "aioacs_body_bytes", "Bytes of bodies that are held", settings.body_budget)

        self.api_connections = Level(
            registry, "aioacs_api_connections", "Connections to the API", settings.max_api_connections
        )
        self.api_requests = Counts(
            registry, "aioacs_api_requests", "Answers of the API", method=API_METHODS, status=API_STATUSES
        )

    def _session_metrics(self, registry: CollectorRegistry, settings: Settings) -> None:
        self.sessions_opened = Counts(registry, "aioacs_sessions_opened", "Sessions that were opened")
        self.sessions_ended = Counts(registry, "aioacs_sessions_ended", "Sessions that ended", reason=EndReason)
        self.sessions_refused = Counts(
            registry, "aioacs_sessions_refused", "Sessions that were not opened", reason=REFUSALS
        )
        self.sessions_open = Level(registry, "aioacs_sessions_open", "Open sessions", settings.max_sessions)
        self.logins = Counts(registry, "aioacs_logins", "Logins of devices", outcome=Outcome)
        # A NonceWindow counts by itself: set_function asks it.
        self.nonce_evictions = Gauge(
            "aioacs_nonce_evictions", "Used nonces that were forgotten before their time, so far", registry=registry
        )

    def _message_metrics(self, registry: CollectorRegistry) -> None:
        self._events = Counts(registry, "aioacs_inform_events", "Events of Informs", event=STANDARD)
        self.informs = Counts(registry, "aioacs_informs", "Informs that were taken")
        self.oddities = Counts(registry, "aioacs_decode_oddities", "What was tolerated in messages", kind=Oddity)
        self.decode_refusals = Counts(registry, "aioacs_decode_refusals", "Bodies that could not be read", kind=Refusal)
        self.rpc_seconds = Times(registry, "aioacs_rpc_seconds", "From an RPC to its answer", "method", RPCS)

    def _storage_metrics(self, registry: CollectorRegistry, settings: Settings) -> None:
        self.commit_batch = Histogram(
            "aioacs_commit_batch", "Writes that shared a commit", registry=registry, buckets=_BATCHES
        )
        self.commit_seconds = Histogram(
            "aioacs_commit_seconds", "How long a commit took", registry=registry, buckets=_QUICK
        )
        self.commit_failures = Counts(registry, "aioacs_commit_failures", "Commits that failed")
        self.store_queue = Level(registry, "aioacs_store_queue", "Writes that wait for a commit", settings.store_queue)

    def _operation_metrics(self, registry: CollectorRegistry, settings: Settings) -> None:
        self.operations_ended = Counts(
            registry, "aioacs_operations_ended", "Operations that ended", kind=OperationKind, state=OPERATION_ENDS
        )
        self.operations_open = Gauge(
            "aioacs_operations_open", "Operations that wait or are under way", registry=registry
        )
        self.connection_requests = Counts(
            registry, "aioacs_connection_requests", "Connection requests", outcome=CONNECTION_REQUEST_KINDS
        )
        self.connection_requests_in_flight = Level(
            registry,
            "aioacs_connection_requests_in_flight",
            "Connection requests under way",
            settings.connection_requests,
        )
        self.connection_requests_waiting = Level(
            registry,
            "aioacs_connection_requests_waiting",
            "Connection requests that wait for their turn",
            settings.connection_requests_waiting,
        )
        self.transfers = Counts(
            registry, "aioacs_transfers", "Transfers", direction=("download", "upload"), state=TRANSFER_STATES
        )
        self.downloads_in_flight = Level(
            registry, "aioacs_downloads_in_flight", "Downloads under way", settings.max_downloads
        )

        self.notifications = Counts(
            registry,
            "aioacs_notifications",
            "Attempts to tell somebody of an end",
            channel=Channel,
            outcome=NOTIFICATION_OUTCOMES,
        )
        self.notifications_in_flight = Level(
            registry,
            "aioacs_notifications_in_flight",
            "Attempts to tell somebody under way",
            settings.notifications_at_once,
        )
        self.notifications_waiting = Gauge(
            "aioacs_notifications_waiting", "News that is not delivered yet", registry=registry
        )

    def informed(self, event_codes: Iterable[str]) -> None:
        """Count an Inform and its events."""
        self.informs.inc()
        for code in event_codes:
            self._events.inc(code if code in _STANDARD else canonical(code))

    def render(self) -> bytes:
        """All of it in the text format that Prometheus reads; see ``CONTENT_TYPE``."""
        return generate_latest(self.registry)


def _label(value: Hashable) -> str:
    if isinstance(value, Enum) and not isinstance(value, str):
        return value.name.lower()
    return str(value).replace(" ", "_") if isinstance(value, Enum) else str(value)
