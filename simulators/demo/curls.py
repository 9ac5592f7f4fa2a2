"""A command for each endpoint of a server's document, with what is there in the place of the examples."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

Document = Mapping[str, Any]
"""JSON, as it was read."""

_PLACE: Final = re.compile(r"\{(\w+)\}")
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_DEVICE: Final = re.compile(r"inventory_device(_name|_serial)?(_operation|_variables|_setting)?")


@dataclass(frozen=True, slots=True)
class Router:
    """A device that the server knows."""

    id: int
    """Its number."""
    name: str
    """Its name."""
    serial_number: str
    """Its serial number."""
    oui: str = ""
    """Its OUI."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is there to be named in commands."""

    routers: Sequence[Router]
    """Routers that answer, at least four of one kind."""
    spares: Sequence[Router]
    """Devices that nobody misses, at least three."""
    kept: Mapping[str, str]
    """By the path's first part, such as ``organization``: what can be looked at and changed."""
    spare: Mapping[str, str]
    """The same: what can be deleted."""
    setting: str
    """A parameter that the routers have and that can be set."""
    image: str
    """The path of a file to upload."""


@dataclass(frozen=True, slots=True)
class Curl:
    """One command."""

    tag: str
    """Under which heading of the document it stands."""
    summary: str
    """What it does."""
    text: str
    """To be typed; ``$API`` and ``$AUTH`` are to be set."""


def curls(document: Document, known: Known) -> Iterator[Curl]:
    """A command for each operation of the document, in its order."""
    counts = {"device": 0, "action": 0}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                yield _Command(path, method, operations[method], known, counts).curl()


class _Command:
    """One operation on its way to a command."""

    def __init__(self, path: str, method: str, operation: Document, known: Known, counts: dict[str, int]) -> None:
        self._path = path
        self._method = method
        self._operation = operation
        self._known = known
        self._counts = counts
        self._resource = path.split("/")[1]
        family = _DEVICE.fullmatch(self._resource)
        self._is_device = family is not None and family[2] is None
        self._of_device = family is not None
        self._is_action = family is not None and family[2] == "_operation"

    def curl(self) -> Curl:
        target = _PLACE.sub(self._place, self._path) + self._query()
        words = ["curl -s"]
        if self._method not in {"get", "post"} or (self._method == "post" and not self._bodies):
            words.append(f"-X {self._method.upper()}")
        words.append('-H "$AUTH"')
        words.append(f'"$API{target}"')
        words += self._body()
        return Curl(self._operation["tags"][0], self._operation.get("summary", ""), " ".join(words))

    @property
    def _router(self) -> Router:
        """The device that is spoken of; deleted are those nobody misses, restarted others than those that are read."""
        if self._is_device and self._method == "delete":
            number, self._counts["device"] = self._counts["device"], self._counts["device"] + 1
            return self._known.spares[number % len(self._known.spares)]
        if self._is_action:
            number, self._counts["action"] = self._counts["action"], self._counts["action"] + 1
            return self._known.routers[1 + number % (len(self._known.routers) - 1)]
        return self._known.routers[0]

    def _place(self, place: re.Match[str]) -> str:
        if self._of_device:
            router = self._router
            values = {"name": router.name, "serial_number": router.serial_number, "id": str(router.id)}
            return quote(values[place[1].removeprefix("parent__").removeprefix("parent_")], safe="")
        things = self._known.spare if self._method == "delete" else self._known.kept
        rest = self._path.partition("}")[2].strip("/")
        return quote(things[f"{self._resource}/{rest}" if rest else f"{self._resource}/{place[1]}"], safe="")

    def _query(self) -> str:
        """What a list without a device in its path needs to be about one; and a few of what is wanted often."""
        needed = {each["name"] for each in self._operation.get("parameters", ()) if each["in"] == "query"}
        queries = []
        if "{" not in self._path and "parent__name" in needed:
            queries.append(f"parent__name={quote(self._known.routers[0].name, safe='')}")
        if self._method == "delete" and "parameter__variable_name" in needed:
            queries.append(f"parameter__variable_name={self._known.setting}")
        if queries:
            return "?" + "&".join(queries)
        if self._method == "delete" and "{" not in self._path and "id" in needed:
            return f"?id={self._known.spare[f'{self._resource}/id']}"
        if self._method == "get" and "{" not in self._path and "limit" in needed:
            return "?limit=5"
        return ""

    @property
    def _bodies(self) -> Mapping[str, Any]:
        return self._operation.get("requestBody", {}).get("content", {})  # type: ignore[no-any-return]

    def _body(self) -> list[str]:
        if "multipart/form-data" in self._bodies:
            return ["-F name=demo-2.1", "-F version=2.1", f"-F {shlex.quote('file=@' + self._known.image)}"]
        example = self._bodies.get("application/json", {}).get("example")
        if example is None:
            return []
        return [f"--json {shlex.quote(json.dumps(self._filled(example)))}"]

    def _filled(self, example: Any) -> Any:  # noqa: ANN401  any JSON
        """The example with what is there in the place of what it names."""
        if isinstance(example, list):
            return [self._filled(each) for each in example]
        filled = {name: self._value(name, value) for name, value in example.items()}
        if self._is_device and self._method == "post":
            number = self._counts["device"] = self._counts["device"] + 1
            filled |= {"name": f"new-{number}", "serial_number": f"NEW-{number}", "username": f"new-{number}"}
        if self._is_device and self._method == "put":
            router = self._known.routers[0]
            filled |= {"name": router.name, "serial_number": router.serial_number, "oui": router.oui}
        if self._resource.endswith("_headless_operation"):
            filled["name"] = self._known.routers[0].name
        return filled

    def _value(self, name: str, value: Any) -> Any:  # noqa: ANN401  any JSON
        match name:
            case "organization_id":
                return int(self._known.kept["organization/id"])
            case "organizations":
                return [int(self._known.kept["organization/id"])]
            case "type":
                return int(self._known.kept["inventory_type/id"])
            case "variable_name" if self._of_device:
                return self._known.setting
            case "name" | "short_name" if isinstance(value, str) and self._method in {"post", "put"}:
                return f"{value} {self._method}" if name == "name" else f"{value}-{self._method}"
            case _:
                return value
