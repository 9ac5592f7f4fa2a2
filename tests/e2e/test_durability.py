"""Nothing is acknowledged before it is durable: the sync, or the commit, comes before the answer leaves."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, Final

import pytest

from acs.domain.operation import OperationKind, Variable
from acs.services.operations import Terms
from acs.store.database import Database
from acs.store.writer import GroupWriter
from tests.contract.gated import GatedDatabase
from tests.e2e.crash.processes import ServerProcess
from tests.e2e.device import ScriptedDevice
from tests.e2e.link import Reply
from tests.e2e.serving import Served, serving

_CALLS: Final = "trace=fsync,fdatasync,read,recvfrom,write,writev,sendto,sendmsg"
_TURNS: Final = 200
# A call of the device would have a commit of its own.
_UNCALLED: Final = Terms(wakes=False)
_SSID: Final = "Device.WiFi.SSID.1.SSID"
_TABLE: Final = "Device.NAT.PortMapping."


# SQLite, as the kernel sees it.


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
async def test_the_log_is_synced_between_what_a_device_says_and_its_acknowledgement(
    database_url: str, tmp_path: Path
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace here: left out that the sync comes before the acknowledgement")
    trace = tmp_path / "trace"
    process = ServerProcess(database_url, tmp_path)
    try:
        # The server stays our child, and the end of its stderr is that of strace.
        await process.serve("strace", "-D", "--seccomp-bpf", "-f", "-y", "-s", "4000", "-o", str(trace), "-e", _CALLS)
    except AssertionError as error:
        if "ptrace" not in str(error).lower():
            raise
        pytest.skip("strace may not trace here: left out that the sync comes before the acknowledgement")
    devices = [ScriptedDevice(process.port, serial=f"TRACED{number}") for number in range(4)]
    await asyncio.gather(*(_say_much(device) for device in devices))
    process.terminate()
    await process.ended()
    await process.close()
    story = _story(trace.read_text(errors="replace"), f"{tmp_path / 'aioacs.db'}-wal")
    acknowledged = 0
    said: dict[str, int] = {}
    begun = synced = -1
    for when, (what, socket) in enumerate(story):
        match what:
            case "begun":
                begun = when
            case "synced":
                synced = begun
            case "said":
                said[socket] = when
            case _:
                acknowledged += 1
                assert said[socket] < synced, f"{what} left before all was synced: {story[: when + 1]}"
    assert acknowledged == len(devices) * 2 * 3


async def _say_much(device: ScriptedDevice) -> None:
    report = device.request("TransferComplete", _REPORT)
    for _ in range(3):
        await device.run_session([("1 BOOT", "")], requests=[report])
    await device.close()


_REPORT: Final = (
    "<CommandKey>k</CommandKey><FaultStruct><FaultCode>0</FaultCode><FaultString></FaultString></FaultStruct>"
    "<StartTime>2026-01-01T00:00:00Z</StartTime><CompleteTime>2026-01-01T00:00:00Z</CompleteTime>"
)


def _story(trace: str, log: str) -> list[tuple[str, str]]:
    """What was said and acknowledged, with its socket, and each sync of the log that was well.

    A sync counts from where it began, an acknowledgement from where its first octet may leave, and both only once what
    was said has wholly been read.
    """
    begun: dict[str, tuple[str, int]] = {}
    story: list[tuple[int, str, str]] = []
    for number, line in enumerate(trace.splitlines()):
        thread, _, call = line.partition(" ")
        whole, first = call.strip(), number
        if whole.endswith("<unfinished ...>"):
            begun[thread] = whole.removesuffix("<unfinished ...>"), number
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", whole):
            before, first = begun.pop(thread, ("", number))
            whole = before + resumed[1]
        if re.match(rf"(?:fdatasync|fsync)\(\d+<{re.escape(log)}>", whole) and whole.endswith("= 0"):
            story += [(first, "begun", log), (number, "synced", log)]
        elif found := re.match(r"(\w+)\((\d+<socket:\[\d+\]>)", whole):
            name, socket = found.groups()
            if name in {"read", "recvfrom"} and re.search(r"<cwmp:(Inform|TransferComplete)>", whole):
                story.append((number, "said", socket))
            elif answer := re.search(r"<cwmp:(InformResponse|TransferCompleteResponse)", whole):
                story.append((first, answer[1], socket))
    # Sorted by the line alone: a call on one line begins before it ends.
    return [(what, socket) for _, what, socket in sorted(story, key=lambda each: each[0])]


# Both databases, the commit in the test's hands.


@pytest.fixture
async def gate() -> list[GatedDatabase]:
    """The database before which writes wait, once there is a server."""
    return []


@pytest.fixture
async def served(
    database_url: str, tmp_path: Path, gate: list[GatedDatabase], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Served]:
    def gated(database: Database, **ways: Any) -> GroupWriter:
        gate.append(GatedDatabase(database))
        return GroupWriter(gate[0], **ways)

    monkeypatch.setattr("acs.server.GroupWriter", gated)
    async with serving(database_url, tmp_path) as found:
        yield found


async def _only_after_the_commits(gate: list[GatedDatabase], post: Coroutine[Any, Any, Reply]) -> Reply:
    """The answer to a post, which is not to come while any commit waits: they are let through one by one."""
    (database,) = gate
    database.shut()
    answering, commits = asyncio.create_task(post), 0
    while True:
        arriving = asyncio.create_task(database.arrived())
        await asyncio.wait({answering, arriving}, return_when=asyncio.FIRST_COMPLETED)
        if not arriving.done():
            break
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        is_early = answering.done()
        commits += 1
        database.open()
        assert not is_early, f"{(await answering).method} left while a commit was waiting"
        database.shut()
    arriving.cancel()
    database.open()
    assert commits, "nothing was committed"
    return await answering


async def test_an_inform_is_acknowledged_after_its_commit(served: Served, gate: list[GatedDatabase]) -> None:
    async with served.device() as device:
        reply = await _only_after_the_commits(gate, device.inform())
        assert reply.method == "InformResponse"
        await device.run_session()
        reply = await _only_after_the_commits(gate, device.inform([("1 BOOT", "")]))
        assert reply.method == "InformResponse"


async def test_a_report_is_acknowledged_after_its_commit(served: Served, gate: list[GatedDatabase]) -> None:
    async with served.device() as device:
        await device.inform()
        report = device.ask(device.request("TransferComplete", _REPORT))
        assert (await _only_after_the_commits(gate, report)).method == "TransferCompleteResponse"


async def test_what_must_not_be_repeated_is_noted_before_it_leaves(served: Served, gate: list[GatedDatabase]) -> None:
    async with served.device() as device:
        await device.run_session()
        await served.queue(device, OperationKind.ADD_OBJECT, Variable(_TABLE), terms=_UNCALLED)
        await device.inform()
        stored = len(gate[0].transactions)
        asked = await _only_after_the_commits(gate, device.empty_post())
        assert asked.method == "AddObject"
        noted = [step.name for steps in gate[0].transactions[stored:] for step, rows in steps if rows]
        assert "operation.mark_sent" in noted


async def test_a_result_is_recorded_before_the_session_goes_on(served: Served, gate: list[GatedDatabase]) -> None:
    async with served.device() as device:
        await device.run_session()
        await served.queue(device, OperationKind.GET, Variable(_SSID), terms=_UNCALLED)
        await device.inform()
        asked = await device.empty_post()
        assert (await _only_after_the_commits(gate, device.answer(asked))).status == 204


async def test_an_operation_is_promised_after_its_commit(served: Served, gate: list[GatedDatabase]) -> None:
    async with served.device() as device:
        await device.run_session()
        gate[0].shut()
        queueing = asyncio.create_task(served.queue(device, OperationKind.REBOOT))
        await gate[0].arrived()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        assert not queueing.done()
        gate[0].open()
        assert (await served.view(await queueing)).record.kind == "reboot"
