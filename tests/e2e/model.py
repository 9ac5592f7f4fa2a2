"""The data model of a scripted device, in a dict, and the RPCs that read and change it."""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Final

from lxml import etree

from tests.e2e.envelopes import AcsMessage, Fault, Value, Writer, struct, tag


@dataclass(slots=True)
class Parameter:
    """A parameter of the device."""

    value: str = field(repr=False)
    """Its value."""
    type: str = "string"
    """The name of its type, without a prefix."""
    writable: bool = True
    """Whether it takes a new value; else fault 9008."""
    invalid: Callable[[str], bool] = lambda _: False
    """Which new values it refuses with fault 9007."""
    ignores: bool = False
    """Whether it stays as it is when a new value was accepted with Status 0 (Huawei HN8145X6N)."""
    notification: int = 0
    """0 off, 1 passive, 2 active."""
    access: tuple[str, ...] = ("Subscriber",)
    """Who may write it besides the ACS."""


@dataclass(frozen=True, slots=True)
class Done:
    """An RPC was carried out."""

    content: str = ""
    """What stands in the response."""
    names: tuple[str, ...] = ()
    """The parameters it touched."""
    path: str = ""
    """The object or URL it was about."""
    instance: int | None = None
    """The number of the new instance, for AddObject."""


METHODS: Final = (
    "GetRPCMethods", "SetParameterValues", "GetParameterValues", "GetParameterNames", "SetParameterAttributes",
    "GetParameterAttributes", "AddObject", "DeleteObject", "Reboot", "FactoryReset", "Download", "Upload",
    "ScheduleInform", "ScheduleDownload", "CancelTransfer", "GetQueuedTransfers", "GetAllQueuedTransfers",
    "ChangeDUState", "SetVouchers", "GetOptions",
)  # fmt: skip
"""What a scripted device answers to GetRPCMethods, unless it is told otherwise."""

_NUMBER: Final = re.compile(r"(?<=\.)\d+(?=\.)")

Tables = Mapping[str, Mapping[str, Parameter]]


class DataModel:
    """The parameters of one device; ``parameters`` is there to be looked at and changed by tests."""

    def __init__(self, parameters: Mapping[str, Parameter], tables: Tables) -> None:
        """``tables`` says what AddObject makes: per path with ``{i}`` for numbers, the parameters of an instance."""
        self.parameters = {name: replace(parameter) for name, parameter in parameters.items()}
        self._tables = tables
        self._highest: dict[str, int] = {}
        self._empty: set[str] = set()
        self._factory = deepcopy(self.parameters)

    def reset(self) -> None:
        """Back to how the device left the factory."""
        self.parameters = deepcopy(self._factory)
        self._highest.clear()
        self._empty.clear()

    def value(self, name: str) -> str:
        """The value of a parameter."""
        return self.parameters[name].value

    def handlers(self) -> dict[str, Callable[[AcsMessage, Writer], Done | Fault]]:
        """The RPCs that the model answers, by name."""
        return {
            "GetParameterValues": self._get_values,
            "SetParameterValues": self._set_values,
            "GetParameterNames": self._get_names,
            "GetParameterAttributes": self._get_attributes,
            "SetParameterAttributes": self._set_attributes,
            "AddObject": self._add,
            "DeleteObject": self._delete,
        }

    def _get_values(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        found = self._selected(rpc.strings())
        if isinstance(found, Fault):
            return found
        values = {name: Value(self.parameters[name].value, self.parameters[name].type) for name in found}
        return Done(writer.values(values), tuple(found))

    def _set_values(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        wanted = [(pair.get("Name", ""), pair.get("Value", "")) for pair in rpc.structs("ParameterValueStruct")]
        faults = [(name, *problem) for name, value in wanted if (problem := self._problem(name, value)) is not None]
        if faults:
            # All or nothing (TR-069 A.3.2.1).
            return Fault(9003, "Invalid arguments", tuple(faults))
        for name, value in wanted:
            if not self.parameters[name].ignores:
                self.parameters[name].value = value
        self._remember(rpc.text("ParameterKey"))
        return Done("<Status>0</Status>", tuple(name for name, _ in wanted))

    def _problem(self, name: str, value: str) -> tuple[int, str] | None:
        parameter = self.parameters.get(name)
        if parameter is None:
            return 9005, "Invalid parameter name"
        if not parameter.writable:
            return 9008, "Attempt to set a non-writable parameter"
        return (9007, "Invalid parameter value") if parameter.invalid(value) else None

    def _get_names(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        path, next_level = rpc.text("ParameterPath"), rpc.text("NextLevel").strip() in {"1", "true"}
        if path in self.parameters:
            # A full name has no next level (TR-069 A.3.2.3).
            names = [] if next_level else [path]
        elif path and not (path.endswith(".") and self._is_object(path)):
            return Fault(9005, "Invalid parameter name")
        else:
            names = sorted(name for name in self._all_names() if name.startswith(path))
            if next_level:
                names = [name for name in names if name != path and "." not in name[len(path) : -1]]
        infos = "".join(
            struct("ParameterInfoStruct", tag("Name", name), tag("Writable", "1" if self._is_writable(name) else "0"))
            for name in names
        )
        return Done(writer.array("ParameterList", "ParameterInfoStruct", len(names), infos), tuple(names))

    def _get_attributes(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        found = self._selected(rpc.strings())
        if isinstance(found, Fault):
            return found
        structs = "".join(self._attributes(name, writer) for name in found)
        return Done(writer.array("ParameterList", "ParameterAttributeStruct", len(found), structs), tuple(found))

    def _attributes(self, name: str, writer: Writer) -> str:
        parameter = self.parameters[name]
        entries = "".join(tag("string", entity) for entity in parameter.access)
        access = writer.array("AccessList", "string", len(parameter.access), entries)
        notification = tag("Notification", str(parameter.notification))
        return struct("ParameterAttributeStruct", tag("Name", name), notification, access)

    def _set_attributes(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        wishes: list[tuple[etree._Element, list[str]]] = []
        for wish in rpc.element.iter("{*}SetParameterAttributesStruct"):
            found = self._selected([wish.findtext("{*}Name", "")])
            if isinstance(found, Fault):
                return found
            wishes.append((wish, found))
        for wish, names in wishes:
            for parameter in (self.parameters[name] for name in names):
                if wish.findtext("{*}NotificationChange", "").strip() in {"1", "true"}:
                    parameter.notification = int(wish.findtext("{*}Notification", "0"))
                if wish.findtext("{*}AccessListChange", "").strip() in {"1", "true"}:
                    parameter.access = tuple(item.text or "" for item in wish.iter("{*}string"))
        return Done(names=tuple(name for _, names in wishes for name in names))

    def _add(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        path = rpc.text("ObjectName")
        template = self._tables.get(_NUMBER.sub("{i}", path))
        if template is None or not path.endswith("."):
            return Fault(9005, "Invalid parameter name")
        # A number is not used again for another instance (TR-069 A.3.2.6).
        number = max([self._highest.get(path, 0), *self._instances(path)]) + 1
        self._highest[path] = number
        made = {f"{path}{number}.{name}": replace(parameter) for name, parameter in template.items()}
        self.parameters |= made
        self._empty.add(f"{path}{number}.")
        self._remember(rpc.text("ParameterKey"))
        return Done(f"<InstanceNumber>{number}</InstanceNumber><Status>0</Status>", tuple(made), path, number)

    def _delete(self, rpc: AcsMessage, writer: Writer) -> Done | Fault:
        path = rpc.text("ObjectName")
        table = re.sub(r"\d+\.$", "", path)
        if table == path or _NUMBER.sub("{i}", table) not in self._tables or not self._is_object(path):
            return Fault(9005, "Invalid parameter name")
        gone = [name for name in self.parameters if name.startswith(path)]
        self._highest[table] = max(self._highest.get(table, 0), *self._instances(table))
        for name in gone:
            del self.parameters[name]
        self._empty = {found for found in self._empty if not found.startswith(path)}
        self._remember(rpc.text("ParameterKey"))
        return Done("<Status>0</Status>", tuple(gone), path)

    def _remember(self, parameter_key: str) -> None:
        for name, parameter in self.parameters.items():
            if name.endswith(".ManagementServer.ParameterKey"):
                parameter.value = parameter_key

    def _selected(self, paths: list[str]) -> list[str] | Fault:
        """The parameters that full names and partial paths stand for; a name that nothing has is fault 9005."""
        names: dict[str, None] = {}
        for path in paths:
            if path in self.parameters:
                names[path] = None
            elif path and not (path.endswith(".") and self._is_object(path)):
                return Fault(9005, f"Invalid parameter name: {path}")
            else:
                names |= dict.fromkeys(name for name in self.parameters if name.startswith(path))
        return list(names)

    def _is_object(self, path: str) -> bool:
        return path in self._all_names()

    def _all_names(self) -> set[str]:
        """All parameters, and all objects above them; tables that are empty, too."""
        return {name for leaf in (*self.parameters, *self._empty, *self._open_tables()) for name in _above(leaf)}

    def _open_tables(self) -> list[str]:
        return [path for path in self._tables if "{i}" not in path]

    def _is_writable(self, name: str) -> bool:
        if name in self.parameters:
            return self.parameters[name].writable
        # Of an object it says whether instances can be added to it, or it can be deleted (TR-069 A.3.2.3).
        table = re.sub(r"\d+\.$", "", name)
        return _NUMBER.sub("{i}", table) in self._tables

    def _instances(self, table: str) -> list[int]:
        found = (re.match(r"\d+(?=\.)", name[len(table) :]) for name in self._all_names() if name.startswith(table))
        return [int(number[0]) for number in found if number is not None]


def _above(name: str) -> Iterator[str]:
    yield name
    for place, character in enumerate(name[:-1]):
        if character == ".":
            yield name[: place + 1]
