"""What happens to devices from outside in a run: the phases of its scenario, and the lines of a trace."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from cwmp_schemas import events
from simulators.arrivals import Arrival, storm
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.fleet import Deed, Fleet
from simulators.options import Plan, index_of
from simulators.scenarios.schema import Phase


def write_script(fleet: Fleet, plan: Plan, started: float) -> None:
    """Put down what is to happen in a run that begins at a moment."""
    for number, arrival in enumerate(plan.trace):
        index = number % plan.makeup.devices if arrival.device is None else index_of(arrival.device, plan.makeup)
        fleet.at(started + arrival.at, (index or 0,), _deed_of(arrival))
    for number, phase in enumerate(plan.scenario.phases):
        deed = _DEEDS[phase.action](fleet, plan, phase)
        chosen = affected(plan, phase, number)
        fleet.at(started + phase.at, chosen, deed)


def affected(plan: Plan, phase: Phase, number: int) -> list[int]:
    """The devices that a phase happens to, so many as its share says, chosen by chance."""
    everybody = list(range(plan.makeup.devices))
    count = math.floor(phase.share * len(everybody) + 0.5)
    if count == len(everybody):
        return everybody
    chance = Chance(plan.makeup.seed, "phase", number)
    for place in range(count):
        other = chance.whole(place, len(everybody) - 1)
        everybody[place], everybody[other] = everybody[other], everybody[place]
    return sorted(everybody[:count])


def _deed_of(arrival: Arrival) -> Deed:
    def happen(cpe: Cpe, now: float) -> None:
        if arrival.event == events.BOOT:
            cpe.restart(now, takes=0.0)
        elif arrival.event == events.BOOTSTRAP:
            cpe.factory_reset(now)
        else:
            cpe.pending.add(arrival.event)

    return happen


def _power_cut(fleet: Fleet, plan: Plan, phase: Phase) -> Deed:
    chance = Chance(plan.makeup.seed, "power", phase.at)
    boots = storm(plan.makeup.devices, phase.within, chance)

    def happen(cpe: Cpe, now: float) -> None:
        fleet.cut(cpe, "power cut")
        cpe.restart(now, takes=phase.lasts + boots[cpe.identity.index])

    return happen


def _reboot(_fleet: Fleet, _plan: Plan, _phase: Phase) -> Deed:
    return lambda cpe, now: cpe.restart(now)


def _factory_reset(_fleet: Fleet, _plan: Plan, _phase: Phase) -> Deed:
    return lambda cpe, now: cpe.factory_reset(now)


_DEEDS: Final[Mapping[str, Callable[[Fleet, Plan, Phase], Deed]]] = {
    "power-cut": _power_cut,
    "reboot": _reboot,
    "factory-reset": _factory_reset,
}
