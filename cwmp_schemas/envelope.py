"""A SOAP envelope as CWMP uses it: one message and the headers around it (TR-069 3.5)."""

from dataclasses import dataclass

from cwmp_schemas.messages import Message
from cwmp_schemas.oddities import Oddity


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message on its way between a CPE and the ACS."""

    id: str | None
    """The cwmp:ID, which an answer echoes; None when the sender gave none."""
    message: Message
    """What the body holds."""
    minor: int | None = 0
    """The namespace: 2 stands for ``urn:dslforum-org:cwmp-1-2``; None when the sender named none, written as 0."""
    hold_requests: bool = False
    """From the ACS: the CPE is to hold back its own requests."""
    no_more_requests: bool = False
    """The sender has no more requests in this session."""
    session_timeout: int | None = None
    """From the CPE with its Inform: seconds of silence it asks the ACS to bear (1.3 and later)."""
    supported_versions: tuple[str, ...] = ()
    """From the CPE with its Inform: the protocol versions it knows (1.4 and later)."""
    use_version: str | None = None
    """From the ACS with its InformResponse: the version to use."""


@dataclass(frozen=True, slots=True)
class Received:
    """An envelope that was read, and what had to be tolerated to read it."""

    envelope: Envelope
    """What was meant."""
    oddities: frozenset[Oddity] = frozenset()
    """What was wrong with it; each kind once."""
