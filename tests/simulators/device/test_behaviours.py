"""Mixed fleets: each device another way to behave."""

import pytest

from simulators.device.behaviours import FIT, MAX_BEHAVIOURS, Behaviour, behaviours, fits
from simulators.device.quirk_names import REGISTRY, contradiction
from simulators.device.quirks import PLAIN
from simulators.device.random_faults import NO_FAULTS


def test_a_thousand_behaviours_are_a_thousand_different_ones() -> None:
    found = behaviours(1000, seed=3)
    assert len(set(found)) == 1000
    assert len({(each.quirks, each.faults) for each in found}) > 990
    assert found[0] == Behaviour()
    assert found[0].quirks is PLAIN


def test_they_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    assert behaviours(300, seed="a") == behaviours(300, seed="a")
    assert set(behaviours(300, seed="a")) != set(behaviours(300, seed="b"))
    assert behaviours(50, seed="a") == behaviours(300, seed="a")[:50], "more of them begin with the same"


def test_each_quirk_that_an_acs_can_work_with_is_there_alone() -> None:
    alone = {each.names for each in behaviours(1000) if len(each.names) == 1 and each.faults == NO_FAULTS}
    assert alone == {(name,) for name in FIT}
    assert {name for name in REGISTRY if name not in FIT} == {
        name for name, each in REGISTRY.items() if each.outcome != "ok"
    }


def test_none_contradicts_itself_and_half_of_them_have_faults() -> None:
    found = behaviours(2000)
    assert all(contradiction(each.names) is None and fits(list(each.names)) for each in found)
    combined = [each for each in found if len(each.names) > 1]
    assert 0.4 < sum(each.faults != NO_FAULTS for each in combined) / len(combined) < 0.6


def test_a_device_without_cookie_and_connection_is_none() -> None:
    assert not fits(["no-cookie", "closes-after-response"])
    assert fits(["no-cookie", "latin-1"])


def test_what_the_acs_has_to_know_names_the_root_object() -> None:
    behaviour = Behaviour(("one-rpc-a-session", "refuses-empty-path"))
    assert behaviour.settings() == {"rpcs_per_session": 1, "root_path": "Device."}
    assert behaviour.settings("InternetGatewayDevice")["root_path"] == "InternetGatewayDevice."


@pytest.mark.parametrize("count", [-1, MAX_BEHAVIOURS + 1])
def test_there_is_an_end_to_how_many_can_be_asked_for(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} behaviours: there are from 0 to {MAX_BEHAVIOURS}"):
        behaviours(count)
