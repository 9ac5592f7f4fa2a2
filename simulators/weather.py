"""What goes wrong by chance between devices and the ACS, and when."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simulators.device.random_faults import NO_FAULTS, RandomFaults


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time in which things go wrong."""

    begins: float
    """When it begins."""
    ends: float
    """When it is over."""
    devices: frozenset[int]
    """The devices for which they do, by index."""


class Weather:
    """The faults that a device meets: its own if it has some, or else those of all, at all times or in spells."""

    __slots__ = ("_common", "_now", "_own", "_spells")

    def __init__(
        self,
        own: Mapping[int, RandomFaults],
        common: RandomFaults,
        spells: Sequence[Spell] | None,
        now: Callable[[], float],
    ) -> None:
        """Without spells what is common goes wrong all the time."""
        self._own = own
        self._common = common
        self._spells = spells
        self._now = now

    def faults_of(self, device: int) -> RandomFaults:
        """What goes wrong in a session that a device, told by its index, opens now."""
        own = self._own.get(device)
        if own is not None:
            return own
        return self._common if self._spells is None or self._is_in_one(device, self._spells) else NO_FAULTS

    def _is_in_one(self, device: int, spells: Sequence[Spell]) -> bool:
        now = self._now()
        return any(spell.begins <= now < spell.ends and device in spell.devices for spell in spells)
