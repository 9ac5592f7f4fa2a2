"""Attributes of parameters: how changes are told, and who may write beside the ACS (A.3.2.4, A.3.2.5)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cwmp_schemas.faults import CpeFault
from cwmp_schemas.rpc.parameters import (
    GetParameterAttributes,
    GetParameterAttributesResponse,
    ParameterAttribute,
    SetParameterAttribute,
    SetParameterAttributes,
    SetParameterAttributesResponse,
)
from simulators.device.errors import RefusedError
from simulators.device.model import Attributes, Leaf, Notify
from simulators.device.names import Naming
from simulators.device.rpcs.handler import Handler
from simulators.device.rpcs.parameters import MAX_ENTRIES, asked_for
from simulators.device.tree import Tree

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe

# Plain and lightweight ones that go out at once.
_ACTIVE: Final = frozenset({2, 5, 6})
_USUAL_KINDS: Final = range(3)
_LIGHTWEIGHT_KINDS: Final = range(7)
_SUBSCRIBER: Final = "Subscriber"


def get_attributes(cpe: "Cpe", rpc: GetParameterAttributes, _now: float) -> GetParameterAttributesResponse:
    """The attributes of parameters and of all below partial paths."""
    tree = cpe.tree
    found: list[ParameterAttribute] = []
    for said in rpc.parameter_names:
        asked = asked_for(tree, said)
        naming = Naming(tree, asked)
        for name, leaf in tree.leaves(asked.path):
            attributes = tree.attributes_of(name, leaf)
            found.append(ParameterAttribute(naming.say(name), attributes.notification, attributes.access_list))
        if len(found) > MAX_ENTRIES:
            raise _too_many()
    return GetParameterAttributesResponse(tuple(found))


def set_attributes(cpe: "Cpe", rpc: SetParameterAttributes, now: float) -> SetParameterAttributesResponse:
    """One entry after the other, so that the last one for a parameter counts; all of them or none."""
    tree, count = cpe.tree, 0
    changes: dict[str, Attributes] = {}
    for wanted in rpc.parameter_list:
        _check(tree, wanted, now)
        meant = tree.leaves(asked_for(tree, wanted.name).path)
        count += len(meant)
        if count > MAX_ENTRIES:
            raise _too_many()
        for path, leaf in meant:
            _refuse_active(path, leaf, wanted)
            before = changes.get(path) or tree.attributes_of(path, leaf)
            changes[path] = _changed(before, wanted)
    tree.write_attributes(changes)
    return SetParameterAttributesResponse()


def _too_many() -> RefusedError:
    return RefusedError(CpeFault.RESOURCES_EXCEEDED, f"Resources exceeded: more than {MAX_ENTRIES} attributes")


def _check(tree: Tree, wanted: SetParameterAttribute, now: float) -> None:
    """Fault 9003 for what is no notification that the device knows, or nobody who could write."""
    lightweight = tree.value(tree.model.management("LightweightNotificationProtocolsSupported"), now)
    kinds = _LIGHTWEIGHT_KINDS if lightweight else _USUAL_KINDS
    if wanted.notification_change and wanted.notification not in kinds:
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, f"Invalid arguments: notification {wanted.notification}")
    # Other entities are for vendors to name (X_...); this one has named none.
    if wanted.access_list_change and not {_SUBSCRIBER}.issuperset(wanted.access_list):
        raise RefusedError(CpeFault.INVALID_ARGUMENTS, "Invalid arguments: an access list of others than Subscriber")


def _refuse_active(path: str, leaf: Leaf, wanted: SetParameterAttribute) -> None:
    if leaf.notify is Notify.DENIED and wanted.notification_change and wanted.notification in _ACTIVE:
        raise RefusedError(CpeFault.NOTIFICATION_REJECTED, f"Notification request rejected: {path}")


def _changed(before: Attributes, wanted: SetParameterAttribute) -> Attributes:
    return _attributes(
        wanted.notification if wanted.notification_change else before.notification,
        wanted.access_list if wanted.access_list_change else before.access_list,
    )


@lru_cache(maxsize=64)
def _attributes(notification: int, access_list: tuple[str, ...]) -> Attributes:
    """The same ones for all parameters: an ACS sets them for whole objects of thousands of devices."""
    return Attributes(notification, access_list)


HANDLERS: Final[Mapping[type, Handler]] = {
    GetParameterAttributes: get_attributes,
    SetParameterAttributes: set_attributes,
}
