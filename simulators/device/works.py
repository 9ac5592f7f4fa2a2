"""What takes a device time; most devices of a fleet do nothing of the kind, and do not have it."""

from typing import TYPE_CHECKING

from simulators.device.diagnostics import Diagnostics
from simulators.device.journal import Journal
from simulators.device.options import Options
from simulators.device.transfers import Transfers
from simulators.device.units import Units

if TYPE_CHECKING:
    from simulators.device.cpe import Cpe


class Works:
    """The parts of a device that have work under way; made when they are first needed."""

    __slots__ = ("diagnostics", "journal", "options", "transfers", "units")

    def __init__(self, cpe: "Cpe") -> None:
        self.journal = Journal()
        """What it remembers for its log file."""
        self.journal.note(cpe.tree.booted_at, "kernel: started")
        self.transfers = Transfers(cpe)
        """Files to fetch and to send."""
        self.units = Units(cpe)
        """Changes of deployment units."""
        self.diagnostics = Diagnostics(cpe)
        """Pings and the like."""
        self.options = Options(cpe)
        """What vouchers switch."""

    def restarted(self, now: float) -> None:
        """The device goes down; when it will be up again is known."""
        self.journal.note(now, "kernel: restarting")
        self.transfers.restarted(now)
        self.units.restarted(now)
        self.diagnostics.restarted()

    def was_reset(self) -> None:
        """The device is as it left the factory."""
        self.transfers.was_reset()
        self.units.was_reset()
        self.diagnostics.was_reset()
        self.options.was_reset()
