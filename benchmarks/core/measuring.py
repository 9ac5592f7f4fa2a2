"""All that is measured of the protocol core."""

import os
from collections.abc import Iterator

from benchmarks.core import datamodel, encode, inform, large_response, session
from benchmarks.figures import Figure


def measure() -> Iterator[Figure]:
    """Measure it, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for each in (inform, large_response, encode, session, datamodel):
        yield from each.measure()
