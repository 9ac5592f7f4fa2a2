"""Instances of tables, made and deleted (A.3.2.6, A.3.2.7)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.control import AddObject, AddObjectResponse, DeleteObject, DeleteObjectResponse
from simulators.device.errors import RefusedError
from simulators.device.model import Node
from simulators.device.names import resolve, split_alias
from simulators.device.rpcs.arguments import check_parameter_key
from simulators.device.rpcs.handler import Handler
from simulators.device.tree import Tree

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe


def add_object(cpe: "Cpe", rpc: AddObject, _now: float) -> AddObjectResponse:
    """Make an instance with the values of the factory, and with the alias that the name may end in."""
    tree = cpe.tree
    check_parameter_key(rpc.parameter_key)
    name, alias = split_alias(tree, rpc.object_name) or (rpc.object_name, None)
    table = resolve(tree, name)
    node = None if table is None else tree.item(table)
    if table is None or not isinstance(node, Node) or not node.is_table or not node.writable:
        raise _invalid(rpc.object_name)
    if alias is not None and not (node.has_aliases and _is_free(tree, table, alias)):
        raise _invalid(rpc.object_name)
    if not node.takes_more:
        raise RefusedError(CpeFault.RESOURCES_EXCEEDED, f"Resources exceeded: {table} holds {node.most}")
    number = tree.add(table, alias)
    tree.keep_key(rpc.parameter_key)
    return AddObjectResponse(number, 0)


def delete_object(cpe: "Cpe", rpc: DeleteObject, _now: float) -> DeleteObjectResponse:
    """Delete an instance with all below it."""
    tree = cpe.tree
    check_parameter_key(rpc.parameter_key)
    path = resolve(tree, rpc.object_name)
    node = None if path is None else tree.item(path)
    if path is None or not isinstance(node, Node) or not node.writable or not _is_instance(tree, path):
        raise _invalid(rpc.object_name)
    tree.delete(path)
    cpe.notifying.deleted(path)
    tree.keep_key(rpc.parameter_key)
    return DeleteObjectResponse(0)


def _is_free(tree: Tree, table: str, alias: str) -> bool:
    """Whether an instance can be made under an alias."""
    return all(taken != alias for _, taken in tree.aliases(table))


def _is_instance(tree: Tree, path: str) -> bool:
    table = tree.item(path[: path[:-1].rfind(".") + 1])
    return isinstance(table, Node) and table.is_table


def _invalid(said: str) -> RefusedError:
    return RefusedError(CpeFault.INVALID_PARAMETER_NAME, f"Invalid parameter name: {said}")


HANDLERS: Final[Mapping[type, Handler]] = {AddObject: add_object, DeleteObject: delete_object}
