"""A run is judged by what was counted."""

from typing import Any

from simulators.judging import Findings, findings, judge, unknown_names
from simulators.report.document import Expectation
from simulators.scenarios.schema import Expectations
from simulators.tally import OK, Tally
from tests.simulators.device.conversing import START, device


def expecting(**demands: Any) -> Expectations:
    return Expectations.model_validate(demands)


def test_counts_are_compared_with_what_the_sums_come_to() -> None:
    found = Findings({"sessions_ok": 20, "sessions_failed": 3, "sessions_begun": 23}, {"events": {"1 BOOT": 5}})
    demands = expecting(
        sessions_ok="devices * 4",
        sessions_failed="<= 2",
        sessions_begun="sessions_ok + sessions_failed",
        events={"1 BOOT": "devices", "0 BOOTSTRAP": ">= 1"},
    )
    assert judge(demands, found, {"devices": 5}) == [
        Expectation("sessions_begun", 23, 23, holds=True),
        Expectation("sessions_ok", 20, 20, holds=True),
        Expectation("sessions_failed", "<= 2", 3, holds=False),
        Expectation("events: 1 BOOT", 5, 5, holds=True),
        Expectation("events: 0 BOOTSTRAP", ">= 1", 0, holds=False),
    ]


def test_what_is_found_is_what_was_counted_and_what_devices_are() -> None:
    tally, cpe = Tally(START), device()
    for outcome in (OK, OK, "status 503"):
        tally.began(START)
        tally.ended(outcome, 0.1, START)
    tally.reply(503)
    tally.rpc("Reboot", 9001, 0.1)
    tally.rpc("Reboot", 0, 0.1)
    tally.request("TransferComplete", 0.1, ok=True)
    tally.request("TransferComplete", 0.1, ok=False)
    tally.transfer("1 Firmware Upgrade Image", 10, 0.1, 0)
    tally.transfer("1 Firmware Upgrade Image", 10, 0.1, 9010)
    tally.event("1 BOOT")
    tally.called("accepted")
    tally.disturbed("drop")
    cpe.advance(START)
    off = device()
    off.restart(START, takes=10.0)
    found = findings(tally, [cpe, off], 1, START)
    assert found.counts == {
        "sessions_begun": 3,
        "sessions_ok": 2,
        "sessions_failed": 1,
        "devices_heard": 1,
        "devices_waiting": 1,
        "devices_off": 1,
        "rpcs_answered": 2,
        "disturbed": 1,
    }
    assert {name: dict(table) for name, table in found.tables.items()} == {
        "events": {"1 BOOT": 1},
        "failures": {"status 503": 1},
        "statuses": {"503": 1},
        "rpcs": {"Reboot": 2},
        "faults": {"9001": 1},
        "requests": {"TransferComplete": 1},
        "transfers": {"1 Firmware Upgrade Image": 1},
        "connection_requests": {"accepted": 1},
        "versions": {"1.0": 2},
    }


def test_every_count_that_may_be_expected_is_found() -> None:
    found = findings(Tally(START), [], 0, START)
    assert set(found.counts) | set(found.tables) == set(Expectations.model_fields)


def test_a_name_that_nothing_is_called_is_told() -> None:
    assert unknown_names(expecting(sessions_ok="sessions_begun - devices"), {"devices"}) is None
    wrong = unknown_names(expecting(faults={"9001": ">= routers"}), {"devices"})
    assert wrong is not None
    assert wrong.startswith("[expect] faults: 9001: 'routers' is no name; there are devices, devices_heard")
