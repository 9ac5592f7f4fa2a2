"""A simulated device and a real server in one process."""

import asyncio
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from acs.domain.device import Credential
from acs.domain.device import Identity as Registered
from acs.domain.inventory import DeviceTypeDetails
from acs.domain.operation import Operation, OperationKind, Outcome, Variable
from acs.domain.queue import OperationState
from acs.services.operations import AT_ONCE
from acs.services.requested import Requested
from simulators.client.caller import Caller
from simulators.device.chance import Chance
from simulators.device.cpe import Cpe
from simulators.device.identity import Identity
from simulators.device.model import Model
from simulators.device.quirks import Quirks
from simulators.device.timing import AT_ONCE as NO_TIME
from simulators.tally import Tally
from tests.contract.opened import opened
from tests.e2e.serving import Served

_numbers = itertools.count(1)
_PATIENCE = 10.0


class Subject:
    """One device that calls a server."""

    def __init__(self, served: Served, model: Model, quirks: Quirks, is_known: bool = False) -> None:
        number = next(_numbers)
        url = {model.management("URL"): f"http://127.0.0.1:{served.port}/"}
        who = replace(model.device_id, serial_number=f"SIM{number}")
        self._served = served
        self.cpe = Cpe(
            model.with_values(url),
            Identity(who, number),
            chance=Chance(number),
            now=served.clock.wall(),
            quirks=quirks,
            timing=NO_TIME,
            is_known=is_known,
        )
        """The device."""
        self.counting = Tally(served.clock.wall())
        """What came of its posts."""
        self._caller = Caller(self.counting, served.clock.wall)

    @property
    def now(self) -> float:
        """The time of the server."""
        return self._served.clock.wall()

    async def session(self) -> str:
        """A session; how it ended."""
        self.cpe.advance(self.now)
        self.cpe.called(self.now)
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._caller.call(self.cpe, lambda _, outcome: ended.set_result(outcome)).start()
        async with asyncio.timeout(_PATIENCE):
            return await ended

    async def row(self) -> int:
        """Its number in the server's database."""
        who = self.cpe.identity.device_id
        devices = self._served.server.services.tools.devices
        (found,) = await devices.matching(Registered(who.oui, who.product_class, who.serial_number))
        return found.id

    async def be_registered(self) -> None:
        """Have the server know it and its login before it calls."""
        who, tools = self.cpe.identity.device_id, self._served.server.services.tools
        uuid = tools.chance.octets(16).hex()
        row = await tools.devices.create(
            uuid=uuid,
            name=who.serial_number,
            identity=Registered(who.oui, who.product_class, who.serial_number),
            at=self.now,
            is_registered=True,
        )
        management = self.cpe.management(self.now)
        sealed = tools.vault.seal(management.password, "credential", uuid, "password")
        login = Credential(0, "cwmp", row, None, management.username, sealed, True, uuid)
        await tools.devices.put_logins(row, [login], self.now)

    async def be_of_type(self, settings: Mapping[str, bool | int | str]) -> None:
        """Have the server know what devices of this type want; done over another connection, as operators do it."""
        number = next(_numbers)
        async with opened(self._served.server.services.tools.settings.database_url.get_secret_value()) as store:
            details = DeviceTypeDetails(f"type {number}", f"type {number}", quirks=json.dumps(dict(settings)))
            made = await store.types.create(details, self.now)
            await store.devices.set_type(await self.row(), made, self.now)

    async def queue(self, kind: OperationKind, *variables: Variable) -> str:
        """Have the server want something of it; the public id of that."""
        operations = self._served.server.services.operations
        view = await operations.queue(await self.row(), Requested(Operation(kind, variables)), AT_ONCE)
        return view.record.public_id

    async def until_done(self, *wanted: str, sessions: int, step: float = 6.0) -> tuple[list[Outcome], list[str]]:
        """Call until operations are completed, with some time between; what came of them, how the sessions ended."""
        ends: list[str] = []
        for _ in range(sessions):
            ends.append(await self.session())
            views = [await self._served.view(public_id) for public_id in wanted]
            if all(view.record.state is OperationState.COMPLETED for view in views):
                return [view.outcome for view in views if view.outcome is not None], ends
            await self._served.sweep(step)
        raise AssertionError(f"{[view.record.state for view in views]} after sessions that ended {ends}")


def read(outcome: Outcome) -> dict[str, str | None]:
    """The values that an operation read, by name."""
    return {each.name: each.value for each in outcome.variables}


def told(cpe: Cpe, names: Iterable[str], now: float) -> dict[str, str | None]:
    """The values that a device has, by name."""
    return {name: cpe.tree.value(name, now) for name in names}
