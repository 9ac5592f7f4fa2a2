"""Who asks something of the management API, and whose devices that one sees."""

from dataclasses import dataclass
from typing import Final

from acs.domain.token import Role, Token

_RANKS: Final = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a good token, for the length of one request."""

    token: Token
    """The token."""
    address: str
    """Where the request came from."""

    @property
    def actor(self) -> str:
        """Who did it, for the audit log and a device's history."""
        return f"token {self.token.id} ({self.token.name})"

    @property
    def organizations(self) -> tuple[int, ...] | None:
        """Whose devices it sees; None: all."""
        return self.token.organizations

    @property
    def is_bound(self) -> bool:
        """Whether it sees some organizations only."""
        return self.token.organizations is not None

    def may(self, role: Role) -> bool:
        """Whether it may do what needs this role."""
        return _RANKS[self.token.role] >= _RANKS[role]

    def sees(self, organization_id: int | None) -> bool:
        """Whether it sees what belongs to an organization; None: to nobody, which only an unbound token sees."""
        return self.token.organizations is None or organization_id in self.token.organizations
