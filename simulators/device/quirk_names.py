"""Quirks by their names."""

import dataclasses
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from simulators.device.errors import QuirkError
from simulators.device.quirk_entry import NamedQuirk
from simulators.device.quirk_names_http import HTTP
from simulators.device.quirk_names_manners import MANNERS
from simulators.device.quirk_names_wire import WIRE
from simulators.device.quirks import PLAIN, Quirks

REGISTRY: Final[Mapping[str, NamedQuirk]] = {each.name: each for each in (*HTTP, *WIRE, *MANNERS)}
"""All of them: those of HTTP first, then those of spelling and of manners."""

_TOGETHER_IMPOSSIBLE: Final[tuple[tuple[str, str, str], ...]] = (
    ("no-cookie", "needs-root-path-cookie", "a device that sends no cookie keeps none"),
    ("no-cookie", "drops-http-only-cookie", "a device that sends no cookie keeps none"),
    ("chunked", "counts-characters", "a chunked body has no length"),
    ("chunked", "http-1.0", "HTTP 1.0 knows no chunks"),
    ("expect-continue", "http-1.0", "HTTP 1.0 knows no Expect"),
    ("gzip", "counts-characters", "a compressed body has no characters"),
    ("deflate", "counts-characters", "a compressed body has no characters"),
    ("undeclared-prefix", "hangs-up-on-namespace", "without a namespace of its own there is no other one"),
    ("secrets-read-empty", "secrets-told", "secrets cannot be told and kept"),
    ("numeric-booleans", "worded-booleans", "no boolean is left"),
)


def describe(name: str) -> str:
    """What a quirk does, and who does it; QuirkError if there is none of that name."""
    found = named(name)
    return f"{found.sentence} ({found.device})"


def named(name: str) -> NamedQuirk:
    """A quirk by its name; QuirkError if there is none."""
    found = REGISTRY.get(name)
    if found is None:
        raise QuirkError(f"there is no quirk {name!r}{_similar(name)}")
    return found


def quirk(name: str) -> Quirks:
    """A device that does one thing."""
    return quirks_named((name,))


def quirks_named(names: Iterable[str]) -> Quirks:
    """A device that does several things; the same object for the same names, in any order.

    QuirkError for a name that is none, and for two that contradict each other.
    """
    return _named(tuple(sorted(set(names))))


def settings_for(names: Iterable[str], root_name: str = "Device") -> dict[str, bool | int | str]:
    """What the ACS has to know of a type of device with these quirks."""
    return {
        key: value.replace("{root}", root_name) if isinstance(value, str) else value
        for name in sorted(set(names))
        for key, value in named(name).settings.items()
    }


def contradiction(names: Iterable[str]) -> str | None:
    """A sentence about two names that contradict each other; None without any."""
    chosen = sorted(set(names))
    for one, other, why in _TOGETHER_IMPOSSIBLE:
        if one in chosen and other in chosen:
            return f"{one} and {other} contradict each other: {why}"
    said: dict[tuple[str, str], tuple[str, object]] = {}
    for name in chosen:
        found = named(name)
        for switch, value in found.changes.items():
            by, before = said.setdefault((found.group, switch), (name, value))
            if before != value and not isinstance(value, tuple):
                return f"{by} and {name} contradict each other: both say what {switch} is"
    return None


@lru_cache(maxsize=4096)
def _named(names: tuple[str, ...]) -> Quirks:
    against = contradiction(names)
    if against is not None:
        raise QuirkError(against)
    return _merged(tuple(named(name) for name in names))


def _merged(chosen: tuple[NamedQuirk, ...]) -> Quirks:
    quirks = PLAIN
    for each in chosen:
        if each.group == "namespace":
            quirks = dataclasses.replace(quirks, **each.changes)
            continue
        group = getattr(quirks, each.group)
        # Lists add up: one name leaves out the Event, another the ParameterList.
        changes = {
            switch: getattr(group, switch) + value if isinstance(value, tuple) else value
            for switch, value in each.changes.items()
        }
        quirks = dataclasses.replace(quirks, **{each.group: dataclasses.replace(group, **changes)})
    return quirks


def _similar(name: str) -> str:
    words = set(name.split("-"))
    close = sorted(known for known in REGISTRY if words & set(known.split("-")))
    return f"; there is {', '.join(close[:5])}" if close else ""
