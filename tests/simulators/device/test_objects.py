"""AddObject and DeleteObject against a device."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cwmp_schemas.rpc.control import AddObject, DeleteObject
from cwmp_schemas.rpc.parameters import SetParameterAttribute, SetParameterAttributes
from simulators.device.model import FACTORY, Leaf
from tests.simulators.device.asking import (
    ALIASES,
    add,
    code,
    delete,
    model_with,
    names,
    of,
    put,
    router,
    value,
    values,
)
from tests.simulators.device.conversing import START, converse, device

TABLE = "Device.NAT.PortMapping."
KEY = "Device.ManagementServer.ParameterKey"
COUNT = "Device.NAT.PortMappingNumberOfEntries"


def test_a_new_instance_has_the_values_that_the_models_give_and_an_alias_of_its_own() -> None:
    cpe = router()
    assert add(cpe, TABLE, "k1") == 2
    assert values(cpe, f"{TABLE}2.") == {
        f"{TABLE}2.Enable": "0",
        f"{TABLE}2.Alias": "cpe-2",
        f"{TABLE}2.ExternalPort": "0",
        f"{TABLE}2.Protocol": "TCP",
    }
    assert value(cpe, KEY) == "k1"
    assert value(cpe, COUNT) == "2"
    assert (f"{TABLE}2.", True) in names(cpe, TABLE)


def test_a_number_is_never_given_again() -> None:
    cpe = router()
    assert add(cpe, TABLE) == 2
    delete(cpe, f"{TABLE}2.", "k2")
    assert value(cpe, KEY) == "k2"
    assert add(cpe, TABLE) == 3
    cpe.restart(START)
    converse(cpe, cpe.due_at)
    assert add(cpe, TABLE) == 4


def test_a_deleted_instance_leaves_nothing_behind() -> None:
    cpe = router()
    assert put(cpe, of(f"{TABLE}1.Protocol", "UDP")) == 0
    delete(cpe, f"{TABLE}1.")
    assert value(cpe, COUNT) == "0"
    assert names(cpe, TABLE) == [(TABLE, True)]
    assert values(cpe, TABLE) == {}
    assert code(cpe, DeleteObject(f"{TABLE}1.")) == 9005


def test_a_device_keeps_nothing_of_what_was_deleted() -> None:
    cpe = router()
    before = dict(cpe.tree.snapshot().values)
    for _ in range(3):
        path = f"{TABLE}{add(cpe, TABLE)}."
        protocol = f"{path}Protocol"
        assert put(cpe, of(protocol, "UDP")) == 0
        assert code(cpe, SetParameterAttributes((SetParameterAttribute(protocol, True, 1, False, ()),))) == 0
        leaf = cpe.tree.item(protocol)
        delete(cpe, path)
        assert isinstance(leaf, Leaf)
        assert cpe.tree.attributes_of(protocol, leaf) == FACTORY
    assert cpe.tree.snapshot().values == {**before, KEY: ""}


def test_tables_within_a_new_instance_are_empty_and_can_be_filled() -> None:
    pool = "Device.DHCPv4.Server.Pool."
    cpe = router(
        f"{pool[:-1]},true,true,,\n{pool}1,true,true,,\n{pool}1.Enable,false,true,1,xsd:boolean\n"
        f"{pool}1.StaticAddress,true,true,,\n{pool}1.StaticAddress.4,true,true,,\n"
        f"{pool}1.StaticAddress.4.Chaddr,false,true,00:11:22:33:44:55,xsd:string\n"
        f"{pool}1.StaticAddressNumberOfEntries,false,false,1,xsd:unsignedInt\n"
    )
    assert add(cpe, pool) == 2
    assert values(cpe, f"{pool}2.") == {f"{pool}2.Enable": "0", f"{pool}2.StaticAddressNumberOfEntries": "0"}
    assert add(cpe, f"{pool}2.StaticAddress.") == 1
    assert value(cpe, f"{pool}2.StaticAddress.1.Chaddr") == ""
    assert value(cpe, f"{pool}2.StaticAddressNumberOfEntries") == "1"
    assert add(cpe, f"{pool}1.StaticAddress.") == 5
    delete(cpe, f"{pool}2.")
    assert names(cpe, pool, next_level=True) == [(f"{pool}1.", True)]


def test_what_is_no_table_that_can_grow_is_an_invalid_name() -> None:
    cpe = router("Device.Hosts.Host,true,false,,\nDevice.Hosts.Host.1.HostName,false,false,pc,xsd:string\n")
    for wrong in (
        "Device.NAT.",
        TABLE[:-1],
        f"{TABLE}1.",
        f"{TABLE}1.Enable",
        "Device.Nothing.",
        "Device.Hosts.Host.",
        f"{TABLE}[cpe-9].",
        "",
    ):
        assert code(cpe, AddObject(wrong, "k1")) == 9005, wrong
    for wrong in ("Device.NAT.", TABLE, f"{TABLE}1", f"{TABLE}7.", "Device.Hosts.Host.1.", "Device.", ""):
        assert code(cpe, DeleteObject(wrong, "k1")) == 9005, wrong
    assert value(cpe, KEY) == ""


def test_a_full_table_takes_no_more() -> None:
    cpe = router()
    for _ in range(63):
        cpe.tree.add(TABLE)
    assert value(cpe, COUNT) == "64"
    assert code(cpe, AddObject(TABLE, "k1")) == 9004
    assert value(cpe, KEY) == ""
    delete(cpe, f"{TABLE}5.")
    assert add(cpe, TABLE) == 65


def test_a_table_is_full_when_the_device_says_so() -> None:
    rules = "Device.X_ACME.Rule."
    cpe = router(f"{rules[:-1]},true,true,,\nDevice.X_ACME.MaxRuleEntries,false,false,1,xsd:unsignedInt\n")
    assert add(cpe, rules) == 1
    assert code(cpe, AddObject(rules)) == 9004


def test_a_key_that_is_too_long_adds_and_deletes_nothing() -> None:
    cpe = router()
    assert code(cpe, AddObject(TABLE, "k" * 33)) == 9003
    assert code(cpe, DeleteObject(f"{TABLE}1.", "k" * 33)) == 9003
    assert value(cpe, COUNT) == "1"


def test_a_new_instance_has_the_factorys_attributes_and_default_values_again() -> None:
    model = model_with()
    one, other = device(model), device(model)
    assert add(one, TABLE) == 2
    assert put(one, of(f"{TABLE}2.Protocol", "UDP")) == 0
    assert add(other, TABLE) == 2
    assert value(other, f"{TABLE}2.Protocol") == "TCP"
    one.factory_reset(START)
    converse(one, one.due_at)
    assert value(one, COUNT) == "1"
    assert add(one, TABLE) == 2


def test_an_instance_can_be_made_under_an_alias() -> None:
    cpe = router(ALIASES)
    assert add(cpe, f"{TABLE}[web].") == 2
    assert value(cpe, f"{TABLE}2.Alias") == "web"
    for wrong in ("[web].", "[cpe-1].", "[9].", "[].", "[we]b]."):
        assert code(cpe, AddObject(f"{TABLE}{wrong}")) == 9005
    assert value(cpe, COUNT) == "2"
    delete(cpe, f"{TABLE}[web].")
    assert value(cpe, COUNT) == "1"


def test_the_devices_own_alias_avoids_one_that_the_acs_has_given() -> None:
    cpe = router(ALIASES)
    assert put(cpe, of(f"{TABLE}1.Alias", "cpe-2")) == 0
    assert add(cpe, TABLE) == 2
    assert value(cpe, f"{TABLE}2.Alias") == "cpe-2-1"


@settings(max_examples=50)
@given(st.lists(st.one_of(st.none(), st.integers(min_value=1, max_value=12)), max_size=20))
def test_instances_come_and_go_as_in_a_plain_list(steps: list[int | None]) -> None:
    cpe = router()
    there, given_out = [1], 1
    for number in steps:
        if number is None:
            given_out += 1
            there.append(given_out)
            assert add(cpe, TABLE) == given_out
        else:
            assert code(cpe, DeleteObject(f"{TABLE}{number}.")) == (0 if number in there else 9005)
            there = [each for each in there if each != number]
        assert [name for name, _ in names(cpe, TABLE, next_level=True)] == [f"{TABLE}{each}." for each in there]
        assert value(cpe, COUNT) == str(len(there))
