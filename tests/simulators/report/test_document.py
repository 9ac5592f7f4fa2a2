"""The document of a run tells what was counted, and comes back from JSON as it went."""

import json
from math import inf

import pytest

from simulators.report.document import FORMAT, read_json, write_json
from simulators.tally import OK, Tally
from tests.simulators.report.sample import BROKEN, HOLDS, PASSWORD, START, hostile, made, small


def test_it_comes_back_from_json_as_it_went() -> None:
    for document in (made(small(), 10.0, HOLDS, BROKEN), made(Tally(START), 0.0), made(hostile(), 100.0)):
        assert read_json(write_json(document)) == document


def test_its_counts_are_those_of_the_tally() -> None:
    document = made(small(), 10.0)
    assert (document.sessions.begun, document.sessions.open) == (56, 1)
    assert document.sessions.ok + document.sessions.failed == 55
    assert document.sessions.per_second == 5.5
    assert document.failures == {"busy 503": 4, "timeout": 6}
    assert document.statuses == {"200": 45, "503": 10}
    assert document.faults == {"9005": 1, "9010": 1}
    assert document.rpcs["GetParameterValues"].latency.count == 2
    assert document.rpcs["GetParameterValues"].faults == {"9005": 1}
    assert (
        document.requests["TransferComplete"].latency.count,
        document.requests["TransferComplete"].acknowledged,
    ) == (2, 1)
    assert document.transfers["1 Firmware Upgrade Image"].octets == 5096
    assert document.transfers["1 Firmware Upgrade Image"].faults == {"9018": 1}
    assert document.events == {"2 PERIODIC": 1}
    assert document.connection_requests == {"accepted": 1}
    assert document.disturbances == {"cut connection": 1}
    assert document.inform.count == 55
    assert (document.session.count, document.failed_session.count) == (45, 10)
    assert sum(bucket.count for bucket in document.distribution) == 45
    assert document.cpu_ms_per_session == pytest.approx(500 / 55, abs=1e-4)


def test_its_timeline_is_that_of_the_tally_and_ends_with_the_run() -> None:
    document = made(small(), 9.95)
    assert [each.at for each in document.timeline] == [float(second) for second in range(10)]
    assert [each.seconds for each in document.timeline] == [1.0] * 9 + [0.95]
    assert [each.begun for each in document.timeline] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]
    assert sum(each.ok for each in document.timeline) == document.sessions.ok
    assert sum(each.failed for each in document.timeline) == document.sessions.failed
    assert [each.open for each in document.timeline] == [0] * 9 + [1]
    assert document.timeline[0].p50 == pytest.approx(0.002, rel=0.03)
    assert document.timeline[7].failures == {"timeout": 2}


def test_percentiles_are_near_and_the_longest_is_exact() -> None:
    tally = Tally(START)
    for number in range(1, 1001):
        tally.began(START)
        tally.ended(OK, number / 1000, START)
    told = made(tally, 1.0).session
    assert told.max == 1.0
    assert told.mean == pytest.approx(0.5005)
    found = (told.p50, told.p90, told.p99, told.p999)
    assert found == pytest.approx((0.5, 0.9, 0.99, 0.999), rel=0.03)


def test_a_run_in_which_nothing_happened_has_no_percentiles_and_no_cpu_per_session() -> None:
    document = made(Tally(START), 0.0)
    assert document.session.count == 0
    assert (document.session.p50, document.session.mean, document.session.max) == (None, None, None)
    assert document.cpu_ms_per_session is None
    assert document.sessions.per_second == 0


def test_no_password_and_no_place_on_the_machine_is_in_it() -> None:
    text = write_json(made(small(), 10.0, scenario="/home/somebody/my scenario.toml"))
    assert PASSWORD not in text
    assert "somebody" not in text
    assert "someone" not in text
    assert json.loads(text)["scenario"] == "my scenario.toml"


def test_its_times_are_in_utc() -> None:
    document = made(small(), 10.5)
    assert (document.started, document.ended) == ("2026-09-21T14:13:20.250Z", "2026-09-21T14:13:30.750Z")


def test_each_moment_is_one_line_so_that_it_can_be_searched() -> None:
    text = write_json(made(small(), 10.0))
    assert len([line for line in text.splitlines() if line.lstrip().startswith('{"at":')]) == 10


def test_what_json_cannot_say_is_null() -> None:
    tally = Tally(START)
    tally.informed(inf)
    assert json.loads(write_json(made(tally, 1.0)))["inform"]["max"] is None


def test_the_schema_of_format_1_stays_as_it_is() -> None:
    assert FORMAT == 1
    whole = json.loads(write_json(made(small(), 10.0, HOLDS)))
    assert list(whole) == [
        "format", "command", "settings", "scenario", "seed", "devices", "machine", "started", "ended", "seconds",
        "cpu_seconds", "cpu_ms_per_session", "peak_memory", "expectations", "sessions", "failures", "session",
        "failed_session", "inform", "distribution", "rpcs", "faults", "requests", "events", "statuses",
        "connection_requests", "transfers", "disturbances", "timeline", "is_whole", "real_seconds",
    ]  # fmt: skip
    assert list(whole["session"]) == ["count", "mean", "p50", "p90", "p99", "p999", "max"]
    assert list(whole["sessions"]) == ["begun", "ok", "failed", "open", "per_second"]
    assert list(whole["rpcs"]["Download"]) == ["latency", "faults"]
    assert list(whole["requests"]["TransferComplete"]) == ["latency", "acknowledged", "faults"]
    assert list(whole["transfers"]["1 Firmware Upgrade Image"]) == ["latency", "octets", "faults"]
    assert list(whole["distribution"][0]) == ["low", "high", "count"]
    assert list(whole["expectations"][0]) == ["what", "expected", "found", "holds"]
    assert list(whole["timeline"][0]) == [
        "at",
        "seconds",
        "begun",
        "ok",
        "failed",
        "open",
        "rpcs",
        "p50",
        "p99",
        "failures",
    ]
    assert list(whole["machine"]) == ["cpu", "cores", "usable_cores", "memory", "system", "python", "packages"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1}'])
def test_anything_else_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_json(text)
