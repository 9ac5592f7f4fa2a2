"""What the judge of the long mixed run sees, without a run."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulators.tally import Tally
from tests.chaos.endurance.fleet import Member, populate, sorts
from tests.chaos.endurance.ledger import Ledger, Noted
from tests.chaos.endurance.verdict import judge_log
from tests.chaos.endurance.watching import Census, Sample, Watch, growing, of_growth


@pytest.fixture(scope="module", name="members")
def _members() -> list[Member]:
    dealt = sorts(100, 1)
    return list(
        populate(dealt, url="http://127.0.0.1:1/", called_at="http://127.0.0.1:1/", interval=60, seed=1, now=0.0)
    )


def _plain(members: list[Member]) -> Member:
    return next(each for each in members if not each.behaviour.names)


def _session(member: Member, outcome: str, *disturbances: str) -> Ledger:
    ledger = Ledger()
    noted = Noted(member, Tally(0.0), ledger, lambda: False)
    noted.began(0.0)
    for each in disturbances:
        noted.disturbed(each)
    noted.ended(outcome, 0.1, 1.0)
    return ledger


def test_a_fleet_has_every_kind_each_device_an_index_of_its_own_and_some_that_cannot_be_let_in(
    members: list[Member],
) -> None:
    assert {each.sort.kind.name for each in members} == {"tr181", "tr098", "ont", "enb"}
    assert sorted(each.cpe.identity.index for each in members) == list(range(100))
    assert 0 < sum(each.outcome != "ok" for each in members) < 10


def test_the_same_seed_deals_the_same_fleet_and_another_one_another(members: list[Member]) -> None:
    told = [sort.behaviours for sort in sorts(100, 1)]
    assert told == [sort.behaviours for sort in sorts(100, 1)]
    assert told != [sort.behaviours for sort in sorts(100, 2)]


def test_a_session_that_failed_for_no_reason_is_unexplained(members: list[Member]) -> None:
    member = _plain(members)
    assert _session(member, "status 500").unexplained == {"session: status 500": 1}
    assert _session(member, "dropped on purpose").unexplained
    assert not _session(member, "dropped on purpose", "drop").unexplained
    assert not _session(member, "ok").explained


def test_a_disturbance_of_an_earlier_session_explains_nothing(members: list[Member]) -> None:
    ledger = Ledger()
    noted = Noted(_plain(members), Tally(0.0), ledger, lambda: False)
    noted.began(0.0)
    noted.disturbed("drop")
    noted.ended("dropped on purpose", 0.1, 1.0)
    noted.began(2.0)
    noted.ended("dropped on purpose", 0.1, 3.0)
    assert ledger.explained.total() == 1
    assert ledger.unexplained.total() == 1


def test_a_fault_is_explained_by_a_quirk_or_by_a_method_that_the_device_has_not(members: list[Member]) -> None:
    ledger = Ledger()
    noted = Noted(_plain(members), Tally(0.0), ledger, lambda: False)
    noted.rpc("GetParameterValues", 9005, 0.1)
    noted.rpc("GetRPCMethods", 9000, 0.1)
    noted.rpc("Kicked", 9000, 0.1)
    assert ledger.unexplained == {"fault 9005 to GetParameterValues": 1, "fault 9000 to GetRPCMethods": 1}
    assert ledger.explained == {("fault 9000 to Kicked", "it has no such method"): 1}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"level": "warning", "event": "a sweep failed"}, ["log: a sweep failed"]),
        (
            {"level": "error", "event": "x", "exception": "Traceback ..."},
            ["log: x", "log: what no server should ever say"],
        ),
        ({"level": "info", "event": "Task exception was never retrieved"}, ["log: what no server should ever say"]),
        ({"level": "info", "event": "hush-hush-1"}, ["log: what no server should ever say"]),
        ("Segmentation fault", ["log: a line that is none of the server's"]),
        ({"level": "warning", "event": "a body cannot be read", "reason": "not XML"}, []),
        ({"level": "info", "event": "session"}, []),
    ],
)
def test_what_stands_in_the_log_is_explained_or_told(
    members: list[Member], tmp_path: Path, line: Any, told: list[str]
) -> None:
    path, ledger = tmp_path / "server.log", Ledger()
    path.write_text(line if isinstance(line, str) else json.dumps(line))
    judge_log(path, ledger, members)
    assert sorted(ledger.unexplained) == sorted(told)


def test_a_warning_about_a_device_is_explained_by_what_befell_this_one(members: list[Member], tmp_path: Path) -> None:
    path, member = tmp_path / "server.log", _plain(members)
    line = {"level": "warning", "event": "a post out of place", "device": f"02A0F1-Box 7-{member.serial}"}
    path.write_text(json.dumps(line))
    ledger = Ledger()
    judge_log(path, ledger, members)
    assert ledger.unexplained
    member.disturbed.add("repeat")
    ledger = Ledger()
    judge_log(path, ledger, members)
    assert not ledger.unexplained
    member.disturbed.clear()


def _watch(more: int) -> Watch:
    """A server that takes so many octets more every five seconds, and holds an object more for each of them."""
    watch = Watch()
    for number in range(60):
        peak = 40 << 20 if number % 10 == 5 else 0
        watch.samples.append(Sample(number * 5.0, (100 << 20) + number * more + peak, 40, 12, float(number)))
        watch.censuses.append(
            Census(
                number * 5.0,
                {"writer": 1},
                100_000 + number * more // 100,
                {"dict": number * more},
                {"logins": 3.0},
                500_000,
                1 << 24,
                (100 << 20) + number * more + peak,
            )
        )
    return watch


def test_memory_that_goes_up_and_down_is_borne_and_what_grows_is_named() -> None:
    assert all(each.holds for each in of_growth(_watch(0), 50.0, 300.0))
    grown = [each.what for each in of_growth(_watch(1 << 19), 50.0, 300.0) if not each.holds]
    assert grown == [
        f"server {what}: last third against the first"
        for what in ("memory beside the pages of its file, MiB", "Python objects")
    ]
    assert growing(_watch(1 << 19), 50.0, 300.0)[0].startswith("dict: +")
    assert not growing(_watch(0), 50.0, 300.0)
