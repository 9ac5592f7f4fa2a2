"""What is counted is exact, whatever peers name, and does not grow with what they name."""

import random
from collections import Counter

import pytest

from simulators.counts import LONGEST, MOST, OTHER, Counts
from simulators.tally import OK, RECENT, Tally

START = 1_700_000_000.0


def test_every_session_is_counted_once() -> None:
    chance = random.Random(1)
    tally, expected = Tally(START), Counter[str]()
    for step in range(5000):
        now = START + step * 0.01
        tally.began(now)
        outcome = chance.choice([OK, OK, "timeout", "refused 401"])
        if step % 10:
            tally.ended(outcome, 0.005, now)
            expected[outcome] += 1
    assert tally.begun == 5000
    assert tally.open == 500
    assert tally.ok == tally.sessions.count == expected.pop(OK)
    assert tally.failures == expected
    assert tally.failed == tally.failed_sessions.count == expected.total()


def test_a_failed_session_does_not_pass_for_a_slow_one() -> None:
    tally = Tally(START)
    tally.began(START)
    tally.ended("timeout", 30.0, START)
    assert tally.sessions.count == 0
    assert tally.failed_sessions.max == 30.0


def test_rpcs_are_counted_by_method_and_fault() -> None:
    tally = Tally(START)
    for fault in (0, 9005, 9005, 9003):
        tally.rpc("GetParameterValues", fault, 0.25)
    tally.rpc("SetParameterValues", 9003, 0.5)
    assert tally.rpcs_answered == 5
    assert tally.rpcs["GetParameterValues"].latencies.count == 4
    assert tally.rpcs["GetParameterValues"].faults == {9005: 2, 9003: 1}
    assert tally.rpcs["SetParameterValues"].latencies.max == 0.5
    assert tally.faults == {9005: 2, 9003: 2}


def test_what_was_acknowledged_is_told_from_what_was_refused() -> None:
    tally = Tally(START)
    tally.informed(0.002)
    tally.event("2 PERIODIC")
    tally.event("2 PERIODIC")
    tally.event("M Download")
    tally.request("TransferComplete", 0.1, ok=True)
    tally.request("TransferComplete", 0.1, ok=False)
    assert tally.informs.count == 1
    assert tally.events == {"2 PERIODIC": 2, "M Download": 1}
    assert tally.requests["TransferComplete"].ok == 1
    assert tally.requests["TransferComplete"].latencies.count == 2


def test_transfers_replies_calls_and_disturbances_are_counted() -> None:
    tally = Tally(START)
    tally.transfer("1 Firmware Upgrade Image", 1000, 0.5, 0)
    tally.transfer("1 Firmware Upgrade Image", 24, 0.1, 9018)
    for status in (200, 200, 204):
        tally.reply(status)
    tally.called("accepted")
    tally.disturbed("cut connection")
    firmware = tally.transfers["1 Firmware Upgrade Image"]
    assert (firmware.octets, firmware.latencies.count, firmware.faults) == (1024, 2, {9018: 1})
    assert tally.statuses == {200: 2, 204: 1}
    assert tally.connection_requests == {"accepted": 1}
    assert tally.disturbances == {"cut connection": 1}


def test_names_beyond_the_bound_count_under_one_and_none_is_lost() -> None:
    tally = Tally(START)
    for number in range(10 * MOST):
        name = f"X_{number}"
        tally.began(START)
        tally.ended(name, 0.1, START)
        tally.rpc(name, number + 1, 0.1)
        tally.request(name, 0.1, ok=True)
        tally.transfer(name, 1, 0.1, number + 1)
        tally.event(name)
        tally.called(name)
        tally.disturbed(name)
        tally.rpc("Reboot", number + 1, 0.1)
        tally.reply(number)
    for counts in (tally.failures, tally.events, tally.connection_requests, tally.disturbances):
        assert len(counts) == MOST + 1
        assert counts[OTHER] == 9 * MOST
        assert counts.sum == 10 * MOST
    for records in (tally.rpcs, tally.requests, tally.transfers):
        assert len(records) <= MOST + 1
        assert sum(record.latencies.count for record in records.values()) >= 10 * MOST
    assert tally.rpcs_answered == 20 * MOST
    assert len(tally.statuses) == MOST + 1
    assert len(tally.rpcs["X_5"].faults) == 1
    assert len(tally.rpcs[OTHER].faults) == MOST + 1
    assert sum(tally.faults.values()) == 20 * MOST
    assert tally.slices(START)[0].failures == tally.failures


def test_a_name_that_is_known_is_still_counted_when_there_is_no_more_room() -> None:
    counts = Counts[str](OTHER)
    for number in range(MOST):
        counts.add(str(number))
    counts.add("too much")
    assert counts.add("3") == "3"
    assert counts["3"] == 2
    assert counts.add("even more") == OTHER


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "\udc80", "\u202eabc", "x" * 1000])
def test_a_name_is_kept_in_a_form_that_can_be_shown(name: str) -> None:
    counts = Counts[str](OTHER)
    assert counts.add(name) == counts.add(name)
    (kept,) = counts
    assert counts[kept] == 2
    assert kept.isprintable()
    assert len(kept) <= LONGEST


def test_a_snapshot_tells_how_things_stand() -> None:
    tally = Tally(START)
    for _ in range(3):
        tally.began(START)
    tally.ended(OK, 0.010, START + 0.5)
    tally.ended("busy 503", 0.020, START + 0.5)
    tally.rpc("Reboot", 9002, 0.1)
    tally.transfer("3 Vendor Configuration File", 500, 0.1, 0)
    tally.called("accepted")
    tally.disturbed("slow")
    snapshot = tally.snapshot(START + 2.0)
    assert snapshot.elapsed == 2.0
    assert (snapshot.begun, snapshot.open, snapshot.ok, snapshot.failed) == (3, 1, 1, 1)
    assert snapshot.failures == (("busy 503", 1),)
    assert (snapshot.session_rate, snapshot.rpc_rate) == (1.0, 0.5)
    assert snapshot.p50 == snapshot.p99 == 0.010
    assert (snapshot.rpcs, snapshot.faults) == (1, 1)
    assert (snapshot.transfers, snapshot.octets) == (1, 500)
    assert snapshot.called == (("accepted", 1),)
    assert snapshot.disturbed == (("slow", 1),)


def test_rates_are_those_of_the_last_seconds_and_not_of_the_whole_run() -> None:
    tally = Tally(START)
    for second in range(20):
        for _ in range(100 if second < 10 else 10):
            tally.began(START + second)
            tally.ended(OK, 0.001, START + second)
        rate = tally.snapshot(START + second + 0.999).session_rate
        if second == 9:
            assert rate == pytest.approx(100, rel=0.01)
    assert rate == pytest.approx(10, rel=0.01)


def test_looking_often_changes_neither_rates_nor_what_is_kept() -> None:
    tally = Tally(START)
    for step in range(4000):
        tally.began(START + step / 1000)
        tally.ended(OK, 0.001, START + step / 1000)
        snapshot = tally.snapshot(START + step / 1000)
    assert snapshot.session_rate == pytest.approx(1000, rel=1 / RECENT)


def test_a_snapshot_at_the_very_start_is_empty() -> None:
    snapshot = Tally(START).snapshot(START)
    assert snapshot.p50 is None
    assert snapshot.session_rate == 0
