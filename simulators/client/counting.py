"""What the network side of devices tells of itself while it goes on."""

from typing import Protocol


class Counting(Protocol):
    """Whoever counts (``simulators.tally.Tally`` does)."""

    def began(self, now: float) -> None:
        """A session began."""

    def reply(self, status: int) -> None:
        """The ACS replied with a status."""

    def ended(self, outcome: str, seconds: float, now: float) -> None:
        """A session ended: ``ok``, or a short reason."""

    def informed(self, seconds: float) -> None:
        """An Inform was acknowledged, so long after it was sent."""

    def rpc(self, method: str, fault: int, seconds: float) -> None:
        """An RPC of the ACS was answered, with this fault or (0) with a response, and the ACS took it."""

    def request(self, method: str, seconds: float, ok: bool) -> None:
        """A request of a device was answered; ok tells whether that was an acknowledgement."""

    def told_fault(self, method: str, code: int) -> None:
        """The ACS has answered a request that told of a fault."""

    def event(self, code: str) -> None:
        """An event was told and acknowledged."""

    def disturbed(self, kind: str) -> None:
        """A device did this harm on purpose."""

    def transfer(self, kind: str, octets: int, seconds: float, fault: int) -> None:
        """A file was moved, or (fault is not 0) failed to be."""


class CallCounting(Protocol):
    """Whoever counts connection requests."""

    def called(self, outcome: str) -> None:
        """A connection request came, and this became of it (``Missed``, or else ``Called``)."""
