"""Tokens: who may use the management API, and for what."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a token may do."""

    VIEWER = "viewer"
    """Read."""
    OPERATOR = "operator"
    """Read; create, change and delete devices; operations and settings."""
    ADMIN = "admin"
    """Everything."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that is to be kept: its hash, never the token itself."""

    name: str
    """What it is for, in the operator's words."""
    role: Role
    """What it may do."""
    hash: str = field(repr=False)
    """By which it is found."""
    organizations: tuple[int, ...] | None = None
    """Whose devices it sees; None: all."""
    expires_at: float | None = None
    """From when on it is worth nothing; None: never."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept."""

    id: int
    """Its row."""
    name: str
    """What it is for."""
    role: Role
    """What it may do."""
    organizations: tuple[int, ...] | None
    """Whose devices it sees; None: all."""
    created: float
    """When it was made."""
    expires_at: float | None
    """From when on it is worth nothing; None: never."""
    revoked_at: float | None
    """When it was taken back."""
    last_used: float | None
    """About when it was last used."""

    def is_good(self, at: float) -> bool:
        """Whether it opens the door at this time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)
