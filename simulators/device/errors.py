"""What can go wrong in a simulated device.

Exception
 ├── RefusedError   what the ACS asks for cannot be done: becomes a fault on the wire
 ├── AcsError       the ACS does not keep to the protocol: the session has failed
 ├── ModelError     a data model that cannot be read: a mistake of whoever wrote it
 └── QuirkError     quirks that there are none of, or that contradict each other: a mistake of whoever asked for them
"""

from cwmp_schemas.faults import CpeFault, Fault, ParameterFault


class RefusedError(Exception):
    """An RPC is refused; the fault says why (TR-069 A.5)."""

    def __init__(self, code: CpeFault | int, what: str, parameters: tuple[ParameterFault, ...] = ()) -> None:
        super().__init__(f"{int(code)}: {what}")
        self.fault = Fault(int(code), what, parameters)


class AcsError(Exception):
    """The ACS answered something that ends a session without success; ``reason`` is short, for counting."""

    def __init__(self, reason: str, what: str = "") -> None:
        super().__init__(f"{reason}: {what}" if what else reason)
        self.reason = reason


class ModelError(ValueError):
    """A data model cannot be read; the sentence says where."""


class QuirkError(ValueError):
    """A quirk that is none, or two that contradict each other; the sentence names them."""
