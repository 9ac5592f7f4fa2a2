"""The data models that are built in, by what a device makes of them."""

import pytest

from cwmp_schemas.rpc.control import AddObject, AddObjectResponse
from cwmp_schemas.rpc.parameters import (
    GetParameterAttributes,
    GetParameterAttributesResponse,
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
)
from simulators.device.checking import canonical
from simulators.device.cpe import Cpe
from simulators.device.model import Node
from simulators.trees import NAMES, built_in
from tests.simulators.device.conversing import START, device


@pytest.fixture(params=NAMES)
def cpe(request: pytest.FixtureRequest) -> Cpe:
    return device(built_in(str(request.param)))


def named(cpe: Cpe, path: str) -> dict[str, bool]:
    answer = cpe.carry_out(GetParameterNames(path, next_level=False), START)
    assert isinstance(answer, GetParameterNamesResponse)
    found = {info.name: info.writable for info in answer.parameter_list}
    assert len(found) == len(answer.parameter_list)
    return found


def read(cpe: Cpe, *paths: str) -> list[str]:
    answer = cpe.carry_out(GetParameterValues(paths), START)
    assert isinstance(answer, GetParameterValuesResponse)
    for parameter in answer.parameter_list:
        assert canonical(parameter.type, parameter.value) == parameter.value, parameter.name
    return [parameter.name for parameter in answer.parameter_list]


def test_names_values_and_attributes_agree(cpe: Cpe) -> None:
    parameters = [name for name in named(cpe, "") if not name.endswith(".")]
    assert len(parameters) > 400
    assert read(cpe, "") == parameters
    assert read(cpe, *parameters) == parameters
    attributes = cpe.carry_out(GetParameterAttributes(("",)), START)
    assert isinstance(attributes, GetParameterAttributesResponse)
    assert [each.name for each in attributes.parameter_list] == parameters


def test_every_table_that_says_it_can_grow_grows_and_is_counted(cpe: Cpe) -> None:
    grown = 0
    for path, writable in named(cpe, "").items():
        item = cpe.tree.item(path)
        if not writable or not isinstance(item, Node) or not item.is_table:
            continue
        answer = cpe.carry_out(AddObject(path, "grown"), START)
        assert isinstance(answer, AddObjectResponse), path
        instance = f"{path}{answer.instance_number}."
        below = named(cpe, instance)
        assert below.pop(instance), "what was made can be deleted"
        assert read(cpe, instance) == [name for name in below if not name.endswith(".")]
        grown += 1
        counted = f"{path[:-1]}NumberOfEntries"
        if cpe.tree.item(counted) is not None:
            assert cpe.tree.value(counted, START) == str(len(item.children) + 1)
    assert grown > 3
