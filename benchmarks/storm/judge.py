"""Compares what the devices remember with what the server's database says."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from benchmarks.storm.devices import StormCpe

_PERIODIC: Final = "2 PERIODIC"
_SHOWN: Final = 20
_KEPT: Final = """
    SELECT device.serial_number, contact.informs, history.subject, COUNT(history.id)
    FROM device
    LEFT JOIN contact ON contact.device_id = device.id
    LEFT JOIN history ON history.device_id = device.id AND history.kind = 'inform'
    GROUP BY device.id, history.subject
"""


def contradictions(database: Path, devices: Iterable[StormCpe]) -> list[str]:
    """Every device whose story is not that of the server."""
    kept = _kept(database)
    found = [each for cpe in devices for each in _of(cpe, kept)]
    return found[:_SHOWN] + ([f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else [])


def lost_operations(database: Path, promised: Sequence[str]) -> list[str]:
    """The operations that were promised and are not there."""
    with _opened(database) as connection:
        there = {row[0] for row in connection.execute("SELECT public_id FROM operation")}
    return [each for each in promised if each not in there]


def _of(cpe: StormCpe, kept: dict[str, tuple[int, Counter[str]]]) -> Iterator[str]:
    """Each acknowledged Inform is counted, and in the history if it is news; nothing is there that was not told."""
    serial = cpe.identity.device_id.serial_number
    acknowledged, sent = sum(cpe.answered.values()), sum(cpe.sent.values())
    if serial not in kept:
        if acknowledged:
            yield f"{serial}: {acknowledged} Informs were acknowledged, and nobody knows it"
        return
    counted, events = kept[serial]
    if not acknowledged <= counted <= sent:
        yield f"{serial}: {counted} Informs are counted, {acknowledged} were acknowledged of {sent}"
    for told, times in cpe.answered.items():
        if told != _PERIODIC and events[told] < times:
            yield f"{serial}: {told} was acknowledged {times} times and is {events[told]} times in the history"
    for told, times in events.items():
        if times > cpe.sent.get(told, 0):
            yield f"{serial}: {told} is {times} times in the history and was told {cpe.sent.get(told, 0)} times"


def _kept(database: Path) -> dict[str, tuple[int, Counter[str]]]:
    """How many Informs are counted of each device, and those in its history by their events."""
    found: dict[str, tuple[int, Counter[str]]] = {}
    with _opened(database) as connection:
        for serial, informs, told, times in connection.execute(_KEPT):
            _, events = found.setdefault(serial, (informs or 0, Counter()))
            if told is not None:
                events[told] += times
    return found


def _opened(database: Path) -> closing[sqlite3.Connection]:
    """To be read only, and closed behind the block."""
    return closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True))
