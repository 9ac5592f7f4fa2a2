"""What strangers can send, one target for each parser that reads it: a function that raises only for a defect.

This names them without importing any, for what is imported before the instruments are in place is not measured.
"""

from importlib import import_module
from typing import Final

from fuzz.target import Target

_MODULES: Final = {
    "answers": "replies",
    "bodies": "api",
    "captures": "simulation",
    "challenges": "login",
    "cookies": "heads",
    "credentials": "login",
    "cwmp": "cwmp",
    "datagrams": "simulation",
    "expressions": "simulation",
    "files": "files",
    "forms": "files",
    "heads": "heads",
    "inflate": "cwmp",
    "json": "api",
    "queries": "api",
    "replies": "replies",
    "requests": "requests",
    "scenarios": "simulation",
    "schedules": "api",
    "settings": "settings",
    "uploads": "files",
    "urls": "heads",
}

NAMES: Final = tuple(_MODULES)
"""All targets."""


def target(name: str) -> Target:
    """The target of a name; KeyError if there is none."""
    module = import_module(f"fuzz.targets.{_MODULES[name]}")
    found: Target = module.TARGETS[name]
    return found


def check(name: str, data: bytes) -> None:
    """Give a target one input: the line that a find becomes in a test."""
    target(name).judge(data)
