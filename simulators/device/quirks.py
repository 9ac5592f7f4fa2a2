"""The ways of real devices, as switches: each says who has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """How a device departs from the standard; as it stands, it does not."""

    namespace: int = 2
    """The CWMP namespace it speaks: 2 stands for ``urn:dslforum-org:cwmp-1-2``."""
    close_after_every_response: bool = False
    """A new connection for each post: embedded HTTP clients without keep-alive (ZyXEL, old Broadcom firmware)."""


PLAIN = Quirks()
"""A device that keeps to the standard."""
