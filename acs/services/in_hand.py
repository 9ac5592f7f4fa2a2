"""The operation that a session has in hand, and how its end is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from acs.auth.sealing import Row
from acs.domain.operation import JSON, Operation, OperationFault, OperationKind, Outcome, OutcomeState
from acs.domain.queue import ClaimedOperation, OperationState, Phase
from acs.domain.settlement import Settlement
from acs.provisioning.plan import Plan
from acs.services.requested import Requested, holds_secrets, outcome_text
from acs.services.vault import Vault
from acs.settings import Settings
from cwmp_schemas.encode import encode
from cwmp_schemas.envelope import Envelope
from cwmp_schemas.errors import EncodeError
from cwmp_schemas.messages import AcsRequest
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


def progress_text(vault: Vault, work: InHand) -> str:
    """How far an operation is, as kept."""
    return _kept_plan(vault, work.plan, "operation", work.claimed.public_id, "progress")


def read_progress(vault: Vault, claimed: ClaimedOperation) -> Mapping[str, JSON] | None:
    """How far an operation was; None if it has not been begun."""
    return _opened_plan(vault, claimed.progress, "operation", claimed.public_id, "progress")


def push_text(vault: Vault, device_id: int, plan: Plan) -> str:
    """How far the push of what a device is to have is, as kept."""
    return _kept_plan(vault, plan, "contact", device_id, "settings_progress")


def read_push(vault: Vault, device_id: int, kept: str) -> Mapping[str, JSON] | None:
    """How far such a push was; None if it has not been begun."""
    return _opened_plan(vault, kept, "contact", device_id, "settings_progress")


def kept_outcome(claimed: ClaimedOperation, operation: Operation, outcome: Outcome, vault: Vault) -> str:
    """What came of an operation, as kept."""
    is_secret = holds_secrets(operation, outcome)
    return vault.keep(outcome_text(outcome), "operation", claimed.public_id, "outcome", is_secret=is_secret)


def settlement_of(claimed: ClaimedOperation, outcome: Outcome, kept: str, *, at: float, sent: str = "") -> Settlement:
    """How an operation ends; ``kept`` is its outcome, ``sent`` the RPC that is out if it must not be repeated."""
    is_unknown = outcome.state is OutcomeState.UNKNOWN
    return Settlement(
        claimed,
        OperationState(outcome.state.value),
        at,
        phase=Phase.SENT if is_unknown else Phase.NONE,
        sent=sent if is_unknown else "",
        outcome=kept,
        fault=fault_text(outcome.fault),
    )


def until_proven(settlement: Settlement, kind: OperationKind, settings: Settings) -> Settlement:
    """The same, if it takes the device's own word to complete such an operation, for when that has yet to come."""
    match kind:
        case OperationKind.REBOOT:
            sent, seconds = "Reboot", settings.proof_timeout
        case OperationKind.FACTORY | OperationKind.DEVICE_FACTORY:
            sent, seconds = "FactoryReset", settings.proof_timeout
        case OperationKind.DOWNLOAD:
            sent, seconds = "Download", settings.transfer_timeout
        case OperationKind.UPLOAD:
            sent, seconds = "Upload", settings.transfer_timeout
        case _:
            return settlement
    return replace(
        settlement,
        state=OperationState.IN_PROGRESS,
        phase=Phase.AWAITING,
        sent=sent,
        proof_by=settlement.at + seconds,
    )


def unsendable(rpc: AcsRequest, style: WireStyle) -> str | None:
    """Why an RPC cannot be written (a value with a control character, say); None if it can."""
    try:
        encode(Envelope("0", rpc), style)
    except EncodeError as error:
        return str(error)
    return None


def _kept_plan(vault: Vault, plan: Plan, table: str, row: Row, column: str) -> str:
    """What was read on the way may be anything, so it is always sealed."""
    return vault.seal(json.dumps(plan.progress(), separators=(",", ":")), table, row, column)


def _opened_plan(vault: Vault, kept: str, table: str, row: Row, column: str) -> Mapping[str, JSON] | None:
    if not kept:
        return None
    progress: dict[str, JSON] = json.loads(vault.open(kept, table, row, column))
    return progress
