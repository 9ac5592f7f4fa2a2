"""Values and names of parameters (A.3.2.1 to A.3.2.3)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.parameters import GetParameterValues, GetParameterValuesResponse, ParameterValue
from simulators.device.errors import RefusedError
from simulators.device.model import blank
from simulators.device.rpcs.handler import Handler

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe


def get_values(cpe: "Cpe", rpc: GetParameterValues, now: float) -> GetParameterValuesResponse:
    """The values of parameters and of all below partial paths."""
    tree, found = cpe.tree, []
    for path in rpc.parameter_names:
        if tree.item(path) is None:
            raise RefusedError(CpeFault.INVALID_PARAMETER_NAME, f"Invalid parameter name: {path}")
        for name, leaf in tree.leaves(path):
            value = blank(leaf.type) if leaf.is_hidden else tree.value_of(name, leaf, now)
            found.append(ParameterValue(name, value, leaf.type))
    return GetParameterValuesResponse(tuple(found))


HANDLERS: Final[Mapping[type, Handler]] = {GetParameterValues: get_values}
