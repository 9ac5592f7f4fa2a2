"""Parameters as they are kept."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ParameterRecord:
    """What a device said about one of its parameters."""

    path_id: int
    """The path, by its number."""
    path: str
    """The path."""
    value: str | None = field(repr=False)
    """Its value as kept, perhaps sealed; None: not told."""
    type: str | None
    """Its type; None: not told."""
    writable: bool | None
    """Whether the device lists it as writable; None: not told."""
    updated: float
    """When this was told first: what is told again unchanged is not written again."""
