"""What happens to devices from outside in a run: the phases of its scenario, and the lines of a trace."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from cwmp_schemas import events
from simulators.arrivals import Arrival, storm
from simulators.campaign import Campaign
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.model import Leaf
from simulators.device.random_faults import NO_FAULTS, RandomFaults
from simulators.fleet import Deed, Fleet
from simulators.planning import Plan, index_of
from simulators.population import faults_of, serial
from simulators.scenarios.schema import Phase
from simulators.weather import Spell, Weather

RESTARTED: Final = "restarted"
"""Why a session failed in which a scenario had its device restart."""


def write_script(fleet: Fleet, plan: Plan, started: float) -> list[Campaign]:
    """Put down what is to happen in a run that begins at a moment; gives the campaigns among it."""
    seen: set[int] = set()
    for number, arrival in enumerate(plan.trace):
        index = index_of(arrival, number, plan.makeup)
        if plan.makeup.is_known or index in seen:
            fleet.at(started + arrival.at, (index,), _deed_of(fleet, arrival))
        # The first line switches a new device on, and it has enough to tell then.
        seen.add(index)
    campaigns: list[Campaign] = []
    for number, phase in enumerate(plan.scenario.phases):
        chosen = affected(plan, phase, number)
        if phase.action == "firmware-campaign":
            campaigns.append(Campaign(fleet, phase, len(chosen), plan.access, plan.makeup.seed))
            fleet.at(started + phase.at, chosen, campaigns[-1].add)
        elif phase.action != "faults":
            fleet.at(started + phase.at, chosen, _DEEDS[phase.action](fleet, plan, phase))
    return campaigns


def weather(plan: Plan, started: float, now: Callable[[], float]) -> Weather:
    """What goes wrong by chance in a run that begins at a moment."""
    phases = [(number, phase) for number, phase in enumerate(plan.scenario.phases) if phase.action == "faults"]
    spells = [
        Spell(started + phase.at, started + phase.at + phase.lasts, frozenset(affected(plan, phase, number)))
        for number, phase in phases
    ]
    return Weather(faults_of(plan.makeup), _common(plan), spells if phases else None, now)


def deaf(plan: Plan) -> frozenset[str]:
    """The serial numbers of the devices that never answer a connection request."""
    own, common = faults_of(plan.makeup), _common(plan)
    return frozenset(
        serial(plan.makeup.prefix, index)
        for index in range(plan.makeup.devices)
        if own.get(index, common).is_deaf(Chance(plan.makeup.seed, "deaf", index))
    )


def _common(plan: Plan) -> RandomFaults:
    """What goes wrong with all devices."""
    found = RandomFaults(**dict(plan.scenario.faults))
    # Whoever carries a session looks whether it is this very object.
    return NO_FAULTS if found == NO_FAULTS else found


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


def _deed_of(fleet: Fleet, arrival: Arrival) -> Deed:
    def happen(cpe: Cpe, now: float) -> None:
        if arrival.event == events.BOOT:
            fleet.cut(cpe, RESTARTED)
            cpe.restart(now, takes=0.0)
        elif arrival.event == events.BOOTSTRAP:
            fleet.cut(cpe, RESTARTED)
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


def _button(fleet: Fleet, _plan: Plan, phase: Phase) -> Deed:
    press = Cpe.restart if phase.action == "reboot" else Cpe.factory_reset

    def happen(cpe: Cpe, now: float) -> None:
        # What has no power has no button that does anything.
        if cpe.is_on:
            fleet.cut(cpe, RESTARTED)
            press(cpe, now)

    return happen


def _value_change(_fleet: Fleet, _plan: Plan, phase: Phase) -> Deed:
    def happen(cpe: Cpe, now: float) -> None:
        path = f"{cpe.tree.model.root_name}.{phase.parameter}"
        # The ACS may have deleted the instance that has it.
        if cpe.is_on and isinstance(cpe.tree.item(path), Leaf):
            cpe.changed_by_itself({path: phase.value}, now)

    return happen


_DEEDS: Final[Mapping[str, Callable[[Fleet, Plan, Phase], Deed]]] = {
    "power-cut": _power_cut,
    "reboot": _button,
    "factory-reset": _button,
    "value-change": _value_change,
}
