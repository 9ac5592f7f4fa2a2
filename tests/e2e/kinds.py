"""Types of devices, made for one test: their quirks are data in the database, as an operator would keep them."""

import itertools
import json

from acs.domain.inventory import DeviceTypeDetails
from acs.domain.operation import JSON
from tests.contract.opened import opened
from tests.e2e.device import ScriptedDevice
from tests.e2e.serving import Served

_names = itertools.count(1)


async def of_type(served: Served, device: ScriptedDevice, **quirks: JSON) -> int:
    """Give a router that has called a type with these quirks; the type's row.

    It is done over another connection to the database, as another process would: the engine has to notice.
    """
    at = served.clock.wall()
    async with opened(served.server.services.tools.settings.database_url.get_secret_value()) as store:
        name = f"type {next(_names)}"
        details = DeviceTypeDetails(name, name, quirks=json.dumps(quirks))
        number = await store.types.create(details, at)
        await store.devices.set_type(await served.id_of(device), number, at)
    return number


async def known(served: Served, device: ScriptedDevice, **quirks: JSON) -> ScriptedDevice:
    """A router that has called once and is of a type with these quirks."""
    await device.run_session()
    await of_type(served, device, **quirks)
    return device
