"""A router that makes a connection for each post, before two servers on one database: it meets either at any time."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.link import Reply
from tests.e2e.model import Parameter
from tests.e2e.serving import Served, serving
from tests.e2e.test_operations import CHANNEL, SSID

pytestmark = pytest.mark.parametrize("server", ["postgresql"], indirect=True)
_MAPPING = "Device.NAT.PortMapping."


class Roamer(ScriptedDevice):
    """Goes to one server after the other."""

    def __init__(self, ports: Sequence[int], **ways: Any) -> None:
        super().__init__(ports[0], serial="ROAMER", **ways)
        self._ports: Iterator[int] = cycle(ports)

    async def post(self, octets: bytes, name: str = "unnamed") -> Reply:
        """See ``Steps``."""
        await self.link.move(next(self._ports))
        return await super().post(octets, name)


@pytest.fixture
async def both(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Served, Served]]:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(serving(database_url, tmp_path))
        yield one, await stack.enter_async_context(serving(database_url, tmp_path))


@pytest.fixture(params=[(0, 1), (0, 1, 1), (0, 0, 1), (0, 1, 0)], ids=str)
async def roamer(both: tuple[Served, Served], request: pytest.FixtureRequest) -> Roamer:
    device = Roamer([both[number].port for number in request.param])
    assert (await device.run_session()).ended_by is EndedBy.NO_CONTENT
    return device


async def test_what_one_asks_the_other_understands(both: tuple[Served, Served], roamer: Roamer) -> None:
    queued = [
        await both[0].queue(roamer, OperationKind.GET, Variable(SSID)),
        await both[1].queue(roamer, OperationKind.SET, Variable(CHANNEL, "11", "unsignedInt")),
        await both[0].queue(roamer, OperationKind.ADD_OBJECT, Variable(_MAPPING)),
        await both[1].queue(roamer, OperationKind.GET, Variable(CHANNEL)),
        await both[0].queue(roamer, OperationKind.REBOOT),
    ]
    assert (await roamer.run_session()).ended_by is EndedBy.NO_CONTENT
    assert (await roamer.run_session()).ended_by is EndedBy.NO_CONTENT
    views = [await both[1].view(each) for each in queued]
    assert [(view.record.state, view.record.attempts) for view in views] == [(OperationState.COMPLETED, 1)] * 5
    assert views[0].outcome is not None
    assert views[3].outcome is not None
    assert [views[place].outcome.variables[0].value for place in (0, 3)] == ["home", "11"]  # type: ignore[union-attr]
    for method in ("AddObject", "Reboot"):
        assert len(roamer.journal.carried_out(method)) == 1


async def test_a_read_of_several_requests_goes_on_where_it_was(both: tuple[Served, Served], roamer: Roamer) -> None:
    names = [f"Device.X_{number}" for number in range(130)]
    roamer.model.parameters |= {name: Parameter(name[-3:]) for name in names}
    public_id = await both[0].queue(roamer, OperationKind.GET, *map(Variable, names))
    log = await roamer.run_session()
    assert log.ended_by is EndedBy.NO_CONTENT
    assert log.methods.count("GetParameterValues") > 1
    view = await both[0].view(public_id)
    assert (view.record.state, view.record.attempts) == (OperationState.COMPLETED, 1)
    assert view.outcome is not None
    read = {each.name: each.value for each in view.outcome.variables}
    assert read == {name: name[-3:] for name in names}
