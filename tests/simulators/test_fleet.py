"""Who calls when: with devices that are real, and calls that last as long as the test likes."""

import pytest

from cwmp_schemas import events
from simulators import fleet
from simulators.clock import WorldClock
from simulators.device.cpe import Cpe
from simulators.device.jobs import Place
from tests.simulators.device.conversing import START
from tests.simulators.world import Hand, World


async def test_each_device_calls_at_its_beat_up_to_the_last_moment_and_no_longer() -> None:
    world = World(10.0, 0.0, 250.0, until=900.0)
    await world.live()
    assert world.begun == [(at + beat, index) for beat in (0, 300, 600) for at, index in ((0, 1), (10, 0), (250, 2))]
    assert world.clock.now() == START + 900


async def test_no_more_call_at_once_than_may_and_the_first_that_waits_is_the_first_that_calls() -> None:
    world = World(0.0, 0.0, 0.0, 0.0, until=100.0, max_open=2, is_quick=False)
    world.fleet.start()
    await world.settle()
    assert (world.fleet.open, world.fleet.waiting) == (2, 2)
    for talk in world.talks:
        talk.end()
        await world.settle()
        assert world.fleet.open <= 2
    await world.over()
    assert [index for _, index in world.begun] == [0, 1, 2, 3]


async def test_time_stands_still_while_a_session_goes_on_well_and_runs_when_it_hangs() -> None:
    world = World(5.0, until=100.0, is_quick=False)
    world.fleet.start()
    await world.settle()
    world.hand.seconds += 4.9
    assert world.clock.now() == START + 5
    world.hand.seconds += 70
    assert world.clock.now() > START + 74
    world.fleet.woke(world.devices[0])
    world.fleet.at(START, (), lambda *_: None)
    await world.settle()
    assert world.failed == [(0, "timeout")]
    world.fleet.stop()


async def test_a_device_that_is_woken_calls_at_once_and_its_old_plan_is_void() -> None:
    world = World(500.0, until=600.0)
    world.fleet.at(START + 20, [0], lambda cpe, now: cpe.called(now))
    # It is off until 500 seconds: what it was told then waits.
    await world.live()
    assert world.begun == [(500.0, 0)]
    world = World(0.0, until=290.0)
    world.fleet.at(START + 20, [0], lambda cpe, now: cpe.called(now))
    await world.live()
    assert world.begun == [(0.0, 0), (20.0, 0)]


async def test_a_device_that_loses_its_power_hangs_up_and_calls_when_it_is_up_again() -> None:
    world = World(0.0, until=290.0, is_quick=False)

    def lose_power(cpe: Cpe, now: float) -> None:
        world.fleet.cut(cpe, "power cut")
        cpe.restart(now, takes=50.0)

    world.fleet.start()
    await world.settle()
    world.is_quick = True
    world.fleet.at(START, [0], lose_power)
    await world.over()
    assert world.failed == [(0, "power cut")]
    assert [at for at, _ in world.begun] == [0.0, 50.0]


async def test_a_device_that_waits_for_its_turn_and_loses_its_power_does_not_call() -> None:
    world = World(0.0, 0.0, until=20.0, max_open=1, is_quick=False)
    world.fleet.start()
    await world.settle()
    world.fleet.at(START, [1], lambda cpe, now: cpe.restart(now, takes=50.0))
    await world.settle()
    world.talks[0].end()
    await world.over()
    assert world.begun == [(0.0, 0)]


async def test_many_deeds_on_many_devices_are_all_done() -> None:
    world = World(*[400.0] * 1000, until=300.0)
    for _ in range(3):
        world.fleet.at(START + 10, range(1000), lambda cpe, now: cpe.pending.add(events.VALUE_CHANGE))
    done: list[int] = []
    world.fleet.at(START + 11, range(1000), lambda cpe, _: done.append(cpe.identity.index))
    await world.live()
    assert done == list(range(1000))
    assert all(cpe.pending.events for cpe in world.devices)


async def test_plans_that_change_again_and_again_do_not_pile_up() -> None:
    world = World(100.0, until=50.0)
    for step in range(10_000):
        world.devices[0].back_at = START + 100 - step / 200
        world.fleet.woke(world.devices[0])
    assert len(world.fleet._due) < 50
    await world.live()


async def test_what_a_device_wants_fetched_is_fetched_before_time_goes_on() -> None:
    world = World(0.0, until=290.0)
    done: list[float] = []

    def want(cpe: Cpe, now: float) -> None:
        for name in "abc":
            cpe.jobs.fetch(Place(f"http://127.0.0.1/{name}"), lambda _, at: done.append(at - START))
        cpe.called(now)

    world.fleet.at(START + 20, [0], want)
    await world.live()
    assert world.fetched == [f"http://127.0.0.1/{name}" for name in "abc"]
    assert done == [20.0] * 3


async def test_after_the_end_those_who_call_may_finish_and_nobody_else_calls() -> None:
    world = World(0.0, 0.0, 7.0, max_open=1, is_quick=False)
    world.fleet.start()
    await world.settle()
    world.fleet.end()
    await world.settle()
    assert not world.fleet._over.is_set()
    world.talks[0].end()
    await world.over()
    assert len(world.begun) == 1


async def test_after_the_end_no_file_is_fetched_any_more() -> None:
    world = World(0.0, max_open=1)

    def want(cpe: Cpe, _: float) -> None:
        for name in "abc":
            cpe.jobs.fetch(Place(f"http://127.0.0.1/{name}"), lambda *_: None)
        world.fleet.take_jobs(cpe)

    world.fleet.start()
    await world.settle()
    world.fleet.at(START, [0], want)
    await world.settle()
    world.fleet.end()
    await world.over()
    assert world.fetched == ["http://127.0.0.1/a"]


async def test_a_stop_hangs_up_on_everybody() -> None:
    world = World(0.0, 0.0, is_quick=False)
    world.fleet.start()
    await world.settle()
    world.fleet.stop()
    await world.over()
    assert world.failed == [(0, "stopped"), (1, "stopped")]
    assert world.fleet.open == 0


async def test_a_held_run_goes_on_after_its_last_moment() -> None:
    world = World(0.0, until=10.0)
    world.fleet.hold()
    world.fleet.start()
    await world.settle()
    world.hand.seconds += 30
    world.fleet.at(START, (), lambda *_: None)
    await world.settle()
    assert not world.fleet._over.is_set()
    world.fleet.release()
    await world.over()


async def test_what_held_a_run_may_end_after_the_run_was_ended() -> None:
    world = World(0.0, until=1000.0, is_quick=False)
    world.fleet.hold()
    world.fleet.start()
    await world.settle()
    world.fleet.end()
    world.fleet.release()
    world.talks[0].end()
    await world.over()
    assert world.fleet.is_ending(world.clock.now())


def test_the_worlds_time_does_not_follow_a_clock_that_is_set_back() -> None:
    hand = Hand()
    clock = WorldClock(wall=START, monotonic=hand)
    hand.seconds = 100.0
    assert clock.now() == START, "it is not started"
    clock.start()
    hand.seconds = 112.5
    assert clock.now() == START + 12.5
    assert not clock.leap(START + 100)
    assert clock.now() == START + 12.5


async def test_what_cannot_be_done_to_a_device_ends_the_run_and_is_told() -> None:
    world = World(0.0, 0.0, until=100.0)

    def fail(_cpe: Cpe, _now: float) -> None:
        raise LookupError("there is nothing")

    world.fleet.at(START + 20, [1], fail)
    with pytest.raises(LookupError, match="there is nothing"):
        await world.live()
    assert world.fleet.open == 0


async def test_a_crowd_that_takes_long_to_look_after_does_not_keep_the_first_from_calling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleet, "SLICE", 0.0)
    world = World(*[0.0] * 100, until=100.0, max_open=100, is_quick=False)
    world.fleet.start()
    assert 0 < world.fleet.open < 100
    await world.settle()
    world.fleet.stop()


async def test_a_device_that_goes_down_fetches_nothing_any_more() -> None:
    world = World(0.0, 0.0, max_open=2, until=100.0)

    def want(cpe: Cpe, _: float) -> None:
        for name in "abc":
            cpe.jobs.fetch(Place(f"http://127.0.0.1/{cpe.identity.index}{name}"), lambda *_: None)
        world.fleet.take_jobs(cpe)

    def go_down(cpe: Cpe, now: float) -> None:
        assert world.fleet.carrying == 2
        cpe.restart(now, takes=50.0)

    world.fleet.at(START + 20, [0, 1], want)
    world.fleet.at(START + 20, [0], go_down)
    await world.live()
    assert world.fetched == [f"http://127.0.0.1/1{name}" for name in "abc"]
