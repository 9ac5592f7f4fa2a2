"""What is told of a quirk under its name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Group = Literal["http", "wire", "manners", "namespace"]


@dataclass(frozen=True, slots=True)
class NamedQuirk:
    """One misbehaviour that can be asked for."""

    name: str
    """As scenario files have it."""
    device: str
    """Who does it, by public reports."""
    sentence: str
    """What it does."""
    group: Group
    """The part of ``Quirks`` it changes."""
    changes: Mapping[str, Any]
    """The switches of that part."""
    settings: Mapping[str, bool | int | str] = field(default_factory=dict)
    """What the ACS has to know of such a type of device: settings of the type; ``{root}`` is its root object."""
    outcome: str = "ok"
    """How its sessions end: well, or with what an ACS does to such a device."""


def entry(
    group: Group,
    name: str,
    device: str,
    sentence: str,
    *,
    settings: Mapping[str, bool | int | str] | None = None,
    outcome: str = "ok",
    **changes: object,
) -> NamedQuirk:
    """One misbehaviour; what is not named here are the switches it changes."""
    return NamedQuirk(name, device, sentence, group, changes, settings or {}, outcome)
