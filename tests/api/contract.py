"""Holds every answer that a test gets to what the document of the API says of it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import jsonschema_rs

_BASE: Final = "/api/v1"
_NOT_DESCRIBED: Final = f"{_BASE}/docs/"
_PROBLEM: Final = "application/problem+json"
# HTTP itself may answer these, whatever is asked.
_OF_HTTP: Final = {
    404: "not-found",
    405: "method-not-allowed",
    408: "timeout",
    413: "too-large",
}


Case = tuple[str, str, int, str]
"""Method, path as in the document, status, and which problem it is; empty for none."""


@dataclass
class Contract:
    """What the document says."""

    document: Mapping[str, Any]
    """The document."""
    provoked: set[Case] = field(default_factory=set)
    """What was answered so far."""
    _validators: dict[str, jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    @cached_property
    def _by_path(self) -> dict[str, tuple[re.Pattern[str], Mapping[str, Any]]]:
        # A path without a place comes before one that has a place there.
        paths = sorted(self.document["paths"].items(), key=lambda each: each[0].count("{"))
        return {
            path: (re.compile(re.sub(r"\{\w+\}", "[^/]+", path.replace(".", r"\."))), methods)
            for path, methods in paths
        }

    def check(self, method: str, path: str, status: int, headers: Mapping[str, str], octets: bytes) -> None:
        """AssertionError if an answer is not what the document says."""
        what = f"{method} {path} answered {status}"
        self.provoked.add(self._case(method, path, status, octets))
        assert headers.get("X-Request-ID"), f"{what} without X-Request-ID"
        if path.startswith(_NOT_DESCRIBED) and status < 400:
            return
        media_type = headers.get("Content-Type", "").partition(";")[0]
        operation = self._operation(method, path)
        described = operation and operation["responses"].get(str(status))
        if status == 308:
            assert headers["Location"].partition("?")[0] == f"{path}/", what
            return
        if described is None:
            assert operation is None or status in _OF_HTTP, f"{what}, which the document does not say"
            assert media_type == _PROBLEM, f"{what} as {media_type}"
            if method == "HEAD":
                return
            self._fits(what, {"$ref": "#/components/schemas/Problem"}, octets)
            return
        if "content" not in described or method == "HEAD":
            assert not octets, f"{what} with a body"
            return
        content = described["content"].get(media_type)
        assert content is not None, f"{what} as {media_type}, which the document does not say"
        if media_type.endswith("json"):
            self._fits(what, content["schema"], octets)
        if media_type == _PROBLEM:
            word = json.loads(octets)["type"].rpartition(":")[2]
            known = word in content["examples"] or word == _OF_HTTP.get(status)
            assert known, f"{what}: {word}, which the route does not name among its problems"
        for name in headers:
            known = name not in _TOLD or name in described["headers"]
            assert known, f"{what} with {name}, which the document does not say"

    def promised(self) -> set[Case]:
        """All that the document says may be answered."""
        return {
            (method.upper(), path, int(status), word)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            for status, answer in operation["responses"].items()
            for word in answer.get("content", {}).get(_PROBLEM, {}).get("examples", [""])
        }

    def _case(self, method: str, path: str, status: int, octets: bytes) -> Case:
        own = path.partition("?")[0].removeprefix(_BASE)
        template = next((each for each, (pattern, _) in self._by_path.items() if pattern.fullmatch(own)), own)
        word = json.loads(octets)["type"].rpartition(":")[2] if status >= 400 and octets else ""
        return method, template, status, word

    def _operation(self, method: str, path: str) -> Any:
        own = path.partition("?")[0].removeprefix(_BASE)
        for pattern, methods in self._by_path.values():
            if pattern.fullmatch(own):
                return methods.get({"HEAD": "get"}.get(method, method.lower()))
        return None

    def _fits(self, what: str, schema: Mapping[str, Any], octets: bytes) -> None:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = dict(schema) | {"components": self.document["components"]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole)
        wrong = [
            f"{list(each.instance_path)}: {each.message}"
            for each in self._validators[key].iter_errors(json.loads(octets))
        ]
        assert not wrong, f"{what}, which does not fit the document: {wrong}"


_TOLD: Final = {"X-Ignored-Fields", "X-Status-Not-Reached", "X-Total-Count", "Link", "Idempotent-Replay"}
