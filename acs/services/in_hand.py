"""The operation that a session has in hand, and how its end is told."""

import json
from dataclasses import dataclass
from typing import Final

from acs.domain.operation import OperationFault, OperationKind, Outcome, OutcomeState
from acs.domain.queue import ClaimedOperation, Phase, Settlement
from acs.provisioning.plan import Plan
from acs.services.requested import Requested
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.errors import EncodeError
from cwmp_schemas.faults import Fault
from cwmp_schemas.messages import AcsRequest, CpeResponse
from cwmp_schemas.style import WireStyle


@dataclass(slots=True)
class InHand:
    """An operation on its way."""

    claimed: ClaimedOperation
    """As it was taken from the queue."""
    requested: Requested
    """What was asked for."""
    plan: Plan
    """How it is carried out."""
    sent: str = ""
    """The RPC that is out, if it must not be repeated."""


class _Nothing:
    """The procedure of what could not be planned."""

    state = None

    def next(self) -> AcsRequest | None:
        """Nothing is sent."""
        return None

    def take(self, answer: CpeResponse | Fault) -> None:
        """Nothing is answered."""

    def lose(self) -> None:
        """Nothing is lost."""

    def outcome(self, end: object) -> Outcome:
        """Nothing comes of it."""
        return Outcome(OutcomeState.FAILED)


NOTHING: Final = _Nothing()
"""Stands in for the plan of what could not be planned."""


def fault_text(fault: OperationFault | None) -> str:
    """A fault as it is kept."""
    if fault is None:
        return ""
    parameters = [{"name": each.name, "code": each.code, "string": each.string} for each in fault.parameters]
    return json.dumps({"code": fault.code, "string": fault.string, "parameters": parameters})


def told(kind: OperationKind, settlement: Settlement) -> str:
    """What history says of how an operation left a session."""
    if settlement.phase is Phase.AWAITING:
        return f"{kind} accepted by the device"
    return f"{kind} {settlement.state.value}"


def unsendable(rpc: AcsRequest, style: WireStyle) -> str | None:
    """Why an RPC cannot be written (a value with a control character, say); None if it can."""
    try:
        encode(Envelope("0", rpc), style)
    except EncodeError as error:
        return str(error)
    return None
