"""All that ``make bench`` measures, in its order."""

from dataclasses import replace

from benchmarks import growth
from benchmarks.api import harness as api
from benchmarks.core.measuring import measure as core
from benchmarks.engine import effect, large_device
from benchmarks.engine import harness as engine
from benchmarks.running import Part
from benchmarks.simulator import capacity
from benchmarks.storm import parts as storm


def all_parts(rounds: int, sessions: int) -> list[Part]:
    """Each of them, sessions in so many rounds of so many."""
    return [
        Part("core", "the protocol core", core),
        *engine.parts(engine.Plan(rounds=rounds, sessions=sessions)),
        *effect.parts(),
        *large_device.parts(),
        growth.part(growth.Plan("sqlite", rounds, sessions)),
        replace(growth.part(growth.Plan("postgresql", rounds, sessions)), is_extra=True),
        api.part(api.Plan()),
        replace(api.part(api.Plan("postgresql")), is_extra=True),
        capacity.part(rounds),
        *storm.parts(),
    ]
