"""What the ACS wants written: looked at whole before anything is changed (A.3.2.1)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from cwmp_schemas.faults import CpeFault, ParameterFault
from cwmp_schemas.rpc.parameters import ParameterValue
from simulators.device.checking import check_alias, checked
from simulators.device.errors import RefusedError
from simulators.device.model import Leaf
from simulators.device.names import make_instances, resolve
from simulators.device.tree import Tree

_WORDS: Final[Mapping[CpeFault, str]] = {
    CpeFault.INVALID_ARGUMENTS: "Invalid arguments",
    CpeFault.INVALID_PARAMETER_NAME: "Invalid parameter name",
    CpeFault.INVALID_PARAMETER_TYPE: "Invalid parameter type",
    CpeFault.INVALID_PARAMETER_VALUE: "Invalid parameter value",
    CpeFault.NON_WRITABLE_PARAMETER: "Attempt to set a non-writable parameter",
}


def plan_values(tree: Tree, wanted: Sequence[ParameterValue], now: float) -> dict[str, str]:
    """The values to write, by full name with instance numbers. Fault 9003 names all that are wrong, each once.

    After a fault nothing is changed; without one, instances are made that the ACS means by new aliases.
    """
    snapshot = tree.snapshot() if any("[" in parameter.name for parameter in wanted) else None
    changes: dict[str, str] = {}
    said: dict[str, str] = {}
    faults: dict[str, ParameterFault] = {}
    for parameter in wanted:
        path = _resolved(tree, parameter.name)
        if path in said:
            faults.setdefault(path, _fault(said[path], CpeFault.INVALID_ARGUMENTS, "it is set more than once"))
            continue
        said[path] = parameter.name
        planned = _plan(tree, path, parameter, now)
        if isinstance(planned, ParameterFault):
            faults[path] = planned
        else:
            changes[path] = planned
    faults.update(_clashes(tree, changes, said))
    if faults:
        if snapshot is not None:
            tree.restore(snapshot)
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, "Invalid arguments", tuple(faults.values()))
    return changes


def _resolved(tree: Tree, said: str) -> str:
    """The name by instance numbers, of instances made for it if need be; as it is where there are none."""
    if "[" not in said:
        return said
    path = resolve(tree, said) or make_instances(tree, said)
    return said if path is None else path


def _plan(tree: Tree, path: str, parameter: ParameterValue, now: float) -> str | ParameterFault:
    """The value as the device keeps it, or why not."""
    leaf = tree.item(path)
    if not isinstance(leaf, Leaf):
        return _fault(parameter.name, CpeFault.INVALID_PARAMETER_NAME)
    if not leaf.writable:
        return _fault(parameter.name, CpeFault.NON_WRITABLE_PARAMETER)
    if parameter.type is not leaf.type:
        return _fault(parameter.name, CpeFault.INVALID_PARAMETER_TYPE, f"it is {leaf.type.qualified}")
    try:
        if _is_alias(path):
            check_alias(parameter.value)
        return checked(leaf, parameter.value)
    except ValueError as error:
        # What it shows it takes back, whatever the models say about it.
        if not leaf.is_hidden and parameter.value == tree.value_of(path, leaf, now):
            return parameter.value
        return _fault(parameter.name, CpeFault.INVALID_PARAMETER_VALUE, str(error))


def _clashes(tree: Tree, changes: Mapping[str, str], said: Mapping[str, str]) -> dict[str, ParameterFault]:
    """The aliases that two instances of one table would have after the changes."""
    clashing: dict[str, ParameterFault] = {}
    for path in filter(_is_alias, changes):
        instance = path[: -len("Alias")]
        table = instance[: instance[:-1].rfind(".") + 1]
        after = Counter(changes.get(f"{table}{number}.Alias", alias) for number, alias in tree.aliases(table))
        if after[changes[path]] > 1:
            why = "another instance has this alias"
            clashing[path] = _fault(said[path], CpeFault.INVALID_PARAMETER_VALUE, why)
    return clashing


def _is_alias(path: str) -> bool:
    if not path.endswith(".Alias"):
        return False
    instance = path[: -len(".Alias")]
    return instance[instance.rfind(".") + 1 :].isdigit()


def _fault(said: str, code: CpeFault, why: str = "") -> ParameterFault:
    return ParameterFault(said, int(code), f"{_WORDS[code]}: {why}" if why else _WORDS[code])
