"""The ACS among devices that nobody here wrote: sessions made of what real ones sent, over an HTTP client of others."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from acs.domain.operation import OperationKind, Variable
from acs.services.operations import AT_ONCE
from tests.e2e.device import ScriptedDevice
from tests.e2e.serving import Served, serving
from tests.interop.samples import Sample, Seen, samples, see

# One is no XML by its letters (a prefix that is not declared); its answer is checked without the naive reader.
_UNREADABLE = {"ibnhatab__080__Inform.xml"}
_REQUESTS = {
    "GetRPCMethods",
    "TransferComplete",
    "AutonomousTransferComplete",
    "RequestDownload",
    "Kicked",
    "DUStateChangeComplete",
    "AutonomousDUStateChangeComplete",
}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A server on SQLite that takes every device in."""
    async with serving(f"sqlite:///{tmp_path}/a.db", tmp_path) as found:
        yield found


class Caller:
    """A device: a client with cookies that posts what it is given."""

    def __init__(self, served: Served, client: aiohttp.ClientSession) -> None:
        self._url = f"http://127.0.0.1:{served.port}/"
        self._client = client

    async def post(self, octets: bytes) -> tuple[int, bytes]:
        async with self._client.post(self._url, data=octets) as reply:
            return reply.status, await reply.read()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as found:
        yield found


def _answered(sample: Sample, status: int, body: bytes) -> list[str]:
    """What is wrong with the answer to a request."""
    if status != 200:
        return [f"{sample.name}: {status}"]
    answer = see(body)
    wrong = [] if answer.method == f"{sample.method}Response" else [f"{sample.name}: {answer.method}"]
    if sample.name in _UNREADABLE:
        return wrong
    sent = see(sample.octets)
    if answer.namespace != sent.namespace:
        wrong.append(f"{sample.name}: in {answer.namespace} to a device of {sent.namespace}")
    if sent.id is not None and answer.id != sent.id:
        wrong.append(f"{sample.name}: under the ID {answer.id} instead of {sent.id}")
    return wrong


async def test_each_inform_is_acknowledged_and_its_session_ends(served: Served, client: aiohttp.ClientSession) -> None:
    informs = [sample for sample in samples("CPE") if sample.method == "Inform"]
    assert len(informs) > 15
    wrong, caller = [], Caller(served, client)
    for sample in informs:
        client.cookie_jar.clear()
        wrong += _answered(sample, *await caller.post(sample.octets))
        status, body = await caller.post(b"")
        wrong += [] if (status, body) == (204, b"") else [f"{sample.name}: {status} to the empty post"]
    assert not wrong, "\n".join(wrong)


async def test_each_request_within_a_session_is_acknowledged(served: Served, client: aiohttp.ClientSession) -> None:
    inform = next(sample for sample in samples("CPE") if sample.name == "ibnhatab__015__Inform.xml")
    requests = [sample for sender in ("CPE", "?") for sample in samples(sender) if sample.method in _REQUESTS]
    assert {sample.method for sample in requests} == _REQUESTS
    wrong, caller = [], Caller(served, client)
    for sample in requests:
        client.cookie_jar.clear()
        wrong += _answered(inform, *await caller.post(inform.octets))
        wrong += _answered(sample, *await caller.post(sample.octets))
        status, body = await caller.post(b"")
        wrong += [] if (status, body) == (204, b"") else [f"{sample.name}: {status} to the empty post"]
    assert not wrong, "\n".join(wrong)


async def test_what_others_answer_to_a_get_is_what_the_operation_found(
    served: Served, client: aiohttp.ClientSession
) -> None:
    inform = next(sample for sample in samples("CPE") if sample.name == "ibnhatab__015__Inform.xml")
    answers = [sample for sample in samples("CPE") if sample.method == "GetParameterValuesResponse"]
    assert len(answers) > 3
    caller = Caller(served, client)
    await caller.post(inform.octets)
    await caller.post(b"")
    known = _router_of(served, see(inform.octets))
    for sample in answers:
        seen = see(sample.octets)
        found = dict(zip(seen.texts("Name"), seen.texts("Value"), strict=False))
        queued = await served.queue(known, OperationKind.GET, *(Variable(name) for name in found), terms=AT_ONCE)
        client.cookie_jar.clear()
        await caller.post(inform.octets)
        status, body = await caller.post(b"")
        asked = see(body)
        assert (status, asked.method, sorted(asked.texts("string"))) == (200, "GetParameterValues", sorted(found))
        # Devices that invent their own ID are matched by turn.
        status, _ = await caller.post(sample.octets)
        assert status == 204, sample.name
        view = await served.view(queued)
        assert view.outcome is not None
        assert {value.name: value.value for value in view.outcome.variables} == found, sample.name


def _router_of(served: Served, inform: Seen) -> ScriptedDevice:
    """The handle by which a test's server looks up the router that sent an Inform."""
    (serial,), (oui,), (product,) = (inform.texts(name) for name in ("SerialNumber", "OUI", "ProductClass"))
    return served.device(serial=serial, oui=oui, product_class=product)
