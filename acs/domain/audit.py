"""The audit log: who changed what through the API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change; secrets are masked before they come here."""

    at: float
    """When."""
    actor: str
    """Who: the token, by number and name."""
    address: str
    """From where."""
    action: str
    """What was done: ``create``, ``update``, ``delete``, ..."""
    resource: str
    """The kind of thing: ``device``, ``device_type``, ..."""
    resource_id: str = ""
    """Which one, by its number; empty for one that the same commit makes, which is found by what follows."""
    organization_id: int | None = None
    """Whose it is; None: nobody's."""
    before: str = ""
    """What was, as JSON."""
    after: str = ""
    """What is, as JSON."""
    found_by: str = ""
    """What is unique of a new one: a device's uuid, the name of most others, a token's hash."""
    request_key: str = ""
    """The token and the idempotency key of the request; empty if it had none."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry as it is kept."""

    id: int
    """Its row; later ones have higher numbers."""
    entry: AuditEntry
    """What it says."""
