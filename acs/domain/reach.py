"""Calling a device: whom, and what came of it."""

from dataclasses import dataclass, field
from enum import StrEnum


class ReachKind(StrEnum):
    """What became of a connection request."""

    REACHED = "reached"
    """The device took it: it will open a session."""
    UNAUTHORIZED = "unauthorized"
    """The device did not take our login, or asked for one that we do not give."""
    REFUSED = "refused"
    """The device, or something on the way to it, said no."""
    TIMEOUT = "timeout"
    """Nothing was heard in time."""
    FORBIDDEN_TARGET = "forbidden_target"
    """The address is one that the server does not call."""
    NO_URL = "no_url"
    """The device has not told where it can be called."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How a connection request ended."""

    kind: ReachKind
    """What became of it."""
    latency: float
    """Seconds from the first step to the end, all tries together."""
    detail: str
    """A short sentence for an operator; it holds no secret, and of the URL at most the address and the port."""


@dataclass(frozen=True, slots=True)
class WakeTarget:
    """Where a device says that it can be called, and what for the server believes it."""

    url: str | None = field(repr=False)
    """As the device wrote it, so not to be trusted; perhaps with a secret path or query."""
    username: str
    """The name that the device expects of us."""
    password: str = field(repr=False)
    """The password for it."""
    session_address: str
    """The IP address that the device's own last session came from; empty when there was none."""
