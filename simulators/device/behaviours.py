"""Ways to behave for a mixed fleet: by chance, each another one, the same ones for the same seed."""

from dataclasses import dataclass
from typing import Final

from simulators.device.chance import Chance
from simulators.device.quirk_names import REGISTRY, contradiction, quirks_named, settings_for
from simulators.device.quirks import Quirks
from simulators.device.random_faults import NO_FAULTS, Kind, RandomFaults

MAX_BEHAVIOURS: Final = 20_000
"""How many can be asked for; far more can be told apart."""
_MAX_QUIRKS: Final = 5
_SHARES: Final = (0.002, 0.005, 0.01, 0.02)

# Without a cookie only the connection says which session a post belongs to.
_NO_COOKIE: Final = frozenset({"no-cookie", "drops-http-only-cookie"})
_NO_CONNECTION: Final = frozenset({"closes-after-response", "http-1.0", "reconnects-after-401"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to behave."""

    names: tuple[str, ...] = ()
    """The quirks, in the order of the alphabet."""
    faults: RandomFaults = NO_FAULTS
    """What goes wrong by chance."""

    @property
    def quirks(self) -> Quirks:
        """The quirks themselves."""
        return quirks_named(self.names)

    def settings(self, root_name: str = "Device") -> dict[str, bool | int | str]:
        """What the ACS has to know of devices that behave so."""
        return settings_for(self.names, root_name)


FIT: Final = tuple(sorted(name for name, each in REGISTRY.items() if each.outcome == "ok"))
"""The quirks of mixed fleets: those with which an ACS can work."""


def behaviours(count: int = 1000, *, seed: object = 1) -> tuple[Behaviour, ...]:
    """So many behaviours, no two alike: a plain one, each quirk alone, then combinations.

    ValueError if that many are not to be had.
    """
    if not 0 <= count <= MAX_BEHAVIOURS:
        raise ValueError(f"{count} behaviours: there are from 0 to {MAX_BEHAVIOURS}")
    chance = Chance("behaviours", seed)
    found = dict.fromkeys([Behaviour(), *(Behaviour((name,)) for name in shuffled(FIT, chance))])
    while len(found) < count:
        found[_any(chance)] = None
    return tuple(found)[:count]


def fits(names: list[str]) -> bool:
    """Whether quirks can be those of one device that an ACS can work with."""
    return contradiction(names) is None and not (_NO_COOKIE.intersection(names) and _NO_CONNECTION.intersection(names))


def shuffled(names: tuple[str, ...], chance: Chance) -> list[str]:
    """The names in another order."""
    return sorted(names, key=lambda _: chance.bits())


def _any(chance: Chance) -> Behaviour:
    names: list[str] = []
    for _ in range(chance.whole(1, _MAX_QUIRKS)):
        name = chance.pick(FIT)
        if name not in names and fits([*names, name]):
            names.append(name)
    faults = _faults(chance, names) if chance.happens(0.5) else NO_FAULTS
    return Behaviour(tuple(sorted(names)), faults)


def _faults(chance: Chance, names: list[str]) -> RandomFaults:
    kinds = {chance.pick(tuple(Kind)) for _ in range(chance.whole(1, 3))}
    if _NO_COOKIE.intersection(names):
        kinds.discard(Kind.RECONNECT)
    shares = {kind.value: chance.pick(_SHARES) for kind in sorted(kinds, key=lambda kind: kind.value)}
    return RandomFaults(**shares, deaf=chance.pick((0.0, 0.01, 0.05)))
