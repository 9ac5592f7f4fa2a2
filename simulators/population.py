"""A fleet from a few words: of which kinds the devices are, who they are, and how each departs from the standard.

A device is told by its number alone: a larger fleet holds the smaller one, and a second run meets the same devices.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import lcm
from typing import Final, TypeVar

from cwmp_schemas.values import XsdType
from simulators.device.behaviours import Behaviour
from simulators.device.chance import Chance
from simulators.device.checking import canonical
from simulators.device.cpe import Cpe
from simulators.device.errors import ModelError
from simulators.device.identity import Identity, is_pattern
from simulators.device.model import Leaf, Model, Node, factory_leaf, find, put
from simulators.device.random_faults import NO_FAULTS, RandomFaults
from simulators.device.timing import LIFELIKE, Timing

D = TypeVar("D", bound=Cpe)
MOST_DEVICES: Final = 1_000_000
"""How many devices a fleet may have."""
SERIAL_DIGITS: Final = 6
"""How many digits a serial number has behind its prefix, at least."""

_BY_THE_STANDARD: Final = Behaviour()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of device in a fleet."""

    name: str
    """What it is called."""
    model: Model
    """Its data model from the factory."""
    share: int = 1
    """How many of its kind there are for each so many of the others."""


@dataclass(frozen=True, slots=True)
class Way:
    """How some of the devices depart from the standard."""

    name: str
    """What it is called."""
    share: Fraction
    """The share of all devices that do."""
    behaviours: tuple[Behaviour, ...]
    """What they do: the first device has the first, and so on, again and again."""


@dataclass(frozen=True, slots=True)
class Makeup:
    """What a fleet is made of."""

    devices: int
    """How many there are."""
    kinds: tuple[Kind, ...]
    """Of what kinds; at least one."""
    url: str
    """The ACS that they call."""
    interval: int
    """Seconds between two calls of a device."""
    is_periodic: bool = True
    """Whether they call by themselves."""
    seed: int = 1
    """From which all their chance comes."""
    prefix: str = "SIM"
    """What their serial numbers begin with."""
    username: str = "{serial}"
    """How they log in; ``{serial}`` stands for the device's own."""
    password: str = field(default="", repr=False)
    """How they log in."""
    called_at: str | None = None
    """Where they can be called, with places to fill; None leaves it to the model."""
    is_known: bool = False
    """Whether the ACS has met them before: then they tell no bootstrap."""
    ways: tuple[Way, ...] = ()
    """How some depart from the standard; all others do not."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Further values from the factory, by path below the root object."""
    timing: Timing = LIFELIKE
    """How long they take for what they do."""


class Dealer:
    """Deals numbers by shares: however many were dealt, each was as often as its share says, to within one."""

    __slots__ = ("_ahead", "_shares", "_sum")

    def __init__(self, shares: Sequence[int]) -> None:
        self._shares = shares
        self._sum = sum(shares)
        self._ahead = [0] * len(shares)

    def deal(self) -> int:
        """The number whose turn it is: the one that is furthest behind."""
        ahead = self._ahead
        for number, share in enumerate(self._shares):
            ahead[number] += share
        dealt = max(range(len(ahead)), key=ahead.__getitem__)
        ahead[dealt] -= self._sum
        return dealt


def populate(makeup: Makeup, arrivals: Sequence[float], now: float) -> Iterator[Cpe]:
    """The devices in their order, each switched on at its arrival."""
    return populate_with(Cpe, makeup, arrivals, now)


def populate_with(make: Callable[..., D], makeup: Makeup, arrivals: Sequence[float], now: float) -> Iterator[D]:
    """The same for another class of devices; ``make`` takes the arguments of ``Cpe``."""
    models = [_equipped(kind.model, makeup) for kind in makeup.kinds]
    for index, (number, behaviour) in enumerate(_behaving(makeup)):
        model = models[number]
        yield make(
            model,
            Identity(replace(model.device_id, serial_number=serial(makeup.prefix, index)), index),
            chance=Chance(makeup.seed, index),
            now=now,
            quirks=behaviour.quirks,
            timing=makeup.timing,
            is_known=makeup.is_known,
            first_call_in=arrivals[index],
        )


def faults_of(makeup: Makeup) -> dict[int, RandomFaults]:
    """What goes wrong by chance, by the index of the devices for which something does."""
    return {
        index: behaviour.faults
        for index, (_, behaviour) in enumerate(_behaving(makeup))
        if behaviour.faults is not NO_FAULTS
    }


def serial(prefix: str, index: int) -> str:
    """The serial number of a device."""
    return f"{prefix}{index:0{SERIAL_DIGITS}d}"


def counts(makeup: Makeup) -> dict[str, int]:
    """How many devices there are of each kind, and of each way, by name."""
    found = dict.fromkeys([kind.name for kind in makeup.kinds] + [way.name for way in makeup.ways], 0)
    for number, way in _dealt(makeup):
        found[makeup.kinds[number].name] += 1
        if way is not None:
            found[way.name] += 1
    return found


def _dealt(makeup: Makeup) -> Iterator[tuple[int, Way | None]]:
    """The number of the kind of each device, and its way; each kind has its share of each way."""
    whole = lcm(*(way.share.denominator for way in makeup.ways))
    shares = [int(way.share * whole) for way in makeup.ways]
    shares.append(whole - sum(shares))
    ways = [*makeup.ways, None]
    kinds = Dealer([kind.share for kind in makeup.kinds])
    of_kind = [Dealer(shares) for _ in makeup.kinds]
    for _ in range(makeup.devices):
        number = kinds.deal()
        yield number, ways[of_kind[number].deal()]


def _behaving(makeup: Makeup) -> Iterator[tuple[int, Behaviour]]:
    """The number of the kind of each device, and how it behaves."""
    met = dict.fromkeys((way.name for way in makeup.ways), 0)
    for number, way in _dealt(makeup):
        if way is None:
            yield number, _BY_THE_STANDARD
        else:
            yield number, way.behaviours[met[way.name] % len(way.behaviours)]
            met[way.name] += 1


def _equipped(model: Model, makeup: Makeup) -> Model:
    """The model with what all devices of the fleet are told in the factory; what it has no place for gets one."""
    texts = {"URL": makeup.url, "Username": makeup.username, "Password": makeup.password}
    if makeup.called_at is not None:
        texts["ConnectionRequestURL"] = makeup.called_at
    for name, value in texts.items():
        _check(model.management(name), value)
    root = _with_leaf(
        model.root, model.management("PeriodicInformEnable"), str(int(makeup.is_periodic)), XsdType.BOOLEAN
    )
    root = _with_leaf(root, model.management("PeriodicInformInterval"), str(makeup.interval), XsdType.UNSIGNED_INT)
    for name, value in texts.items():
        root = _with_leaf(root, model.management(name), value, XsdType.STRING)
    further = {f"{model.root_name}.{path}": value for path, value in makeup.values.items()}
    for path, value in further.items():
        leaf = find(root, path)
        _check(path, value, leaf.type if isinstance(leaf, Leaf) and not is_pattern(value) else XsdType.STRING)
    # The parameters of every Inform are found anew, for there may be more now.
    return Model.of(root, model.device_id).with_values(further)


def _check(name: str, value: str, kind: XsdType = XsdType.STRING) -> None:
    """ModelError for what no device can have; the value may be a secret, and is not told."""
    try:
        canonical(kind, value)
    except ValueError as error:
        raise ModelError(f"{name}: {error}") from None


def _with_leaf(root: Node, path: str, value: str, kind: XsdType) -> Node:
    leaf = find(root, path)
    if isinstance(leaf, Leaf):
        return put(root, path.split("."), factory_leaf(leaf, value))
    above = path.rpartition(".")[0]
    if find(root, above) is None:
        root = put(root, above.split("."), Node({}))
    return put(root, path.split("."), factory_leaf(Leaf(kind, writable=True), value))
