"""Deployment units and their execution units in the data model: found, added, changed, removed (SoftwareModules)."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from simulators.device.labels import PAGES, file_name, read_labels, version_in
from simulators.device.model import Leaf, Node
from simulators.device.numbers import whole_number
from simulators.device.tree import Tree, clock_text

MAX_UNITS: Final = 32
"""How many deployment units a device has room for."""
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# The namespace of fully qualified domain names (RFC 4122, appendix C).
_DOMAINS: Final = bytes.fromhex("6ba7b8109dad11d180b400c04fd430c8")
_TO_ENCODE: Final = re.compile(r"[^0-9a-zA-Z_-]")
_NUMBERS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Package:
    """What a fetched file says of itself. It may begin with lines ``key=value``, up to an empty line: the first is
    ``name=``, the others may be left out. Any other file is a package by its name."""

    name: str
    """The unit's name."""
    version: str
    """Its version."""
    vendor: str
    """Its vendor's domain."""
    description: str
    """What it is for."""
    environment: str
    """The name or type of the environment that it runs in; empty for any."""
    size: int
    """How much room it takes, in KiB."""


def read_package(head: bytes, octets: int, url: str) -> Package | None:
    """The package that a file is; None if it is none."""
    labels = read_labels(head, "name")
    name = labels.get("name") or re.split(r"[-_]?\d", file_name(url), maxsplit=1)[0]
    if not octets or head.lstrip().lower().startswith(PAGES) or not name:
        return None
    size = whole_number(labels.get("size", ""), 9)
    return Package(
        name[:64],
        (labels.get("version") or version_in(url) or "1.0")[:32],
        (labels.get("vendor") or "packages.example")[:128],
        labels.get("description", "")[:256],
        labels.get("environment", ""),
        -(-octets // 1024) if size is None else size,
    )


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID as RFC 4122 writes it."""
    return _UUID.fullmatch(text) is not None


def uuid_of(name: str, vendor: str) -> str:
    """The UUID of a unit to which the ACS gives none: version 5, of its name and its vendor (TR-181 annex C)."""
    encoded = _TO_ENCODE.sub(lambda found: "".join(f"%{octet:02x}" for octet in found[0].encode()), name)
    digest = bytearray(hashlib.sha1(_DOMAINS + f"{encoded}.{vendor}.".encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def is_older(version: str, other: str) -> bool:
    """Whether a version comes before another: number by number, then as texts."""
    first, second = ([int(each) for each in _NUMBERS.findall(text)] for text in (version, other))
    return first < second if first != second else version < other


@dataclass(frozen=True, slots=True)
class Unit:
    """A deployment unit that is there."""

    path: str
    """Its instance, with a dot at the end."""
    uuid: str
    """Its identity."""
    version: str
    """Its version."""
    environment: str
    """The path of the environment it is in, without a dot at the end."""
    url: str = field(repr=False)
    """Where it came from."""
    execution_units: str
    """The paths of its execution units, with commas between them."""
    is_resolved: bool
    """Whether all it depends on is there."""


class Modules:
    """The SoftwareModules object of a device."""

    __slots__ = ("_root", "_tree")

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._root = f"{tree.model.root_name}.SoftwareModules."

    def units(self) -> tuple[Unit, ...]:
        """All deployment units."""
        return tuple(map(self.unit, self._instances("DeploymentUnit")))

    def unit(self, path: str) -> Unit:
        """The deployment unit at a path that is there."""
        return Unit(
            path,
            self._text(f"{path}UUID"),
            self._text(f"{path}Version"),
            self._text(f"{path}ExecutionEnvRef").removesuffix("."),
            self._text(f"{path}URL"),
            self._text(f"{path}ExecutionUnitList"),
            self._text(f"{path}Resolved") not in {"0", "false"},
        )

    def environments(self) -> tuple[str, ...]:
        """The paths of all execution environments, without a dot at the end."""
        return tuple(path.removesuffix(".") for path in self._instances("ExecEnv"))

    def is_enabled(self, environment: str) -> bool:
        """Whether units can be put into an environment."""
        is_off = self._text(f"{environment}.Enable") in {"0", "false"}
        return not is_off and self._text(f"{environment}.Status") in {"", "Up"}

    def suits(self, environment: str, package: Package) -> bool:
        """Whether a package is made for an environment."""
        names = {self._text(f"{environment}.{name}").lower() for name in ("Name", "Type")}
        return not package.environment or package.environment.lower() in names

    def has_room(self, environment: str, package: Package) -> bool:
        """Whether there is room for one more unit of that size."""
        free = whole_number(self._text(f"{environment}.AvailableDiskSpace"), 19)
        return len(self.units()) < MAX_UNITS and (free is None or package.size <= free)

    def is_installed(self, unit: Unit) -> bool:
        """Whether a unit is still there as it was, and nothing is going on with it."""
        return unit in self.units() and self._text(f"{unit.path}Status") in {"", "Installed"}

    def set_status(self, path: str, status: str) -> None:
        """Show what is going on with a unit."""
        self._write(path, {"Status": status})

    def install(self, package: Package, uuid: str, environment: str, url: str, now: float) -> Unit:
        """Add a unit with one execution unit."""
        unit, execution = (
            f"{self._root}{table}.{self._tree.add(f'{self._root}{table}.')}."
            for table in ("DeploymentUnit", "ExecutionUnit")
        )
        number = unit.removesuffix(".").rpartition(".")[2]
        moment = clock_text(int(now))
        self._write(
            unit,
            {
                "UUID": uuid,
                "DUID": number,
                "Name": package.name,
                "Status": "Installed",
                "Resolved": "1",
                "Vendor": package.vendor,
                "ExecutionUnitList": execution.removesuffix("."),
                "ExecutionEnvRef": environment,
                "Installed": moment,
            },
        )
        self._write(
            execution,
            {
                "EUID": execution.removesuffix(".").rpartition(".")[2],
                "Name": package.name,
                "ExecEnvLabel": package.name,
                "Status": "Active",
                "RequestedState": "Active",
                "ExecutionFaultCode": "NoFault",
                "AutoStart": "1",
                "Vendor": package.vendor,
                "ExecutionEnvRef": environment,
            },
        )
        self.renew(unit, package, url, now)
        self._show_active(environment)
        return self.unit(unit)

    def renew(self, path: str, package: Package, url: str, now: float) -> Unit:
        """Put another version of a unit in its place."""
        said = {"Version": package.version, "Description": package.description}
        self._write(path, {**said, "Status": "Installed", "URL": url, "LastUpdate": clock_text(int(now))})
        for execution in self._execution_units(path):
            size = str(package.size)
            self._write(execution, {**said, "DiskSpaceInUse": size, "MemoryInUse": size})
        return self.unit(path)

    def remove(self, path: str) -> None:
        """Remove a unit with its execution units."""
        environment = self.unit(path).environment
        for execution in (*self._execution_units(path), path):
            self._tree.delete(execution)
        self._show_active(environment)

    def _execution_units(self, path: str) -> tuple[str, ...]:
        listed = (each.strip().removesuffix(".") + "." for each in self._text(f"{path}ExecutionUnitList").split(","))
        return tuple(each for each in listed if each != "." and self._tree.item(each) is not None)

    def _show_active(self, environment: str) -> None:
        active = [
            each.removesuffix(".")
            for each in self._instances("ExecutionUnit")
            if self._text(f"{each}ExecutionEnvRef").removesuffix(".") == environment
            and self._text(f"{each}Status") == "Active"
        ]
        self._write(f"{environment}.", {"ActiveExecutionUnits": ",".join(active)})

    def _instances(self, table: str) -> Iterator[str]:
        node = self._tree.item(f"{self._root}{table}.")
        for number in node.children if isinstance(node, Node) else ():
            yield f"{self._root}{table}.{number}."

    def _text(self, path: str) -> str:
        return self._tree.value(path, 0.0) or ""

    def _write(self, path: str, values: dict[str, str]) -> None:
        """Write what the device has of some parameters."""
        there = {f"{path}{name}": value for name, value in values.items()}
        self._tree.write({name: value for name, value in there.items() if isinstance(self._tree.item(name), Leaf)})
