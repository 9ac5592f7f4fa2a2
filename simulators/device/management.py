"""What a device's ManagementServer object says about how it is to call (TR-181 2.17 Device.ManagementServer)."""

from dataclasses import dataclass, field, replace
from typing import Final

from cwmp_schemas.values import UNKNOWN_TIME, parse_date_time
from simulators.device.numbers import whole_number
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
    phase: float | None
    """PeriodicInformTime: such calls are whole intervals away from it; None leaves it to the device."""
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
        phase=moment(text("PeriodicInformTime")),
        retry_minimum=_number(text("CWMPRetryMinimumWaitInterval"), 5.0),
        retry_multiplier=_number(text("CWMPRetryIntervalMultiplier"), 2000.0),
        throttle=_number(text("DefaultActiveNotificationThrottle"), 0.0),
        called_username=text("ConnectionRequestUsername"),
        called_password=text("ConnectionRequestPassword"),
    )


class Settings:
    """What is in force. Where and as whom the device calls changes between sessions, all else at once.

    The standard does not say when a new URL or login counts; a session that changed them goes on as it began.
    """

    __slots__ = ("_is_held", "_known", "revision")

    def __init__(self) -> None:
        self._known: Management | None = None
        self.revision = -1
        """That of the data model when it was last read."""
        self._is_held = False

    def at(self, tree: Tree, now: float, *, in_session: bool) -> Management:
        """The settings in force."""
        known = self._known
        if known is not None and self.revision == tree.revision:
            return known
        fresh = read_management(tree, now)
        if in_session and known is not None:
            fresh = replace(fresh, url=known.url, username=known.username, password=known.password)
            self._is_held = True
        self._known, self.revision = fresh, tree.revision
        return fresh

    def session_ended(self) -> None:
        """What was held back while the session was open is in force."""
        if self._is_held:
            self._known, self._is_held, self.revision = None, False, -1


def moment(text: str) -> float | None:
    """A dateTime as POSIX seconds; None for the unknown time, and for what is none."""
    try:
        value = parse_date_time(text)
    except ValueError:
        return None
    return None if value == UNKNOWN_TIME else value.timestamp()


def _number(text: str, default: float) -> float:
    number = whole_number(text)
    return default if number is None else float(number)
