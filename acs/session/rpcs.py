"""The RPCs we have sent in one session, and which of them an answer belongs to."""

from dataclasses import dataclass
from typing import Final

from cwmp_schemas.messages import Message, answers

REMEMBERED: Final = 16
"""How many earlier RPCs of a session are known by their ID."""


@dataclass(frozen=True, slots=True)
class SentRpc:
    """An RPC of ours, without its arguments: they may hold secrets, and the driver knows what it sent."""

    rpc_id: str
    """Its cwmp:ID."""
    method: str
    """Its name."""
    lost: bool = False
    """Whether it was given up, and may still be answered."""


class SentRpcs:
    """Numbers the RPCs of a session and remembers the latest.

    An answer belongs to the RPC that is out, whatever its ID: iPhotonix devices invent IDs and others send none. Only
    the ID of an earlier RPC of this session, given up or the one just before, on an answer of that RPC's kind, says
    that the answer belongs there.
    So an ID of ours must not look like one that a device makes up: ``prefix`` is to be a few characters that differ
    from session to session. With an empty one the IDs are 1, 2, 3, which a counting device would meet by accident.
    """

    __slots__ = ("earlier", "lost", "outstanding", "prefix", "sent")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.sent = 0
        self.lost = 0
        self.outstanding: SentRpc | None = None
        self.earlier: dict[str, SentRpc] = {}

    @property
    def spare_id(self) -> str:
        """An ID that no RPC has, for the answer to a request without one."""
        return f"{self.prefix}0"

    def send(self, method: str) -> SentRpc:
        """Number an RPC that goes out."""
        self.sent += 1
        self.outstanding = SentRpc(f"{self.prefix}{self.sent}", method)
        return self.outstanding

    def find_earlier(self, answer_id: str | None, answer: Message) -> SentRpc | None:
        """The RPC before the one that is out to which an answer belongs by its ID and kind."""
        rpc = self.earlier.get(answer_id) if answer_id else None
        if rpc is None or not answers(answer, rpc.method):
            return None
        # An older one that was answered is not answered again: this device repeats an ID (as iPhotonix devices may).
        return rpc if rpc.lost or rpc.rpc_id == next(reversed(self.earlier)) else None

    def settle(self, rpc: SentRpc) -> None:
        """Note that an RPC, the one that is out or a lost one, is answered."""
        self._remember(SentRpc(rpc.rpc_id, rpc.method))

    def lose(self) -> SentRpc | None:
        """Give up the RPC that is out, if any."""
        rpc = self.outstanding
        if rpc is not None:
            self.lost += 1
            self._remember(SentRpc(rpc.rpc_id, rpc.method, lost=True))
        return rpc

    def _remember(self, rpc: SentRpc) -> None:
        if self.outstanding is not None and self.outstanding.rpc_id == rpc.rpc_id:
            self.outstanding = None
        self.earlier[rpc.rpc_id] = rpc
        if len(self.earlier) > REMEMBERED:
            del self.earlier[next(iter(self.earlier))]
