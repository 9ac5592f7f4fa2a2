"""A fleet is told by its makeup alone."""

from collections import Counter
from fractions import Fraction

import pytest

from simulators.device.behaviours import Behaviour
from simulators.device.capture import read_capture
from simulators.device.errors import ModelError
from simulators.device.quirk_names import quirk
from simulators.device.quirks import PLAIN
from simulators.device.random_faults import RandomFaults
from simulators.population import Dealer, Kind, Makeup, Way, counts, faults_of, populate
from simulators.trees import built_in
from tests.simulators.device.conversing import START

ROUTER = Kind("tr181", built_in("tr181-router"), 3)
DSL = Kind("tr098", built_in("tr098-dsl"), 1)


def makeup(devices: int, **further: object) -> Makeup:
    return Makeup(devices, (ROUTER, DSL), "http://acs.example/", 300, **further)  # type: ignore[arg-type]


def test_shares_are_kept_to_within_one_however_many_there_are() -> None:
    dealer = Dealer([3, 1])
    dealt: Counter[int] = Counter()
    for number in range(1, 101):
        dealt[dealer.deal()] += 1
        assert abs(dealt[1] - number / 4) < 1
    assert dealt == {0: 75, 1: 25}


def test_devices_are_the_same_each_time_and_in_a_larger_fleet() -> None:
    small = [cpe.identity for cpe in populate(makeup(20), [0.0] * 20, START)]
    large = [cpe.identity for cpe in populate(makeup(200, seed=9), [0.0] * 200, START)]
    assert large[:20] == small
    assert [identity.device_id.serial_number for identity in small[:2]] == ["SIM000000", "SIM000001"]
    assert len({identity.device_id.serial_number for identity in large}) == 200


def test_all_devices_of_a_kind_share_one_model() -> None:
    models = {id(cpe.tree.model) for cpe in populate(makeup(40), [0.0] * 40, START)}
    assert len(models) == 2


def test_a_device_is_told_in_the_factory_whom_to_call_and_how() -> None:
    fleet = list(
        populate(
            makeup(2, username="u-{serial}", password="p", called_at="http://127.0.0.1:9/{serial}"), [0.0] * 2, START
        )
    )
    management = fleet[1].management(START)
    assert management.url == "http://acs.example/"
    assert (management.username, management.password) == ("u-SIM000001", "p")
    assert (management.is_periodic, management.interval) == (True, 300.0)
    path = "Device.ManagementServer.ConnectionRequestURL"
    assert fleet[1].tree.value(path, START) == "http://127.0.0.1:9/SIM000001"


def test_a_capture_without_a_management_server_gets_one() -> None:
    bare = read_capture(["Parameter,Value,Value type", "Device.DeviceInfo.SoftwareVersion,1.0,xsd:string"])
    (cpe,) = populate(Makeup(1, (Kind("bare", bare),), "http://acs.example/", 60), [0.0], START)
    assert cpe.management(START).url == "http://acs.example/"


def test_each_kind_has_its_share_of_each_way() -> None:
    ways = (
        Way("curt", Fraction(1, 4), (Behaviour(("closes-after-response",)),)),
        Way("odd", Fraction(1, 8), (Behaviour(("no-cookie",)), Behaviour(("chunked",), RandomFaults(drop=0.5)))),
    )
    made = makeup(320, ways=ways)
    assert counts(made) == {"tr181": 240, "tr098": 80, "curt": 80, "odd": 40}
    fleet = list(populate(made, [0.0] * 320, START))
    found = Counter((cpe.tree.model.root_name, cpe.quirks) for cpe in fleet)
    assert found["Device", quirk("closes-after-response")] == 60
    assert found["InternetGatewayDevice", quirk("closes-after-response")] == 20
    assert found["Device", PLAIN] == 150
    assert sum(count for (_, quirks), count in found.items() if quirks == quirk("chunked")) == 20
    chunked = [cpe.identity.index for cpe in fleet if cpe.quirks == quirk("chunked")]
    assert faults_of(made) == dict.fromkeys(chunked, RandomFaults(drop=0.5))


def test_a_password_is_in_no_representation() -> None:
    assert "hunter2" not in repr(makeup(1, password="hunter2"))


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("DeviceInfo.ProvisioningCode", "a\x01b", "ProvisioningCode: a character that XML cannot carry"),
        ("ManagementServer.PeriodicInformEnable", "perhaps", "PeriodicInformEnable: neither 1, 0, true nor false"),
    ],
)
def test_what_a_device_could_not_tell_is_no_value_from_the_factory(path: str, value: str, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        next(populate(makeup(1, values={path: value}), [0.0], START))


def test_a_login_that_no_device_could_tell_is_refused_and_not_shown() -> None:
    with pytest.raises(ModelError) as caught:
        next(populate(makeup(1, password="secret\x01"), [0.0], START))
    assert str(caught.value) == "Device.ManagementServer.Password: a character that XML cannot carry"
