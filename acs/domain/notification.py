"""Who is to be told of the end of an operation, or of a request for many devices."""

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is told, and of which ends."""

    on_completion: bool = True
    """Whether of a good end."""
    on_failure: bool = True
    """Whether of any other end."""
    webhook_url: str | None = field(default=None, repr=False)
    """Where a program is told. Such addresses often hold a secret."""
    email: str | None = None
    """Where a person is told."""

    @property
    def text(self) -> str:
        """As it is kept with what they are to be told of."""
        return json.dumps(asdict(self), separators=(",", ":"))


def read_recipients(text: str) -> Recipients:
    """What was kept; nobody, of an empty text."""
    return Recipients(**json.loads(text)) if text else Recipients(False, False)
