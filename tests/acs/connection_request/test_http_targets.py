"""Where connection requests over HTTP lead, and where they do not."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_network
from pathlib import Path

import pytest

from acs.connecting import MAX_ADDRESSES, SystemResolver
from acs.domain.reach import ReachKind
from acs.domain.targets import Address
from tests.acs.connection_request.calling import QUICK, QUICK_THEN_PATIENT, at, requester, target
from tests.acs.connection_request.devices import OK, Names, Reply, Request, always, guarded, listening


@pytest.mark.parametrize("url", [None, "", "(null)"])
async def test_a_device_without_a_url_is_not_called(url: str | None) -> None:
    assert (await requester().request(target(url))).kind is ReachKind.NO_URL


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "u@127.0.0.1"])
async def test_no_spelling_leads_to_loopback_from_elsewhere(host: str) -> None:
    async with listening(always(OK)) as device:
        caller = requester(allowed_networks=[ip_network("0.0.0.0/0"), ip_network("::/0")])
        result = await caller.request(target(f"http://{host}:{device.port}/", session_address="192.0.2.1"))
    assert (result.kind, device.connections) == (ReachKind.FORBIDDEN_TARGET, 0)


async def test_the_second_try_goes_to_the_next_allowed_address() -> None:
    """At the first one, in a network for documentation that a setting allows, there is nobody."""
    caller = requester(
        allowed_networks=[ip_network("192.0.2.0/24")],
        resolver=Names([["192.0.2.1", "127.0.0.1"]]),
        tries=QUICK_THEN_PATIENT,
    )
    async with listening(always(OK)) as device:
        result = await caller.request(at(device, host="router.example"))
    assert (result.kind, [request.headers.get("connection") for request in device.requests]) == (
        ReachKind.REACHED,
        ["close"],
    )


async def test_an_ipv4_address_within_ipv6_is_called_as_such() -> None:
    async with listening(guarded()) as device:
        result = await requester().request(at(device, host="[::ffff:127.0.0.1]"))
    assert result.kind is ReachKind.REACHED


async def test_a_device_with_ipv6_is_called() -> None:
    async with listening(guarded(), host="::1") as device:
        result = await requester().request(target(f"http://[::1]:{device.port}/", session_address="::1"))
    assert result.kind is ReachKind.REACHED
    assert device.requests[0].headers["host"] == f"[::1]:{device.port}"


def link_local_address() -> str | None:
    """An address of this machine that means nothing without its zone."""
    table = Path("/proc/net/if_inet6")
    for line in table.read_text().splitlines() if table.exists() else ():
        number, *_, interface = line.split()
        if number.startswith("fe80"):
            return f"{IPv6Address(int(number, 16))}%{interface}"
    return None


@pytest.mark.skipif(link_local_address() is None, reason="this machine has no link-local address")
async def test_a_device_on_the_same_link_is_called_in_the_zone_of_its_session() -> None:
    session = link_local_address() or ""
    host, _, interface = session.partition("%")
    async with listening(guarded(), host=session) as device:
        for zone in (interface, socket.if_nametoindex(interface)):
            asked = target(f"http://[{host}]:{device.port}/", session_address=f"{host}%{zone}")
            assert (await requester().request(asked)).kind is ReachKind.REACHED


@pytest.mark.parametrize("zone", ["no-such-zone", "4294967296", "999999999"])
async def test_a_zone_that_is_gone_is_a_refusal(zone: str) -> None:
    result = await requester().request(target("http://[fe80::1]/", session_address=f"fe80::1%{zone}"))
    assert result.kind is ReachKind.REFUSED


async def test_a_name_is_looked_up_and_stays_in_the_host_header() -> None:
    names = Names([["127.0.0.1"]])
    async with listening(guarded()) as device:
        result = await requester(resolver=names).request(at(device, host="router.example"))
    assert (result.kind, names.asked) == (ReachKind.REACHED, ["router.example"])
    assert {request.headers["host"] for request in device.requests} == {f"router.example:{device.port}"}


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "169.254.169.254", "fe80::1%lo", "198.51.100.7"]
)
async def test_a_name_leads_nowhere_but_to_the_address_of_the_session(address: str) -> None:
    names = Names([[address]])
    async with listening(always(OK)) as device:
        asked = target(f"http://router.example:{device.port}/", session_address="192.0.2.1")
        result = await requester(resolver=names).request(asked)
    assert (result.kind, device.connections) == (ReachKind.FORBIDDEN_TARGET, 0)


async def test_of_the_addresses_of_a_name_only_the_allowed_is_called() -> None:
    names = Names([["169.254.169.254", "198.51.100.7", "127.0.0.1", "::1"]])
    async with listening(always(OK)) as device:
        result = await requester(resolver=names).request(at(device, host="router.example"))
    assert (result.kind, device.connections) == (ReachKind.REACHED, 1)


async def test_a_name_is_looked_up_once_for_all_tries() -> None:
    """The second answer leads elsewhere (DNS rebinding)."""
    names = Names([["127.0.0.1"], ["169.254.169.254"]])
    door = guarded(close=True)

    def answer(request: Request) -> Reply | None:
        return Reply(b"", close=True) if request.connection == 1 else door(request)

    async with listening(answer) as device:
        result = await requester(resolver=names).request(at(device, host="router.example"))
    assert (result.kind, names.asked) == (ReachKind.REACHED, ["router.example"])


async def test_only_so_many_addresses_of_a_name_are_looked_at() -> None:
    names = Names([["198.51.100.7"] * MAX_ADDRESSES + ["127.0.0.1"]])
    async with listening(always(OK)) as device:
        result = await requester(resolver=names).request(at(device, host="router.example"))
    assert (result.kind, device.connections) == (ReachKind.FORBIDDEN_TARGET, 0)


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
async def test_a_name_that_is_not_known_is_a_refusal(error: Exception) -> None:
    class Failing(Names):
        async def resolve(self, name: str) -> Sequence[Address]:
            raise error

    result = await requester(resolver=Failing([])).request(target("http://router.example/"))
    assert (result.kind, result.detail) == (ReachKind.REFUSED, "the URL's host name has no address")


async def test_names_that_nobody_answers_for_are_a_timeout() -> None:
    class Hanging(Names):
        async def resolve(self, name: str) -> Sequence[Address]:
            await asyncio.Event().wait()
            return ()

    result = await requester(resolver=Hanging([]), tries=QUICK).request(target("http://router.example/"))
    assert (result.kind, result.detail) == (ReachKind.TIMEOUT, "the name service did not answer in time")


async def test_the_system_looks_names_up() -> None:
    resolver = SystemResolver()
    assert [str(address) for address in await resolver.resolve("127.0.0.1")] == ["127.0.0.1"]
    with pytest.raises(ValueError, match="label"):
        await resolver.resolve("a" * 64)
    resolver.close()


async def test_closing_gives_up_the_resolver() -> None:
    names = Names([])
    await requester(resolver=names).close()
    assert names.closed
