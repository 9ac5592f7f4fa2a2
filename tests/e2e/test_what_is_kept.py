"""Of an Inform only what is not kept already is written; whatever else wrote a value meanwhile is not forgotten."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.services.values import ValueKeeper, prints_of
from cwmp_schemas.rpc.parameters import ParameterValue
from tests.e2e.device import Parameter, ScriptedDevice
from tests.e2e.serving import Served, serving
from tests.e2e.test_retention import telling

SSID = "Device.WiFi.SSID.1.SSID"
OBJECT = "Device.NAT.PortMapping.1."
PERIODIC = (("2 PERIODIC", ""),)


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


async def kept(served: Served, device: ScriptedDevice, name: str) -> str | None:
    """The value that is kept of a parameter."""
    rows = await served.server.services.tools.parameters.known(await served.id_of(device), [name])
    return rows[0][1] if rows else None


async def test_a_value_that_was_set_and_fell_back_is_kept_as_the_next_inform_tells_it(served: Served) -> None:
    device = served.device()
    before = telling(device, SSID="before")
    await device.run_session(PERIODIC, before)
    await served.queue(device, OperationKind.SET, Variable(SSID, "after", "string"))
    await device.run_session(PERIODIC, before)
    assert await kept(served, device, SSID) == "after"
    await device.run_session(PERIODIC, before)
    assert await kept(served, device, SSID) == "before"


async def test_a_value_whose_object_was_deleted_is_kept_again_when_an_inform_tells_it(served: Served) -> None:
    device = served.device()
    name = f"{OBJECT}Description"
    device.model.parameters[name] = Parameter("mine")
    told = telling(device, Description="mine")
    assert name in told
    await device.run_session(PERIODIC, told)
    assert await kept(served, device, name) == "mine"
    await served.queue(device, OperationKind.DELETE_OBJECT, Variable(OBJECT))
    await device.run_session(PERIODIC, told)
    assert await kept(served, device, name) is None
    await device.run_session(PERIODIC, told)
    assert await kept(served, device, name) == "mine"


async def test_only_what_may_have_been_written_over_is_written_again(served: Served) -> None:
    device = served.device()
    await device.run_session()
    number = await served.id_of(device)
    keeper = ValueKeeper(served.server.services.tools)
    told = [ParameterValue(f"Device.X_VENDOR.{letter}", letter) for letter in "ABC"]
    prints = prints_of(told)
    assert len((await keeper.keep_news(number, told, prints)).values) == 3
    keeper.remember(number, 7, told, prints, 0.0)
    news = await keeper.keep_news(number, told, prints_of(told))
    assert (news.values, news.fence) == ([], 8)
    await keeper.keep(number, [ParameterValue("Device.X_VENDOR.B", "other"), ParameterValue("Device.X_VENDOR.D", "")])
    news = await keeper.keep_news(number, told, prints_of(told))
    assert [each.value for each in news.values] == ["B"]


async def test_an_inform_that_names_a_parameter_twice_is_written_in_full_the_next_time(served: Served) -> None:
    device = served.device()
    await device.run_session()
    number = await served.id_of(device)
    keeper = ValueKeeper(served.server.services.tools)
    told = [ParameterValue("Device.X_VENDOR.A", "a"), ParameterValue("Device.X_VENDOR.A", "a")]
    keeper.remember(number, 7, told, prints_of(told), 0.0)
    await keeper.keep(number, [ParameterValue("Device.X_VENDOR.A", "b")])
    more = [*told, ParameterValue("Device.X_VENDOR.Q", "q")]
    assert len((await keeper.keep_news(number, more, prints_of(more))).values) == 2


async def test_an_inform_of_very_many_values_is_written_in_full(served: Served) -> None:
    device = served.device()
    await device.run_session()
    number = await served.id_of(device)
    keeper = ValueKeeper(served.server.services.tools)
    told = [ParameterValue(f"Device.X_VENDOR.{place}", "") for place in range(257)]
    keeper.remember(number, 7, told, prints_of(told), 0.0)
    news = await keeper.keep_news(number, told, prints_of(told))
    assert (len(news.values), news.fence) == (257, None)


async def test_others_come_in_between_when_a_device_says_ten_thousand_things(served: Served) -> None:
    device = served.device()
    await device.run_session()
    values = [ParameterValue(f"Device.X_VENDOR.P{number}", str(number)) for number in range(10_000)]
    keeper, device_id = ValueKeeper(served.server.services.tools), await served.id_of(device)
    # From then on it is known which rows the names have, so nothing is waited for.
    await keeper.keep(device_id, values)
    others = 0

    def come_in() -> None:
        nonlocal others
        others += 1
        asyncio.get_running_loop().call_soon(come_in)

    come_in()
    kept_values = await keeper.keep(device_id, values)
    assert len(kept_values) == len(values)
    assert others >= 10


async def test_all_of_a_large_part_is_told_and_kept(served: Served) -> None:
    names = {f"Device.X_VENDOR.P{number}": Parameter(str(number)) for number in range(2_000)}
    device = served.device(parameters=names)
    await device.run_session()
    public_id = await served.queue(device, OperationKind.GET, Variable("Device.X_VENDOR."))
    await device.run_session()
    outcome = (await served.view(public_id)).outcome
    assert outcome is not None
    assert [len(each.values or ()) for each in outcome.variables] == [2_000]
    assert await kept(served, device, "Device.X_VENDOR.P1999") == "1999"


async def test_where_another_process_often_wrote_meanwhile_all_values_are_written_at_once(served: Served) -> None:
    device = served.device()
    await device.run_session()
    keeper, device_id = ValueKeeper(served.server.services.tools), await served.id_of(device)
    values = [ParameterValue(SSID, "same")]
    fence = 1

    async def informs(count: int, *, fences_between: int) -> list[bool]:
        """Whether only what differed was to be written, Inform by Inform."""
        nonlocal fence
        only_news = []
        for _ in range(count):
            prints = prints_of(values)
            only_news.append((await keeper.keep_news(device_id, values, prints)).fence is not None)
            fence += 1 + fences_between
            keeper.remember(device_id, fence, values, prints, 0.0)
        return only_news

    assert await informs(10, fences_between=0) == [False] + [True] * 9
    assert not (await informs(100, fences_between=1))[-1]
    assert (await informs(300, fences_between=0))[-1]
