"""A mixed fleet: kinds, quirks and faults dealt by a seed, in sorts of which the ACS has to know different things."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from cwmp_schemas.messages import AcsRequest, CpeResponse
from simulators.device.behaviours import Behaviour, behaviours
from simulators.device.chance import Chance
from simulators.device.identity import Identity
from simulators.device.model import Model
from simulators.device.quirk_names import REGISTRY
from simulators.device.random_faults import NO_FAULTS, RandomFaults
from simulators.device.timing import Timing
from simulators.kinds import read_kinds
from simulators.population import Dealer, Kind, Makeup, Way, populate_with
from tests.chaos.witness import WitnessedCpe

INTERVALS: Final = (60, 90, 120, 150, 180, 240, 300)
"""Seconds between two calls, from one sort of devices to the next."""
_KINDS: Final = "tr181:4,tr098:3,ont:2,enb:1"
_PASSWORD: Final = "the-login-of-sort-{}"
QUICK: Final = Timing((2.0, 8.0), (1.0, 5.0), (1.0, 3.0), (1.0, 3.0))
"""How long devices take for what they do: not as long as in a household, so that more happens."""
_FAULTS: Final = RandomFaults(
    drop=0.002, delay=0.003, repeat=0.002, garble=0.002, close=0.002, wrong_id=0.001, slow_read=0.002, reconnect=0.002,
    deaf=0.02, longest=2.0,
)  # fmt: skip
# Without a cookie only the connection says whose a post is.
_BOUND_TO_A_CONNECTION: Final = frozenset({"no-cookie", "drops-http-only-cookie"})
_SLOW: Final = frozenset({"silent-after-wifi-write", "slow-full-read", "late-configuration"})
_MIXTURES: Final = 300


@dataclass(frozen=True, slots=True)
class Sort:
    """Devices of one kind of which the ACS has to know the same."""

    number: int
    """Which one it is."""
    kind: Kind
    """Of what kind they are."""
    settings: Mapping[str, bool | int | str]
    """What the ACS has to know of them."""
    behaviours: tuple[Behaviour, ...]
    """How each of them behaves."""

    @property
    def name(self) -> str:
        """What their type is called for short, their login's name, and what their serial numbers begin with."""
        return f"MIX{self.number:03d}"

    @property
    def password(self) -> str:
        """Their login at the first session."""
        return _PASSWORD.format(self.number)

    @property
    def interval(self) -> int:
        """How often the ACS wants them to call."""
        return INTERVALS[self.number % len(INTERVALS)]


class LastingCpe(WitnessedCpe):
    """A witness of any kind of device, which remembers what its parameters really were."""

    __slots__ = ("code_path",)

    def __init__(self, model: Model, *given: Any, **ways: Any) -> None:
        self.code_path = f"{model.root_name}.DeviceInfo.ProvisioningCode"
        super().__init__(model, *given, **ways)
        self._look(0.0)

    def carry_out(self, rpc: AcsRequest, now: float) -> CpeResponse:
        """See ``Cpe``."""
        try:
            return super().carry_out(rpc, now)
        finally:
            self._look(now)

    def inform(self, message_id: str, now: float) -> bytes:
        """See ``Cpe``."""
        self._look(now)
        return super().inform(message_id, now)

    def _look(self, now: float) -> None:
        value = self.tree.value(self.code_path, now) or ""
        if value != self.memory.codes[-1]:
            self.memory.codes.append(value)


@dataclass(slots=True)
class Member:
    """One device of the fleet."""

    cpe: LastingCpe
    """The device."""
    sort: Sort
    """Of which sort it is."""
    behaviour: Behaviour
    """Its quirks, and what goes wrong on its line."""
    disturbed: set[str] = field(default_factory=set)
    """All that ever went wrong by chance on its line."""

    @property
    def serial(self) -> str:
        """Its serial number."""
        return self.cpe.identity.device_id.serial_number

    @property
    def outcome(self) -> str:
        """How its sessions end if nothing goes wrong by chance."""
        return next((REGISTRY[each].outcome for each in self.behaviour.names if REGISTRY[each].outcome != "ok"), "ok")


def every_behaviour(seed: int, *, slow: bool = True) -> tuple[Behaviour, ...]:
    """Each quirk alone, and mixtures; without those that take minutes where a run has none to spare."""
    return tuple(each for each in behaviours(_MIXTURES, seed=seed)[1:] if slow or not _SLOW.intersection(each.names))


def sorts(count: int, seed: int, odd: Sequence[Behaviour] | None = None) -> list[Sort]:
    """So many devices, dealt into sorts."""
    kinds = read_kinds(_KINDS)
    odd = odd or every_behaviour(seed)
    unfit = [Behaviour((name,)) for name, each in REGISTRY.items() if each.outcome != "ok"]
    of_kind, of_way = Dealer([kind.share for kind in kinds]), [Dealer((40, 58, 2)) for _ in kinds]
    met = [0, 0, 0]
    found: dict[tuple[str, tuple[tuple[str, bool | int | str], ...]], list[Behaviour]] = {}
    for _ in range(count):
        number = of_kind.deal()
        way = of_way[number].deal()
        choices: Sequence[Behaviour] = ([Behaviour()], odd, unfit)[way]
        behaviour = _on_a_line(choices[met[way] % len(choices)])
        met[way] += 1
        settings = behaviour.settings(kinds[number].model.root_name)
        found.setdefault((kinds[number].name, tuple(sorted(settings.items()))), []).append(behaviour)
    by_name = {kind.name: kind for kind in kinds}
    return [
        Sort(number, replace(by_name[kind], share=1), dict(settings), tuple(each))
        for number, ((kind, settings), each) in enumerate(found.items())
    ]


def populate(
    dealt: Sequence[Sort], *, url: str, called_at: str, interval: int, seed: int, now: float,
    values: Mapping[str, str] | None = None, timing: Timing = QUICK,
) -> Iterator[Member]:  # fmt: skip
    """The devices; all have called once within their first interval, which is the same for all."""
    chance, first = Chance(seed, "arrivals"), 0
    for sort in dealt:
        count = len(sort.behaviours)
        makeup = Makeup(
            count, (sort.kind,), url, interval, seed=seed + sort.number, prefix=f"{sort.name}-", username=sort.name,
            password=sort.password, called_at=called_at, ways=(Way("all", Fraction(1), sort.behaviours),),
            values=values or {}, timing=timing,
        )  # fmt: skip
        arrivals = [chance.between(0.0, float(interval)) for _ in range(count)]

        def make(model: Model, identity: Identity, *, start: int = first, **ways: Any) -> LastingCpe:
            # One index for each device of the whole fleet.
            return LastingCpe(model, replace(identity, index=identity.index + start), **ways)

        devices = populate_with(make, makeup, arrivals, now)
        for cpe, behaviour in zip(devices, sort.behaviours, strict=True):
            yield Member(cpe, sort, behaviour)
        first += count


def _on_a_line(behaviour: Behaviour) -> Behaviour:
    """With what goes wrong on any line, if it has no faults of its own."""
    if behaviour.faults is not NO_FAULTS:
        return behaviour
    is_bound = _BOUND_TO_A_CONNECTION.intersection(behaviour.names)
    return replace(behaviour, faults=replace(_FAULTS, reconnect=0.0) if is_bound else _FAULTS)
