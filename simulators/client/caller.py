"""Opens the sessions of all devices of a process."""

import ssl
from collections.abc import Callable

from simulators.client.connector import Connector
from simulators.client.counting import Counting
from simulators.client.odd_visit import Memory, OddVisit
from simulators.client.tls import ANY_CERTIFICATE
from simulators.client.visit import Visit
from simulators.device.cpe import Cpe
from simulators.device.quirks import PLAIN_HTTP
from simulators.device.random_faults import NO_FAULTS, RandomFaults


class Caller:
    """Makes of a device that wants a session what carries it."""

    __slots__ = ("_connector", "_faults", "_memories", "_now", "_tally", "_wants_jobs")

    def __init__(
        self,
        tally: Counting,
        now: Callable[[], float],
        *,
        tls: ssl.SSLContext = ANY_CERTIFICATE,
        faults: Callable[[int], RandomFaults] = lambda _: NO_FAULTS,
        wants_jobs: Callable[[Cpe], None] | None = None,
    ) -> None:
        """Faults are those of a device now, by its index; ``wants_jobs`` is told of devices that want files fetched or
        sent within a session."""
        self._tally = tally
        self._now = now
        self._connector = Connector(tls)
        self._faults = faults
        self._wants_jobs = wants_jobs
        # One for each device that has something to remember; there are no more than devices.
        self._memories: dict[int, Memory] = {}

    def call(self, cpe: Cpe, ended: Callable[[Visit, str], None]) -> Visit:
        """A session that is about to be opened; ``ended`` is called once, with ``ok`` or a short reason."""
        self._tally.began(self._now())
        faults = self._faults(cpe.identity.index)
        if cpe.quirks.http is PLAIN_HTTP and faults is NO_FAULTS:
            visit = Visit(cpe, self._tally, self._now, ended, self._connector)
        else:
            memory = self._memories.setdefault(cpe.identity.index, Memory())
            visit = OddVisit(cpe, self._tally, self._now, ended, self._connector, memory=memory, faults=faults)
        visit.wants_jobs = self._wants_jobs
        return visit
