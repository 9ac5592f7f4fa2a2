"""All quirks by their names, those of HTTP first, then those of spelling and of manners."""

from collections.abc import Mapping
from typing import Final

from simulators.device.quirk_entry import NamedQuirk
from simulators.device.quirk_names_http import HTTP
from simulators.device.quirk_names_manners import MANNERS
from simulators.device.quirk_names_wire import WIRE

REGISTRY: Final[Mapping[str, NamedQuirk]] = {each.name: each for each in (*HTTP, *WIRE, *MANNERS)}
"""All of them, by name."""
