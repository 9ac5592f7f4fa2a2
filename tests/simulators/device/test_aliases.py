"""Instances by alias in place of their number (TR-069 3.6.1)."""

from cwmp_schemas.rpc.control import AddObject, DeleteObject
from cwmp_schemas.rpc.parameters import GetParameterNames, GetParameterValues
from simulators.device.cpe import Cpe
from tests.simulators.device.asking import (
    ALIASES,
    add,
    code,
    delete,
    flag,
    names,
    number,
    of,
    put,
    router,
    value,
    values,
)

TABLE = "Device.NAT.PortMapping."
MODE = "Device.ManagementServer.InstanceMode"
CREATE = "Device.ManagementServer.AutoCreateInstances"
COUNT = "Device.NAT.PortMappingNumberOfEntries"
KEY = "Device.ManagementServer.ParameterKey"


def knowing() -> Cpe:
    return router(ALIASES)


def test_an_alias_stands_for_its_instance_and_the_answer_says_it_as_the_acs_did() -> None:
    cpe = knowing()
    assert values(cpe, f"{TABLE}[cpe-1].Protocol") == {f"{TABLE}[cpe-1].Protocol": "TCP"}
    assert list(values(cpe, f"{TABLE}[cpe-1].")) == [
        f"{TABLE}[cpe-1].{name}" for name in ("Enable", "Alias", "ExternalPort", "Protocol")
    ]
    assert names(cpe, f"{TABLE}[cpe-1].", next_level=True)[0] == (f"{TABLE}[cpe-1].Enable", True)
    assert names(cpe, f"{TABLE}[cpe-1].")[0] == (f"{TABLE}[cpe-1].", True)
    assert names(cpe, f"{TABLE}[cpe-1].Alias") == [(f"{TABLE}[cpe-1].Alias", True)]


def test_instances_that_the_acs_did_not_name_have_numbers_unless_it_wants_aliases() -> None:
    cpe = knowing()
    add(cpe, TABLE)
    assert [name for name, _ in names(cpe, TABLE, next_level=True)] == [f"{TABLE}1.", f"{TABLE}2."]
    assert put(cpe, of(MODE, "InstanceAlias")) == 0
    assert [name for name, _ in names(cpe, TABLE, next_level=True)] == [f"{TABLE}[cpe-1].", f"{TABLE}[cpe-2]."]
    assert [name for name in values(cpe, TABLE) if name.endswith("Alias")] == [
        f"{TABLE}[cpe-1].Alias",
        f"{TABLE}[cpe-2].Alias",
    ]
    assert [name for name in values(cpe, "") if name.endswith("].Alias")] == [
        f"{TABLE}[cpe-1].Alias",
        f"{TABLE}[cpe-2].Alias",
    ]
    assert list(values(cpe, f"{TABLE}2.Alias")) == [f"{TABLE}2.Alias"]
    assert names(cpe, "", next_level=True) == [("Device.", False)]
    assert names(cpe, f"{TABLE}2.")[:2] == [(f"{TABLE}2.", True), (f"{TABLE}2.Enable", True)]


def test_an_alias_that_nothing_has_is_an_invalid_name() -> None:
    cpe = knowing()
    path = f"{TABLE}[other]."
    assert code(cpe, GetParameterValues((path,))) == 9005
    assert code(cpe, GetParameterNames(path, next_level=True)) == 9005
    assert code(cpe, DeleteObject(path)) == 9005
    assert put(cpe, of(f"{path}Protocol", "UDP")) == [(f"{path}Protocol", 9005)]
    for odd in ("Device.[cpe-1].", "[cpe-1].", f"{TABLE}[cpe-1", f"{TABLE}[{{i}}].", f"{TABLE}[cpe-1].[cpe-1]."):
        assert code(cpe, GetParameterValues((odd,))) == 9005, odd


def test_a_device_that_knows_no_aliases_takes_none() -> None:
    cpe = router()
    assert code(cpe, AddObject(f"{TABLE}[web].")) == 9005
    assert put(cpe, of(f"{TABLE}[cpe-1].Protocol", "UDP")) == [(f"{TABLE}[cpe-1].Protocol", 9005)]


def test_values_are_set_by_alias_and_one_parameter_is_not_set_under_two_names() -> None:
    cpe = knowing()
    assert put(cpe, of(f"{TABLE}[cpe-1].Protocol", "UDP")) == 0
    assert value(cpe, f"{TABLE}1.Protocol") == "UDP"
    twice = put(cpe, of(f"{TABLE}[cpe-1].Protocol", "TCP"), of(f"{TABLE}1.Protocol", "TCP"))
    assert twice == [(f"{TABLE}[cpe-1].Protocol", 9003)]


def test_two_instances_of_a_table_cannot_have_one_alias() -> None:
    cpe = knowing()
    add(cpe, TABLE)
    one, two = f"{TABLE}1.Alias", f"{TABLE}2.Alias"
    assert put(cpe, of(one, "cpe-2")) == [(one, 9007)]
    assert put(cpe, of(one, "web"), of(two, "web")) == [(one, 9007), (two, 9007)]
    assert put(cpe, of(one, "cpe-2"), of(two, "cpe-1")) == 0
    assert values(cpe, one, two) == {one: "cpe-2", two: "cpe-1"}


def test_an_alias_begins_with_a_letter_and_has_at_most_64_characters() -> None:
    cpe = knowing()
    path = f"{TABLE}1.Alias"
    for wrong in ("", "1st", "a]b", "a" * 65, "a\tb"):
        assert put(cpe, of(path, wrong)) == [(path, 9007)], wrong
    assert put(cpe, of(path, "a" * 64)) == 0
    assert put(cpe, of(path, "home.web")) == 0
    assert value(cpe, f"{TABLE}[home.web].Alias") == "home.web"


def test_a_write_to_a_new_alias_makes_its_instance_where_the_acs_has_allowed_that() -> None:
    cpe = knowing()
    assert put(cpe, flag(CREATE, "1")) == 0
    port, protocol = f"{TABLE}[web].ExternalPort", f"{TABLE}[web].Protocol"
    assert put(cpe, number(port, "80"), of(protocol, "UDP"), key="k1") == 0
    assert values(cpe, COUNT, f"{TABLE}2.Alias", port, protocol) == {
        COUNT: "2",
        f"{TABLE}2.Alias": "web",
        port: "80",
        protocol: "UDP",
    }


def test_no_instance_is_made_by_a_write_that_is_refused() -> None:
    cpe = knowing()
    assert put(cpe, flag(CREATE, "1"), key="before") == 0
    port = f"{TABLE}[web].ExternalPort"
    assert put(cpe, of(f"{TABLE}[mail].Protocol", "UDP"), number(port, "99999"), key="k1") == [(port, 9007)]
    assert values(cpe, COUNT, KEY) == {COUNT: "1", KEY: "before"}
    assert add(cpe, TABLE) == 2
    assert put(cpe, of(f"{TABLE}[1st].Protocol", "UDP")) == [(f"{TABLE}[1st].Protocol", 9005)]
    assert put(cpe, of("Device.[web].Protocol", "UDP")) == [("Device.[web].Protocol", 9005)]


def test_no_instance_is_made_where_none_can_be_or_none_could_be_found_again() -> None:
    rules = "Device.X_ACME.Rule."
    cpe = router(f"{ALIASES}{rules}1.Action,false,true,x,xsd:string\n{rules[:-1]},true,true,,\n")
    assert put(cpe, flag(CREATE, "1")) == 0
    assert put(cpe, of(f"{rules}[web].Action", "y")) == [(f"{rules}[web].Action", 9005)]
    assert names(cpe, rules, next_level=True) == [(f"{rules}1.", False)]
    for _ in range(63):
        cpe.tree.add(TABLE)
    assert put(cpe, of(f"{TABLE}[web].Protocol", "UDP")) == [(f"{TABLE}[web].Protocol", 9005)]
    assert value(cpe, COUNT) == "64"


def test_a_new_instance_within_a_new_instance() -> None:
    pool = "Device.DHCPv4.Server.Pool."
    cpe = router(f"{ALIASES}{pool[:-1]},true,true,,\n")
    assert put(cpe, flag(CREATE, "1")) == 0
    address = f"{pool}[home].StaticAddress.[pc].Chaddr"
    assert put(cpe, of(address, "00:11:22:33:44:55")) == 0
    assert value(cpe, f"{pool}1.StaticAddress.1.Chaddr") == "00:11:22:33:44:55"
    assert value(cpe, f"{pool}[home].StaticAddressNumberOfEntries") == "1"
    delete(cpe, f"{pool}[home].")
    assert names(cpe, pool) == [(pool, True)]
