"""What the published data models say about a parameter: type, access and limits.

The facts are those of the Broadband Forum's published models: TR-181 2.17 (``Device.``), TR-098 1.8
(``InternetGatewayDevice.``), and TR-104 2.0 and TR-196 2.1 (below ``Services.`` of either). Names, types, access and
limits alone are carried, none of the descriptive text. ``facts.txt`` is their outline, made by
``scripts/build_datamodel.py``; it is read on the first question, or when it is told to be.
"""

from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from cwmp_schemas.datamodel.facts import Bounds, Facts, Kind, parse_facts
from cwmp_schemas.paths import template_of

__all__ = ["Bounds", "Facts", "Kind", "children", "load", "lookup"]

# A service object stands below whichever root object the device has (TR-106 3.1); the outline holds it once, as "*.".
_ROOTS: Final = ("Device.", "InternetGatewayDevice.")

# 1,600 different facts serve all paths.
_parsed = lru_cache(maxsize=2048)(parse_facts)


def load() -> None:
    """Read the outline now: where as many files are open as may be, it could not be read on the first question."""
    _outline()


def lookup(path: str) -> Facts | None:
    """What the models say about a parameter, object, table or instance; None when they do not know it.

    Instance numbers and aliases stand for ``{i}``. Takes any text and never raises.
    """
    facts = _outline().get(template_of(path))
    return None if facts is None else _parsed(facts)


def children(path: str) -> tuple[str, ...]:
    """What the models know directly below an object: names, objects with their dot, a table's instances as ``{i}.``.

    Nothing below a path that they do not know, or that is no object. Takes any text and never raises.
    """
    return _families().get(template_of(path), ())


@cache
def _families() -> dict[str, tuple[str, ...]]:
    """The names below each object, by its template."""
    families: dict[str, list[str]] = {}
    for path in _outline():
        parent = path[: path.rstrip(".").rfind(".") + 1]
        families.setdefault(parent, []).append(path[len(parent) :])
    return {parent: tuple(names) for parent, names in families.items()}


@cache
def _outline() -> dict[str, str]:
    """The facts of every path by its template, still in words: few of them are ever asked for."""
    outline: dict[str, str] = {}
    shared: dict[str, str] = {}
    objects = [""]
    for line in files(__name__).joinpath("facts.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        entry = line.lstrip("\t")
        depth = len(line) - len(entry)
        name, _, facts = entry.partition(" ")
        facts = shared.setdefault(facts, facts)
        path = objects[depth] + name
        if name.endswith("."):
            objects[depth + 1 :] = [path]
        for root in _ROOTS if path.startswith("*.") else ("",):
            outline[root + path.removeprefix("*.")] = facts
    return outline
