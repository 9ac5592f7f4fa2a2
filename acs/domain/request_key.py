"""By what a request names itself, so that it may be sent again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A key of a token's choice: each token has keys of its own."""

    owner: str
    """The token, by its number."""
    key: str
    """What the request said."""

    def __str__(self) -> str:
        """How changes name it in the audit log, and what those with the same key wait for."""
        return f"{self.owner} {self.key}"
