"""What a device's ManagementServer object says about how it is to call (TR-181 2.17 Device.ManagementServer)."""

from dataclasses import dataclass, field
from typing import Final

from simulators.device.tree import Tree

_DEFAULT_INTERVAL: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Management:
    """The settings of a moment."""

    url: str
    """The ACS."""
    username: str
    """To log in there."""
    password: str = field(repr=False)
    """To log in there."""
    is_periodic: bool
    """Whether it calls by itself."""
    interval: float
    """Seconds between such calls."""
    retry_minimum: float
    """CWMPRetryMinimumWaitInterval, in seconds (3.2.1.1)."""
    retry_multiplier: float
    """CWMPRetryIntervalMultiplier, where 1,000 stands for 1 (3.2.1.1)."""
    throttle: float
    """DefaultActiveNotificationThrottle: seconds from one session because of a change to the next."""
    called_username: str
    """ConnectionRequestUsername: what whoever calls the device has to say."""
    called_password: str = field(repr=False)
    """ConnectionRequestPassword."""


def read_management(tree: Tree, now: float) -> Management:
    """The settings as they are now; what the model lacks is as the standard presumes."""

    def text(name: str, default: str = "") -> str:
        value = tree.value(tree.model.management(name), now)
        return default if value is None else value

    return Management(
        text("URL"),
        text("Username"),
        text("Password"),
        is_periodic=text("PeriodicInformEnable", "1") in {"1", "true"},
        interval=max(1.0, _number(text("PeriodicInformInterval"), _DEFAULT_INTERVAL)),
        retry_minimum=_number(text("CWMPRetryMinimumWaitInterval"), 5.0),
        retry_multiplier=_number(text("CWMPRetryIntervalMultiplier"), 2000.0),
        throttle=_number(text("DefaultActiveNotificationThrottle"), 0.0),
        called_username=text("ConnectionRequestUsername"),
        called_password=text("ConnectionRequestPassword"),
    )


def _number(text: str, default: float) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else default
