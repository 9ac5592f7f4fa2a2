"""Desired settings, and what is known of a device's parameters."""

from dataclasses import dataclass, field

from cwmp_schemas.values import XsdType


@dataclass(frozen=True, slots=True)
class Setting:
    """What a parameter of a device is to be."""

    value: str = field(repr=False)
    """The value."""
    value_type: str | None = None
    """See ``Variable.value_type``."""
    applied: bool = False
    """Whether the device has taken just this value before; all there is to go by when it cannot be read back."""
    shown: str | None = field(default=None, repr=False)
    """How the device spells this value, as read back when it took it; None when that is not known."""
    applied_at: float = 0.0
    """When it took it."""


@dataclass(frozen=True, slots=True)
class KnownParameter:
    """What a device last said about a parameter."""

    value: str | None = field(repr=False)
    """Its value; None when only the type is known."""
    type: XsdType | None = None
    """Its type; None when only told by GetParameterNames."""
    writable: bool | None = None
    """Whether the device lists it as writable; None when it was not asked."""
    since: float = 0.0
    """When it said so first."""


@dataclass(frozen=True, slots=True)
class SettingState:
    """What became of a setting."""

    path: str
    """The parameter."""
    uuid: str
    """Which wish it was."""
    state: str
    """``applied`` or ``refused``."""
    fault: str = ""
    """Why it was refused."""
    shown: str | None = field(default=None, repr=False)
    """What the device shows since, as kept."""
