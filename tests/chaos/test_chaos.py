"""A server to which things happen: what it has acknowledged is true, and all that it was to do is done."""

from pathlib import Path
from random import Random

import pytest

from tests.chaos.battle import Battle
from tests.chaos.faults import ON_POSTGRESQL, ON_SQLITE
from tests.contract.servers import Server

_SEED = 20261126


@pytest.mark.parametrize("server", ["sqlite", "postgresql"], indirect=True)
async def test_whatever_befalls_it_nothing_acknowledged_is_lost_and_nothing_harmful_is_done_twice(
    server: Server | None, database_url: str, tmp_path: Path
) -> None:
    control = None if server is None else server.control
    battle = Battle(database_url, tmp_path, _SEED, devices=30, servers=1 if server is None else 2, control=control)
    faults = dict(ON_SQLITE if server is None else ON_POSTGRESQL)
    if control is None:
        faults.pop("down", None)
    # Devices that were told to come later do so: what a full disk does is seen in test_outages, without waiting.
    faults.pop("disk", None)
    order = Random(_SEED).sample(sorted(faults), len(faults))
    async with battle.begun():
        for name in order:
            await battle.strike(name, faults[name])
        told = await battle.end()
    assert not told.contradictions, f"seed {_SEED}, {told}"
    assert told.promised > len(order)
