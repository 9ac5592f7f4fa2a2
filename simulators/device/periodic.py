"""When a device calls by its interval (TR-181 ManagementServer.PeriodicInformEnable, -Interval and -Time)."""

import math

from simulators.device.management import Management


class Periodic:
    """The next such call. Late calls do not shift those after them."""

    __slots__ = ("_interval", "_phase", "next_at")

    def __init__(self) -> None:
        self.next_at = math.inf
        """When it is due; infinity for never."""
        self._interval = math.inf
        self._phase: float | None = None

    def begin(self, now: float, management: Management, *, is_due: bool) -> None:
        """The device is up; without a PeriodicInformTime its own clock is the reference, from now on."""
        self.stop()
        self.change(now, management)
        if is_due and self._phase is None and management.is_periodic:
            self.next_at = now

    def change(self, now: float, management: Management) -> None:
        """The settings may have changed: that takes effect at once."""
        interval = management.interval if management.is_periodic else math.inf
        if (interval, management.phase) == (self._interval, self._phase):
            return
        self._interval, self._phase = interval, management.phase
        if interval == math.inf:
            self.next_at = math.inf
        elif self._phase is None:
            self.next_at = now + interval
        else:
            self.next_at = _after(self._phase, interval, now)

    def called(self, now: float) -> None:
        """The call that was due is on its way."""
        self.next_at = _after(self.next_at, self._interval, now)

    def stop(self) -> None:
        """The device is down."""
        self.next_at = self._interval = math.inf
        self._phase = None


def _after(reference: float, interval: float, now: float) -> float:
    """The first moment after now that is whole intervals away from a reference."""
    following = reference + interval
    if reference <= now < following:
        return following
    return reference + interval * ((now - reference) // interval + 1)
