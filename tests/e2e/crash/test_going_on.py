"""A server ends, by order or by force, and the next one goes on with the sessions that were open."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.domain.queue import OperationState
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.device import EndedBy, ScriptedDevice
from tests.e2e.journal import Sent
from tests.e2e.quirks import VANISH
from tests.e2e.serving import Served, serving

SSID = "Device.WiFi.SSID.1.SSID"
TABLE = "Device.NAT.PortMapping."
SERIAL = "GOESON1"


@pytest.fixture
async def process(database_url: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    found = ServerProcess(database_url, tmp_path, drain_timeout=0)
    yield found
    await found.close()


@pytest.fixture
async def device(process: ServerProcess) -> AsyncIterator[ScriptedDevice]:
    async with ScriptedDevice(process.port, serial=SERIAL) as found:
        yield found


async def _queued(process: ServerProcess, **wish: Any) -> str:
    answer = await process.ask(do="queue", serial=SERIAL, **wish)
    assert answer is not None
    return str(answer["id"])


async def _state(process: ServerProcess, public_id: str) -> str:
    answer = await process.ask(do="view", id=public_id)
    assert answer is not None
    return str(answer["state"])


async def _replaced(process: ServerProcess, device: ScriptedDevice, *, by_force: bool) -> None:
    """Another process in the place of the server; the device has lost its connection."""
    if by_force:
        process.kill()
        await process.ended()
    else:
        process.terminate()
        assert await process.ended() == 0
    device.drop("the server is gone")
    await process.start()


async def test_open_sessions_end_before_the_server_does_and_new_ones_are_sent_away(
    database_url: str, tmp_path: Path
) -> None:
    process = ServerProcess(database_url, tmp_path, drain_timeout=30)
    await process.serve()
    inside, outside = (ScriptedDevice(process.port, serial=f"STOPS{number}") for number in (1, 2))
    await inside.inform()
    await outside.link.open()
    process.terminate()
    await process.said("stopping")
    refused = await outside.inform()
    assert refused.status == 503
    assert 10 <= int(refused.http.first("Retry-After") or "") <= 60
    assert (await inside.empty_post()).status == 204
    assert await process.ended() == 0
    for each in (inside, outside):
        await each.close()
    await process.close()


async def test_a_second_server_on_one_sqlite_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'data' / 'a.db'}"
    first, second = (ServerProcess(url, tmp_path, drain_timeout=0) for _ in range(2))
    await first.serve()
    try:
        with pytest.raises(AssertionError, match=r"another aioacs serves the database .* already") as refused:
            await second.serve()
        assert str(refused.value).count("\n") == 1
        assert await second.ended() == 1
        async with ScriptedDevice(first.port, serial=SERIAL) as device:
            assert (await device.inform()).status == 200
        first.kill()
        await first.ended()
        await second.serve()
    finally:
        await first.close()
        await second.close()


@pytest.mark.parametrize("by_force", [False, True], ids=["stopped", "killed"])
async def test_a_session_goes_on_in_the_next_process(
    process: ServerProcess, device: ScriptedDevice, by_force: bool
) -> None:
    await process.start()
    await device.run_session()
    await device.inform()
    public_id = await _queued(process, kind="get", variables=[{"name": SSID}])
    await _replaced(process, device, by_force=by_force)
    asked = await device.empty_post()
    assert asked.method == "GetParameterValues"
    assert (await device.answer(asked)).status == 204
    assert await _state(process, public_id) == "completed"


@pytest.mark.parametrize("by_force", [False, True], ids=["stopped", "killed"])
async def test_the_next_process_takes_the_answer_to_what_must_not_be_repeated(
    process: ServerProcess, device: ScriptedDevice, by_force: bool
) -> None:
    await process.start()
    await device.run_session()
    public_id = await _queued(
        process,
        kind="add.obj",
        variables=[{"name": TABLE}, {"name": f"{TABLE}{{i}}.Description", "value": "x", "value_type": "string"}],
    )
    await device.inform()
    asked = await device.empty_post()
    assert asked.method == "AddObject"
    await _replaced(process, device, by_force=by_force)
    asked = await device.answer(asked)
    assert asked.method == "SetParameterValues"
    while asked.status == 200:
        asked = await device.answer(asked)
    assert await _state(process, public_id) == "completed"
    assert len(device.journal.carried_out("AddObject")) == 1


@pytest.mark.parametrize("by_force", [False, True], ids=["stopped", "killed"])
async def test_what_may_be_repeated_is_done_in_the_next_session(
    process: ServerProcess, device: ScriptedDevice, by_force: bool
) -> None:
    await process.start()
    await device.run_session()
    public_id = await _queued(process, kind="get", variables=[{"name": SSID}])
    await device.inform()
    asked = await device.empty_post()
    assert asked.method == "GetParameterValues"
    await _replaced(process, device, by_force=by_force)
    # What was out is not kept, since it does no harm to ask again.
    assert (await device.answer(asked)).status == 400
    assert (await device.run_session()).methods == ("GetParameterValues",)
    assert await _state(process, public_id) == "completed"


async def test_a_device_without_a_login_is_given_none_by_the_next_process(
    process: ServerProcess, device: ScriptedDevice
) -> None:
    await process.start()
    await device.inform()
    await _replaced(process, device, by_force=True)
    assert (await device.empty_post()).status == 204
    assert (await device.run_session()).is_acknowledged


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database_url, tmp_path) as found:
        yield found


async def test_an_answer_that_comes_twice_is_not_taken_for_that_to_the_next_operation(
    served: Served, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = served.device()
    await device.run_session()
    first, second = [await served.queue(device, OperationKind.ADD_OBJECT, Variable(TABLE)) for _ in range(2)]
    await device.inform()
    asked = await device.empty_post()
    reached, released = asyncio.Event(), asyncio.Event()

    async def stuck(*_: object, **__: object) -> bool:
        reached.set()
        await released.wait()
        return False

    # This process comes as far as to note that the second AddObject is about to leave, and no further.
    monkeypatch.setattr(served.server.services.tools.operations, "mark_sent", stuck)
    answering = asyncio.create_task(device.answer(asked))
    await reached.wait()
    async with serving(database_url, tmp_path) as other, other.device(serial=device.id.serial) as again:
        again.link.cookies |= device.link.cookies
        asked = await again.post(device.journal.of(Sent)[-1].body, "AddObjectResponse")
        assert asked.method == "AddObject"
        states = [(await other.view(each)).record.state for each in (first, second)]
        assert states == [OperationState.COMPLETED, OperationState.IN_PROGRESS]
        assert (await again.answer(asked)).status == 204
        assert (await other.view(second)).record.state is OperationState.COMPLETED
    released.set()
    assert (await answering).status == 503
    await device.close()


async def test_a_boot_proves_the_reboots_that_it_names_and_no_other(served: Served) -> None:
    answers = iter((None, VANISH))
    device = served.device(on_rpc={"Reboot": lambda _: next(answers)})
    await device.run_session()
    first, second = [await served.queue(device, OperationKind.REBOOT) for _ in range(2)]
    assert (await device.run_session()).ended_by is EndedBy.VANISHED
    await device.run_session()
    await served.sweep(120)
    states = [(await served.view(each)).record.state for each in (first, second)]
    assert states == [OperationState.COMPLETED, OperationState.UNKNOWN]
