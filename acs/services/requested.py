"""Operations as they are kept: what was asked for, and what came of it, as JSON texts."""

import json
from dataclasses import dataclass, replace
from typing import Final

from acs.domain.operation import Operation, OperationKind, Outcome
from acs.domain.queue import ClaimedOperation, OperationRecord
from acs.provisioning.plain import from_plain, to_plain
from acs.services.secret_values import holds_secret
from acs.services.vault import Vault

_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode
# Their arguments and answers may hold passwords in any place.
_ALWAYS_SECRET: Final = frozenset({OperationKind.RPC, OperationKind.DOWNLOAD, OperationKind.UPLOAD})


@dataclass(frozen=True, slots=True)
class Requested:
    """What was asked for."""

    operation: Operation
    """The operation itself."""
    firmware_image_id: int | None = None
    """The image to download, of a download of one of ours."""
    extra: str = ""
    """What the caller wants to see again with the operation, as JSON; it means nothing here."""


def request_text(requested: Requested) -> str:
    """What was asked for, as text."""
    return _ENCODE(to_plain(requested, secrets=True))


def read_requested(vault: Vault, kept: ClaimedOperation | OperationRecord) -> Requested:
    """What was asked for, from its text."""
    return from_plain(Requested, json.loads(vault.open(kept.request, "operation", kept.public_id, "request")))


def outcome_text(outcome: Outcome) -> str:
    """What came of an operation, as text; what was learned on the way is kept with the device."""
    kept = replace(outcome, learned=()) if outcome.learned else outcome
    return _ENCODE(to_plain(kept, secrets=True))


def read_outcome(vault: Vault, record: OperationRecord) -> Outcome | None:
    """What came of an operation; None while nothing did."""
    if not record.outcome:
        return None
    return from_plain(Outcome, json.loads(vault.open(record.outcome, "operation", record.public_id, "outcome")))


def holds_secrets(operation: Operation, outcome: Outcome | None = None) -> bool:
    """Whether what is kept of an operation may hold a secret."""
    if operation.kind in _ALWAYS_SECRET:
        return True
    values = [(each.name, each.value) for each in operation.variables]
    if outcome is not None:
        for result in outcome.variables:
            path = result.path or result.name
            values += [(path, result.value), (path, result.found)]
            values += [(each.name, each.value) for each in result.values or ()]
    return any(holds_secret(path, value) for path, value in values)
