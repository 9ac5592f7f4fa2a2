"""Wishes that change while a session brings others about; on both databases."""

import pytest

from acs.domain.operation import OperationKind
from acs.services.wanted import NewSetting
from tests.e2e.device import Reply, ScriptedDevice
from tests.e2e.office import Office, told

SSID = "Device.WiFi.SSID.1.SSID"
CHANGED = (("4 VALUE CHANGE", ""),)


async def answer_all(device: ScriptedDevice, asked: Reply) -> list[str]:
    """Answer until nothing is asked any more; which RPCs there were."""
    methods = []
    while asked.method:
        methods.append(asked.method)
        asked = await device.answer(asked)
    return methods


@pytest.mark.parametrize("kind", [None, OperationKind.SYNC, OperationKind.RECONF])
async def test_what_is_wished_while_something_else_is_pushed_is_pushed_next(
    office: Office, kind: OperationKind | None
) -> None:
    device = office.served.device()
    await device.run_session(CHANGED, told(device, SSID))
    await office.want(device, NewSetting(SSID, "first"))
    if kind is not None:
        await device.run_session()
        device.model.parameters[SSID].value = "of somebody else"
        await office.served.queue(device, kind)
    await device.inform()
    asked = await device.empty_post()
    while asked.method != "SetParameterValues":
        asked = await device.answer(asked)
    await office.want(device, NewSetting(SSID, "second"))
    await answer_all(device, asked)
    assert device.model.value(SSID) == "first"
    assert not (await office.wanted(device))[SSID].setting.applied, "it has only what was wished before"
    await device.run_session()
    assert device.model.value(SSID) == "second"
    assert (await office.wanted(device))[SSID].setting.applied
    assert (await device.run_session()).methods == ()


async def test_who_wants_it_at_once_gets_it_in_the_session_that_is_open(office: Office) -> None:
    device = office.served.device()
    await device.run_session(CHANGED, told(device, SSID))
    await office.want(device, NewSetting(SSID, "first"))
    await device.inform()
    asked = await device.empty_post()
    await office.want(device, NewSetting(SSID, "second"))
    assert office.served.server.services.sessions.tell_of_wishes(await office.served.id_of(device))
    assert "SetParameterValues" in await answer_all(device, asked)
    assert device.model.value(SSID) == "second"
    assert (await device.run_session()).methods == ()
