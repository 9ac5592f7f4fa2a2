"""A storm, held sessions and a flood, so small that nothing but what is told of them can be judged."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from benchmarks.engine import loops, processes
from benchmarks.engine.client import Reply
from benchmarks.engine.errors import ServerError
from benchmarks.engine.servers import MEASURED, Server, running
from benchmarks.figures import Figure
from benchmarks.storm.arriving import Second, Storm, arrive, recovery
from benchmarks.storm.crowd import crowd
from benchmarks.storm.flooding import Flood
from benchmarks.storm.judge import contradictions, lost_operations
from benchmarks.storm.operators import Operators
from benchmarks.storm.parts import Plan, parts, survived
from simulators.clock import WorldClock
from tests.benchmarks import servers

STORM = Storm(200, is_known=True, within=1.0, patience=60.0, calm=0.5, neighbours=10, interval=1)
FLOOD = Flood(devices=20, interval=1, seconds=0.5, operators=4, sleepers=5)
CORE = processes.cores()[0]


@pytest.fixture(autouse=True)
def _all_cores() -> Iterator[None]:
    """Whoever measures keeps to a core; the tests that follow need not."""
    allowed = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, allowed)


def _measured(name: str, out: Path, most: int | None = None) -> dict[str, Figure]:
    plan = Plan(storm=STORM, held=50, meanwhile=20, flood=FLOOD, out=out)
    (part,) = [part for part in parts(plan) if part.name == name]
    found = {}
    for each in part.measure():
        found[each.name.rpartition(": ")[2]] = each
        if len(found) == most:
            break
    return found


def _is_in_order(found: dict[str, Figure]) -> bool:
    """Whether all is well that has nothing to do with time."""
    judged = [each for each in found.values() if each.limit is not None and each.limit.bound == 0]
    return len(judged) >= 3 and all(each.reached for each in judged)


def test_every_known_device_gets_through_and_all_it_was_acknowledged_is_kept(tmp_path: Path) -> None:
    found = _measured("storm_known", tmp_path)
    assert found["devices that got through"].value == 200
    assert found["tries of a device, on average"].value >= 1
    assert found["memory of the server at the peak"].value > 1
    assert _is_in_order(found)
    assert '"against": []' in (tmp_path / "storm_known.json").read_text()


def test_sessions_are_held_open_while_others_have_theirs(tmp_path: Path) -> None:
    found = _measured("storm_held", tmp_path)
    assert found["sessions held open at once"].value == 50
    assert found["whole sessions of others meanwhile"].value == 20
    assert found["a held session, with its connection"].limit is not None


def test_operators_are_answered_beside_devices_and_what_they_were_promised_is_there(tmp_path: Path) -> None:
    found = _measured("storm_flood", tmp_path, most=7)
    assert found["answers to operators"].value > 0
    assert found["promised operations that are not there"].details["promised"] > 0
    assert _is_in_order(found)


def test_what_the_database_tells_otherwise_than_a_new_device_is_found(tmp_path: Path) -> None:
    few = Storm(3, is_known=False, within=0.1, patience=60.0, calm=0.1, neighbours=1, interval=1)
    database, given = tmp_path / "a.db", {"AIOACS_ONBOARDING": "open"}
    with running(MEASURED, database_url=f"sqlite:///{database}", folder=tmp_path, cores=[CORE], settings=given) as here:
        came, (everybody, _) = loops.run(arrive(here, few))
        assert (came.is_alive, came.done, came.tries) == (True, 3, {1: 3})
        assert contradictions(database, everybody.devices) == []
        lost, doubled, unknown = everybody.devices
        (told,) = lost.sent
        lost.answered[told] = lost.sent[told] = 2
        doubled.answered[told] = doubled.sent[told] = 0
        stranger = replace(unknown.identity.device_id, serial_number="NOBODY")
        unknown.identity = replace(unknown.identity, device_id=stranger)
        assert contradictions(database, everybody.devices) == [
            "STORM000000: 1 Informs are counted, 2 were acknowledged of 2",
            f"STORM000000: {told} was acknowledged 2 times and is 1 times in the history",
            "STORM000001: 1 Informs are counted, 0 were acknowledged of 0",
            f"STORM000001: {told} is 1 times in the history and was told 0 times",
            "NOBODY: 1 Informs were acknowledged, and nobody knows it",
        ]
        assert lost_operations(database, ["none"]) == ["none"]


def test_a_server_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    def kill(server: Server) -> None:
        os.kill(server.process_id, signal.SIGKILL)
        psutil.Process(server.process_id).wait()

    with running("responder", database_url="", folder=tmp_path, cores=[CORE], settings={}) as server:
        assert survived(server, lambda: 1) == 1
        with pytest.raises(ServerError, match="has died"):
            survived(server, lambda: kill(server))


@pytest.mark.parametrize(("headers", "silent"), [(b"", 3), (b"Retry-After: 60\r\n", 0)])
async def test_a_refusal_that_does_not_say_when_to_come_again_is_counted(headers: bytes, silent: int) -> None:
    refusal = servers.http(b"", b"503 Service Unavailable", headers)
    posts, all_came = 0, asyncio.Event()

    def refuse(_head: bytes, _body: bytes) -> bytes:
        nonlocal posts
        posts += 1
        if posts == 3:
            all_came.set()
        return refusal

    async with servers.scripted(refuse) as target:
        clock, url = WorldClock(), f"http://{target.host}:{target.port}/"
        refused = crowd(3, url, clock, [0.0] * 3, prefix="STORM", seed=1, at_once=3)
        clock.start()
        refused.start()
        await all_came.wait()
        await refused.stop()
    assert (refused.silent, refused.done) == (silent, 0)


def test_operators_note_what_should_not_be_said() -> None:
    operators = Operators(1, "token", ["name"], 1)
    for status, headers, body in (
        (200, (), b""),
        (201, (), b'{"id": "one"}'),
        (429, ((b"retry-after", b"1"),), b""),
        (503, (), b""),
        (500, (), b"oh"),
    ):
        operators.note(Reply(status, headers, body), 0.1)
    answers = operators.answers
    assert answers.promised == ["one"]
    assert answers.statuses.total() == 5
    assert dict(answers.wrong) == {"a 503 does not say when to come again": 1, "status 500: oh": 1}


def _second(at: int, refused: int = 0, near_p50: float = 0.01) -> Second:
    return Second(at, 0, 0, 0, refused, 0, 0, 0.0, 1, 0, near_p50)


def test_a_server_has_recovered_when_three_seconds_are_as_those_before() -> None:
    storm = [_second(0, refused=5), _second(1), _second(2, refused=1), _second(3), _second(4, near_p50=0.03)]
    assert recovery(storm, 0.01, within=2.0) is None
    calm = [_second(at) for at in range(5, 8)]
    assert recovery(storm + calm[:2], 0.01, within=2.0) is None
    assert recovery(storm + calm, 0.01, within=2.0) == 3
    assert recovery([_second(at) for at in range(9)], 0.01, within=2.0) == 0
