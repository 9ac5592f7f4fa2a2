"""Values and names of parameters (A.3.2.1 to A.3.2.3)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.parameters import (
    GetParameterNames,
    GetParameterNamesResponse,
    GetParameterValues,
    GetParameterValuesResponse,
    ParameterInfo,
    ParameterValue,
    SetParameterValues,
    SetParameterValuesResponse,
)
from simulators.device.errors import RefusedError
from simulators.device.model import Leaf, blank
from simulators.device.names import Asked, Naming, find_asked
from simulators.device.rpcs.arguments import check_parameter_key
from simulators.device.rpcs.handler import Handler
from simulators.device.tree import Tree
from simulators.device.writing import plan_values

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

MAX_ENTRIES: Final = 50_000
"""The most entries of one answer; a request can name everything any number of times."""

# In use from the next session on: the one in which they are set goes on as it began.
_APPLIED_LATER: Final = frozenset({"URL", "Username", "Password"})


def get_values(cpe: "Cpe", rpc: GetParameterValues, now: float) -> GetParameterValuesResponse:
    """The values of parameters and of all below partial paths."""
    tree = cpe.tree
    found: list[ParameterValue] = []
    for said in rpc.parameter_names:
        asked = asked_for(tree, said)
        naming = Naming(tree, asked)
        for name, leaf in tree.leaves(asked.path):
            value = blank(leaf.type) if leaf.is_hidden else tree.value_of(name, leaf, now)
            found.append(ParameterValue(naming.say(name), value, leaf.type))
        if len(found) > MAX_ENTRIES:
            raise RefusedError(CpeFault.RESOURCES_EXCEEDED, f"Resources exceeded: more than {MAX_ENTRIES} values")
    return GetParameterValuesResponse(tuple(found))


def get_names(cpe: "Cpe", rpc: GetParameterNames, _now: float) -> GetParameterNamesResponse:
    """The next level below an object; or what was asked for and all that is below it."""
    tree = cpe.tree
    asked = asked_for(tree, rpc.parameter_path)
    item, path, naming = asked.item, asked.path, Naming(tree, asked)
    if isinstance(item, Leaf):
        if rpc.next_level:
            raise RefusedError(CpeFault.INVALID_ARGUMENTS, "Invalid arguments: a parameter has no next level")
        return GetParameterNamesResponse((ParameterInfo(asked.said, item.writable),))
    if rpc.next_level:
        children = ((f"{path}{name}{'' if isinstance(it, Leaf) else '.'}", it) for name, it in item.children.items())
        return GetParameterNamesResponse(
            tuple(ParameterInfo(naming.say(name), child.writable) for name, child in children)
        )
    itself = (ParameterInfo(asked.said, item.writable),) if path else ()
    below = (ParameterInfo(naming.say(name), found.writable) for name, found in tree.below(path))
    return GetParameterNamesResponse((*itself, *below))


def set_values(cpe: "Cpe", rpc: SetParameterValues, now: float) -> SetParameterValuesResponse:
    """All values are written, or none; Status 1 when some are in use from the next session on only."""
    tree = cpe.tree
    check_parameter_key(rpc.parameter_key)
    changes = plan_values(tree, rpc.parameter_list, now)
    later = {tree.model.management(name) for name in _APPLIED_LATER}
    status = any(path in later and tree.value(path, now) != value for path, value in changes.items())
    tree.write(changes)
    tree.keep_key(rpc.parameter_key)
    cpe.wrote(changes, now)
    return SetParameterValuesResponse(int(status))


def asked_for(tree: Tree, said: str) -> Asked:
    """What is at a path; fault 9005 when there is nothing."""
    asked = find_asked(tree, said)
    if asked is None:
        raise RefusedError(CpeFault.INVALID_PARAMETER_NAME, f"Invalid parameter name: {said}")
    return asked


HANDLERS: Final[Mapping[type, Handler]] = {
    GetParameterValues: get_values,
    GetParameterNames: get_names,
    SetParameterValues: set_values,
}
