"""Scripted routers that have called the server of an API."""

from collections.abc import Mapping
from dataclasses import replace

from tests.api.conftest import Api
from tests.e2e.defaults import PARAMETERS
from tests.e2e.device import Parameter, ScriptedDevice, Value

BOOTED = (("1 BOOT", ""),)


async def router(
    api: Api,
    parameters: Mapping[str, Parameter] | None = None,
    *,
    root: str = "Device.",
    serial: str = "",
) -> ScriptedDevice:
    """A router that has told all its parameters."""
    own = {**PARAMETERS, **(parameters or {})}
    own = {path.replace("Device.", root, 1): replace(each) for path, each in own.items()}
    device = api.served.device(parameters=own, **({"serial": serial} if serial else {}))
    await tell(device)
    return device


async def tell(device: ScriptedDevice) -> None:
    """Have a router tell all its parameters as they are."""
    told = {name: Value(each.value, each.type) for name, each in device.model.parameters.items()}
    await device.run_session(BOOTED, told)


def name_of(device: ScriptedDevice) -> str:
    """What a router is called."""
    return f"{device.id.oui}-{device.id.product_class}-{device.id.serial}"
