"""Looking whether a device is there: by a TCP connection, and by ICMP where the system lets us."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_network

import pytest

from acs.connecting import Resolver
from acs.connection_request.probes import NetworkProbes
from acs.domain.targets import Network
from tests.acs.connection_request.devices import OK, Names, always, listening

PATIENT = 20.0
QUICK = 0.2
EVERYTHING = [ip_network("0.0.0.0/0"), ip_network("::/0")]


def not_permitted(family: int, kind: int, protocol: int) -> socket.socket:
    raise PermissionError(1, "Operation not permitted")


def probes(
    *, networks: Sequence[Network] = (), resolver: Resolver | None = None, missing: list[str] | None = None
) -> NetworkProbes:
    said = [] if missing is None else missing
    found = NetworkProbes(
        allowed_networks=networks, chance=lambda count: b"\x5a" * count, on_missing=said.append, resolver=resolver
    )
    if missing is not None:
        found._open_icmp = not_permitted
    return found


def icmp_is_permitted(family: int, protocol: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(family, kind, protocol).close()
        except OSError:
            continue
        return True
    return False


async def closed_port() -> int:
    async with listening(always(OK)) as device:
        return device.port


async def test_a_device_that_takes_connections_is_there() -> None:
    async with listening(always(OK)) as device:
        assert await probes().connects(f"http://127.0.0.1:{device.port}/", "127.0.0.1", PATIENT) is True


async def test_a_device_at_whose_port_nobody_listens_is_not() -> None:
    assert await probes().connects(f"http://127.0.0.1:{await closed_port()}/", "127.0.0.1", PATIENT) is False


async def test_a_device_that_says_nothing_in_time_is_not() -> None:
    found = await probes(networks=[ip_network("192.0.2.0/24")]).connects("http://192.0.2.1/", "", QUICK)
    assert found is False


async def test_the_next_address_of_a_name_is_tried() -> None:
    names = Names([["192.0.2.1", "127.0.0.1"]])
    async with listening(always(OK)) as device:
        probe = probes(networks=[ip_network("192.0.2.0/24")], resolver=names)
        assert await probe.connects(f"http://router.example:{device.port}/", "127.0.0.1", 1.0) is True


@pytest.mark.parametrize("url", ["", "(null)", "ftp://127.0.0.1/", "http://router.example/"])
async def test_without_an_address_there_is_nothing_to_connect_to(url: str) -> None:
    assert await probes(resolver=Names([()])).connects(url, "127.0.0.1", PATIENT) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "router.example"])
async def test_nothing_goes_to_an_address_that_is_not_the_devices_own(host: str) -> None:
    async with listening(always(OK)) as device:
        probe = probes(networks=EVERYTHING, resolver=Names([["127.0.0.1"], ["127.0.0.1"]]))
        url = f"http://{host}:{device.port}/"
        assert await probe.connects(url, "192.0.2.1", PATIENT) is None
        assert await probe.answers_ping(url, "192.0.2.1", PATIENT) is None
    assert device.connections == 0


@pytest.mark.parametrize(
    ("address", "family", "protocol"),
    [
        ("127.0.0.1", socket.AF_INET, socket.IPPROTO_ICMP),
        ("::1", socket.AF_INET6, socket.IPPROTO_ICMPV6),
    ],
)
async def test_a_device_answers_an_echo_request(address: str, family: int, protocol: int) -> None:
    if not icmp_is_permitted(family, protocol):
        pytest.skip("the system does not let this process send ICMP")
    host = f"[{address}]" if ":" in address else address
    assert await probes().answers_ping(f"http://{host}/", address, PATIENT) is True
    assert await probes().answers_ping("", address, PATIENT) is True, "without a URL its session's address is asked"


class Wire(socket.socket):
    """One end of a pair of sockets in the place of one for ICMP: it leads to the test alone."""

    def connect(self, address: object) -> None:
        """It is connected."""


async def ping_over_a_wire(answer: Callable[[bytes], bytes | None], within: float) -> bool | None:
    """Ping a device that answers so."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    far.setblocking(False)
    probe = probes()
    probe._open_icmp = lambda family, kind, protocol: Wire(family, kind, protocol, near.detach())
    probing = asyncio.create_task(probe.answers_ping("http://127.0.0.1/", "127.0.0.1", within))
    reply = answer(await asyncio.get_running_loop().sock_recv(far, 2048))
    if reply is not None:
        far.send(reply)
    try:
        return await probing
    finally:
        far.close()


async def test_a_device_is_there_that_answers_with_what_it_was_asked() -> None:
    asked: list[bytes] = []

    def answer(request: bytes) -> bytes:
        asked.append(request)
        return b"\0" + request[1:]

    assert await ping_over_a_wire(answer, PATIENT) is True
    (request,) = asked
    assert request[0] == 8
    assert sum(int.from_bytes(request[place : place + 2], "big") for place in range(0, len(request), 2)) % 0xFFFF == 0


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: None,
        lambda request: request,
        lambda request: b"\0" + request[1:8] + b"what another program asked",
        lambda _: b"",
        lambda _: b"\0",
    ],
    ids=["silence", "our own request", "the answer to another one", "nothing", "half an answer"],
)
async def test_what_is_no_answer_to_our_request_is_none(answer: Callable[[bytes], bytes | None]) -> None:
    assert await ping_over_a_wire(answer, QUICK) is False


async def test_where_icmp_is_not_permitted_that_is_said_once() -> None:
    said: list[str] = []
    probe = probes(missing=said)
    for _ in range(2):
        assert await probe.answers_ping("http://127.0.0.1/", "127.0.0.1", PATIENT) is None
        assert await probe.answers_ping("http://[::1]/", "::1", PATIENT) is None
    assert said == [
        "the system does not let this process send ICMP over IPv4",
        "the system does not let this process send ICMP over IPv6",
    ]
