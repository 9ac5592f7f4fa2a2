"""The kinds of devices that are built in: one capture each, in the CSV of genieacs-sim, with places to fill.

Names, types, access and limits are those of the Broadband Forum's published models; the values are made up.
"""

from functools import cache
from importlib.resources import files
from typing import Final

from simulators.device.capture import read_capture
from simulators.device.errors import ModelError
from simulators.device.model import Model

NAMES: Final = ("tr181-router", "tr181-ont", "tr098-dsl", "tr196-enb")
"""A home router, a fibre gateway with mesh WiFi, a DSL router of the older model, and an LTE small cell."""


@cache
def built_in(name: str) -> Model:
    """The model of a kind that is built in, read once; ModelError says which there are."""
    if name not in NAMES:
        raise ModelError(f"no kind of device {name!r} is built in; there are {', '.join(NAMES)}")
    return read_capture(files(__name__).joinpath(f"{name}.csv").read_text("utf-8").splitlines(keepends=True))
